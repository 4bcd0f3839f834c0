//! TIFF files of the kinds that scanners, printers and photo editors write (TIFF 6.0; its technical
//! note 2 for JPEG within).
//!
//! What the decoder hands out as it is stored is made greys or sRGB here; a kind that cannot be
//! is named.

use std::io::Cursor;

use image::metadata::Orientation;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::{Tag, Type, ValueBuffer};
use tiff::{ColorType, TiffError};

use super::decoded::{Decoded, Foreign, MOST_BYTES, read_words};
use crate::codec::fit::{Channels, Frame};
use crate::codec::inspect::ImageInfo;
use crate::codec::metadata::Tiff;
use crate::codec::{CodecError, cmyk};
use crate::domain::{ImageFormat, Pixels};

/// The most bytes of a value beside the image; the profiles of printers take up to 3 MB.
const MOST_VALUE_BYTES: usize = 64 << 20;

const COLOURS: u16 = 262; // PhotometricInterpretation
const BLACK_IS_ZERO: u32 = 1;
const PALETTE: u32 = 3;

type File<'a> = Decoder<Cursor<&'a [u8]>>;

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, CodecError> {
    let Some((indices, colours)) = palette(bytes) else { return read(bytes, None) };
    read(&indices, Some(&colours))
}

/// A file with a palette as one of greys, which the decoder reads, and what those stand for.
fn palette(bytes: &[u8]) -> Option<(Vec<u8>, Vec<[u8; 3]>)> {
    let file = Tiff::of(bytes)?;
    let directory = file.first()?;
    if file.number(directory, COLOURS)? != PALETTE {
        return None;
    }
    let map: Vec<u32> = file.numbers(&file.find(directory, Tag::ColorMap.to_u16())?).collect();
    // Some writers fill the 16 bits only up to 255.
    let scale = if map.iter().all(|value| *value < 256) { 0 } else { 8 };
    let level = |value: &u32| u8::try_from(value >> scale).unwrap_or(u8::MAX);
    let third = map.len() / 3;
    let ((red, rest), green) = (map.split_at(third), third);
    let (green, blue) = rest.split_at(green);
    let colours = red.iter().zip(green).zip(blue).map(|((r, g), b)| [level(r), level(g), level(b)]).collect();
    let mut greys = bytes.to_vec();
    let entry = file.find(directory, COLOURS)?;
    file.write(&mut greys, &entry, BLACK_IS_ZERO)?;
    Some((greys, colours))
}

fn read(bytes: &[u8], palette: Option<&[[u8; 3]]>) -> Result<Decoded, CodecError> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = usize::try_from(MOST_BYTES).unwrap_or(usize::MAX);
    limits.intermediate_buffer_size = limits.decoding_buffer_size;
    limits.ifd_value_size = MOST_VALUE_BYTES;
    let mut file = Decoder::new(Cursor::new(bytes)).map_err(failed)?.with_limits(limits);
    let (width, height) = file.dimensions().map_err(failed)?;
    let pixels = Pixels::new(width, height);
    Foreign::Tiff.check_size(pixels)?;
    if let Some(kind) = unread_kind(&mut file) {
        return Err(unread(kind));
    }
    let colour = file.colortype().map_err(failed)?;
    let (samples, depth) = samples(&mut file, colour, pixels)?;
    let profile = profile(&mut file);
    let orientation = number(&mut file, Tag::Orientation)
        .and_then(|number| Orientation::from_exif(u8::try_from(number).ok()?))
        .unwrap_or(Orientation::NoTransforms);
    let mut changes = Vec::new();
    if depth == 16 {
        changes.push("its 16 bits a channel became 8");
    }
    let inks = matches!(colour, ColorType::CMYK(_) | ColorType::CMYKA(_));
    if inks {
        changes.push("the printer's colours (CMYK) were converted to sRGB");
    }
    let has_alpha = matches!(number(&mut file, Tag::ExtraSamples), Some(1 | 2));
    let (channels, bytes) = match (colour, palette) {
        (ColorType::Gray(1 | 2 | 4 | 8), Some(colours)) => {
            let colour = |index: &u8| colours.get(usize::from(*index)).copied().unwrap_or_default();
            (Channels::Rgb, samples.iter().flat_map(colour).collect())
        }
        (ColorType::Gray(1 | 2 | 4), None) => {
            let full = u16::from(u8::MAX >> (8 - depth));
            let level = |sample: &u8| u8::try_from(u16::from(*sample) * 255 / full).unwrap_or(u8::MAX);
            (Channels::Grey, samples.iter().map(level).collect())
        }
        (ColorType::Gray(_), None) => (Channels::Grey, samples),
        (ColorType::GrayA(_) | ColorType::Multiband { num_samples: 2, .. }, None) if has_alpha => {
            (Channels::GreyAlpha, samples)
        }
        (ColorType::RGB(_), None) => (Channels::Rgb, samples),
        (ColorType::RGBA(_), None) => (Channels::Rgba, samples),
        (ColorType::YCbCr(_), None) => (Channels::Rgb, from_ycbcr(&samples)),
        (ColorType::CMYK(_), None) => (Channels::Rgb, cmyk::to_srgb(&samples, profile.as_deref())),
        (ColorType::CMYKA(_), None) => {
            let (inks, _) = samples.as_chunks::<5>();
            let inks: Vec<u8> = inks.iter().flat_map(|[c, m, y, k, _]| [*c, *m, *y, *k]).collect();
            (Channels::Rgb, cmyk::to_srgb(&inks, profile.as_deref()))
        }
        _ => return Err(unread(format!("its colours are {colour:?}"))),
    };
    let info = ImageInfo { format: ImageFormat::Png, pixels, alpha: channels.has_alpha() };
    let frame = Frame { pixels, channels, bytes }.upright(orientation, &info)?.without_idle_alpha();
    if has_further_pages(&mut file) {
        changes.push("of its pages the first was sent");
    }
    Ok(Decoded { frame, profile: profile.filter(|_| !inks), changes })
}

