//! Which way up an image is to be seen, as the EXIF in its file says.
//!
//! One reader for all formats, because decoders differ in where they look and in what they take
//! for an orientation. Reads the heads of segments and chunks, and no pixel.

use std::io::{self, Read, Seek, SeekFrom};

use image::metadata::Orientation;

use super::exif;
use crate::domain::ImageFormat;

/// More segments or chunks than any image has; bounds the walk through hostile files.
const MOST_PARTS: usize = 100_000;

/// The most bytes of EXIF that are read; a JPEG can hold no more.
const MOST_BYTES: u64 = 1 << 16;

/// What is to be done to the image to see it upright. Of several EXIFs the first counts, as
/// for libvips, `ExifTool` and Pillow. What is broken says nothing about how the image lies.
pub(in crate::codec) fn orientation(source: &mut (impl Read + Seek), format: ImageFormat) -> Orientation {
    let found = match format {
        ImageFormat::Jpeg => in_jpeg(source),
        ImageFormat::Png => in_png(source),
        ImageFormat::Webp => in_webp(source),
        ImageFormat::Gif => Ok(None),
    };
    found.ok().flatten().unwrap_or(Orientation::NoTransforms)
}

fn in_jpeg(source: &mut (impl Read + Seek)) -> io::Result<Option<Orientation>> {
    source.seek(SeekFrom::Start(2))?;
    for _ in 0..MOST_PARTS {
        let mut marker: [u8; 1] = take(source)?;
        if marker != [0xff] {
            return Ok(None);
        }
        while marker == [0xff] {
            marker = take(source)?; // fill bytes
        }
        match marker {
            [0x01 | 0xd0..=0xd7] => continue,
            [0xd8..=0xda] => return Ok(None),
            _ => {}
        }
        let length = u64::from(u16::from_be_bytes(take(source)?)).saturating_sub(2);
        let start = source.stream_position()?;
        if marker == [0xe1]
            && let Some(tiff) = window(source, length)?.strip_prefix(b"Exif\0\0")
        {
            return Ok(exif::orientation(tiff));
        }
        source.seek(SeekFrom::Start(start + length))?;
    }
    Ok(None)
}

fn in_png(source: &mut (impl Read + Seek)) -> io::Result<Option<Orientation>> {
    let mut at = 8;
    for _ in 0..MOST_PARTS {
        source.seek(SeekFrom::Start(at))?;
        let length = u64::from(u32::from_be_bytes(take(source)?));
        match &take(source)? {
            b"eXIf" => return Ok(exif::orientation(&window(source, length)?)),
            // What comes after the pixels is too late for those who show them as they come.
            b"IDAT" | b"IEND" => return Ok(None),
            _ => at += 8 + length + 4, // and its checksum
        }
    }
    Ok(None)
}

fn in_webp(source: &mut (impl Read + Seek)) -> io::Result<Option<Orientation>> {
    let mut at = 12;
    for _ in 0..MOST_PARTS {
        source.seek(SeekFrom::Start(at))?;
        let name: [u8; 4] = take(source)?;
        let length = u64::from(u32::from_le_bytes(take(source)?));
        if name == *b"EXIF" {
            let data = window(source, length)?;
            // Some writers put JPEG's signature before it.
            return Ok(exif::orientation(data.strip_prefix(b"Exif\0\0").unwrap_or(&data)));
        }
        at += 8 + length + length % 2;
    }
    Ok(None)
}

fn take<const N: usize>(source: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    source.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn window(source: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.by_ref().take(length.min(MOST_BYTES)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
