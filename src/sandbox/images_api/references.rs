//! Input images: which are accepted, and what is wrong with the others.

use axum::body::Bytes;
use image::DynamicImage;

use crate::domain::{ImageFormat, Pixels};
use crate::sandbox::api_error::ApiError;

/// The most images of one edit on the official models.
pub(super) const MOST_IMAGES: usize = 16;
const MASK_BYTES: usize = 4 * 1024 * 1024;

fn loader(format: ImageFormat) -> Option<image::ImageFormat> {
    match format {
        ImageFormat::Png => Some(image::ImageFormat::Png),
        ImageFormat::Jpeg => Some(image::ImageFormat::Jpeg),
        ImageFormat::Webp => Some(image::ImageFormat::WebP),
        ImageFormat::Gif => None,
    }
}

/// Decodes the images, each of fewer than `most_bytes` bytes.
///
/// Refused by number are those that are not PNG, JPEG or WebP, that do not decode, and the JPEGs
/// that the gateway documents as refused whatever their name: several images in one file (as
/// phones make them) and CMYK.
pub(in crate::sandbox) fn decoded(
    images: &[Bytes],
    most_bytes: usize,
) -> Result<Vec<DynamicImage>, ApiError> {
    let one = |(index, bytes): (usize, &Bytes)| {
        ImageFormat::sniff(bytes)
            .filter(|format| *format != ImageFormat::Jpeg || plain_jpeg(bytes))
            .filter(|_| bytes.len() < most_bytes)
            .and_then(loader)
            .and_then(|format| image::load_from_memory_with_format(bytes, format).ok())
            .ok_or_else(|| ApiError::invalid_image_file(index + 1))
    };
    images.iter().enumerate().map(one).collect()
}

/// Decodes a mask: a PNG under 4 MB, of the first image's size, with an alpha channel.
/// The messages on size and alpha are OpenAI's; the other two are ours.
pub(super) fn decoded_mask(bytes: &Bytes, first: Pixels) -> Result<DynamicImage, ApiError> {
    if bytes.len() >= MASK_BYTES {
        return Err(ApiError::invalid_mask("mask image must be less than 4MB"));
    }
    if ImageFormat::sniff(bytes) != Some(ImageFormat::Png) {
        return Err(ApiError::invalid_mask("mask image must be a PNG"));
    }
    let mask = image::load_from_memory_with_format(bytes, image::ImageFormat::Png)
        .map_err(|_| ApiError::invalid_mask("mask image must be a PNG"))?;
    if Pixels::new(mask.width(), mask.height()) != first {
        Err(ApiError::invalid_mask("mask size does not match image size"))
    } else if mask.color().has_alpha() {
        Ok(mask)
    } else {
        Err(ApiError::invalid_mask("mask image missing alpha channel"))
    }
}

/// Whether a JPEG is one image (no `MPF` index among its segments) of fewer than four channels.
fn plain_jpeg(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(2..).unwrap_or_default();
    while let [0xff, marker, high, low, payload @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        match (marker, payload) {
            (0xe2, [b'M', b'P', b'F', 0, ..]) => return false,
            // A start of frame: precision, height and width (five bytes), then the channels.
            (0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf, [_, _, _, _, _, channels, ..]) => {
                return *channels < 4;
            }
            _ => {}
        }
        rest = payload.get(length.saturating_sub(2)..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jpegs_of_several_images_or_of_four_channels_are_not_plain() {
        let frame = |channels: u8| [0xff, 0xc0, 0, 17, 8, 0, 1, 0, 1, channels];
        let app2: &[u8] = &[0xff, 0xe2, 0, 6, b'M', b'P', b'F', 0];
        let start: &[u8] = &[0xff, 0xd8];
        assert!(plain_jpeg(&[start, &frame(3)].concat()));
        assert!(plain_jpeg(&[start, &[0xff, 0xe2, 0, 6, b'I', b'C', b'C', 0], &frame(3)].concat()));
        assert!(!plain_jpeg(&[start, &frame(4)].concat()));
        assert!(!plain_jpeg(&[start, app2, &frame(3)].concat()));
    }
}
