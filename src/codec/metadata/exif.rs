//! EXIF: a small TIFF file within an image (CIPA DC-008).
//!
//! Entries are taken out in place, so that no other offset moves and the length stays.

use std::ops::Range;

use image::metadata::Orientation;

use super::tiff::{Entry, Tiff};

const GPS: u16 = 0x8825;
const ORIENTATION: u16 = 0x0112;

/// Where a preview in the form of a JPEG file is, and how long it is.
const PREVIEW: u16 = 0x0201;
const PREVIEW_LENGTH: u16 = 0x0202;

/// Entries that lead to further directories: EXIF itself, and those of further images.
const DIRECTORIES: [u16; 2] = [0x8769, 0x014a];

/// Serial numbers of body, lens and camera, the image's own unique number, the makers' notes,
/// which hold them again in forms of their own, and what holds places in its own ways and has
/// its place elsewhere: XMP, IPTC, and Photoshop's blocks.
const PRIVATE: [u16; 11] =
    [0xa431, 0xa435, 0xc62f, 0xfde9, 0xa420, 0xc65d, 0x927c, 0xc634, 0x02bc, 0x83bb, 0x8649];

/// What begins metadata within a preview: EXIF, XMP, IPTC.
const SIGNATURES: [&[u8]; 3] = [b"Exif\0", b"http://ns.adobe.com/", b"Photoshop 3.0"];

/// More further images than any EXIF leads to.
const MOST_IMAGES: usize = 8;

/// More directories than any camera writes. What has more is overwritten whole.
const MOST_DIRECTORIES: usize = 64;

/// Takes places and serial numbers out; whether there were any.
pub(super) fn scrub(tiff: &mut [u8]) -> bool {
    let Some(mut file) = Tiff::of(tiff) else { return false };
    // Each is walked through once: some writers' last directory leads back to the first.
    let mut directories: Vec<usize> = file.first().into_iter().collect();
    let (mut next, mut found) = (0, false);
    while let Some(at) = directories.get(next).copied() {
        if next == MOST_DIRECTORIES {
            file.bytes.fill(0);
            return true;
        }
        found |= file.scrub_directory(at, &mut directories);
        next += 1;
    }
    found
}

/// Whether it can be walked through at all.
pub(super) fn is_readable(tiff: &[u8]) -> bool {
    Tiff::of(tiff).is_some()
}

/// Which way up the image is to be seen. Cameras write a short, others a long or a byte, and
/// more than one of them; all of it counts for those who show images.
pub(in crate::codec) fn orientation(tiff: &[u8]) -> Option<Orientation> {
    let file = Tiff::of(tiff)?;
    let number = file.number(file.first()?, ORIENTATION)?;
    Orientation::from_exif(u8::try_from(number).ok()?)
}

impl Tiff<&mut [u8]> {
    /// Takes the entries that are private out of the directory here, and adds those it leads
    /// to; whether there were any.
    fn scrub_directory(&mut self, at: usize, directories: &mut Vec<usize>) -> bool {
        let Some(count) = self.u16(at) else { return false };
        let entries = at + 2;
        let mut follow = |to: usize| {
            if directories.len() <= MOST_DIRECTORIES && !directories.contains(&to) {
                directories.push(to);
            }
        };
        self.next(at).into_iter().for_each(&mut follow);
        let preview = self.private_preview(at);
        let (mut kept, mut found) = (0_u16, false);
        for index in 0..usize::from(count) {
            let here = entries + index * 12;
            let Some(entry) = self.entry(here) else { continue };
            let of_preview = matches!(entry.tag, PREVIEW | PREVIEW_LENGTH) && preview.is_some();
            if entry.tag == GPS || PRIVATE.contains(&entry.tag) || of_preview {
                found = true;
                if entry.tag == GPS {
                    self.clear_directory(&entry);
                }
                self.clear(entry.value);
                continue;
            }
            if DIRECTORIES.contains(&entry.tag) {
                self.numbers(&entry).take(MOST_IMAGES).map(|to| to as usize).for_each(&mut follow);
            }
            let to = entries + usize::from(kept) * 12;
            if here + 12 <= self.bytes.len() && to < here {
                self.bytes.copy_within(here..here + 12, to);
            }
            kept += 1;
        }
        if found {
            self.clear(preview.unwrap_or_default());
            let (old_end, new_end) = (entries + usize::from(count) * 12, entries + usize::from(kept) * 12);
            // The offset of the next directory follows the last entry.
            let whole = old_end + 4 <= self.bytes.len();
            if whole {
                self.bytes.copy_within(old_end..old_end + 4, new_end);
                self.clear(new_end + 4..old_end + 4);
            }
            let count = self.u16_bytes(kept);
            if let Some(place) = self.bytes.get_mut(at..at + 2) {
                place.copy_from_slice(&count);
            }
        }
        found
    }

    /// Where the preview of the directory here is, if that is a JPEG file with metadata of its
    /// own, which may hold all that is taken out of the image's.
    fn private_preview(&self, directory: usize) -> Option<Range<usize>> {
        let start = self.number(directory, PREVIEW)? as usize;
        let end = start.checked_add(self.number(directory, PREVIEW_LENGTH)? as usize)?;
        let range = start..end.min(self.bytes.len());
        let preview = self.bytes.get(range.clone())?;
        SIGNATURES.iter().any(|signature| memchr::memmem::find(preview, signature).is_some()).then_some(range)
    }

    /// Overwrites a directory that nothing leads to any more, and its values.
    fn clear_directory(&mut self, entry: &Entry) {
        let Some(at) = self.numbers(entry).next().map(|at| at as usize) else { return };
        for index in 0..self.u16(at).map_or(0, usize::from) {
            let here = at + 2 + index * 12;
            if let Some(entry) = self.entry(here) {
                self.clear(entry.value);
                self.clear(here..here + 12);
            }
        }
    }

    fn clear(&mut self, range: Range<usize>) {
        // The header is no value, whatever an entry says, and a value may be cut.
        let range = range.start..range.end.min(self.bytes.len());
        if range.start >= 8
            && let Some(bytes) = self.bytes.get_mut(range)
        {
            bytes.fill(0);
        }
    }
}
