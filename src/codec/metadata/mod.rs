//! What a file says beside its image: which way up it is to be seen, and what of it is not
//! sent, which is where a photo was taken and the serial numbers of what took it.
//!
//! Nothing is decoded or encoded again, and files that say nothing of the kind stay as they
//! are, byte for byte.

mod exif;
mod jpeg;
mod orientation;
mod png;
mod private_words;
mod tiff;
mod webp;

use crate::domain::ImageFormat;

pub(super) use jpeg::{JpegFile, without_further_images};
pub(super) use orientation::orientation;
pub(super) use tiff::Tiff;

/// The file without places and serial numbers; `None` where it has none, or where it cannot
/// be walked through.
pub(super) fn without_private(bytes: &[u8], format: ImageFormat) -> Option<Vec<u8>> {
    match format {
        ImageFormat::Jpeg => jpeg::without_private(bytes),
        ImageFormat::Png => png::without_private(bytes),
        ImageFormat::Webp => webp::without_private(bytes),
        ImageFormat::Gif => None,
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests;
