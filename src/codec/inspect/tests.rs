use std::io::{self, SeekFrom};

use image::ExtendedColorType::{L8, La8, Rgb8, Rgba8};
use image::ImageEncoder;
use jpeg_encoder::{ColorType, Encoder};
use proptest::prelude::*;

use super::*;

const SIZE: (u32, u32) = (37, 23);

/// A PNG of noise in the given colours, with extra chunks before its data.
fn png_of(colour: ::png::ColorType, depth: ::png::BitDepth, trns: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, SIZE.0, SIZE.1);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if colour == ::png::ColorType::Indexed {
        encoder.set_palette(vec![9; 3 * 256]);
    }
    if let Some(trns) = trns {
        encoder.set_trns(trns.to_vec());
    }
    encoder.add_text_chunk("Comment".to_owned(), "a chunk before the data".to_owned()).unwrap();
    let mut writer = encoder.write_header().unwrap();
    let row = (SIZE.0 as usize * colour.samples() * depth as usize).div_ceil(8);
    writer.write_image_data(&noise(row * SIZE.1 as usize)).unwrap();
    writer.finish().unwrap();
    bytes
}

fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()[1]).collect()
}

fn jpeg_of(progressive: bool) -> Vec<u8> {
    let pixels = noise(37 * 23 * 3);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 80);
    encoder.set_progressive(progressive);
    encoder.add_app_segment(9, vec![0xff; 9000]).unwrap();
    encoder.encode(&pixels, 37, 23, ColorType::Rgb).unwrap();
    bytes
}

fn webp_of(colour: image::ExtendedColorType) -> Vec<u8> {
    let mut bytes = Vec::new();
    let samples = usize::from(colour.channel_count());
    image::codecs::webp::WebPEncoder::new_lossless(&mut bytes)
        .write_image(&noise(37 * 23 * samples), SIZE.0, SIZE.1, colour)
        .unwrap();
    bytes
}

fn riff(chunks: &[u8]) -> Vec<u8> {
    let length = u32::try_from(4 + chunks.len()).unwrap();
    [b"RIFF", &length.to_le_bytes()[..], b"WEBP", chunks].concat()
}

/// The headers of a lossy WebP, as in RFC 9649; its data is not read here.
fn lossy_webp() -> Vec<u8> {
    riff(b"VP8 \x16\0\0\0\x30\x01\0\x9d\x01\x2a\x25\x40\x17\0............")
}

fn extended_webp(flags: u8) -> Vec<u8> {
    riff(&[b"VP8X\x0a\0\0\0", &[flags][..], b"\0\0\0\x24\0\0\x16\0\0", b"VP8 \x04\0\0\0...."].concat())
}

/// One grey pixel stretched over the screen, as in the GIF specification.
fn gif() -> Vec<u8> {
    [&b"GIF89a\x25\0\x17\0\x80\0\0\0\0\0\xff\xff\xff"[..], b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"]
        .concat()
}

fn every_format() -> Vec<(&'static str, Vec<u8>, ImageFormat, bool)> {
    use ::png::{BitDepth as Depth, ColorType as Colour};
    use ImageFormat::{Gif, Jpeg, Png, Webp};
    let grey16 = png_of(Colour::Grayscale, Depth::Sixteen, None);
    vec![
        ("grey, 1 bit", png_of(Colour::Grayscale, Depth::One, None), Png, false),
        ("grey, 16 bits", grey16, Png, false),
        ("grey and alpha", png_of(Colour::GrayscaleAlpha, Depth::Eight, None), Png, true),
        ("palette", png_of(Colour::Indexed, Depth::Four, None), Png, false),
        ("palette and tRNS", png_of(Colour::Indexed, Depth::Eight, Some(&[0])), Png, true),
        ("RGB", png_of(Colour::Rgb, Depth::Eight, None), Png, false),
        ("RGB and tRNS", png_of(Colour::Rgb, Depth::Eight, Some(&[0; 6])), Png, true),
        ("RGBA, 16 bits", png_of(Colour::Rgba, Depth::Sixteen, None), Png, true),
        ("baseline JPEG", jpeg_of(false), Jpeg, false),
        ("progressive JPEG", jpeg_of(true), Jpeg, false),
        ("lossless WebP", webp_of(Rgb8), Webp, false),
        ("lossless WebP with alpha", webp_of(Rgba8), Webp, true),
        ("grey WebP", webp_of(L8), Webp, false),
        ("grey WebP with alpha", webp_of(La8), Webp, true),
        ("lossy WebP", lossy_webp(), Webp, false),
        ("extended WebP", extended_webp(0), Webp, false),
        ("extended WebP with alpha", extended_webp(0x10), Webp, true),
        ("GIF", gif(), Gif, false),
    ]
}

#[test]
fn every_kind_of_image_is_read() {
    for (name, bytes, format, alpha) in every_format() {
        let info = inspect_bytes(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(info, ImageInfo { format, pixels: Pixels::new(37, 23), alpha }, "{name}");
    }
}

#[test]
fn a_file_cut_anywhere_is_cut_short() {
    for (name, bytes, format, _) in every_format() {
        for tenth in 1..10 {
            let cut = (bytes.len() * tenth / 10).max(ImageFormat::SIGNATURE_BYTES);
            let fault = inspect_bytes(&bytes[..cut]).expect_err(name);
            assert!(
                matches!(fault, CodecError::CutShort(of) if of == format),
                "{name} cut at {cut} of {}: {fault}",
                bytes.len()
            );
        }
        let all_but_one = &bytes[..bytes.len() - 1];
        assert!(matches!(inspect_bytes(all_but_one), Err(CodecError::CutShort(_))), "{name}");
    }
}

#[test]
fn what_is_appended_to_a_whole_image_does_no_harm() {
    for (name, bytes, format, _) in every_format() {
        let padded = [bytes, vec![0; 100]].concat();
        assert_eq!(inspect_bytes(&padded).unwrap().format, format, "{name}");
        if format != ImageFormat::Jpeg {
            let appended = [padded, b"appended".repeat(2000)].concat();
            assert_eq!(inspect_bytes(&appended).unwrap().format, format, "{name}");
        }
    }
    let motion_photo = [jpeg_of(false), vec![7; 100_000]].concat();
    assert_eq!(inspect_bytes(&motion_photo).unwrap().format, ImageFormat::Jpeg);
}

#[test]
fn what_is_no_image_is_refused_by_name() {
    let fault = inspect_bytes(b"<!doctype html><title>502 Bad Gateway</title>").unwrap_err();
    assert_eq!(fault.to_string(), "not a PNG, JPEG, WebP or GIF image: it looks like an HTML page");
    assert!(matches!(inspect_bytes(b""), Err(CodecError::NotAnImage(_))));
}

/// A PNG that is whole, but for its data, and claims a size.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    [
        &b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"[..],
        &width.to_be_bytes(),
        &height.to_be_bytes(),
        b"\x08\x06\0\0\0....\0\0\0\0IEND\xae\x42\x60\x82",
    ]
    .concat()
}

