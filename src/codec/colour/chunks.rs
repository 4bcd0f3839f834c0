//! What a PNG says of its colours without a profile, made one: so that one carrier, which every
//! format has, takes the meaning along when an image is written anew.
//!
//! Only says what the numbers mean, and changes none.

use std::ops::Range;

use moxcms::{
    Chromaticity, CicpProfile, ColorPrimaries, ColorProfile, LocalizableString, MatrixCoefficients,
    ProfileText, ToneReprCurve, XyY,
};
use png::{CodingIndependentCodePoints, ColorType, Info, SourceChromaticities};

use super::Profile;

/// The exponent that PNG's third edition gives for sRGB (section 11.3.2.5), and by how much of
/// it another may differ and still mean the same, as in libpng.
const SRGB_GAMMA: f32 = 0.45455;
const SAME_GAMMA: f32 = 0.05;

/// sRGB's white, red, green and blue (the same section), and by how much others may differ.
const SRGB_CORNERS: [(f32, f32); 4] = [(0.3127, 0.329), (0.64, 0.33), (0.3, 0.6), (0.15, 0.06)];
const SAME_CORNER: f32 = 0.002;

/// The code points of sRGB (ITU-T H.273): its primaries and its curve.
const SRGB_POINTS: (u8, u8) = (1, 13);

/// Where a profile says when it was written (ICC.1:2022, section 7.2.1).
const WRITTEN: Range<usize> = 24..36;

/// Where it says under which light its colours are seen, and D50 as every profile is to have it
/// there, to the bit (section 7.2.16).
const ILLUMINANT: Range<usize> = 68..80;
const D50: [u8; 12] = [0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d];

/// The profile of a PNG, given or made; `None` for sRGB. In the order of precedence that the
/// third edition has in section 4.3: cICP, iCCP, sRGB, then gAMA and cHRM.
pub(in crate::codec) fn of_png(info: &Info<'_>) -> Profile {
    let grey = matches!(info.color_type, ColorType::Grayscale | ColorType::GrayscaleAlpha);
    if let Some(points) = info.coding_independent_code_points {
        if (points.color_primaries, points.transfer_function) == SRGB_POINTS {
            return None;
        }
        if let Some(profile) = of_points(points) {
            return encoded(profile, grey);
        }
    }
    if let Some(profile) = &info.icc_profile {
        return Some(profile.to_vec());
    }
    if info.srgb.is_some() {
        return None;
    }
    let gamma = info.gama_chunk.map(png::ScaledFloat::into_value);
    let gamma = gamma.filter(|gamma| (gamma - SRGB_GAMMA).abs() > SRGB_GAMMA * SAME_GAMMA);
    let is_meant = |corners: &[(f32, f32); 4]| {
        !grey && corners.iter().all(|(_, y)| *y > 0.0) && is_other_than_srgb(corners)
    };
    let corners = info.chrm_chunk.map(corners).filter(is_meant);
    if gamma.is_none() && corners.is_none() {
        return None;
    }
    let mut profile = ColorProfile::new_srgb();
    profile.cicp = None;
    if let Some(gamma) = gamma {
        with_curve(&mut profile, &ToneReprCurve::Parametric(vec![1.0 / gamma]));
    }
    if let Some([white, red, green, blue]) = corners {
        let primary = |(x, y)| Chromaticity::new(x, y);
        let primaries = ColorPrimaries { red: primary(red), green: primary(green), blue: primary(blue) };
        profile.update_rgb_colorimetry(XyY::new(white.0.into(), white.1.into(), 1.0), primaries);
    }
    encoded(profile, grey)
}

fn corners(given: SourceChromaticities) -> [(f32, f32); 4] {
    [given.white, given.red, given.green, given.blue].map(|(x, y)| (x.into_value(), y.into_value()))
}

