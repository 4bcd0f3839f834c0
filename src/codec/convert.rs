//! BMP and TIFF: formats that people have and no image API takes.
//!
//! They are only read, never written.

mod bmp;
mod decoded;
mod tiff;

use super::CodecError;

pub(super) use decoded::{Decoded, Foreign};

/// The image as it is seen, and the profile of its colours. Of a TIFF of several pages the first.
pub(super) fn decode(format: Foreign, bytes: &[u8]) -> Result<Decoded, CodecError> {
    match format {
        Foreign::Bmp => bmp::decode(bytes),
        Foreign::Tiff => tiff::decode(bytes),
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests;
