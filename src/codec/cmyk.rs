//! Printers' colours (CMYK, and YCCK in JPEG files), which no image API takes, to sRGB.
//!
//! Through the file's own profile where it has one, else as ink that swallows light.

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::CodecError;
use super::fit::{Channels, Frame};
use super::inspect::ImageInfo;
use super::metadata::JpegFile;
use crate::domain::ImageFormat;

/// The image as it is stored, in sRGB.
pub(super) fn decode(bytes: &[u8], file: &JpegFile<'_>, info: &ImageInfo) -> Result<Frame, CodecError> {
    let failed = |reason: String| CodecError::Undecodable(ImageFormat::Jpeg, reason);
    let edge = |edge: u32| usize::try_from(edge).unwrap_or(usize::MAX);
    let options = DecoderOptions::default()
        .set_max_width(edge(info.pixels.width))
        .set_max_height(edge(info.pixels.height));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| failed(error.to_string()))?;
    let stored = decoder.input_colorspace();
    let profile = decoder.icc_profile();
    // As stored: the decoder would take every file for one of Adobe's.
    decoder.set_options(options.jpeg_set_out_colorspace(stored.unwrap_or(ColorSpace::CMYK)));
    let mut inks = decoder.decode().map_err(|error| failed(error.to_string()))?;
    let (pixels, rest) = inks.as_chunks_mut::<4>();
    if pixels.len() as u64 != info.pixels.count() || !rest.is_empty() {
        return Err(failed("its colours are not four to a pixel".to_owned()));
    }
    let ycck = stored == Some(ColorSpace::YCCK);
    for pixel in pixels.iter_mut() {
        let [a, b, c, key] = *pixel;
        let [cyan, magenta, yellow] = if ycck { inks_of(a, b, c) } else { [a, b, c] };
        let stored = [cyan, magenta, yellow, key];
        // Adobe's files say how much light is left, others how much ink there is.
        *pixel = if file.is_adobes() { stored.map(|left| 255 - left) } else { stored };
    }
    let bytes = to_srgb(&inks, profile.as_deref());
    Ok(Frame { pixels: info.pixels, channels: Channels::Rgb, bytes })
}

/// Four bytes a pixel that say how much ink there is, as three of sRGB.
pub(super) fn to_srgb(inks: &[u8], profile: Option<&[u8]>) -> Vec<u8> {
    through_profile(inks, profile).unwrap_or_else(|| plain(inks))
}

/// JFIF's conversion; what it gives is the complement of the inks.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn inks_of(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb]
        .map(|value| 255 - value.round().clamp(0.0, 255.0) as u8)
}

fn through_profile(inks: &[u8], profile: Option<&[u8]>) -> Option<Vec<u8>> {
    let profile = ColorProfile::new_from_slice(profile?).ok()?;
    if profile.color_space != DataColorSpace::Cmyk {
        return None;
    }
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let transform = profile.create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgb, options).ok()?;
    let mut bytes = vec![0; inks.len() / 4 * 3];
    transform.transform(inks, &mut bytes).ok()?;
    Some(bytes)
}

fn plain(inks: &[u8]) -> Vec<u8> {
    let (pixels, _) = inks.as_chunks::<4>();
    let left = |ink: u8, key: u8| {
        let product = u16::from(255 - ink) * u16::from(255 - key);
        u8::try_from((product + 127) / 255).unwrap_or(u8::MAX)
    };
    pixels.iter().flat_map(|[c, m, y, k]| [left(*c, *k), left(*m, *k), left(*y, *k)]).collect()
}
