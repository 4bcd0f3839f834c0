//! What an image is, from its headers: format, size, alpha, and whether the file is whole.
//!
//! Runs on every paid result, so it reads a file's head and tail and decodes nothing.
//! What it refuses must not be given to a decoder.

mod gif;
mod header;
mod jpeg;
mod png;
mod resemblance;
mod webp;

use std::io::{Cursor, Read, Seek};

pub(super) use png::PngForm;

use self::header::{HeaderFault, window};
use super::CodecError;
use crate::domain::{ImageFormat, Pixels};

/// The most pixels that are decoded: 300 MB as RGB.
pub const MOST_PIXELS: u64 = 100_000_000;

/// The longest edge that is decoded.
pub const LONGEST_EDGE: u32 = 32_768;

/// What the headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageInfo {
    /// By content, whatever the name says.
    pub format: ImageFormat,
    /// As stored, before any EXIF rotation.
    pub pixels: Pixels,
    /// Whether pixels carry an alpha value or one colour stands for transparent. For GIF
    /// always false: its transparency is not looked for.
    pub alpha: bool,
}

/// Reads the headers of the image that `reader` holds from its start to its end, and
/// checks that the file is whole.
///
/// # Errors
/// `NotAnImage`, `TooManyPixels`, `CutShort`, `Undecodable` for headers that no decoder
/// would take, and `ReadFailed`.
pub fn inspect(mut reader: impl Read + Seek) -> Result<ImageInfo, CodecError> {
    let reading = CodecError::ReadFailed;
    reader.rewind().map_err(reading)?;
    let head = window(&mut reader, resemblance::HEAD_BYTES).map_err(reading)?;
    let Some(format) = ImageFormat::sniff(&head) else {
        return Err(CodecError::NotAnImage(resemblance::of(&head).to_owned()));
    };
    let read = match format {
        ImageFormat::Png => png::read(&mut reader),
        ImageFormat::Jpeg => jpeg::read(&mut reader),
        ImageFormat::Webp => webp::read(&mut reader),
        ImageFormat::Gif => gif::read(&mut reader),
    };
    let header = read.map_err(|fault| fault.of(format))?;
    let (width, height) = header.size;
    if width == 0 || height == 0 {
        return Err(HeaderFault::Malformed("its width or height is zero").of(format));
    }
    let info = ImageInfo { format, pixels: Pixels::new(width, height), alpha: header.alpha };
    check_size(&info)?;
    if header.whole { Ok(info) } else { Err(CodecError::CutShort(format)) }
}

/// [`inspect`] for bytes in memory.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_bytes(bytes: &[u8]) -> Result<ImageInfo, CodecError> {
    inspect(Cursor::new(bytes))
}

/// Refuses what is too large to decode.
pub(super) fn check_size(info: &ImageInfo) -> Result<(), CodecError> {
    if info.pixels.count() > MOST_PIXELS || info.pixels.long_edge() > LONGEST_EDGE {
        return Err(CodecError::TooManyPixels(info.format, info.pixels, MOST_PIXELS / 1_000_000));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
