//! From an image as people have it to one that image APIs take, changed as little as can be.
//!
//! What fits is passed on byte for byte. The rest is turned upright, converted, rid of places
//! and serial numbers, or made smaller, and every change but the second last is told.

use std::io::Cursor;

use bytes::Bytes;
use image::metadata::Orientation;
use png::Compression;

use super::colour::Profile;
use super::convert::{self, Decoded, Foreign};
use super::decode::Rows;
use super::encode::Colour;
use super::fit::Frame;
use super::inspect::{ImageInfo, PngForm, inspect_bytes};
use super::metadata::{JpegFile, without_further_images, without_private};
use super::resize::{Kernel, resized};
use super::{CodecError, cmyk, encode};
use crate::domain::{ImageFormat, Pixels};

/// For images that are written again: above what cameras use, so that little is lost twice.
const QUALITY: u8 = 95;

/// Where bytes have to be saved: an image that is too large.
const SAVING_QUALITY: u8 = 90;

/// How often an image is made smaller before it is given up.
const MOST_STEPS: u32 = 8;

/// What a model takes.
#[derive(Clone, Copy, Debug)]
pub struct SendLimits {
    /// The most bytes of an image.
    pub most_bytes: u64,
    /// Whether places and serial numbers may go along.
    pub keep_metadata: bool,
}

/// An image ready to be sent.
#[derive(Clone, Debug)]
pub struct Normalised {
    /// The file.
    pub bytes: Bytes,
    /// Its format.
    pub format: ImageFormat,
    /// Its size; no orientation is left to be applied.
    pub pixels: Pixels,
    /// The image as it was given, or in the format it had to be converted to.
    pub original: Bytes,
    /// The original's size as it is seen, which is another where it was too large.
    pub original_pixels: Pixels,
    /// What was changed: fragments that follow the name of an argument.
    pub changes: Vec<String>,
}

/// Makes an image fit. Takes up to a second for the largest: not for an async task.
///
/// # Errors
/// What inspecting or decoding it says; `TooLarge` where not even a small version fits.
pub fn normalise(given: Bytes, limits: &SendLimits) -> Result<Normalised, CodecError> {
    let mut changes = Vec::new();
    let source = match Foreign::sniff(&given) {
        Some(foreign) => {
            let Decoded { frame, profile, changes: further } = convert::decode(foreign, &given)?;
            changes.push(format!("the {} image was sent as PNG", foreign.name()));
            changes.extend(further.into_iter().map(str::to_owned));
            Bytes::from(encode::png(&frame, profile.as_deref(), Compression::Fast)?)
        }
        None => given,
    };
    let info = inspect_bytes(&source)?;
    let mut image = match info.format {
        ImageFormat::Jpeg => from_jpeg(source, &info, &mut changes)?,
        _ => from_others(source, &info, &mut changes)?,
    };
    if !limits.keep_metadata
        && let Some(scrubbed) = without_private(&image.bytes, image.format)
    {
        image.bytes = scrubbed.into();
    }
    if image.bytes.len() as u64 > limits.most_bytes {
        image = smaller(image, limits.most_bytes, &mut changes)?;
    }
    image.changes = changes;
    Ok(image)
}

/// The image passed on as it is.
fn untouched(bytes: Bytes, info: &ImageInfo) -> Normalised {
    Normalised {
        original: bytes.clone(),
        bytes,
        format: info.format,
        pixels: info.pixels,
        original_pixels: info.pixels,
        changes: Vec::new(),
    }
}

fn from_jpeg(
    mut source: Bytes,
    info: &ImageInfo,
    changes: &mut Vec<String>,
) -> Result<Normalised, CodecError> {
    let file = JpegFile::read(&source);
    if let Some(kind) = file.as_ref().and_then(JpegFile::unread_kind) {
        return Err(CodecError::UnreadKind("JPEG", kind.to_owned()));
    }
    let orientation = orientation(&source, info)?;
    let Some(file) = file else {
        // A decoder may still get through, and what it makes holds nothing private.
        let (frame, profile) = whole(&source, info)?;
        changes.push("the JPEG, which is not as it should be, was encoded again".to_owned());
        let bytes = Bytes::from(encode::jpeg(&frame, profile.as_deref(), QUALITY, Colour::Full)?);
        return Ok(untouched(bytes, &ImageInfo { pixels: frame.pixels, ..*info }));
    };
    if file.components == 4 {
        let frame = cmyk::decode(&source, &file, info)?.upright(orientation, info)?;
        changes.push("the printer's colours (CMYK) were converted to sRGB".to_owned());
        let bytes = Bytes::from(encode::jpeg(&frame, None, QUALITY, Colour::Full)?);
        return Ok(untouched(bytes, &ImageInfo { pixels: frame.pixels, ..*info }));
    }
    let resolution = if file.has_quarter_colour { Colour::Quarter } else { Colour::Full };
    if file.holds_several() {
        changes.push("of several images in the file (MPO) the first was sent".to_owned());
        source = Bytes::from(without_further_images(&file));
    }
    if orientation == Orientation::NoTransforms {
        return Ok(untouched(source, info));
    }
    let (frame, profile) = whole(&source, info)?;
    changes.push("the photo was turned upright, as its EXIF orientation says".to_owned());
    let bytes = encode::jpeg(&frame, profile.as_deref(), QUALITY, resolution)?;
    let pixels = frame.pixels;
    Ok(Normalised { bytes: bytes.into(), pixels, original_pixels: pixels, ..untouched(source, info) })
}