fn is_other_than_srgb(corners: &[(f32, f32); 4]) -> bool {
    let differ = |one: f32, other: f32| (one - other).abs() > SAME_CORNER;
    corners
        .iter()
        .zip(SRGB_CORNERS)
        .any(|((x, y), (same_x, same_y))| differ(*x, same_x) || differ(*y, same_y))
}

/// `None` for code points that say nothing, or of half a range, which no profile can say.
fn of_points(points: CodingIndependentCodePoints) -> Option<ColorProfile> {
    if !points.is_video_full_range_image {
        return None;
    }
    let mut profile = ColorProfile::new_from_cicp(CicpProfile {
        color_primaries: points.color_primaries.try_into().ok()?,
        transfer_characteristics: points.transfer_function.try_into().ok()?,
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    });
    let curve = profile.red_trc.clone()?;
    // A single number would be one of few bits.
    let exponent = match points.transfer_function {
        4 => Some(2.2),
        5 => Some(2.8),
        8 => Some(1.0),
        _ => None,
    };
    with_curve(&mut profile, &exponent.map_or(curve, |exponent| ToneReprCurve::Parametric(vec![exponent])));
    Some(profile)
}

fn with_curve(profile: &mut ColorProfile, curve: &ToneReprCurve) {
    profile.red_trc = Some(curve.clone());
    profile.green_trc = Some(curve.clone());
    profile.blue_trc = Some(curve.clone());
}

