//! Turns an image as its camera was held.
//!
//! Pure. EXIF orientation as in TIFF 6.0, tag 274: turns by a quarter, and mirror images.

use image::metadata::Orientation;
use image::{DynamicImage, GrayAlphaImage, GrayImage, RgbImage, RgbaImage};

use super::CodecError;
use super::fit::{Channels, Frame};
use super::inspect::ImageInfo;
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
    pub(super) fn upright(self, orientation: Orientation, info: &ImageInfo) -> Result<Self, CodecError> {
        if orientation == Orientation::NoTransforms {
            return Ok(self);
        }
        let Self { pixels: Pixels { width, height }, channels, bytes } = self;
        let mut image = match channels {
            Channels::Grey => GrayImage::from_raw(width, height, bytes).map(DynamicImage::from),
            Channels::GreyAlpha => GrayAlphaImage::from_raw(width, height, bytes).map(DynamicImage::from),
            Channels::Rgb => RgbImage::from_raw(width, height, bytes).map(DynamicImage::from),
            Channels::Rgba => RgbaImage::from_raw(width, height, bytes).map(DynamicImage::from),
        }
        .ok_or_else(|| CodecError::Undecodable(info.format, "it cannot be turned upright".to_owned()))?;
        image.apply_orientation(orientation);
        Ok(Self { pixels: Pixels::new(image.width(), image.height()), channels, bytes: image.into_bytes() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ImageFormat;

    #[test]
    fn a_frame_is_turned_whatever_its_channels() {
        let pixels = Pixels::new(3, 2);
        let info = ImageInfo { format: ImageFormat::Png, pixels, alpha: false };
        for channels in [Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba] {
            let bytes: Vec<u8> = (0..6).flat_map(|pixel| vec![pixel; channels.count()]).collect();
            let frame = Frame { pixels, channels, bytes };
            let upright = frame.upright(Orientation::Rotate90, &info).unwrap();
            assert_eq!((upright.pixels, upright.channels), (Pixels::new(2, 3), channels));
            let seen: Vec<_> = upright.bytes.iter().step_by(channels.count()).copied().collect();
            assert_eq!(seen, [3, 0, 4, 1, 5, 2], "{channels:?}");
        }
        let short = Frame { pixels, channels: Channels::Rgb, bytes: vec![0; 3] };
        assert!(short.upright(Orientation::Rotate90, &info).is_err());
    }
}
