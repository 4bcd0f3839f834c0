//! Masks: from whatever a caller drew to what an image API takes.
//!
//! The APIs disagree on how a mask marks, and answer a wrong one with a paid picture that
//! ignores it, so a mask is checked here first. Knows the forms, not which API wants which.

use std::io::Write;

use schemars::JsonSchema;
use serde::Deserialize;

use super::ImageError;
use super::decode::rows_of;
use super::inspect::{ImageInfo, inspect_bytes};
use crate::domain::{ImageFormat, Pixels};

/// The most bytes of a mask with alpha that the API takes: under 4 MB (OpenAI's reference
/// for image edits; APIYI repeats it).
const MOST_BYTES: usize = 4_000_000;

/// How a mask marks what is to be repainted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum MaskMeans {
    /// By transparency; the colours do not matter.
    #[default]
    TransparentIsRepainted,
    /// By white; black is kept.
    WhiteIsRepainted,
    /// By black; white is kept.
    BlackIsRepainted,
}

impl MaskMeans {
    /// The name in arguments.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TransparentIsRepainted => "transparent_is_repainted",
            Self::WhiteIsRepainted => "white_is_repainted",
            Self::BlackIsRepainted => "black_is_repainted",
        }
    }
}

/// What an image API takes as a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MaskForm {
    /// An RGBA PNG: alpha 0 is repainted, 255 is kept (OpenAI and those who copy it).
    TransparentRepaints,
    /// A grey PNG: 255 is repainted, 0 is kept (stable-diffusion.cpp, LocalAI).
    WhiteRepaints,
}

/// Makes the mask that an API takes for an image of `image` pixels from the file `mask`,
/// a PNG, JPEG or WebP. Soft edges stay soft. Where a mask that marks by colour is
/// transparent, it marks nothing.
///
/// # Errors
/// What [`inspect_bytes`] and the decoders say of the file; `MaskSize`, `MaskWithoutAlpha`;
/// `MaskEmpty` and `MaskFull` where no pixel is more than half marked, or all are;
/// `TooLarge` where the result is beyond what the API takes.
pub fn prepare(mask: &[u8], means: MaskMeans, form: MaskForm, image: Pixels) -> Result<Vec<u8>, ImageError> {
    let info = inspect_bytes(mask)?;
    if info.pixels != image {
        return Err(ImageError::MaskSize { mask: info.pixels, image });
    }
    let marks = marks(mask, means, &info)?;
    let marked = marks.iter().filter(|mark| **mark > 127).count();
    if marked == 0 {
        return Err(ImageError::MaskEmpty);
    }
    if marked == marks.len() {
        return Err(ImageError::MaskFull);
    }
    if (means, form) == (MaskMeans::TransparentIsRepainted, MaskForm::TransparentRepaints)
        && is_rgba_png(mask)
        && mask.len() < MOST_BYTES
    {
        return Ok(mask.to_vec());
    }
    let bytes = encode(&marks, form, image)
        .map_err(|error| ImageError::Unencodable(ImageFormat::Png, error.to_string()))?;
    if form == MaskForm::TransparentRepaints && bytes.len() >= MOST_BYTES {
        return Err(ImageError::TooLarge { bytes: bytes.len() as u64, most: MOST_BYTES as u64 });
    }
    Ok(bytes)
}

/// For each pixel how much it is to be repainted, 255 being all.
fn marks(mask: &[u8], means: MaskMeans, info: &ImageInfo) -> Result<Vec<u8>, ImageError> {
    let rows = rows_of(mask, info)?;
    let channels = rows.channels;
    if means == MaskMeans::TransparentIsRepainted && !channels.has_alpha() {
        return Err(ImageError::MaskWithoutAlpha);
    }
    // Lossy compression leaves ripples around sharp edges, which nobody drew.
    let clean = match info.format {
        ImageFormat::Png => |mark| mark,
        _ => |mark| match mark {
            0..=15 => 0,
            240.. => 255,
            other => other,
        },
    };
    let mut marks = Vec::with_capacity(usize::try_from(info.pixels.count()).unwrap_or(0));
    rows.for_each(|row| {
        marks.extend(row.chunks_exact(channels.count()).map(|pixel| {
            let (light, alpha) = light_and_alpha(pixel);
            clean(match means {
                MaskMeans::TransparentIsRepainted => 255 - alpha,
                MaskMeans::WhiteIsRepainted => portion(light, alpha),
                MaskMeans::BlackIsRepainted => portion(255 - light, alpha),
            })
        }));
    })?;
    Ok(marks)
}

/// The luminance (Rec. 601) and alpha of a pixel of any channels.
fn light_and_alpha(pixel: &[u8]) -> (u8, u8) {
    match *pixel {
        [grey] => (grey, u8::MAX),
        [grey, alpha] => (grey, alpha),
        [red, green, blue] => (light(red, green, blue), u8::MAX),
        [red, green, blue, alpha] => (light(red, green, blue), alpha),
        _ => (0, 0),
    }
}

fn light(red: u8, green: u8, blue: u8) -> u8 {
    // The factors add up to 256, so that white stays 255.
    let light = (u16::from(red) * 77 + u16::from(green) * 150 + u16::from(blue) * 29) >> 8;
    u8::try_from(light).unwrap_or(u8::MAX)
}

/// `mark` times `alpha`, 255 being all of either.
fn portion(mark: u8, alpha: u8) -> u8 {
    let product = (u16::from(mark) * u16::from(alpha) + 127) / 255;
    u8::try_from(product).unwrap_or(u8::MAX)
}

/// Whether a PNG, already inspected, has a colour type of RGBA at 8 bits; others with alpha
/// are not taken everywhere. The two bytes follow the width and height in IHDR.
fn is_rgba_png(bytes: &[u8]) -> bool {
    bytes.get(..4) == Some(b"\x89PNG") && bytes.get(24..26) == Some(&[8, 6])
}

fn encode(marks: &[u8], form: MaskForm, image: Pixels) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width, image.height);
    encoder.set_color(match form {
        MaskForm::TransparentRepaints => png::ColorType::Rgba,
        MaskForm::WhiteRepaints => png::ColorType::Grayscale,
    });
    encoder.set_depth(png::BitDepth::Eight);
    // Rows of a mask mostly repeat the row above; trying every filter takes longer.
    encoder.set_filter(png::Filter::Up);
    let mut writer = encoder.write_header()?;
    let mut stream = writer.stream_writer()?;
    let mut line = Vec::new();
    for row in marks.chunks_exact(image.width as usize) {
        match form {
            MaskForm::WhiteRepaints => stream.write_all(row)?,
            MaskForm::TransparentRepaints => {
                line.clear();
                line.extend(row.iter().flat_map(|mark| [0, 0, 0, 255 - mark]));
                stream.write_all(&line)?;
            }
        }
    }
    stream.finish()?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
