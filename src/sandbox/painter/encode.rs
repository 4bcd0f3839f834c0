//! A painted canvas as the bytes of a picture file.

use image::ExtendedColorType;
use image::codecs::webp::WebPEncoder;
use jpeg_encoder::{ColorType, Encoder};

use super::canvas::Canvas;
use crate::domain::ImageFormat;

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::sandbox) struct Encoding {
    /// PNG, JPEG or WebP; GIF is not painted.
    pub format: ImageFormat,
    /// 0 to 100, JPEG only: the WebP encoder at hand is lossless.
    pub compression: u8,
    /// Whether the alpha channel is written.
    pub transparent: bool,
}

/// The file's bytes, or what the encoder said.
pub(in crate::sandbox) fn encode(canvas: &Canvas, encoding: Encoding) -> Result<Vec<u8>, String> {
    let width = u32::try_from(canvas.width()).map_err(|error| error.to_string())?;
    let height = u32::try_from(canvas.height()).map_err(|error| error.to_string())?;
    let mut file = Vec::with_capacity(canvas.width() * canvas.height() / 2);
    let opaque: Vec<u8>;
    let (samples, alpha) = if encoding.transparent {
        (canvas.bytes(), true)
    } else {
        let mut rgb = Vec::with_capacity(canvas.width() * canvas.height() * 3);
        for row in canvas.rows() {
            for [red, green, blue, _] in row {
                rgb.extend_from_slice(&[*red, *green, *blue]);
            }
        }
        opaque = rgb;
        (opaque.as_slice(), false)
    };
    match encoding.format {
        ImageFormat::Jpeg => {
            let colours = if alpha { ColorType::Rgba } else { ColorType::Rgb };
            let edge = |edge| u16::try_from(edge).map_err(|_| "an edge of more than 65535 pixels".to_owned());
            Encoder::new(&mut file, encoding.compression.clamp(1, 100))
                .encode(samples, edge(canvas.width())?, edge(canvas.height())?, colours)
                .map_err(|error| error.to_string())?;
        }
        ImageFormat::Webp => {
            let colours = if alpha { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
            WebPEncoder::new_lossless(&mut file)
                .encode(samples, width, height, colours)
                .map_err(|error| error.to_string())?;
        }
        ImageFormat::Png | ImageFormat::Gif => {
            let mut encoder = png::Encoder::new(&mut file, width, height);
            encoder.set_color(if alpha { png::ColorType::Rgba } else { png::ColorType::Rgb });
            encoder.set_depth(png::BitDepth::Eight);
            encoder.set_compression(png::Compression::Fast);
            let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
            writer.write_image_data(samples).map_err(|error| error.to_string())?;
            writer.finish().map_err(|error| error.to_string())?;
        }
    }
    Ok(file)
}
