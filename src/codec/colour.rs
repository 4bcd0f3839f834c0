//! Colour profiles: what the numbers of an image mean, and the same colours in other numbers.
//!
//! An image without a profile is sRGB. Profiles that cannot be read change nothing.

mod chunks;

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

pub(super) use chunks::of_png;

use super::fit::{Channels, Frame};

/// What colours are counted in: an ICC profile, or `None` for sRGB.
pub(super) type Profile = Option<Vec<u8>>;

/// The image's colours, counted in `from`, in numbers of `to`. A grey image becomes one of
/// three channels where its profile has to change.
pub(super) fn converted(frame: Frame, from: Option<&[u8]>, to: Option<&[u8]>) -> Frame {
    if from == to {
        return frame;
    }
    let (Some(from), Some(to)) = (read(from, frame.channels), read(to, Channels::Rgb)) else { return frame };
    let (source, target, channels) = match frame.channels {
        Channels::Grey => (Layout::Gray, Layout::Rgb, Channels::Rgb),
        Channels::GreyAlpha => (Layout::GrayAlpha, Layout::Rgba, Channels::Rgba),
        Channels::Rgb => (Layout::Rgb, Layout::Rgb, Channels::Rgb),
        Channels::Rgba => (Layout::Rgba, Layout::Rgba, Channels::Rgba),
    };
    let Ok(transform) = from.create_transform_8bit(source, &to, target, TransformOptions::default()) else {
        return frame;
    };
    let (width, step) = (frame.pixels.width as usize, frame.channels.count());
    let rows = frame.bytes.chunks_exact((width * step).max(1));
    let mut bytes = Vec::with_capacity(frame.bytes.len() / step * channels.count());
    let mut line = vec![0; width * channels.count()];
    for row in rows {
        if transform.transform(row, &mut line).is_err() {
            return frame;
        }
        bytes.extend_from_slice(&line);
    }
    Frame { pixels: frame.pixels, channels, bytes }
}

/// The profile, where it means other colours than sRGB does: converting to the same and back
/// would cost the last bit of every number.
pub(super) fn other_than_srgb(profile: Profile, channels: Channels) -> Profile {
    let bytes = profile?;
    let probes: Vec<u8> = match channels {
        Channels::Grey | Channels::GreyAlpha => (0..=16).map(|step: u8| step.saturating_mul(16)).collect(),
        Channels::Rgb | Channels::Rgba => {
            let steps = [0, 60, 128, 200, 255];
            let colours = steps.iter().flat_map(|r| steps.iter().flat_map(|g| steps.map(|b| [*r, *g, b])));
            colours.flatten().collect()
        }
    };
    let plain = match channels {
        Channels::Grey | Channels::GreyAlpha => Channels::Grey,
        Channels::Rgb | Channels::Rgba => Channels::Rgb,
    };
    let width = u32::try_from(probes.len() / plain.count()).unwrap_or(0);
    let pixels = crate::domain::Pixels::new(width, 1);
    let expected: Vec<u8> = match plain {
        Channels::Grey => probes.iter().flat_map(|grey| [*grey; 3]).collect(),
        _ => probes.clone(),
    };
    let frame = Frame { pixels, channels: plain, bytes: probes };
    let seen = converted(frame, Some(&bytes), None);
    let same = seen.bytes.len() == expected.len()
        && seen.bytes.iter().zip(&expected).all(|(seen, expected)| seen.abs_diff(*expected) <= 1);
    (!same).then_some(bytes)
}

/// A profile that fits images of these channels.
fn read(profile: Option<&[u8]>, channels: Channels) -> Option<ColorProfile> {
    let Some(bytes) = profile else {
        return Some(match channels {
            Channels::Grey | Channels::GreyAlpha => ColorProfile::new_gray_with_gamma(2.2),
            Channels::Rgb | Channels::Rgba => ColorProfile::new_srgb(),
        });
    };
    let profile = ColorProfile::new_from_slice(bytes).ok()?;
    let fits = match channels {
        Channels::Grey | Channels::GreyAlpha => profile.color_space == DataColorSpace::Gray,
        Channels::Rgb | Channels::Rgba => profile.color_space == DataColorSpace::Rgb,
    };
    fits.then_some(profile)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Pixels;

    fn red(profile: Option<&[u8]>, to: Option<&[u8]>) -> Vec<u8> {
        let frame = Frame { pixels: Pixels::new(1, 1), channels: Channels::Rgb, bytes: vec![200, 60, 40] };
        converted(frame, profile, to).bytes
    }

    #[test]
    fn the_same_colour_has_other_numbers_in_a_wider_space() {
        let wide = ColorProfile::new_display_p3().encode().unwrap();
        let in_wide = red(None, Some(&wide));
        assert!(in_wide[0] < 195 && in_wide[1] > 65, "a red of sRGB is paler in Display P3: {in_wide:?}");
        let frame = Frame { pixels: Pixels::new(1, 1), channels: Channels::Rgb, bytes: in_wide };
        let back = converted(frame, Some(&wide), None).bytes;
        assert!(back.iter().zip([200, 60, 40]).all(|(a, b): (&u8, u8)| a.abs_diff(b) <= 1), "{back:?}");
    }

    #[test]
    fn srgb_by_any_name_and_broken_profiles_change_nothing() {
        let srgb = ColorProfile::new_srgb().encode().unwrap();
        assert_eq!(other_than_srgb(Some(srgb), Channels::Rgb), None);
        assert_eq!(red(Some(b"not a profile"), None), [200, 60, 40]);
        let wide = ColorProfile::new_display_p3().encode().unwrap();
        assert_eq!(other_than_srgb(Some(wide.clone()), Channels::Rgba), Some(wide));
    }

    #[test]
    fn a_grey_image_with_a_profile_of_its_own_becomes_one_of_colours() {
        let linear = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
        let frame = Frame { pixels: Pixels::new(2, 1), channels: Channels::Grey, bytes: vec![55, 255] };
        let seen = converted(frame, Some(&linear), None);
        assert_eq!(seen.channels, Channels::Rgb);
        assert!((125..=131).contains(&seen.bytes[0]) && seen.bytes[3] >= 254, "{:?}", seen.bytes);
        assert!(other_than_srgb(Some(linear), Channels::Grey).is_some());
    }
}
