//! Masks: from whatever a caller drew or named to what an image API takes.
//!
//! The APIs disagree on how a mask marks, and answer a wrong one with a paid image that
//! ignores it, so a mask is checked here first. Knows the forms, not which API wants which.

use std::borrow::Cow;
use std::io::{Read, Seek, Write};

use bytes::Bytes;
use image::metadata::Orientation;
use png::Compression;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::convert::{self, Foreign};
use super::decode::{Rows, rows_of};
use super::feather::feather;
use super::fit::{Channels, Frame};
use super::inspect::{ImageInfo, PngForm, inspect_bytes};
use super::raster::coverage;
use super::resize::{Kernel, resized};
use super::{CodecError, Regions};
use crate::domain::{ImageFormat, Pixels, Problem};

/// The most bytes of a mask with alpha that the API takes: under 4 MB (OpenAI's reference
/// for image edits; APIYI repeats it).
const MOST_BYTES: usize = 4_000_000;

/// How a mask marks what is to be repainted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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

/// Which part of an image is repainted, and how much of each pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// The size of the image, as it is seen upright.
    pub(super) pixels: Pixels,
    /// For each pixel how much it is repainted, 255 being all; rows from the top.
    pub(super) bytes: Vec<u8>,
    /// The file they were read from, where it says the same as it is.
    as_given: Option<Bytes>,
}

impl Marks {
    /// The part that regions name in an image of this size, its edges smooth.
    ///
    /// # Errors
    /// One problem for each region that is wrong.
    pub fn of_regions(regions: &Regions, image: Pixels) -> Result<Self, Vec<Problem>> {
        let outlines = regions.outlines(image)?;
        Ok(Self { pixels: image, bytes: coverage(&outlines, image), as_given: None })
    }

    /// The part that a mask image marks. Soft edges stay soft, and where a mask that marks
    /// by colour is transparent, it marks nothing. One that differs from the image in scale
    /// only is made its size.
    ///
    /// # Errors
    /// What [`inspect_bytes`] and the decoders say of the file; `MaskSize`, `MaskWithoutAlpha`.
    pub fn of_image(mask: &Bytes, means: MaskMeans, image: Pixels) -> Result<Self, CodecError> {
        let converted;
        let mask = match Foreign::sniff(mask) {
            Some(foreign) => {
                let frame = convert::decode(foreign, mask)?.frame;
                converted = Bytes::from(super::encode::png(&frame, None, Compression::Fast)?);
                &converted
            }
            None => mask,
        };
        let info = inspect_bytes(mask)?;
        let rows = rows_of(mask, &info)?;
        let orientation = rows.orientation;
        let given =
            Frame { pixels: info.pixels, channels: Channels::Grey, bytes: marks(rows, means, &info)? };
        let upright = given.upright(orientation, &info)?;
        if !upright.pixels.is_shaped_as(image) {
            return Err(CodecError::MaskSize { mask: upright.pixels, image });
        }
        let untouched = upright.pixels == image && orientation == Orientation::NoTransforms;
        let sendable =
            means == MaskMeans::TransparentIsRepainted && is_rgba_png(mask, &info) && mask.len() < MOST_BYTES;
        let as_given = (untouched && sendable).then(|| mask.clone());
        let marks = resized(upright, image, Kernel::Linear)?;
        Ok(Self { pixels: image, bytes: marks.bytes, as_given })
    }

    /// What was kept is repainted and the other way round.
    #[must_use]
    pub fn inverted(mut self) -> Self {
        self.bytes.iter_mut().for_each(|mark| *mark = 255 - *mark);
        self.as_given = None;
        self
    }

    /// The edge softened over so many pixels, inwards: what was kept stays kept.
    #[must_use]
    pub fn feathered(mut self, pixels: u32) -> Self {
        if pixels > 0 {
            feather(&mut self.bytes, self.pixels.width as usize, pixels);
            self.as_given = None;
        }
        self
    }

