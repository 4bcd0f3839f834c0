//! Writes whole images, their colour profile with them.
//!
//! Knows the formats and nothing of why an image is written.

use image::ImageEncoder as _;
use image::codecs::webp::WebPEncoder;
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, EncodingError, SamplingFactor};
use png::Compression;

use super::fit::{Channels, Frame};
use super::{CodecError, restarts};
use crate::domain::ImageFormat;

/// A PNG: every pixel as it is.
pub(super) fn png(
    frame: &Frame,
    profile: Option<&[u8]>,
    compression: Compression,
) -> Result<Vec<u8>, CodecError> {
    let failed = |error: png::EncodingError| CodecError::Unencodable(ImageFormat::Png, error.to_string());
    let mut info = png::Info::with_size(frame.pixels.width, frame.pixels.height);
    info.color_type = match frame.channels {
        Channels::Grey => png::ColorType::Grayscale,
        Channels::GreyAlpha => png::ColorType::GrayscaleAlpha,
        Channels::Rgb => png::ColorType::Rgb,
        Channels::Rgba => png::ColorType::Rgba,
    };
    info.bit_depth = png::BitDepth::Eight;
    info.icc_profile = profile.map(Into::into);
    let mut bytes = Vec::with_capacity(frame.bytes.len() / 2);
    let mut encoder = png::Encoder::with_info(&mut bytes, info).map_err(failed)?;
    encoder.set_compression(compression);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&frame.bytes).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

/// In which resolution a JPEG has its colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    /// That of the image.
    Full,
    /// Half of it on either edge, as cameras write them: a third fewer bytes, and less time.
    Quarter,
}

/// A JPEG of this quality, 1 to 100. Of what is transparent the hidden colours come out: [`Frame::on_white`] first.
pub(super) fn jpeg(
    frame: &Frame,
    profile: Option<&[u8]>,
    quality: u8,
    resolution: Colour,
) -> Result<Vec<u8>, CodecError> {
    let failed = |reason: String| CodecError::Unencodable(ImageFormat::Jpeg, reason);
    let colour = match frame.channels {
        Channels::Grey => ColorType::Luma,
        Channels::GreyAlpha => return Err(failed("it has an alpha channel".to_owned())),
        Channels::Rgb => ColorType::Rgb,
        Channels::Rgba => ColorType::Rgba,
    };
    let (sampling, unit) = match (resolution, frame.channels) {
        (Colour::Quarter, Channels::Rgb | Channels::Rgba) => (SamplingFactor::F_2_2, 16),
        _ => (SamplingFactor::F_1_1, 8),
    };
    let too_large = |_| failed(format!("{} has an edge of more than 65535 pixels", frame.pixels));
    let width = u16::try_from(frame.pixels.width).map_err(too_large)?;
    u16::try_from(frame.pixels.height).map_err(too_large)?;
    let write = |rows: &[u8], height: u16, interval: u16| {
        let mut file = Vec::with_capacity(rows.len() / 8);
        let mut encoder = Encoder::new(&mut file, quality.clamp(1, 100));
        encoder.set_sampling_factor(sampling);
        encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
        encoder.set_restart_interval(interval);
        if let Some(profile) = profile {
            encoder.add_icc_profile(profile)?;
        }
        encoder.encode(rows, width, height, colour)?;
        Ok::<_, EncodingError>(file)
    };
    restarts::in_strips(frame, unit, write).map_err(|error| failed(error.to_string()))
}

/// A WebP: every pixel as it is.
pub(super) fn webp(frame: &Frame, profile: Option<&[u8]>) -> Result<Vec<u8>, CodecError> {
    let failed = |error: image::ImageError| CodecError::Unencodable(ImageFormat::Webp, error.to_string());
    let colour = match frame.channels {
        Channels::Grey => image::ExtendedColorType::L8,
        Channels::GreyAlpha => image::ExtendedColorType::La8,
        Channels::Rgb => image::ExtendedColorType::Rgb8,
        Channels::Rgba => image::ExtendedColorType::Rgba8,
    };
    let mut bytes = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut bytes);
    if let Some(profile) = profile {
        let unsupported =
            |_| CodecError::Unencodable(ImageFormat::Webp, "it has a colour profile".to_owned());
        encoder.set_icc_profile(profile.to_vec()).map_err(unsupported)?;
    }
    encoder.write_image(&frame.bytes, frame.pixels.width, frame.pixels.height, colour).map_err(failed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use image::ImageDecoder as _;

    use super::*;
    use crate::domain::Pixels;

    fn grey_ramp(width: u32, height: u32) -> Frame {
        let bytes = (0..width * height * 3).map(|at| (at / 3 % width).to_le_bytes()[0]).collect();
        Frame { pixels: Pixels::new(width, height), channels: Channels::Rgb, bytes }
    }

    #[test]
    fn a_jpeg_is_baseline_at_every_quality_and_keeps_a_long_profile() {
        let profile: Vec<u8> = (0..=250).cycle().take(200_000).collect();
        for (width, height) in [(1, 1), (19, 35), (1200, 801)] {
            for quality in [0, 1, 24, 50, 100, 255] {
                for colour in [Colour::Full, Colour::Quarter] {
                    let file = jpeg(&grey_ramp(width, height), Some(&profile), quality, colour).unwrap();
                    assert!(memchr::memmem::find(&file, &[0xff, 0xc0, 0, 17, 8]).is_some(), "baseline");
                    let mut decoder =
                        image::codecs::jpeg::JpegDecoder::new(std::io::Cursor::new(file)).unwrap();
                    assert_eq!(decoder.dimensions(), (width, height));
                    assert_eq!(decoder.icc_profile().unwrap().as_deref(), Some(&profile[..]));
                }
            }
        }
    }

    #[test]
    fn what_a_jpeg_cannot_hold_is_said() {
        let long = Frame { pixels: Pixels::new(70_000, 1), channels: Channels::Grey, bytes: vec![0; 70_000] };
        let error = jpeg(&long, None, 90, Colour::Full).unwrap_err().to_string();
        assert!(error.contains("65500") || error.contains("65535"), "{error}");
        let clear = Frame { pixels: Pixels::new(1, 1), channels: Channels::GreyAlpha, bytes: vec![0; 2] };
        assert!(jpeg(&clear, None, 90, Colour::Full).unwrap_err().to_string().contains("alpha"));
    }
}
