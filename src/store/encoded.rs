//! A stored image's file as base64, encoded block by block as it is read: a result with a
//! whole image never needs the file and its digits in memory at once.

use std::fs::File;
use std::io::{self, Read as _};

use super::StoredImage;
use super::error::StoreError;

/// Bytes read and encoded at a time; a multiple of three, so that no block but the last is
/// padded. File block and digits together stay in the processor's second-level cache.
const BLOCK_BYTES: usize = 96 * 1024;

/// The digits of an image, as they are asked for.
#[derive(Debug)]
pub struct EncodedImage {
    file: io::Take<File>,
    block: Vec<u8>,
}

impl EncodedImage {
    /// Opens the image's file; nothing is read yet.
    pub fn open(image: &StoredImage) -> Result<Self, StoreError> {
        Ok(Self::of(image.open()?, image.bytes))
    }

    /// The digits of so many bytes of this file, from where it stands.
    #[must_use]
    pub fn of(file: File, bytes: u64) -> Self {
        Self { file: file.take(bytes), block: Vec::new() }
    }

    /// Appends the digits of the next block; `false` where there were none left.
    ///
    /// # Errors
    /// What reading said; `UnexpectedEof` for a file that has become shorter than recorded.
    pub fn append_to(&mut self, digits: &mut String) -> io::Result<bool> {
        let length = usize::try_from(self.file.limit()).unwrap_or(BLOCK_BYTES).min(BLOCK_BYTES);
        self.block.resize(length, 0);
        self.file.read_exact(&mut self.block)?;
        base64_simd::STANDARD.encode_append(&self.block, digits);
        Ok(length > 0)
    }

    /// All digits at once.
    pub fn whole(mut self) -> io::Result<String> {
        let bytes = usize::try_from(self.file.limit()).unwrap_or_default();
        let mut digits = String::with_capacity(bytes.div_ceil(3) * 4);
        while self.append_to(&mut digits)? {}
        Ok(digits)
    }
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, Engine as _};

    use super::*;

    fn encoded(bytes: &[u8], recorded: u64) -> EncodedImage {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, bytes).unwrap();
        io::Seek::rewind(&mut file).unwrap();
        EncodedImage::of(file, recorded)
    }

    #[test]
    fn the_digits_are_those_of_the_file_at_once_and_in_blocks() {
        for length in [0, 1, 2, 3, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES + 5] {
            let bytes: Vec<u8> = (0..251).cycle().take(length).collect();
            let expected = BASE64_STANDARD.encode(&bytes);
            assert_eq!(encoded(&bytes, length as u64).whole().unwrap(), expected, "{length}");
            let (mut blocks, mut all) = (encoded(&bytes, length as u64), String::new());
            let mut block = String::new();
            while blocks.append_to(&mut block).unwrap() {
                assert!(block.len() <= BLOCK_BYTES / 3 * 4);
                all.push_str(&block);
                block.clear();
            }
            assert_eq!(all, expected, "{length}");
        }
    }

    #[test]
    fn a_file_that_is_shorter_than_recorded_is_an_error_and_a_longer_one_is_cut() {
        let error = encoded(b"abc", 4).whole().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(encoded(b"abcdef", 3).whole().unwrap(), "YWJj");
    }
}
