//! One image's base64 on its way into a file, decoded in blocks.

use std::io;

use crate::domain::ImageFormat;
use crate::staging::{StagedFile, StagedWriter, Staging};

/// Digits that decode to as many bytes as an image signature needs.
pub(super) const SIGNATURE_DIGITS: usize = ImageFormat::SIGNATURE_BYTES / 3 * 4;

/// Digits are decoded, hashed and written in multiples of this many, and fewer are collected.
/// They make 12 whole chunks of BLAKE3, which is several times slower at parts of one. A thousand
/// replies at once, each with as much collected, hold 16 MB.
const UNIT_DIGITS: usize = 16 * 1024;

/// Digits decoded and written at a time, few enough to stay in the processor's cache from one
/// pass over them to the next.
const BLOCK_DIGITS: usize = 4 * UNIT_DIGITS;

/// Whether these digits decode to the beginning of an image.
pub(super) fn announces_an_image(digits: &[u8]) -> bool {
    let mut bytes = Vec::new();
    decode(digits, &mut bytes).is_ok() && ImageFormat::sniff(&bytes).is_some()
}

/// An image of which digits are still coming.
#[derive(Debug)]
pub(super) struct Base64Run {
    writer: StagedWriter,
    waiting: Vec<u8>,
}

impl Base64Run {
    /// Opens the image's file.
    pub(super) fn begin(staging: &Staging) -> Self {
        Self { writer: staging.begin(), waiting: Vec::new() }
    }

    /// Takes the next digits: bytes of either alphabet and nothing else.
    pub(super) fn push(&mut self, mut digits: &[u8]) -> io::Result<()> {
        while self.waiting.len() + digits.len() >= UNIT_DIGITS {
            let missing = if self.waiting.is_empty() { 0 } else { UNIT_DIGITS - self.waiting.len() };
            let (now, rest) = digits.split_at_checked(missing).unwrap_or((digits, &[]));
            self.waiting.extend_from_slice(now);
            let whole = rest.len().min(BLOCK_DIGITS) / UNIT_DIGITS * UNIT_DIGITS;
            let (block, later) = rest.split_at_checked(whole).unwrap_or((rest, &[]));
            self.write(block, 0)?;
            digits = later;
        }
        self.waiting.extend_from_slice(digits);
        Ok(())
    }

    /// The image, and the last digit if it stands alone: six bits are no byte, so it says
    /// that at least one more digit was lost.
    pub(super) fn finish(mut self) -> io::Result<(StagedFile, Option<u8>)> {
        let dangling = if self.waiting.len() % 4 == 1 { self.waiting.pop() } else { None };
        // Filled up with zero bits, any bits past the last byte are let through, as most
        // decoders do.
        let surplus = self.waiting.len().next_multiple_of(4) - self.waiting.len();
        self.waiting.extend(std::iter::repeat_n(b'A', surplus));
        self.write(&[], surplus)?;
        Ok((self.writer.finish(), dangling))
    }

    /// Decodes and writes what waits and then this block, both multiples of four digits, without
    /// the last bytes.
    fn write(&mut self, block: &[u8], surplus: usize) -> io::Result<()> {
        let mut bytes = Vec::with_capacity((self.waiting.len() + block.len()) / 4 * 3);
        decode(&self.waiting, &mut bytes).map_err(io::Error::other)?;
        decode(block, &mut bytes).map_err(io::Error::other)?;
        bytes.truncate(bytes.len() - surplus);
        self.writer.write(&bytes)?;
        self.waiting.clear();
        Ok(())
    }
}

/// Decodes digits of either alphabet, mixed or not. Failing, it leaves the bytes before.
fn decode(digits: &[u8], into: &mut Vec<u8>) -> Result<(), base64_simd::Error> {
    let decoder = base64_simd::STANDARD_NO_PAD;
    if decoder.decode_append(digits, into).is_ok() {
        return Ok(());
    }
    let standard = |&digit: &u8| match digit {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    decoder.decode_append(digits.iter().map(standard).collect::<Vec<_>>(), into)
}
