//! JPEG: the frame header (any SOF marker), found by walking the marker segments, and the EOI marker.
//!
//! Marker codes as in ITU-T T.81, annex B.

use std::io::{BufReader, Read, Seek, SeekFrom};

use super::header::{Header, HeaderFault, tail, take};

const EOI: [u8; 2] = [0xff, 0xd9];

/// More segments than any image has before its frame header, colour profiles and previews
/// that are split over many segments included; bounds the walk through hostile files.
const MOST_SEGMENTS: usize = 4096;

pub(super) fn read(reader: &mut (impl Read + Seek)) -> Result<Header, HeaderFault> {
    reader.seek(SeekFrom::Start(2))?; // after SOI
    for _ in 0..MOST_SEGMENTS {
        let marker = marker(reader)?;
        match marker {
            0x01 | 0xd0..=0xd7 => continue, // stand alone, without a length
            0xd8..=0xda => return Err(HeaderFault::Malformed("it has no frame header")),
            _ => {}
        }
        let length = u16::from_be_bytes(take(reader)?);
        // C4, C8 and CC share the range of the frame headers, but are tables and an extension.
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let [_precision, h1, h0, w1, w0] = take(reader)?;
            let size = (u32::from(u16::from_be_bytes([w1, w0])), u32::from(u16::from_be_bytes([h1, h0])));
            return Ok(Header { size, alpha: false, whole: is_whole(reader)? });
        }
        let Some(data) = length.checked_sub(2) else {
            return Err(HeaderFault::Malformed("a segment's length is wrong"));
        };
        reader.seek_relative(i64::from(data))?;
    }
    Err(HeaderFault::Malformed("it has too many segments before its frame header"))
}

/// The code of the marker that comes next; any number of fill bytes may stand before it.
fn marker(reader: &mut impl Read) -> Result<u8, HeaderFault> {
    let [mut byte] = take(reader)?;
    if byte != 0xff {
        return Err(HeaderFault::Malformed("a marker is missing"));
    }
    while byte == 0xff {
        [byte] = take(reader)?;
    }
    Ok(byte)
}

/// Whether EOI comes after the frame header, where the reader is. Entropy-coded data cannot
/// contain it. Phones append whole videos, so a tail without it is not yet the verdict.
fn is_whole(reader: &mut (impl Read + Seek)) -> Result<bool, HeaderFault> {
    let from = reader.stream_position()?;
    if memchr::memmem::rfind(&tail(reader, from)?, &EOI).is_some() {
        return Ok(true);
    }
    reader.seek(SeekFrom::Start(from))?;
    let mut previous = 0;
    for byte in BufReader::with_capacity(1 << 16, reader).bytes() {
        let byte = byte?;
        if [previous, byte] == EOI {
            return Ok(true);
        }
        previous = byte;
    }
    Ok(false)
}
