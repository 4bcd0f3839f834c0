//! PNG files by their chunks (PNG specification, third edition, section 5).

use std::ops::Range;

use super::exif;
use super::private_words::names_private;

const SIGNATURE: usize = 8;

/// More chunks than any image has; bounds the walk through hostile files.
const MOST_CHUNKS: usize = 100_000;

pub(super) fn without_private(bytes: &[u8]) -> Option<Vec<u8>> {
    let chunks = chunks(bytes)?;
    let is_dropped = |(name, data): &([u8; 4], Range<usize>)| {
        matches!(name, b"tEXt" | b"zTXt" | b"iTXt")
            && is_private_text(*name, bytes.get(data.clone()).unwrap_or_default())
    };
    let mut found = chunks.iter().any(is_dropped);
    let mut kept = bytes.get(..SIGNATURE)?.to_vec();
    for chunk in &chunks {
        if is_dropped(chunk) {
            continue;
        }
        let (name, data) = chunk;
        let start = kept.len();
        kept.extend_from_slice(bytes.get(data.start - 8..data.end + 4)?);
        if name == b"eXIf" {
            let data = start + 8..start + 8 + data.len();
            if kept.get_mut(data.clone()).is_some_and(exif::scrub) {
                found = true;
                let sum = checksum(kept.get(data.start - 4..data.end)?).to_be_bytes();
                kept.get_mut(data.end..data.end + 4)?.copy_from_slice(&sum);
            }
        }
    }
    let end = chunks.last()?.1.end + 4;
    found |= bytes.get(end..).is_some_and(|rest| rest.iter().any(|byte| *byte != 0));
    found.then_some(kept)
}

/// Whether a text chunk holds EXIF or IPTC in one of the forms of `ImageMagick`, names a place or a
/// serial number, or is compressed, so that it may.
fn is_private_text(name: [u8; 4], data: &[u8]) -> bool {
    let keyword = data.split(|byte| *byte == 0).next().unwrap_or_default();
    if keyword.starts_with(b"Raw profile type ") {
        return !keyword.ends_with(b" icc") && !keyword.ends_with(b" icm");
    }
    let compressed = name == *b"zTXt" || (name == *b"iTXt" && data.get(keyword.len() + 1) == Some(&1));
    compressed || keyword.starts_with(b"exif:") || names_private(data)
}

/// Name and data of every chunk up to the last; `None` where one is cut.
fn chunks(bytes: &[u8]) -> Option<Vec<([u8; 4], Range<usize>)>> {
    let (mut chunks, mut at) = (Vec::new(), SIGNATURE);
    for _ in 0..MOST_CHUNKS {
        let length = u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?) as usize;
        let name = *bytes.get(at + 4..)?.first_chunk()?;
        let data = at + 8..(at + 8).checked_add(length)?;
        bytes.get(data.end..data.end + 4)?;
        at = data.end + 4;
        chunks.push((name, data));
        if &name == b"IEND" {
            return Some(chunks);
        }
    }
    None
}

/// CRC-32 as the specification's annex D has it; of a few kilobytes, so a bit at a time.
fn checksum(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 };
        }
    }
    !sum
}
