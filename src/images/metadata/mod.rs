//! What a file says beside its picture, and what of it is not sent: where a photo was taken,
//! and the serial numbers of what took it.
//!
//! Nothing is decoded or encoded again, and files that say nothing of the kind stay as they
//! are, byte for byte.

mod exif;
mod jpeg;
mod png;
mod webp;

use crate::domain::ImageFormat;

pub(super) use jpeg::{JpegFile, without_further_pictures};

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

/// Words of XMP (Adobe's specification, part 2, and IPTC's photo metadata) that go with a
/// place or a serial number.
const PRIVATE_WORDS: [&[u8]; 7] = [
    b"GPS",
    b"SerialNumber",
    b"Location",
    b"photoshop:City",
    b"photoshop:State",
    b"photoshop:Country",
    b"DeviceID",
];

/// Whether an XMP packet names a place or a serial number.
fn is_private_xmp(packet: &[u8]) -> bool {
    PRIVATE_WORDS.iter().any(|word| memchr::memmem::find(packet, word).is_some())
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests;