    /// The same, if there is something to repaint and something to keep.
    ///
    /// # Errors
    /// `MaskEmpty` and `MaskFull` where no pixel is more than half marked, or all are.
    pub fn checked(self) -> Result<Self, CodecError> {
        match self.marked() {
            0 => Err(CodecError::MaskEmpty),
            all if all == self.bytes.len() => Err(CodecError::MaskFull),
            _ => Ok(self),
        }
    }

    /// The size of the image.
    #[must_use]
    pub const fn pixels(&self) -> Pixels {
        self.pixels
    }

    /// How much of the image is repainted, 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    #[must_use]
    pub fn share(&self) -> f64 {
        self.marked() as f64 / self.bytes.len().max(1) as f64
    }

    fn marked(&self) -> usize {
        self.bytes.iter().filter(|mark| **mark > 127).count()
    }

    /// The mask that an API takes for this image sent in this size.
    ///
    /// # Errors
    /// `MaskTooIntricate` where the result is beyond what the API takes.
    pub fn file(&self, form: MaskForm, sent: Pixels) -> Result<Bytes, CodecError> {
        if let (Some(given), MaskForm::TransparentRepaints) = (&self.as_given, form)
            && sent == self.pixels
        {
            return Ok(given.clone());
        }
        let frame;
        let marks = if sent == self.pixels {
            &self.bytes
        } else {
            let whole = Frame { pixels: self.pixels, channels: Channels::Grey, bytes: self.bytes.clone() };
            frame = resized(whole, sent, Kernel::Linear)?;
            &frame.bytes
        };
        // Soft noise compresses badly: where it is too much, fewer steps between kept and repainted
        // do, since what comes back is blended by the marks themselves.
        for step in [1, 17, 255] {
            let bytes = encode(&coarser(marks, step), form, sent)
                .map_err(|error| CodecError::Unencodable(ImageFormat::Png, error.to_string()))?;
            if form == MaskForm::WhiteRepaints || bytes.len() < MOST_BYTES {
                return Ok(bytes.into());
            }
        }
        Err(CodecError::MaskTooIntricate { most: MOST_BYTES as u64 })
    }
}

/// The marks in multiples of a step, a divisor of 255.
fn coarser(marks: &[u8], step: u8) -> Cow<'_, [u8]> {
    match step {
        1 => marks.into(),
        _ => marks.iter().map(|mark| (mark / step + u8::from(mark % step > step / 2)) * step).collect(),
    }
}

/// For each pixel how much it is to be repainted, 255 being all.
fn marks<R: Read + Seek>(rows: Rows<R>, means: MaskMeans, info: &ImageInfo) -> Result<Vec<u8>, CodecError> {
    let channels = rows.channels;
    if means == MaskMeans::TransparentIsRepainted && !channels.has_alpha() {
        return Err(CodecError::MaskWithoutAlpha);
    }
    // Lossy compression leaves ripples around sharp edges, which nobody drew.
    let clean = match info.format {
        ImageFormat::Png | ImageFormat::Gif => |mark| mark,
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
pub(super) fn light_and_alpha(pixel: &[u8]) -> (u8, u8) {
    match *pixel {
        [grey] => (grey, u8::MAX),
        [grey, alpha] => (grey, alpha),
        [red, green, blue] => (light(red, green, blue), u8::MAX),
        [red, green, blue, alpha] => (light(red, green, blue), alpha),
        _ => (0, 0),
    }
}

pub(super) fn light(red: u8, green: u8, blue: u8) -> u8 {
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
/// are not taken everywhere.
fn is_rgba_png(bytes: &[u8], info: &ImageInfo) -> bool {
    let is_rgba = |form: PngForm| (form.depth, form.colour) == (8, 6);
    info.format == ImageFormat::Png && PngForm::of(bytes).is_some_and(is_rgba)
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
#[expect(clippy::float_cmp, reason = "exact in binary")]
mod tests;
