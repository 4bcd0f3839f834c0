//! A painted image as the bytes of a file.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ImageError, RgbaImage};
use tiny_skia::Pixmap;

use crate::domain::ImageFormat;

/// How an image is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::sandbox) struct Encoding {
    /// PNG, JPEG or WebP; GIF is not painted.
    pub format: ImageFormat,
    /// 0 to 100, JPEG only: WebP is written without loss.
    pub compression: u8,
    /// Whether the alpha channel is written.
    pub transparent: bool,
}

/// Returns the file's bytes.
pub(in crate::sandbox) fn encode(canvas: Pixmap, encoding: Encoding) -> Result<Vec<u8>, ImageError> {
    let (width, height) = (canvas.width(), canvas.height());
    let image = RgbaImage::from_raw(width, height, canvas.take_demultiplied()).unwrap_or_default();
    let mut image = DynamicImage::ImageRgba8(image);
    if !encoding.transparent {
        image = DynamicImage::ImageRgb8(image.into_rgb8());
    }
    let mut file = Vec::new();
    match encoding.format {
        ImageFormat::Jpeg => {
            let quality = encoding.compression.clamp(1, 100);
            image.write_with_encoder(JpegEncoder::new_with_quality(&mut file, quality))?;
        }
        ImageFormat::Webp => image.write_with_encoder(WebPEncoder::new_lossless(&mut file))?,
        ImageFormat::Png | ImageFormat::Gif => {
            let (fast, adaptive) = (CompressionType::Fast, FilterType::Adaptive);
            image.write_with_encoder(PngEncoder::new_with_quality(&mut file, fast, adaptive))?;
        }
    }
    Ok(file)
}
