//! WebP files by their chunks (RFC 9649, section 2).

use super::exif;
use super::private_words::names_private;

/// RIFF, its length, WEBP.
const HEADER: usize = 12;

/// The flag of VP8X that says there is XMP.
const HAS_XMP: u8 = 0x04;

/// More chunks than any image has; bounds the walk through hostile files.
const MOST_CHUNKS: usize = 100_000;

pub(super) fn without_private(bytes: &[u8]) -> Option<Vec<u8>> {
    let riff = u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?) as usize;
    let end = riff.checked_add(8)?;
    let mut found = bytes.get(end..)?.iter().any(|byte| *byte != 0);
    let mut kept = bytes.get(..HEADER)?.to_vec();
    let (mut at, mut extended) = (HEADER, None);
    for _ in 0..MOST_CHUNKS {
        if at >= end {
            break;
        }
        let name: [u8; 4] = *bytes.get(at..)?.first_chunk()?;
        let length = u32::from_le_bytes(*bytes.get(at + 4..)?.first_chunk()?) as usize;
        let next = (at + 8).checked_add(length)?.checked_add(length % 2)?;
        let whole = bytes.get(at..next)?;
        at = next;
        let start = kept.len();
        if &name == b"XMP " && names_private(whole) {
            found = true;
            if let Some(flags) = extended.and_then(|at| kept.get_mut(at)) {
                *flags &= !HAS_XMP;
            }
            continue;
        }
        kept.extend_from_slice(whole);
        if &name == b"VP8X" {
            extended = Some(start + 8);
        }
        if &name == b"EXIF" {
            let data = kept.get_mut(start + 8..start + 8 + length)?;
            // Some writers put JPEG's signature before it.
            let skip = if data.starts_with(b"Exif\0\0") { 6 } else { 0 };
            found |= data.get_mut(skip..).is_some_and(exif::scrub);
        }
    }
    let riff = u32::try_from(kept.len() - 8).ok()?.to_le_bytes();
    kept.get_mut(4..8)?.copy_from_slice(&riff);
    found.then_some(kept)
}
