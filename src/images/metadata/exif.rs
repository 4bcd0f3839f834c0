//! EXIF: a small TIFF file within a picture (CIPA DC-008; TIFF 6.0, section 2).
//!
//! Entries are taken out in place, so that no other offset moves and the length stays.

use std::ops::Range;

const GPS: u16 = 0x8825;
const EXIF: u16 = 0x8769;

/// Serial numbers of body, lens and camera, the picture's own unique number, and the maker's
/// note, which holds them again in forms of its own.
const PRIVATE: [u16; 6] = [0xa431, 0xa435, 0xc62f, 0xa420, 0xc65d, 0x927c];

/// XMP and IPTC within a TIFF file, which name places in their own ways.
const PACKETS: [u16; 2] = [0x02bc, 0x83bb];

/// Directories of a picture, its preview and what hangs on them; more are a loop.
const MOST_DIRECTORIES: usize = 8;

/// Takes places and serial numbers out; whether there were any.
pub(super) fn scrub(tiff: &mut [u8]) -> bool {
    let Some(mut file) = Tiff::of(tiff) else { return false };
    let mut pending: Vec<u32> = file.u32(4).into_iter().collect();
    let mut found = false;
    for _ in 0..MOST_DIRECTORIES {
        let Some(at) = pending.pop() else { break };
        found |= file.scrub_directory(at as usize, &mut pending);
    }
    found
}

/// Which way up the picture is to be seen, 1 to 8.
#[cfg(test)]
pub(super) fn orientation(tiff: &[u8]) -> Option<u8> {
    image::metadata::Orientation::from_exif_chunk(tiff).map(image::metadata::Orientation::to_exif)
}

struct Tiff<'a> {
    bytes: &'a mut [u8],
    big_endian: bool,
}

/// One entry of a directory.
struct Entry {
    tag: u16,
    /// Where its value is, in the entry itself or elsewhere.
    value: Range<usize>,
    /// The value as one number, which it is where it leads to another directory.
    number: Option<u32>,
}

impl<'a> Tiff<'a> {
    fn of(bytes: &'a mut [u8]) -> Option<Self> {
        let big_endian = match bytes.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        Some(Self { bytes, big_endian })
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn entry(&self, at: usize) -> Option<Entry> {
        let (tag, kind, count) = (self.u16(at)?, self.u16(at + 2)?, self.u32(at + 4)?);
        let size = match kind {
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            _ => 1,
        };
        let length = usize::try_from(count).ok()?.checked_mul(size)?;
        let start = if length <= 4 { at + 8 } else { self.u32(at + 8)? as usize };
        Some(Entry { tag, value: start..start.checked_add(length)?, number: self.u32(at + 8) })
    }

    /// Takes the entries that are private out of the directory here, and adds those it leads
    /// to; whether there were any.
    fn scrub_directory(&mut self, at: usize, pending: &mut Vec<u32>) -> bool {
        let Some(count) = self.u16(at) else { return false };
        let entries = at + 2;
        let (mut kept, mut found) = (0_u16, false);
        for index in 0..usize::from(count) {
            let here = entries + index * 12;
            let Some(entry) = self.entry(here) else { continue };
            let packet = PACKETS.contains(&entry.tag)
                && self.bytes.get(entry.value.clone()).is_some_and(super::is_private_xmp);
            if entry.tag == GPS || PRIVATE.contains(&entry.tag) || packet {
                found = true;
                if entry.tag == GPS {
                    self.clear_directory(entry.number);
                }
                self.clear(entry.value);
                continue;
            }
            if entry.tag == EXIF {
                pending.extend(entry.number);
            }
            let to = entries + usize::from(kept) * 12;
            if here + 12 <= self.bytes.len() && to < here {
                self.bytes.copy_within(here..here + 12, to);
            }
            kept += 1;
        }
        let (old_end, new_end) = (entries + usize::from(count) * 12, entries + usize::from(kept) * 12);
        pending.extend(self.u32(old_end).filter(|next| *next != 0));
        if found {
            // The offset of the next directory follows the last entry.
            let whole = old_end + 4 <= self.bytes.len();
            if whole {
                self.bytes.copy_within(old_end..old_end + 4, new_end);
                self.clear(new_end + 4..old_end + 4);
            }
            let count = if self.big_endian { kept.to_be_bytes() } else { kept.to_le_bytes() };
            if let Some(place) = self.bytes.get_mut(at..at + 2) {
                place.copy_from_slice(&count);
            }
        }
        found
    }

    /// Overwrites a directory that nothing leads to any more, and its values.
    fn clear_directory(&mut self, at: Option<u32>) {
        let Some((at, count)) = at.and_then(|at| Some((at as usize, self.u16(at as usize)?))) else { return };
        for index in 0..usize::from(count) {
            let here = at + 2 + index * 12;
            if let Some(entry) = self.entry(here) {
                self.clear(entry.value);
                self.clear(here..here + 12);
            }
        }
    }

    fn clear(&mut self, range: Range<usize>) {
        // The header is no value, whatever an entry says.
        if range.start >= 8
            && let Some(bytes) = self.bytes.get_mut(range)
        {
            bytes.fill(0);
        }
    }
}
