//! GIF: the logical screen, and the trailer at the end, or where the blocks lead to it before what
//! others appended.
//!
//! Layout as in the specification of GIF, version 89a, sections 15 to 27.

use std::io::{BufReader, Read, Seek, SeekFrom};

use super::header::{Header, HeaderFault, tail, take};

/// The end of the last data block, then the trailer.
const END: [u8; 2] = [0x00, 0x3b];

pub(super) fn read(reader: &mut (impl Read + Seek)) -> Result<Header, HeaderFault> {
    reader.seek(SeekFrom::Start(6))?;
    let width = u16::from_le_bytes(take(reader)?);
    let height = u16::from_le_bytes(take(reader)?);
    let whole = tail(reader, 10)?.ends_with(&END) || has_trailer(reader)?;
    Ok(Header { size: (width.into(), height.into()), alpha: false, whole })
}

/// Whether the blocks lead to a trailer; reads the file up to there.
fn has_trailer(reader: &mut (impl Read + Seek)) -> Result<bool, HeaderFault> {
    reader.seek(SeekFrom::Start(10))?;
    let reader = &mut BufReader::with_capacity(1 << 16, reader);
    let [screen, _background, _ratio] = take(reader)?;
    skip_colours(reader, screen)?;
    loop {
        match take(reader)? {
            [0x21] => {
                take::<1>(reader)?; // which extension
            }
            [0x2c] => {
                let [.., image] = take::<9>(reader)?;
                skip_colours(reader, image)?;
                take::<1>(reader)?; // the size of its codes
            }
            [0x3b] => return Ok(true),
            _ => return Ok(false),
        }
        loop {
            let [length] = take(reader)?;
            if length == 0 {
                break;
            }
            reader.seek_relative(length.into())?;
        }
    }
}

/// Skips the colour table that these flags announce.
fn skip_colours(reader: &mut (impl Read + Seek), flags: u8) -> std::io::Result<()> {
    if flags & 0x80 == 0 { Ok(()) } else { reader.seek_relative(3 << ((flags & 0x07) + 1)) }
}
