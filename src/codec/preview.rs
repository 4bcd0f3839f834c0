//! The small image that is shown beside the path of the large one.
//!
//! Decides how small; the decoding and the averaging are in `decode` and `shrink`.
//! A preview is for looking at: it keeps no metadata and no colour profile.

use std::io::{Read, Seek, SeekFrom};

use png::Compression;

use super::decode::Rows;
use super::encode::Colour;
use super::fit::{Frame, Shrinker};
use super::inspect::ImageInfo;
use super::{CodecError, encode};
use crate::domain::{ImageFormat, Pixels};

/// What a preview may be at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreviewBudget {
    /// Pixels on the longer edge.
    pub long_edge: u32,
    /// Bytes after base64, as a result carries it.
    pub base64_bytes: usize,
}

impl Default for PreviewBudget {
    /// 1,568 px is the most that models look at; 700 KB leaves room under clients' 1 MiB.
    fn default() -> Self {
        Self { long_edge: 1568, base64_bytes: 700_000 }
    }
}

impl PreviewBudget {
    /// The most bytes before base64, which makes four of three and pads.
    pub(super) const fn bytes(&self) -> usize {
        self.base64_bytes / 4 * 3
    }
}

/// A small image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The encoded file.
    pub bytes: Vec<u8>,
    /// JPEG, or PNG where something is transparent, or the source's own format where the
    /// source was small enough.
    pub format: ImageFormat,
    /// Its size.
    pub pixels: Pixels,
}

/// JPEG qualities to try before pixels are given up.
const QUALITIES: [u8; 3] = [85, 75, 60];

/// Makes a preview of the image that `source` holds and `info` describes. A source that is
/// within the budget is returned as it is. Takes tens of milliseconds: not for an async task.
///
/// # Errors
/// `Undecodable`, `CutShort` and `ReadFailed` for the source, `TooLarge` for a budget that
/// not even one pixel fits in.
pub fn make(
    mut source: impl Read + Seek,
    info: &ImageInfo,
    budget: &PreviewBudget,
) -> Result<Preview, CodecError> {
    if info.pixels.long_edge() <= budget.long_edge
        && let Some(bytes) = read_if_short(&mut source, budget.bytes()).map_err(CodecError::ReadFailed)?
    {
        return Ok(Preview { bytes, format: info.format, pixels: info.pixels });
    }
    let rows = Rows::open(source, info)?;
    let orientation = rows.orientation;
    let mut shrinker = Shrinker::new(info.pixels, fit(info.pixels, budget.long_edge), rows.channels);
    rows.for_each(|row| shrinker.push(row))?;
    let frame = shrinker.finish().without_idle_alpha().upright(orientation, info)?;
    within(frame, budget.bytes())
}

/// The whole source, unless it has more bytes than `most`.
fn read_if_short(source: &mut (impl Read + Seek), most: usize) -> std::io::Result<Option<Vec<u8>>> {
    if source.seek(SeekFrom::End(0))? > most as u64 {
        return Ok(None);
    }
    source.rewind()?;
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// The size of the same shape whose longer edge is at most `long_edge`.
pub(super) fn fit(pixels: Pixels, long_edge: u32) -> Pixels {
    let long = pixels.long_edge();
    let edge = |edge: u32| {
        let scaled = (u64::from(edge) * u64::from(long_edge) + u64::from(long) / 2) / u64::from(long);
        u32::try_from(scaled).unwrap_or(edge).clamp(1, edge)
    };
    Pixels::new(edge(pixels.width), edge(pixels.height))
}

/// Encodes with as much quality and as many pixels as fit in `most` bytes.
pub(super) fn within(mut frame: Frame, most: usize) -> Result<Preview, CodecError> {
    loop {
        let (bytes, format) = encoded(&frame, most)?;
        if bytes.len() <= most {
            return Ok(Preview { bytes, format, pixels: frame.pixels });
        }
        let long_edge = frame.pixels.long_edge();
        if long_edge == 1 {
            return Err(CodecError::TooLarge { bytes: bytes.len() as u64, most: most as u64 });
        }
        frame = frame.shrunk(fit(frame.pixels, next_edge(long_edge, bytes.len(), most)));
    }
}

/// The longer edge to try after one gave too many bytes, supposing that bytes go with area;
/// a little less, because small images have more bytes to the pixel.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate that is clamped"
)]
fn next_edge(long_edge: u32, bytes: usize, most: usize) -> u32 {
    let scale = (most as f64 / bytes as f64).sqrt() * 0.95;
    ((f64::from(long_edge) * scale) as u32).clamp(1, long_edge - 1)
}

/// The frame as JPEG, at the best quality that fits in `most` bytes or else the lowest, or
/// as PNG where it has alpha.
fn encoded(frame: &Frame, most: usize) -> Result<(Vec<u8>, ImageFormat), CodecError> {
    if frame.channels.has_alpha() {
        return Ok((encode::png(frame, None, Compression::default())?, ImageFormat::Png));
    }
    let mut bytes = Vec::new();
    for quality in QUALITIES {
        bytes = encode::jpeg(frame, None, quality, Colour::Quarter)?;
        if bytes.len() <= most {
            break;
        }
    }
    Ok((bytes, ImageFormat::Jpeg))
}

#[cfg(test)]
mod tests;
