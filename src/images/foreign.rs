//! BMP and TIFF: formats that people have and no image API takes.

use std::io::Cursor;

use image::codecs::{bmp::BmpDecoder, tiff::TiffDecoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder};

use super::ImageError;
use super::colour::Profile;
use super::inspect::{LONGEST_EDGE, MOST_PIXELS};
use super::shrink::{Channels, Frame};
use crate::domain::Pixels;

/// What a decoded picture may take: `MOST_PIXELS` of four bytes.
const MOST_BYTES: u64 = 4 * MOST_PIXELS;

/// A format that is read and never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    Bmp,
    Tiff,
}

impl Foreign {
    /// By the first bytes.
    pub(super) fn sniff(head: &[u8]) -> Option<Self> {
        match head {
            // The length of the header that follows tells it from text that begins with BM.
            [
                b'B',
                b'M',
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                12 | 40 | 52 | 56 | 64 | 108 | 124,
                0,
                0,
                0,
                ..,
            ] => Some(Self::Bmp),
            [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => Some(Self::Tiff),
            _ => None,
        }
    }

    /// The name for people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
        }
    }

    /// The picture as it is seen, and its colours' profile. Of a TIFF of several pages the first.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<(Frame, Profile), ImageError> {
        let failed = |error| ImageError::UndecodableForeign(self.name(), words(&error));
        match self {
            Self::Bmp => self.read(BmpDecoder::new(Cursor::new(bytes)).map_err(failed)?),
            Self::Tiff => self.read(TiffDecoder::new(Cursor::new(bytes)).map_err(failed)?),
        }
    }

    fn read(self, mut decoder: impl ImageDecoder) -> Result<(Frame, Profile), ImageError> {
        let failed = |error| ImageError::UndecodableForeign(self.name(), words(&error));
        let (width, height) = decoder.dimensions();
        let pixels = Pixels::new(width, height);
        if pixels.count() == 0 || pixels.count() > MOST_PIXELS || pixels.long_edge() > LONGEST_EDGE {
            let reason =
                format!("it is {pixels}; at most {} million pixels are read", MOST_PIXELS / 1_000_000);
            return Err(ImageError::UndecodableForeign(self.name(), reason));
        }
        let mut limits = image::Limits::default();
        limits.max_image_width = Some(LONGEST_EDGE);
        limits.max_image_height = Some(LONGEST_EDGE);
        limits.max_alloc = Some(MOST_BYTES);
        decoder.set_limits(limits).map_err(failed)?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let profile = decoder.icc_profile().unwrap_or(None);
        let mut picture = DynamicImage::from_decoder(decoder).map_err(failed)?;
        picture.apply_orientation(orientation);
        let pixels = Pixels::new(picture.width(), picture.height());
        let colour = picture.color();
        let (channels, bytes) = match (colour.has_color(), colour.has_alpha()) {
            (false, false) => (Channels::Grey, picture.into_luma8().into_raw()),
            (false, true) => (Channels::GreyAlpha, picture.into_luma_alpha8().into_raw()),
            (true, false) => (Channels::Rgb, picture.into_rgb8().into_raw()),
            (true, true) => (Channels::Rgba, picture.into_rgba8().into_raw()),
        };
        Ok((Frame { pixels, channels, bytes }.without_idle_alpha(), profile))
    }
}

/// The decoder's reason; a file that ends early is told apart by its words.
fn words(error: &image::ImageError) -> String {
    match error {
        image::ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "it is cut short".to_owned()
        }
        other => other.to_string(),
    }
}