fn encoded(mut profile: ColorProfile, grey: bool) -> Profile {
    let colorants = [profile.red_colorant, profile.green_colorant, profile.blue_colorant];
    if !colorants.iter().flat_map(|of| [of.x, of.y, of.z]).all(f64::is_finite) {
        return None; // corners on one line
    }
    if grey {
        let curve = profile.red_trc.take();
        profile = ColorProfile::new_gray_with_gamma(1.0);
        profile.gray_trc = curve;
    }
    profile.description = Some(described("as chunks of a PNG say"));
    profile.copyright = Some(described("In the public domain"));
    // The colorants are those under D50 already, which is the white of a profile of version 4.
    profile.chromatic_adaptation = None;
    profile.media_white_point = Some(profile.white_point);
    let mut bytes = profile.encode().ok()?;
    // The same image is to be the same bytes whenever it is read.
    bytes.get_mut(WRITTEN)?.copy_from_slice(&[0x07, 0xd0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
    bytes.get_mut(ILLUMINANT)?.copy_from_slice(&D50);
    Some(bytes)
}

/// Words of an even number of letters: of two bytes each, they are to fill whole fours, as a profile
/// does that libpng takes.
fn described(words: &str) -> ProfileText {
    let (language, country) = ("en".to_owned(), "US".to_owned());
    ProfileText::Localizable(vec![LocalizableString::new(language, country, words.to_owned())])
}

#[cfg(test)]
mod tests {
    use png::ScaledFloat;

    use super::*;
    use crate::codec::colour::converted;
    use crate::codec::fit::{Channels, Frame};
    use crate::domain::Pixels;

    /// What a colour of a PNG with these chunks is in sRGB.
    fn seen(info: &Info<'_>, colour: [u8; 3]) -> Option<Vec<u8>> {
        let profile = of_png(info)?;
        let grey = info.color_type == ColorType::Grayscale;
        let (channels, bytes) =
            if grey { (Channels::Grey, vec![colour[0]]) } else { (Channels::Rgb, colour.to_vec()) };
        let frame = Frame { pixels: Pixels::new(1, 1), channels, bytes };
        Some(converted(frame, Some(&profile), None).bytes)
    }

    fn near(seen: Option<Vec<u8>>, expected: [u8; 3]) -> bool {
        seen.is_some_and(|seen| seen.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 2))
    }

    fn rgb(set: impl FnOnce(&mut Info<'static>)) -> Info<'static> {
        let mut info = Info::default();
        info.color_type = ColorType::Rgb;
        set(&mut info);
        info
    }

    fn points(color_primaries: u8, transfer_function: u8) -> Info<'static> {
        let points = CodingIndependentCodePoints {
            color_primaries,
            transfer_function,
            matrix_coefficients: 0,
            is_video_full_range_image: true,
        };
        rgb(|info| info.coding_independent_code_points = Some(points))
    }

    #[test]
    fn what_says_srgb_in_any_way_needs_no_profile() {
        let [white, red, green, blue] = SRGB_CORNERS;
        let gamma = Some(ScaledFloat::new(0.45455));
        let corners = Some(SourceChromaticities::new(white, red, green, blue));
        let linear = Some(ScaledFloat::new(1.0));
        let cases = [
            rgb(|_| {}),
            points(1, 13),
            points(2, 2),
            rgb(|info| (info.gama_chunk, info.chrm_chunk) = (gamma, corners)),
            rgb(|info| (info.gama_chunk, info.srgb) = (linear, Some(png::SrgbRenderingIntent::Perceptual))),
            rgb(|info| info.chrm_chunk = Some(SourceChromaticities::new(white, (0.0, 0.0), green, blue))),
        ];
        for (number, info) in cases.iter().enumerate() {
            assert_eq!(of_png(info), None, "{number}");
        }
    }

    #[test]
    fn a_profile_is_as_libpng_wants_it_and_always_the_same() {
        let linear = || rgb(|info| info.gama_chunk = Some(ScaledFloat::new(1.0)));
        let mut grey = linear();
        grey.color_type = ColorType::Grayscale;
        for info in [linear(), grey, points(12, 13), points(9, 16), points(9, 18), points(9, 8)] {
            let profile = of_png(&info).unwrap();
            assert_eq!(profile.len() % 4, 0);
            assert_eq!(profile[..4], u32::try_from(profile.len()).unwrap().to_be_bytes());
            assert_eq!((&profile[WRITTEN][..2], &profile[ILLUMINANT]), (&[0x07, 0xd0][..], &D50[..]));
            let tags = u32::from_be_bytes(*profile[128..].first_chunk().unwrap()) as usize;
            for tag in profile[132..].chunks_exact(12).take(tags) {
                let start = u32::from_be_bytes(*tag[4..].first_chunk().unwrap());
                assert_eq!(start % 4, 0, "{}", String::from_utf8_lossy(&tag[..4]));
            }
        }
    }

    #[test]
    fn code_points_gamma_and_corners_mean_the_same_in_a_profile() {
        let wide = ColorProfile::new_display_p3().encode().unwrap();
        let frame = Frame { pixels: Pixels::new(1, 1), channels: Channels::Rgb, bytes: vec![180, 90, 60] };
        let in_srgb: [u8; 3] = converted(frame, Some(&wide), None).bytes.try_into().unwrap();
        assert!(near(seen(&points(12, 13), [180, 90, 60]), in_srgb), "Display P3");
        let corners = SourceChromaticities::new((0.3127, 0.329), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06));
        let by_corners = rgb(|info| info.chrm_chunk = Some(corners));
        assert!(near(seen(&by_corners, [180, 90, 60]), in_srgb), "its corners");

        // Half the light is 188 of sRGB.
        let linear = rgb(|info| info.gama_chunk = Some(ScaledFloat::new(1.0)));
        assert!(near(seen(&linear, [128, 255, 0]), [188, 255, 0]), "gamma");
        assert!(near(seen(&points(1, 8), [128, 255, 0]), [188, 255, 0]), "linear code points");
        let mut grey = linear.clone();
        grey.color_type = ColorType::Grayscale;
        assert!(near(seen(&grey, [128; 3]), [188; 3]), "grey: {:?}", seen(&grey, [128; 3]));

        let mut both = linear;
        both.icc_profile = Some(wide.clone().into());
        assert_eq!(of_png(&both), Some(wide), "a profile is more than a gamma");
    }
}
