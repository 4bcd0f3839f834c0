//! GIF: the logical screen and the trailer.
//!
//! Layout as in the specification of GIF, version 89a, sections 18 and 27.

use std::io::{Read, Seek, SeekFrom};

use super::{Fault, Header, tail, take};

/// The end of the last data block, then the trailer.
const END: [u8; 2] = [0x00, 0x3b];

pub(super) fn read(reader: &mut (impl Read + Seek)) -> Result<Header, Fault> {
    reader.seek(SeekFrom::Start(6))?;
    let width = u16::from_le_bytes(take(reader)?);
    let height = u16::from_le_bytes(take(reader)?);
    let end = tail(reader, 10)?;
    // Some writers pad with zeros; anything else behind the trailer could be picture data.
    let padding = end.iter().rev().take_while(|byte| **byte == 0).count();
    let whole = end.strip_suffix(vec![0; padding].as_slice()).is_some_and(|end| end.ends_with(&END));
    Ok(Header { size: (width.into(), height.into()), alpha: false, whole })
}
