//! JPEG files by their segments (ITU-T T.81, annex B): what comes before the first scan, and
//! where the picture ends.

use std::ops::Range;

use super::{exif, is_private_xmp};

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const MORE_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const MULTI_PICTURE: &[u8] = b"MPF\0"; // CIPA DC-007
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";

/// IPTC-IIM record 2: city, sublocation, province, country.
const PLACES: [&[u8]; 4] = [b"\x1c\x02\x5a", b"\x1c\x02\x5c", b"\x1c\x02\x5f", b"\x1c\x02\x65"];

/// More segments than any picture has; bounds the walk through hostile files.
const MOST_SEGMENTS: usize = 4096;

/// One segment before the first scan.
#[derive(Debug)]
struct Segment {
    marker: u8,
    /// From its marker to the end of its data.
    whole: Range<usize>,
    /// Its data, after the length.
    data: Range<usize>,
}

/// A file walked through.
#[derive(Debug)]
pub(in crate::images) struct JpegFile<'a> {
    bytes: &'a [u8],
    segments: Vec<Segment>,
    /// After the mark that ends the picture.
    end: usize,
    /// How many colour components its frame has.
    pub(in crate::images) components: u8,
    /// Whether it has colour for every other pixel of every other row only (4:2:0), as photos do.
    pub(in crate::images) has_quarter_colour: bool,
}

impl<'a> JpegFile<'a> {
    /// Walks through a file; `None` for one that is broken before its picture ends.
    pub(in crate::images) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (mut segments, mut at, mut components, mut has_quarter_colour) = (Vec::new(), 2, 0, false);
        for _ in 0..MOST_SEGMENTS {
            let (marker, start) = marker(bytes, at)?;
            if matches!(marker, 0x01 | 0xd0..=0xd7) {
                at = start + 2;
                continue;
            }
            if marker == 0xda {
                let end = end_of_picture(bytes, start)?;
                return Some(Self { bytes, segments, end, components, has_quarter_colour });
            }
            let length = usize::from(u16::from_be_bytes(*bytes.get(start + 2..)?.first_chunk()?));
            let (whole, data) = (start..start + 2 + length, start + 4..start + 2 + length);
            let content = bytes.get(data.clone())?;
            if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
                components = *content.get(5)?;
                // Of each: its id, its sampling factors, its table.
                has_quarter_colour = matches!(content.get(6..), Some([_, 0x22, _, _, 0x11, _, _, 0x11, _]));
            }
            at = whole.end;
            segments.push(Segment { marker, whole, data });
        }
        None
    }

    fn data(&self, segment: &Segment) -> &'a [u8] {
        self.bytes.get(segment.data.clone()).unwrap_or_default()
    }

    fn has(&self, marker: u8, signature: &[u8]) -> bool {
        self.segments
            .iter()
            .any(|segment| segment.marker == marker && self.data(segment).starts_with(signature))
    }

    /// Whether more pictures follow the first, as in the photos of many phones.
    pub(in crate::images) fn holds_several(&self) -> bool {
        self.has(0xe2, MULTI_PICTURE)
    }

    /// Whether Adobe's marker is there: with it, four components are stored inverted.
    pub(in crate::images) fn is_adobes(&self) -> bool {
        self.has(0xee, b"Adobe")
    }

    /// The same file without some segments and without what follows the picture.
    fn without(&self, dropped: impl Fn(&Segment) -> bool) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.end);
        let mut from = 0;
        for segment in self.segments.iter().filter(|segment| dropped(segment)) {
            bytes.extend_from_slice(self.bytes.get(from..segment.whole.start).unwrap_or_default());
            from = segment.whole.end;
        }
        bytes.extend_from_slice(self.bytes.get(from..self.end).unwrap_or_default());
        bytes
    }
}

/// The first picture of a file that holds several.
pub(in crate::images) fn without_further_pictures(file: &JpegFile<'_>) -> Vec<u8> {
    file.without(|segment| segment.marker == 0xe2 && file.data(segment).starts_with(MULTI_PICTURE))
}

pub(super) fn without_private(bytes: &[u8]) -> Option<Vec<u8>> {
    let file = JpegFile::read(bytes)?;
    let private = |segment: &Segment| {
        let data = file.data(segment);
        match segment.marker {
            0xe1 => (data.starts_with(XMP) || data.starts_with(MORE_XMP)) && is_private_xmp(data),
            0xed => {
                let names_a_place =
                    |data| PLACES.iter().any(|place| memchr::memmem::find(data, place).is_some());
                data.starts_with(PHOTOSHOP) && names_a_place(data)
            }
            _ => false,
        }
    };
    // An extended packet is of no use without its main one, and may be cut within a word.
    let any_xmp = file.segments.iter().any(|segment| segment.marker == 0xe1 && private(segment));
    let dropped = |segment: &Segment| {
        private(segment) || (any_xmp && segment.marker == 0xe1 && file.data(segment).starts_with(MORE_XMP))
    };
    // Phones append whole videos, which have their own places in them.
    let appended = file.bytes.get(file.end..).is_some_and(|rest| rest.iter().any(|byte| *byte != 0));
    let mut found = appended || file.segments.iter().any(&dropped);
    let mut kept = file.without(dropped);
    // Exif's place in the shorter file is found by walking again: nothing moved within it.
    let exifs: Vec<_> = JpegFile::read(&kept)?
        .segments
        .into_iter()
        .filter(|segment| segment.marker == 0xe1)
        .map(|segment| segment.data)
        .collect();
    for range in exifs {
        if let Some(data) = kept.get_mut(range)
            && data.starts_with(EXIF)
            && let Some(tiff) = data.get_mut(EXIF.len()..)
        {
            found |= exif::scrub(tiff);
        }
    }
    found.then_some(kept)
}

/// The code of the marker here and where its own two bytes begin; fill bytes may stand before.
fn marker(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    if *bytes.get(at)? != 0xff {
        return None;
    }
    let fill = bytes.get(at + 1..)?.iter().take_while(|byte| **byte == 0xff).count();
    Some((*bytes.get(at + 1 + fill)?, at + fill))
}

/// After the EOI marker of the picture whose first scan begins here.
fn end_of_picture(bytes: &[u8], scan: usize) -> Option<usize> {
    let mut at = scan;
    loop {
        let (code, start) = marker(bytes, at)?;
        at = match code {
            0xd9 => return Some(start + 2),
            0x00 | 0x01 | 0xd0..=0xd7 => start + 2,
            _ => start + 2 + usize::from(u16::from_be_bytes(*bytes.get(start + 2..)?.first_chunk()?)),
        };
        at += memchr::memchr(0xff, bytes.get(at..)?)?;
    }
}
