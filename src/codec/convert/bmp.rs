//! Reads BMP, by the decoder of `image`.

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;
use image::{DynamicImage, ImageDecoder};

use super::decoded::{Decoded, Foreign, MOST_BYTES, read_words};
use crate::codec::CodecError;
use crate::codec::fit::{Channels, Frame};
use crate::codec::inspect::LONGEST_EDGE;
use crate::domain::Pixels;

/// The image as it is seen, and the profile of its colours.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, CodecError> {
    let failed = |error| match error {
        image::ImageError::Unsupported(kind) => CodecError::UnreadKind(Foreign::Bmp.name(), kind.to_string()),
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
