//! One picture's base64 on its way into a file, decoded in blocks.

use std::io;

use crate::domain::ImageFormat;
use crate::upstream::{Arrival, Landed, Landing};

/// Digits that decode to as many bytes as an image signature needs.
pub(super) const SIGNATURE_DIGITS: usize = ImageFormat::SIGNATURE_BYTES / 3 * 4;

/// Digits decoded and written at a time; a multiple of four. Calls to the system are few at this
/// size, and a thousand replies at once, each with a block of its own, hold 32 MB.
const BLOCK_DIGITS: usize = 32 * 1024;

/// Whether these digits decode to the beginning of an image.
pub(super) fn announces_an_image(digits: &[u8]) -> bool {
    let mut digits = digits.to_vec();
    decode(&mut digits).is_ok_and(|bytes| ImageFormat::sniff(bytes).is_some())
}

/// A picture of which digits are still coming.
#[derive(Debug)]
pub(super) struct Base64Run {
    arrival: Arrival,
    waiting: Vec<u8>,
}

impl Base64Run {
    /// Opens the picture's file.
    pub(super) fn begin(landing: &Landing) -> Self {
        Self { arrival: landing.begin(), waiting: Vec::with_capacity(BLOCK_DIGITS) }
    }

    /// Takes the next digits: bytes of either alphabet and nothing else.
    pub(super) fn push(&mut self, mut digits: &[u8]) -> io::Result<()> {
        while !digits.is_empty() {
            let room = BLOCK_DIGITS - self.waiting.len();
            let (now, later) = digits.split_at_checked(room).unwrap_or((digits, &[]));
            self.waiting.extend_from_slice(now);
            if self.waiting.len() == BLOCK_DIGITS {
                self.write(0)?;
            }
            digits = later;
        }
        Ok(())
    }

    /// The picture, and the last digit if it stands alone: six bits are no byte, so it says
    /// that at least one more digit was lost.
    pub(super) fn finish(mut self) -> io::Result<(Landed, Option<u8>)> {
        let dangling = if self.waiting.len() % 4 == 1 { self.waiting.pop() } else { None };
        // Filled up with zero bits, any bits past the last byte are let through, as most
        // decoders do.
        let surplus = self.waiting.len().next_multiple_of(4) - self.waiting.len();
        self.waiting.extend(std::iter::repeat_n(b'A', surplus));
        self.write(surplus)?;
        Ok((self.arrival.finish(), dangling))
    }

    /// Decodes and writes what waits, a multiple of four digits, without the last bytes.
    fn write(&mut self, surplus: usize) -> io::Result<()> {
        let bytes = decode(&mut self.waiting).map_err(io::Error::other)?;
        let (bytes, _) = bytes.split_at_checked(bytes.len() - surplus).unwrap_or((bytes, &[]));
        self.arrival.write(bytes)?;
        self.waiting.clear();
        Ok(())
    }
}

/// Decodes digits of either alphabet, mixed or not, in place.
fn decode(digits: &mut [u8]) -> Result<&[u8], base64_simd::Error> {
    if memchr::memchr2(b'-', b'_', digits).is_some() {
        for digit in &mut *digits {
            *digit = match *digit {
                b'-' => b'+',
                b'_' => b'/',
                other => other,
            };
        }
    }
    base64_simd::STANDARD_NO_PAD.decode_inplace(digits).map(|bytes| &*bytes)
}