/// The samples of the first page, a byte each, pixel by pixel, and how many bits they had.
fn samples(file: &mut File<'_>, colour: ColorType, pixels: Pixels) -> Result<(Vec<u8>, u8), CodecError> {
    let depth = colour.bit_depth();
    let mut buffer = DecodingResult::U8(Vec::new());
    let layout = file.read_image_to_buffer(&mut buffer).map_err(failed)?;
    let samples = match buffer {
        DecodingResult::U8(samples) => samples,
        DecodingResult::U16(samples) => samples.into_iter().map(eight_bits).collect(),
        _ => return Err(unread(format!("it has {depth} bits a channel"))),
    };
    let width = pixels.width as usize;
    let samples = match depth {
        8 | 16 => samples,
        1 | 2 | 4 => {
            let row = (width * usize::from(depth)).div_ceil(8);
            samples.chunks_exact(row.max(1)).flat_map(|row| unpacked(row, depth, width)).collect()
        }
        _ => return Err(unread(format!("it has {depth} bits a channel"))),
    };
    let count = usize::from(colour.num_samples());
    if samples.len() != width * pixels.height as usize * count {
        return Err(Foreign::Tiff.failed("its pixels are not as many as it says"));
    }
    if layout.planes < 2 {
        return Ok((samples, depth));
    }
    let planes: Vec<&[u8]> = samples.chunks_exact((samples.len() / count).max(1)).collect();
    let pixel = |at: usize| planes.iter().filter_map(move |plane| plane.get(at).copied());
    Ok(((0..samples.len() / count).flat_map(pixel).collect(), depth))
}

fn eight_bits(sample: u16) -> u8 {
    u8::try_from((u32::from(sample) + 128) / 257).unwrap_or(u8::MAX)
}

/// The samples of a row of fewer than eight bits each.
fn unpacked(row: &[u8], depth: u8, width: usize) -> impl Iterator<Item = u8> {
    let samples = row.iter().flat_map(move |byte| {
        let shifts = (0..8 / depth).rev().map(move |place| place * depth);
        shifts.map(move |shift| (byte >> shift) & (u8::MAX >> (8 - depth)))
    });
    samples.take(width)
}

/// JFIF's conversion, which is also that of TIFF 6.0, section 21, where a file says nothing else.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn from_ycbcr(samples: &[u8]) -> Vec<u8> {
    let (pixels, _) = samples.as_chunks::<3>();
    let convert = |[y, cb, cr]: &[u8; 3]| {
        let (y, cb, cr) = (f32::from(*y), f32::from(*cb) - 128.0, f32::from(*cr) - 128.0);
        [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb]
            .map(|value| value.round().clamp(0.0, 255.0) as u8)
    };
    pixels.iter().flat_map(convert).collect()
}

/// What it is of that nothing here can read, in words.
fn unread_kind(file: &mut File<'_>) -> Option<String> {
    let compression = match number(file, Tag::Compression)? {
        1 | 4 | 5 | 7 | 8 | 32_773 | 32_946 => None,
        2 | 3 => Some("fax of group 3"),
        6 => Some("JPEG in its old form"),
        34_712 => Some("JPEG 2000"),
        34_887 => Some("LERC"),
        34_925 => Some("LZMA"),
        50_000 => Some("ZSTD"),
        50_001 => Some("WebP"),
        50_002 | 52_546 => Some("JPEG XL"),
        _ => Some("a method that is not known"),
    };
    if let Some(method) = compression {
        return Some(format!("it is compressed with {method}"));
    }
    let colours = match number(file, Tag::PhotometricInterpretation)? {
        3 => Some("a palette's that cannot be read"),
        8..=10 => Some("Lab"),
        32_803 | 34_892 => Some("a camera's raw data"),
        _ => None,
    };
    if let Some(colours) = colours {
        return Some(format!("its colours are {colours}"));
    }
    match number(file, Tag::SampleFormat) {
        Some(2) => Some("its numbers are signed".to_owned()),
        Some(3) => Some("its numbers are floating point".to_owned()),
        _ => None,
    }
}

/// The first of the numbers that this tag has.
fn number(file: &mut File<'_>, tag: Tag) -> Option<u64> {
    file.find_tag(tag).ok()??.into_u64_vec().ok()?.first().copied()
}

fn profile(file: &mut File<'_>) -> Option<Vec<u8>> {
    let mut value = ValueBuffer::empty(Type::UNDEFINED);
    file.image_ifd().find_tag_buf(Tag::IccProfile, &mut value).ok()??;
    Some(value.as_bytes().to_vec()).filter(|bytes| !bytes.is_empty())
}

/// Whether an image follows that is no smaller version of the first.
fn has_further_pages(file: &mut File<'_>) -> bool {
    file.more_images()
        && file.next_image().is_ok()
        && number(file, Tag::NewSubfileType).is_none_or(|kind| kind & 1 == 0)
}

fn unread(kind: impl Into<String>) -> CodecError {
    CodecError::UnreadKind(Foreign::Tiff.name(), kind.into())
}

fn failed(error: TiffError) -> CodecError {
    match error {
        TiffError::UnsupportedError(kind) => unread(kind.to_string()),
        TiffError::IoError(error) => Foreign::Tiff.failed(read_words(&error)),
        other => Foreign::Tiff.failed(other.to_string()),
    }
}