#[test]
fn claims_beyond_the_limits_are_refused() {
    let cases = [
        (60_000, 60_000, false),
        (10_000, 10_001, false),
        (10_000, 10_000, true),
        (32_769, 1, false),
        (1, 32_768, true),
        (u32::MAX, u32::MAX, false),
    ];
    for (width, height, accepted) in cases {
        let read = inspect_bytes(&claiming(width, height));
        if accepted {
            assert_eq!(read.unwrap().pixels, Pixels::new(width, height));
        } else {
            assert!(matches!(read, Err(CodecError::TooManyPixels(..))), "{width}x{height}");
        }
    }
    let nothing = inspect_bytes(&claiming(0, 5)).unwrap_err();
    assert!(matches!(nothing, CodecError::Undecodable(..)), "{nothing}");
}

#[test]
fn headers_that_make_no_sense_are_undecodable() {
    let cases: [(&str, Vec<u8>); 6] = [
        ("PNG", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIDAT\0\0\0\x05\0\0\0\x05".to_vec()),
        ("JPEG without a marker", b"\xff\xd8\xff\xe0\0\x04..no marker".to_vec()),
        ("JPEG without a frame", b"\xff\xd8\xff\xda\0\x04..........".to_vec()),
        ("JPEG with a segment of no length", b"\xff\xd8\xff\xe0\0\x01..........".to_vec()),
        ("WebP of an unknown kind", riff(b"VP9 \x04\0\0\0....")),
        ("JPEG of endless segments", [&b"\xff\xd8"[..], &b"\xff\xe0\0\x02".repeat(9000)].concat()),
    ];
    for (name, bytes) in cases {
        let fault = inspect_bytes(&bytes).expect_err(name);
        assert!(matches!(fault, CodecError::Undecodable(..)), "{name}: {fault}");
    }
}

/// Counts the bytes that are read from it.
struct Counting<'a> {
    inner: Cursor<&'a [u8]>,
    read: &'a mut usize,
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        *self.read += read;
        Ok(read)
    }
}

impl Seek for Counting<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[test]
fn only_the_head_and_tail_of_a_large_file_are_read() {
    let (width, height) = (1200, 900);
    let pixels = noise(1200 * 900 * 3);
    let mut png = Vec::new();
    image::codecs::png::PngEncoder::new(&mut png).write_image(&pixels, width, height, Rgb8).unwrap();
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, 100).encode(&pixels, 1200, 900, ColorType::Rgb).unwrap();
    let mut webp = Vec::new();
    image::codecs::webp::WebPEncoder::new_lossless(&mut webp)
        .write_image(&pixels, width, height, Rgb8)
        .unwrap();
    for bytes in [png, jpeg, webp] {
        let mut read = 0;
        let info = inspect(Counting { inner: Cursor::new(&bytes), read: &mut read }).unwrap();
        assert_eq!(info.pixels, Pixels::new(width, height));
        assert!(
            bytes.len() > 100_000 && read < 8 * 1024,
            "{read} of {} bytes of {}",
            bytes.len(),
            info.format
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        which in 0..18usize,
        changes in prop::collection::vec((0..600usize, any::<u8>()), 0..20),
    ) {
        let (_, mut bytes, ..) = every_format().swap_remove(which);
        for (at, byte) in changes {
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
        }
        if let Ok(info) = inspect_bytes(&bytes) {
            prop_assert!(info.pixels.count() > 0 && info.pixels.count() <= MOST_PIXELS);
        }
    }
}
