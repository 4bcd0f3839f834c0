//! PNG: the IHDR chunk, a tRNS chunk before the first IDAT, the IEND chunk at the end, or where the
//! chunks lead to it before what others appended.
//!
//! Layout as in the PNG specification (third edition), sections 5 and 11.

use std::io::{Read, Seek, SeekFrom};

use super::header::{Header, HeaderFault, tail, take};

/// Signature, then the length and name of the first chunk, which must be IHDR.
const IHDR_DATA: u64 = 8 + 4 + 4;

/// The IEND chunk is always these bytes: no data, so a fixed checksum.
const IEND: [u8; 12] = [0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82];

/// More chunks than any image has before its data; bounds the walk through hostile files.
const MOST_CHUNKS: usize = 1024;

pub(super) fn read(reader: &mut (impl Read + Seek)) -> Result<Header, HeaderFault> {
    reader.seek(SeekFrom::Start(IHDR_DATA - 4))?;
    if take::<4>(reader)? != *b"IHDR" {
        return Err(HeaderFault::Malformed("its first chunk is not IHDR"));
    }
    let width = u32::from_be_bytes(take(reader)?);
    let height = u32::from_be_bytes(take(reader)?);
    let [_depth, colour_type, _, _, _] = take(reader)?;
    let alpha = match colour_type {
        4 | 6 => true,
        0 | 2 | 3 => transparent_colour(reader)?,
        _ => return Err(HeaderFault::Malformed("its colour type is unknown")),
    };
    let whole = memchr::memmem::rfind(&tail(reader, IHDR_DATA)?, &IEND).is_some() || has_end(reader)?;
    Ok(Header { size: (width, height), alpha, whole })
}

/// What a PNG's pixels are made of: bits a channel, the colour type, and whether it is interlaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::codec) struct PngForm {
    pub(in crate::codec) depth: u8,
    pub(in crate::codec) colour: u8,
    pub(in crate::codec) interlaced: bool,
}

impl PngForm {
    /// That of a PNG that was inspected: in IHDR, after width and height.
    pub(in crate::codec) fn of(file: &[u8]) -> Option<Self> {
        let start = usize::try_from(IHDR_DATA).ok()? + 8;
        let [depth, colour, _, _, interlaced] = *file.get(start..)?.first_chunk()?;
        Some(Self { depth, colour, interlaced: interlaced == 1 })
    }
}

/// Whether the chunks lead to an IEND that is whole.
fn has_end(reader: &mut (impl Read + Seek)) -> Result<bool, HeaderFault> {
    let length = reader.seek(SeekFrom::End(0))?;
    let mut at = IHDR_DATA - 8;
    while at + 12 <= length {
        reader.seek(SeekFrom::Start(at))?;
        let data = u32::from_be_bytes(take(reader)?);
        let name = take::<4>(reader)?;
        at += 12 + u64::from(data);
        if name == *b"IEND" {
            return Ok(at <= length);
        }
    }
    Ok(false)
}

/// Whether a tRNS chunk comes before the data; the reader is at the end of IHDR's data.
fn transparent_colour(reader: &mut (impl Read + Seek)) -> Result<bool, HeaderFault> {
    for _ in 0..MOST_CHUNKS {
        reader.seek_relative(4)?; // the checksum of the chunk before
        let length = u32::from_be_bytes(take(reader)?);
        match &take::<4>(reader)? {
            b"tRNS" => return Ok(true),
            b"IDAT" | b"IEND" => return Ok(false),
            _ => reader.seek_relative(i64::from(length))?,
        }
    }
    Err(HeaderFault::Malformed("it has too many chunks before its data"))
}
