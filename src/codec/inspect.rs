//! What an image is, from its headers: format, size, alpha, and whether the file is whole.
//!
//! Runs on every paid result, so it reads a file's head and tail and decodes nothing.
//! What it refuses must not be given to a decoder.

mod gif;
mod jpeg;
mod png;
mod resemblance;
mod webp;

use std::io::{Cursor, Read, Seek, SeekFrom};

pub(super) use png::PngForm;

use super::ImageError;
use crate::domain::{ImageFormat, Pixels};

/// The most pixels that are decoded: 300 MB as RGB.
pub const MOST_PIXELS: u64 = 100_000_000;

/// The longest edge that is decoded.
pub const LONGEST_EDGE: u32 = 32_768;

/// How far from its end a file is searched for the mark that ends its image; what
/// cameras and editors append after that mark is mostly shorter.
const TAIL_BYTES: u64 = 4096;

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
pub fn inspect(mut reader: impl Read + Seek) -> Result<ImageInfo, ImageError> {
    let reading = |error: std::io::Error| ImageError::ReadFailed(error.to_string());
    reader.rewind().map_err(reading)?;
    let head = window(&mut reader, resemblance::HEAD_BYTES).map_err(reading)?;
    let Some(format) = ImageFormat::sniff(&head) else {
        return Err(ImageError::NotAnImage(resemblance::of(&head).to_owned()));
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
        return Err(Fault::Malformed("its width or height is zero").of(format));
    }
    let info = ImageInfo { format, pixels: Pixels::new(width, height), alpha: header.alpha };
    check_size(&info)?;
    if header.whole { Ok(info) } else { Err(ImageError::CutShort(format)) }
}

/// [`inspect`] for bytes in memory.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_bytes(bytes: &[u8]) -> Result<ImageInfo, ImageError> {
    inspect(Cursor::new(bytes))
}

/// Refuses what is too large to decode.
pub(super) fn check_size(info: &ImageInfo) -> Result<(), ImageError> {
    if info.pixels.count() > MOST_PIXELS || info.pixels.long_edge() > LONGEST_EDGE {
        return Err(ImageError::TooManyPixels(info.format, info.pixels, MOST_PIXELS / 1_000_000));
    }
    Ok(())
}

/// What a format's file reads.
struct Header {
    /// Width and height; either may be zero in a broken file.
    size: (u32, u32),
    alpha: bool,
    /// Whether the file goes on to the end of its image.
    whole: bool,
}

/// Why a header could not be read.
enum Fault {
    Malformed(&'static str),
    Reading(std::io::Error),
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Reading(error)
    }
}

impl Fault {
    fn of(self, format: ImageFormat) -> ImageError {
        match self {
            Self::Malformed(reason) => ImageError::Undecodable(format, reason.to_owned()),
            Self::Reading(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                ImageError::CutShort(format)
            }
            Self::Reading(error) => ImageError::ReadFailed(error.to_string()),
        }
    }
}

/// The next `N` bytes.
fn take<const N: usize>(reader: &mut impl Read) -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The next bytes, at most `most` of them.
fn window(reader: &mut impl Read, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.by_ref().take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The last [`TAIL_BYTES`], but nothing before `from`.
fn tail(reader: &mut (impl Read + Seek), from: u64) -> std::io::Result<Vec<u8>> {
    let length = reader.seek(SeekFrom::End(0))?;
    reader.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES).max(from)))?;
    window(reader, TAIL_BYTES)
}

#[cfg(test)]
mod tests;
