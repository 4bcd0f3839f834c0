//! WebP: the RIFF length and the first chunk, which is VP8, VP8L or VP8X.
//!
//! Layout as in RFC 9649, sections 2.3 to 2.7 and 3.4, and RFC 6386, section 9.1.

use std::io::{Read, Seek, SeekFrom};

use super::header::{Header, HeaderFault, take};

pub(super) fn read(reader: &mut (impl Read + Seek)) -> Result<Header, HeaderFault> {
    let length = reader.seek(SeekFrom::End(0))?;
    reader.seek(SeekFrom::Start(4))?;
    let riff = u64::from(u32::from_le_bytes(take(reader)?));
    reader.seek_relative(4)?; // WEBP
    let chunk = take::<4>(reader)?;
    reader.seek_relative(4)?; // the chunk's length
    let (size, alpha) = match &chunk {
        b"VP8 " => lossy(take(reader)?)?,
        b"VP8L" => lossless(take(reader)?)?,
        b"VP8X" => extended(take(reader)?),
        _ => return Err(HeaderFault::Malformed("its first chunk is not VP8, VP8L or VP8X")),
    };
    Ok(Header { size, alpha, whole: riff.saturating_add(8) <= length })
}

fn lossy([_, _, _, s0, s1, s2, w0, w1, h0, h1]: [u8; 10]) -> Result<((u32, u32), bool), HeaderFault> {
    if [s0, s1, s2] != [0x9d, 0x01, 0x2a] {
        return Err(HeaderFault::Malformed("its key frame is not marked"));
    }
    // 14 bits each; the upper two scale on display and do not change the image.
    let edge = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    Ok(((edge(w0, w1), edge(h0, h1)), false))
}

fn lossless([signature, b0, b1, b2, b3]: [u8; 5]) -> Result<((u32, u32), bool), HeaderFault> {
    if signature != 0x2f {
        return Err(HeaderFault::Malformed("its lossless data is not marked"));
    }
    let bits = u32::from_le_bytes([b0, b1, b2, b3]);
    Ok((((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1), bits & (1 << 28) != 0))
}

fn extended([flags, _, _, _, w0, w1, w2, h0, h1, h2]: [u8; 10]) -> ((u32, u32), bool) {
    let edge = |low, middle, high| u32::from_le_bytes([low, middle, high, 0]) + 1;
    ((edge(w0, w1, w2), edge(h0, h1, h2)), flags & 0x10 != 0)
}
