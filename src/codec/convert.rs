//! BMP and TIFF: formats that people have and no image API takes.
//!
//! Only read, never written. What cannot be read is told apart by its kind.

mod tiff;

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;
use image::{DynamicImage, ImageDecoder};

use super::ImageError;
use super::colour::Profile;
use super::fit::{Channels, Frame};
use super::inspect::{LONGEST_EDGE, MOST_PIXELS};
use crate::domain::Pixels;

/// What a decoded image may take: `MOST_PIXELS` of four bytes.
const MOST_BYTES: u64 = 4 * MOST_PIXELS;

/// A format that is read and never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    Bmp,
    Tiff,
}

/// An image that was read.
#[derive(Debug)]
pub(super) struct Decoded {
    /// As it is seen.
    pub(super) frame: Frame,
    /// What its colours are counted in.
    pub(super) profile: Profile,
    /// What of the file is not in the frame, in words that follow the name of an argument.
    pub(super) changes: Vec<&'static str>,
}

impl Foreign {
    /// By the first bytes.
    pub(super) fn sniff(head: &[u8]) -> Option<Self> {
        // The length of the header that follows tells it from text that begins with BM.
        if let [b'B', b'M', rest @ ..] = head {
            let length = rest.get(12..16);
            return matches!(length, Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]))
                .then_some(Self::Bmp);
        }
        // Forty-three is BigTIFF.
        matches!(head, [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..]).then_some(Self::Tiff)
    }

    /// The name for people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
        }
    }

    /// The image as it is seen, and its colours' profile. Of a TIFF of several pages the first.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<Decoded, ImageError> {
        match self {
            Self::Bmp => bmp(bytes),
            Self::Tiff => tiff::decode(bytes),
        }
    }

    fn failed(self, reason: impl Into<String>) -> ImageError {
        ImageError::UndecodableForeign(self.name(), reason.into())
    }

    /// Refuses what is too large to decode.
    fn check_size(self, pixels: Pixels) -> Result<(), ImageError> {
        if pixels.count() == 0 || pixels.count() > MOST_PIXELS || pixels.long_edge() > LONGEST_EDGE {
            let most = MOST_PIXELS / 1_000_000;
            return Err(self.failed(format!("it is {pixels}; at most {most} million pixels are read")));
        }
        Ok(())
    }
}

fn bmp(bytes: &[u8]) -> Result<Decoded, ImageError> {
    let failed = |error| match error {
        image::ImageError::Unsupported(kind) => ImageError::UnreadKind(Foreign::Bmp.name(), kind.to_string()),
        other => Foreign::Bmp.failed(words(&other)),
    };
    let mut decoder = BmpDecoder::new(Cursor::new(bytes)).map_err(failed)?;
    let (width, height) = decoder.dimensions();
    let pixels = Pixels::new(width, height);
    Foreign::Bmp.check_size(pixels)?;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(LONGEST_EDGE);
    limits.max_image_height = Some(LONGEST_EDGE);
    limits.max_alloc = Some(MOST_BYTES);
    decoder.set_limits(limits).map_err(failed)?;
    let image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    let (channels, colours) = if image.color().has_alpha() {
        (Channels::Rgba, image.into_rgba8().into_raw())
    } else {
        (Channels::Rgb, image.into_rgb8().into_raw())
    };
    let frame = Frame { pixels, channels, bytes: colours }.without_idle_alpha();
    let profile = bmp_profile(bytes).map(<[u8]>::to_vec);
    Ok(Decoded { frame, profile, changes: Vec::new() })
}

/// The profile that a header of version 5 leads to (Microsoft's `BITMAPV5HEADER`), by an offset
/// from the header, which the file's own of 14 bytes precedes.
fn bmp_profile(bytes: &[u8]) -> Option<&[u8]> {
    let header = bytes.get(14..)?;
    let number = |at: usize| Some(u32::from_le_bytes(*header.get(at..)?.first_chunk()?) as usize);
    if number(0)? != 124 || header.get(56..60)? != b"DEBM" {
        return None; // `PROFILE_EMBEDDED`
    }
    let (start, length) = (number(112)?, number(116)?);
    header.get(start..start.checked_add(length)?)
}

/// The decoder's reason; a file that ends early is told apart by its words.
fn words(error: &image::ImageError) -> String {
    match error {
        image::ImageError::IoError(error) => read_words(error),
        other => other.to_string(),
    }
}

fn read_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "it is cut short".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests;