fn from_others(source: Bytes, info: &ImageInfo, changes: &mut Vec<String>) -> Result<Normalised, CodecError> {
    let orientation = orientation(&source, info)?;
    let why = match info.format {
        ImageFormat::Gif => Some("of the GIF its first frame was sent, as PNG"),
        ImageFormat::Webp if is_animated_webp(&source) => {
            Some("of the animated WebP its first frame was sent, as PNG")
        }
        ImageFormat::Png => odd_png(&source),
        _ => None,
    };
    let turned = orientation != Orientation::NoTransforms;
    if why.is_none() && !turned {
        return Ok(untouched(source, info));
    }
    let (frame, profile) = whole(&source, info)?;
    changes.extend(why.map(str::to_owned));
    if turned {
        changes.push("the image was turned upright, as its EXIF orientation says".to_owned());
    }
    let bytes = encode::png(&frame, profile.as_deref(), Compression::Fast)?;
    let pixels = frame.pixels;
    let sent = Normalised { pixels, original_pixels: pixels, ..untouched(source, info) };
    Ok(Normalised { bytes: bytes.into(), format: ImageFormat::Png, ..sent })
}

/// Decoded and upright, with its colours' profile.
fn whole(bytes: &[u8], info: &ImageInfo) -> Result<(Frame, Profile), CodecError> {
    let rows = Rows::open_with_profile(Cursor::new(bytes), info)?;
    let (orientation, profile) = (rows.orientation, rows.profile.clone());
    Ok((rows.frame()?.upright(orientation, info)?.without_idle_alpha(), profile))
}

/// What is to be done to see the image upright; reads no pixel.
fn orientation(bytes: &[u8], info: &ImageInfo) -> Result<Orientation, CodecError> {
    super::decode::orientation(Cursor::new(bytes), info)
}

/// Which kind of PNG it is, where it is not of the plain kind that every image API takes.
/// The bytes of IHDR: depth, colour type, compression, filter, interlacing.
fn odd_png(bytes: &[u8]) -> Option<&'static str> {
    let PngForm { depth, colour, interlaced } = PngForm::of(bytes)?;
    let head = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    let data = memchr::memmem::find(head, b"IDAT").unwrap_or(head.len());
    match (depth, colour, interlaced) {
        (_, 3, _) => Some("the PNG with a palette was sent as a plain one"),
        (16, ..) => Some("the PNG of 16 bits a channel was sent with 8"),
        (1 | 2 | 4, ..) => Some("the PNG of few greys was sent as a plain one"),
        (_, _, true) => Some("the interlaced PNG was sent as a plain one"),
        _ if head.get(..data).is_some_and(|head| memchr::memmem::find(head, b"acTL").is_some()) => {
            Some("of the animated PNG its still image was sent")
        }
        _ => None,
    }
}

/// The flag in VP8X (RFC 9649, section 2.7).
fn is_animated_webp(bytes: &[u8]) -> bool {
    bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|flags| flags & 0x02 != 0)
}

/// A version of at most so many bytes: as JPEG first where nothing is transparent, then with
/// fewer pixels.
fn smaller(image: Normalised, most: u64, changes: &mut Vec<String>) -> Result<Normalised, CodecError> {
    let given = image.bytes.len() as u64;
    let info = inspect_bytes(&image.bytes)?;
    let (mut frame, profile) = whole(&image.bytes, &info)?;
    let opaque = !frame.channels.has_alpha();
    let format = if opaque { ImageFormat::Jpeg } else { ImageFormat::Png };
    for step in 0..MOST_STEPS {
        let bytes = match format {
            ImageFormat::Jpeg => encode::jpeg(&frame, profile.as_deref(), SAVING_QUALITY, Colour::Full)?,
            _ => encode::png(&frame, profile.as_deref(), Compression::Balanced)?,
        };
        let size = bytes.len() as u64;
        if size <= most {
            changes.push(format!(
                "its {given} bytes are more than the {most} that the model takes, so it was sent as {format} of {}",
                frame.pixels
            ));
            return Ok(Normalised { bytes: bytes.into(), format, pixels: frame.pixels, ..image });
        }
        let scale = shrinking(size, most, step);
        let edge = |edge: u32| scaled(edge, scale);
        let to = Pixels::new(edge(frame.pixels.width), edge(frame.pixels.height));
        frame = resized(frame, to, Kernel::Cubic)?;
    }
    Err(CodecError::TooLarge { bytes: given, most })
}

/// The part of an edge to keep, supposing that bytes go with area.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn shrinking(bytes: u64, most: u64, step: u32) -> f64 {
    (most as f64 / bytes as f64).sqrt() * if step == 0 { 0.95 } else { 0.85 }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn scaled(edge: u32, scale: f64) -> u32 {
    ((f64::from(edge) * scale).round() as u32).max(1)
}

#[cfg(test)]
mod tests;
