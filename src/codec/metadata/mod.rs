//! What a file says beside its image: which way up it is to be seen, and what of it is not
//! sent, which is where a photo was taken and the serial numbers of what took it.
//!
//! Nothing is decoded or encoded again, and files that say nothing of the kind stay as they
//! are, byte for byte.

mod exif;
mod jpeg;
mod orientation;
mod png;
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

/// What names of XMP (Adobe's specification, part 2; IPTC's photo metadata; the makers' own) hold,
/// in small letters, that go with a place, a serial number or an image's own number.
const PRIVATE_WORDS: [&[u8]; 11] = [
    b"gps", // also `GpsLatitude`, as DJI writes it
    b"serial",
    b"location",
    b"latitude",
    b"longitude",
    b":city",
    b":state",
    b":country",
    b"deviceid",
    b"imageuniqueid",
    b"digimageguid",
];

/// Whether a text names a place or a serial number, in any encoding of Unicode.
fn names_private(text: &[u8]) -> bool {
    // In UTF-16 and UTF-32 the letters of these words have zeros between them.
    let letters: Vec<u8> = text.iter().filter(|byte| **byte != 0).map(u8::to_ascii_lowercase).collect();
    PRIVATE_WORDS.iter().any(|word| memchr::memmem::find(&letters, word).is_some())
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests;
