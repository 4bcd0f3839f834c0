//! The directories of a TIFF file, which is also what EXIF is (TIFF 6.0, section 2).
//!
//! Reads numbers where the file says they are, and decodes no image.

use std::ops::Range;

/// A TIFF file, or the EXIF of another.
#[derive(Clone, Copy, Debug)]
pub(in crate::codec) struct Tiff<B> {
    pub(super) bytes: B,
    big_endian: bool,
}

/// One entry of a directory.
#[derive(Clone, Debug)]
pub(in crate::codec) struct Entry {
    pub(super) tag: u16,
    kind: u16,
    /// Where its value is, in the entry itself or elsewhere.
    pub(super) value: Range<usize>,
}

impl<B: AsRef<[u8]>> Tiff<B> {
    pub(in crate::codec) fn of(bytes: B) -> Option<Self> {
        let big_endian = match bytes.as_ref().get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        Some(Self { bytes, big_endian })
    }

    pub(super) fn u16(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.as_ref().get(at..)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    pub(super) fn u32(&self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.as_ref().get(at..)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    pub(super) fn u16_bytes(&self, number: u16) -> [u8; 2] {
        if self.big_endian { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    /// Where the first directory is.
    pub(in crate::codec) fn first(&self) -> Option<usize> {
        Some(self.u32(4)? as usize)
    }

    /// Where the directory after the one here is; of a file of several pages, that of the next.
    pub(in crate::codec) fn next(&self, directory: usize) -> Option<usize> {
        let count = usize::from(self.u16(directory)?);
        self.u32(directory + 2 + count * 12).filter(|next| *next != 0).map(|next| next as usize)
    }

    pub(super) fn entry(&self, at: usize) -> Option<Entry> {
        let (tag, kind, count) = (self.u16(at)?, self.u16(at + 2)?, self.u32(at + 4)?);
        let length = usize::try_from(count).ok()?.checked_mul(size(kind))?;
        let start = if length <= 4 { at + 8 } else { self.u32(at + 8)? as usize };
        Some(Entry { tag, kind, value: start..start.checked_add(length)? })
    }

    /// The entry of this tag in the directory here.
    pub(in crate::codec) fn find(&self, directory: usize, tag: u16) -> Option<Entry> {
        let count = usize::from(self.u16(directory)?);
        (0..count).map_while(|index| self.entry(directory + 2 + index * 12)).find(|entry| entry.tag == tag)
    }

    /// The entry's value as whole numbers; none where it is something else.
    pub(in crate::codec) fn numbers(&self, entry: &Entry) -> impl Iterator<Item = u32> {
        let (kind, size) = (entry.kind, size(entry.kind));
        entry.value.clone().step_by(size).map_while(move |at| match kind {
            1 => self.bytes.as_ref().get(at).map(|byte| u32::from(*byte)),
            3 => self.u16(at).map(u32::from),
            4 | 13 => self.u32(at),
            _ => None,
        })
    }

    /// Writes a number for the first of an entry's into a copy of the file.
    pub(in crate::codec) fn write(&self, copy: &mut [u8], entry: &Entry, number: u32) -> Option<()> {
        let at = entry.value.start;
        match entry.kind {
            3 => copy.get_mut(at..at + 2)?.copy_from_slice(&self.u16_bytes(u16::try_from(number).ok()?)),
            _ => return None,
        }
        Some(())
    }

    /// The first of the numbers that this tag has in the directory here.
    pub(in crate::codec) fn number(&self, directory: usize, tag: u16) -> Option<u32> {
        self.numbers(&self.find(directory, tag)?).next()
    }
}

/// How many bytes a value of this kind takes.
const fn size(kind: u16) -> usize {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 => 8,
        _ => 1,
    }
}
