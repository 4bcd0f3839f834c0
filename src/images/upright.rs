//! Turns a picture as its camera was held.
//!
//! Pure. EXIF orientation as in TIFF 6.0, tag 274: turns by a quarter, and mirror images.

use std::borrow::Cow;

use image::metadata::Orientation;

use super::ImageError;
use super::inspect::ImageInfo;
use super::shrink::Frame;
use crate::domain::Pixels;

/// Whether upright is as wide as stored is high.
pub(super) const fn turns(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// The size as it is seen.
pub(super) const fn upright_size(stored: Pixels, orientation: Orientation) -> Pixels {
    if turns(orientation) { Pixels::new(stored.height, stored.width) } else { stored }
}

impl Frame {
    /// The picture as it is seen.
    ///
    /// # Errors
    /// `Undecodable` for a frame whose bytes do not fit its size.
    pub(super) fn upright(self, orientation: Orientation, info: &ImageInfo) -> Result<Self, ImageError> {
        if orientation == Orientation::NoTransforms {
            return Ok(self);
        }
        let (width, height) = (self.pixels.width as usize, self.pixels.height as usize);
        if self.bytes.len() != width * height * self.channels.count() {
            return Err(ImageError::Undecodable(info.format, "it cannot be turned upright".to_owned()));
        }
        let pixels = upright_size(self.pixels, orientation);
        let bytes = self.upright_rows(orientation, 0, pixels.height as usize).into_owned();
        Ok(Self { pixels, bytes, ..self })
    }

    /// So many rows of the picture as it is seen, from one on; black where the frame's bytes do not
    /// fit its size.
    pub(super) fn upright_rows(&self, orientation: Orientation, from: usize, count: usize) -> Cow<'_, [u8]> {
        let pixel = self.channels.count();
        if orientation == Orientation::NoTransforms {
            let row_bytes = self.pixels.width as usize * pixel;
            let rows = self.bytes.get(from * row_bytes..(from + count) * row_bytes);
            return Cow::Borrowed(rows.unwrap_or_default());
        }
        Cow::Owned(match pixel {
            1 => turned::<1>(self, orientation, from, count),
            2 => turned::<2>(self, orientation, from, count),
            3 => turned::<3>(self, orientation, from, count),
            _ => turned::<4>(self, orientation, from, count),
        })
    }
}

/// Columns are read in bands, so that the rows of a band stay in the processor's cache.
const BAND: usize = 32;

fn turned<const N: usize>(frame: &Frame, orientation: Orientation, from: usize, count: usize) -> Vec<u8> {
    let (pixels, _) = frame.bytes.as_chunks::<N>();
    let (width, height) =
        (frame.pixels.width.cast_signed() as isize, frame.pixels.height.cast_signed() as isize);
    // Where the pixel that is seen at (x, y) is stored: `start + x * right + y * down`.
    let (last_x, last_y) = (width - 1, height - 1);
    let (start, right, down) = match orientation {
        Orientation::NoTransforms => (0, 1, width),
        Orientation::FlipHorizontal => (last_x, -1, width),
        Orientation::FlipVertical => (last_y * width, 1, -width),
        Orientation::Rotate180 => (last_y * width + last_x, -1, -width),
        Orientation::Rotate90 => (last_y * width, -width, 1),
        Orientation::Rotate270 => (last_x, width, -1),
        Orientation::Rotate90FlipH => (0, width, 1),
        Orientation::Rotate270FlipH => (last_y * width + last_x, -width, -1),
    };
    let seen_width = upright_size(frame.pixels, orientation).width as usize;
    let mut upright = vec![[0; N]; seen_width * count];
    for (band, rows) in upright.chunks_mut((seen_width * BAND).max(1)).enumerate() {
        for from_x in (0..seen_width).step_by(BAND) {
            for (y, row) in rows.chunks_exact_mut(seen_width).enumerate() {
                let y = (from + band * BAND + y).cast_signed();
                for (x, pixel) in row.iter_mut().enumerate().skip(from_x).take(BAND) {
                    let stored = start + x.cast_signed() * right + y * down;
                    if let Some(stored) = usize::try_from(stored).ok().and_then(|at| pixels.get(at)) {
                        *pixel = *stored;
                    }
                }
            }
        }
    }
    upright.into_flattened()
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests {
    use image::{DynamicImage, RgbImage};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::ImageFormat;
    use crate::images::shrink::Channels;

    proptest! {
        #[test]
        fn every_orientation_is_what_another_library_makes_of_it(
            width in 1_u32..70, height in 1_u32..70, exif in 1_u8..=8,
        ) {
            let picture = RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 7]));
            let orientation = Orientation::from_exif(exif).unwrap();
            let mut expected = DynamicImage::ImageRgb8(picture.clone());
            expected.apply_orientation(orientation);
            let pixels = Pixels::new(width, height);
            let frame = Frame { pixels, channels: Channels::Rgb, bytes: picture.into_raw() };
            let info = ImageInfo { format: ImageFormat::Png, pixels, alpha: false };
            let upright = frame.upright(orientation, &info).unwrap();
            prop_assert_eq!(upright.pixels, Pixels::new(expected.width(), expected.height()));
            prop_assert_eq!(upright.bytes, expected.into_bytes());
        }
    }
}
