//! What the readers of all formats share: the header they return, why one cannot be read, and reading bytes.

use std::io::{Read, Seek, SeekFrom};

use crate::codec::CodecError;
use crate::domain::ImageFormat;

/// How far from its end a file is searched for the mark that ends its image; what
/// cameras and editors append after that mark is mostly shorter.
const TAIL_BYTES: u64 = 4096;

/// What a format's file reads.
pub(super) struct Header {
    /// Width and height; either may be zero in a broken file.
    pub(super) size: (u32, u32),
    pub(super) alpha: bool,
    /// Whether the file goes on to the end of its image.
    pub(super) whole: bool,
}

/// Why a header could not be read.
pub(super) enum HeaderFault {
    Malformed(&'static str),
    Reading(std::io::Error),
}

impl From<std::io::Error> for HeaderFault {
    fn from(error: std::io::Error) -> Self {
        Self::Reading(error)
    }
}

impl HeaderFault {
    pub(super) fn of(self, format: ImageFormat) -> CodecError {
        match self {
            Self::Malformed(reason) => CodecError::Undecodable(format, reason.to_owned()),
            Self::Reading(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                CodecError::CutShort(format)
            }
            Self::Reading(error) => CodecError::ReadFailed(error),
        }
    }
}

/// The next `N` bytes.
pub(super) fn take<const N: usize>(reader: &mut impl Read) -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The next bytes, at most `most` of them.
pub(super) fn window(reader: &mut impl Read, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.by_ref().take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The last [`TAIL_BYTES`], but nothing before `from`.
pub(super) fn tail(reader: &mut (impl Read + Seek), from: u64) -> std::io::Result<Vec<u8>> {
    let length = reader.seek(SeekFrom::End(0))?;
    reader.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES).max(from)))?;
    window(reader, TAIL_BYTES)
}
