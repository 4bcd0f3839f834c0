//! The formats that are read and never sent, and what decoding one of them gives.

use crate::codec::CodecError;
use crate::codec::colour::Profile;
use crate::codec::fit::Frame;
use crate::codec::inspect::{LONGEST_EDGE, MOST_PIXELS};
use crate::domain::Pixels;

/// What a decoded image may take: `MOST_PIXELS` of four bytes.
pub(super) const MOST_BYTES: u64 = 4 * MOST_PIXELS;

/// A format that is read and never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::codec) enum Foreign {
    Bmp,
    Tiff,
}

/// An image that was read.
#[derive(Debug)]
pub(in crate::codec) struct Decoded {
    /// As it is seen.
    pub(in crate::codec) frame: Frame,
    /// What its colours are counted in.
    pub(in crate::codec) profile: Profile,
    /// What of the file is not in the frame, in words that follow the name of an argument.
    pub(in crate::codec) changes: Vec<&'static str>,
}

impl Foreign {
    /// By the first bytes.
    pub(in crate::codec) fn sniff(head: &[u8]) -> Option<Self> {
        // The length of the header that follows tells it from text that begins with BM.
        if let [b'B', b'M', rest @ ..] = head {
            let length = rest.get(12..16);
            return matches!(length, Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]))
                .then_some(Self::Bmp);
        }
        // Forty-three is BigTIFF.
        matches!(head, [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..]).then_some(Self::Tiff)
    }

    /// The name for people.
    pub(in crate::codec) const fn name(self) -> &'static str {
        match self {
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
        }
    }

    pub(super) fn failed(self, reason: impl Into<String>) -> CodecError {
        CodecError::UndecodableForeign(self.name(), reason.into())
    }

    /// Refuses what is too large to decode.
    pub(super) fn check_size(self, pixels: Pixels) -> Result<(), CodecError> {
        if pixels.count() == 0 || pixels.count() > MOST_PIXELS || pixels.long_edge() > LONGEST_EDGE {
            let most = MOST_PIXELS / 1_000_000;
            return Err(self.failed(format!("it is {pixels}; at most {most} million pixels are read")));
        }
        Ok(())
    }
}

/// Why reading failed, in words.
pub(super) fn read_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "it is cut short".to_owned(),
        _ => error.to_string(),
    }
}
