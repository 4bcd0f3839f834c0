//! Turns an image as its camera was held.
//!
//! Pure. EXIF orientation as in TIFF 6.0, tag 274: turns by a quarter, and mirror images.

use std::thread;

use image::metadata::Orientation;

use super::ImageError;
use super::fit::Frame;
use super::inspect::ImageInfo;
use super::processors::processors;
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
    /// The image as it is seen.
    ///
    /// # Errors
    /// `Undecodable` for a frame whose bytes do not fit its size.
    pub(super) fn upright(self, orientation: Orientation, info: &ImageInfo) -> Result<Self, ImageError> {
        if orientation == Orientation::NoTransforms {
            return Ok(self);
        }
        let pixel = self.channels.count();
        let (width, height) = (self.pixels.width as usize, self.pixels.height as usize);
        if self.bytes.len() != width * height * pixel {
            return Err(ImageError::Undecodable(info.format, "it cannot be turned upright".to_owned()));
        }
        let bytes = match pixel {
            1 => turned::<1>(&self.bytes, width, height, orientation),
            2 => turned::<2>(&self.bytes, width, height, orientation),
            3 => turned::<3>(&self.bytes, width, height, orientation),
            _ => turned::<4>(&self.bytes, width, height, orientation),
        };
        Ok(Self { pixels: upright_size(self.pixels, orientation), bytes, ..self })
    }
}

/// Images are turned in squares of this edge, so that the rows of one stay in the processor's
/// cache.
const SQUARE: usize = 32;

fn turned<const N: usize>(bytes: &[u8], width: usize, height: usize, orientation: Orientation) -> Vec<u8> {
    let (pixels, _) = bytes.as_chunks::<N>();
    let mut upright = vec![[0; N]; pixels.len()];
    // Where the pixel that is seen at (x, y) is stored: `start + x * right + y * down`.
    let (w, last_x, last_y) = (width.cast_signed(), (width - 1).cast_signed(), (height - 1).cast_signed());
    let (start, right, down) = match orientation {
        Orientation::NoTransforms => (0, 1, w),
        Orientation::FlipHorizontal => (last_x, -1, w),
        Orientation::FlipVertical => (last_y * w, 1, -w),
        Orientation::Rotate180 => (last_y * w + last_x, -1, -w),
        Orientation::Rotate90 => (last_y * w, -w, 1),
        Orientation::Rotate270 => (last_x, w, -1),
        Orientation::Rotate90FlipH => (0, w, 1),
        Orientation::Rotate270FlipH => (last_y * w + last_x, -w, -1),
    };
    let seen_width = if turns(orientation) { height } else { width };
    let seen_height = pixels.len() / seen_width.max(1);
    let turn = |first_y: usize, rows: &mut [[u8; N]]| {
        for from_x in (0..seen_width).step_by(SQUARE) {
            for (y, row) in rows.chunks_exact_mut(seen_width).enumerate() {
                let seen = row.iter_mut().skip(from_x).take(SQUARE);
                let first = start + from_x.cast_signed() * right + (first_y + y).cast_signed() * down;
                let stored = first + (seen.len().cast_signed() - 1) * right;
                let stored = first.min(stored).unsigned_abs()..=first.max(stored).unsigned_abs();
                let stored = pixels.get(stored).unwrap_or_default().iter();
                if right < 0 {
                    let stored = stored.rev().step_by(right.unsigned_abs());
                    seen.zip(stored).for_each(|(seen, stored)| *seen = *stored);
                } else {
                    let stored = stored.step_by(right.unsigned_abs());
                    seen.zip(stored).for_each(|(seen, stored)| *seen = *stored);
                }
            }
        }
    };
    // Whole squares for each processor.
    let share = seen_height.div_ceil(processors()).next_multiple_of(SQUARE);
    thread::scope(|scope| {
        for (number, rows) in upright.chunks_mut((seen_width * share).max(1)).enumerate() {
            scope.spawn(move || {
                for (band, rows) in rows.chunks_mut(seen_width * SQUARE).enumerate() {
                    turn(number * share + band * SQUARE, rows);
                }
            });
        }
    });
    upright.into_flattened()
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests {
    use image::{DynamicImage, RgbImage};
    use proptest::prelude::*;

    use super::*;
    use crate::codec::fit::Channels;
    use crate::domain::ImageFormat;

    proptest! {
        #[test]
        fn every_orientation_is_what_another_store_makes_of_it(
            width in 1_u32..70, height in 1_u32..70, exif in 1_u8..=8,
        ) {
            let image = RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 7]));
            let orientation = Orientation::from_exif(exif).unwrap();
            let mut expected = DynamicImage::ImageRgb8(image.clone());
            expected.apply_orientation(orientation);
            let pixels = Pixels::new(width, height);
            let frame = Frame { pixels, channels: Channels::Rgb, bytes: image.into_raw() };
            let info = ImageInfo { format: ImageFormat::Png, pixels, alpha: false };
            let upright = frame.upright(orientation, &info).unwrap();
            prop_assert_eq!(upright.pixels, Pixels::new(expected.width(), expected.height()));
            prop_assert_eq!(upright.bytes, expected.into_bytes());
        }
    }
}
