//! JPEG files by their segments (ITU-T T.81, annex B): what stands before, between and after the
//! scans, and where the image ends. Looks at no pixel.

use std::ops::Range;

use super::exif;
use super::private_words::names_private;

const EXIF: &[u8] = b"Exif\0\0";
const MORE_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const MULTI_IMAGE: &[u8] = b"MPF\0"; // CIPA DC-007
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";

/// IPTC-IIM record 2: the content's place by code and by name, city, sublocation, province,
/// country by code and by name.
const PLACES: [&[u8]; 7] = [
    b"\x1c\x02\x1a",
    b"\x1c\x02\x1b",
    b"\x1c\x02\x5a",
    b"\x1c\x02\x5c",
    b"\x1c\x02\x5f",
    b"\x1c\x02\x64",
    b"\x1c\x02\x65",
];

/// Photoshop's blocks (its file format's specification, image resources) of EXIF, twice, and XMP.
const BLOCKS: [&[u8]; 3] = [b"8BIM\x04\x22", b"8BIM\x04\x23", b"8BIM\x04\x24"];

/// More segments than any image has; bounds the walk through hostile files.
const MOST_SEGMENTS: usize = 4096;

/// One segment that is none of a scan.
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
pub(in crate::codec) struct JpegFile<'a> {
    bytes: &'a [u8],
    segments: Vec<Segment>,
    /// After the mark that ends the image.
    end: usize,
    /// How many colour components its frame has.
    pub(in crate::codec) components: u8,
    /// Whether it has colour for every other pixel of every other row only (4:2:0), as photos do.
    pub(in crate::codec) has_quarter_colour: bool,
    /// The marker of its frame, which says how it is coded, and how many bits a channel has.
    frame: (u8, u8),
}

impl<'a> JpegFile<'a> {
    /// Walks through a file; `None` for one that is broken before its image ends.
    pub(in crate::codec) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (mut segments, mut at, mut components, mut has_quarter_colour) = (Vec::new(), 2, 0, false);
        let (mut scanned, mut frame) = (false, (0, 0));
        for _ in 0..MOST_SEGMENTS {
            if scanned {
                at = end_of_scan(bytes, at)?;
            }
            let (marker, start) = marker(bytes, at)?;
            match marker {
                0x01 | 0xd0..=0xd7 => {
                    at = start + 2;
                    continue;
                }
                0xd9 if scanned => {
                    let end = start + 2;
                    return Some(Self { bytes, segments, end, components, has_quarter_colour, frame });
                }
                0xd9 => return None,
                _ => {}
            }
            let length = usize::from(u16::from_be_bytes(*bytes.get(start + 2..)?.first_chunk()?));
            let (whole, data) = (start..start + 2 + length, start + 4..start + 2 + length);
            let content = bytes.get(data.clone())?;
            at = whole.end;
            if marker == 0xda {
                scanned = true;
                continue;
            }
            if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
                components = *content.get(5)?;
                frame = (marker, *content.first()?);
                // Of each: its id, its sampling factors, its table.
                has_quarter_colour = matches!(content.get(6..), Some([_, 0x22, _, _, 0x11, _, _, 0x11, _]));
            }
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

    /// What it is of that decoders do not read, in words.
    pub(in crate::codec) fn unread_kind(&self) -> Option<&'static str> {
        match self.frame {
            (0xc3, _) => Some("it is lossless JPEG"),
            (0xc5..=0xc7, _) => Some("it is hierarchical"),
            (0xc9..=0xcf, _) => Some("it has arithmetic coding"),
            (_, 8) => None,
            _ => Some("it has more than 8 bits a channel"),
        }
    }

    /// Whether more images follow the first, as in the photos of many phones.
    pub(in crate::codec) fn holds_several(&self) -> bool {
        self.has(0xe2, MULTI_IMAGE)
    }

    /// Whether Adobe's marker is there: with it, four components are stored inverted.
    pub(in crate::codec) fn is_adobes(&self) -> bool {
        self.has(0xee, b"Adobe")
    }

    /// The same file without some segments and without what follows the image.
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

/// The first image of a file that holds several.
pub(in crate::codec) fn without_further_images(file: &JpegFile<'_>) -> Vec<u8> {
    file.without(|segment| segment.marker == 0xe2 && file.data(segment).starts_with(MULTI_IMAGE))
}

pub(super) fn without_private(bytes: &[u8]) -> Option<Vec<u8>> {
    let file = JpegFile::read(bytes)?;
    let keeps_photoshop = !has_private_blocks(&file);
    let dropped = |segment: &Segment| is_private(segment.marker, file.data(segment), keeps_photoshop);
    // Phones append whole videos, which have their own places in them.
    let appended = file.bytes.get(file.end..).is_some_and(|rest| rest.iter().any(|byte| *byte != 0));
    let mut found = appended || file.segments.iter().any(dropped);
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

/// Whether a segment goes as a whole.
fn is_private(marker: u8, data: &[u8], keeps_photoshop: bool) -> bool {
    match marker {
        // One that cannot be read goes on with another that was too long.
        0xe1 if data.starts_with(EXIF) => !data.get(EXIF.len()..).is_some_and(exif::is_readable),
        // A part of a packet may be cut within a word, and no image needs it.
        0xe1 => data.starts_with(MORE_XMP) || names_private(data),
        0xed if data.starts_with(PHOTOSHOP) => !keeps_photoshop,
        // JFIF, the colour profile, Adobe's colours: of them the image is made.
        0xe0 | 0xe2 | 0xee => false,
        // Makers' own, and comments.
        0xe3..=0xef | 0xfe => names_private(data),
        _ => false,
    }
}

/// Whether Photoshop's blocks, which may go on from segment to segment, hold a place.
fn has_private_blocks(file: &JpegFile<'_>) -> bool {
    let blocks = file.segments.iter().filter(|segment| segment.marker == 0xed);
    let blocks = blocks.filter_map(|segment| file.data(segment).strip_prefix(PHOTOSHOP));
    let blocks = blocks.collect::<Vec<_>>().concat();
    PLACES.iter().chain(&BLOCKS).any(|name| memchr::memmem::find(&blocks, name).is_some())
}

/// The code of the marker here and where its own two bytes begin; fill bytes may stand before.
fn marker(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    if *bytes.get(at)? != 0xff {
        return None;
    }
    let fill = bytes.get(at + 1..)?.iter().take_while(|byte| **byte == 0xff).count();
    Some((*bytes.get(at + 1 + fill)?, at + fill))
}

/// Where the next marker is that is none of a scan's own; what is broken there is skipped.
fn end_of_scan(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr(0xff, bytes.get(at..)?)?;
        match bytes.get(at + 1)? {
            0xff => at += 1,
            0x00 | 0x01 | 0xd0..=0xd7 => at += 2,
            _ => return Some(at),
        }
    }
}
