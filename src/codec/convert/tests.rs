use std::io::Cursor;

use image::ImageDecoder as _;
use image::codecs::jpeg::JpegDecoder;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use moxcms::ColorProfile;

use super::decode;
use super::decoded::{Decoded, Foreign};
use crate::codec::cmyk;
use crate::codec::fit::Channels;
use crate::domain::Pixels;

const RED: [u8; 3] = [200, 30, 40];
const BLUE: [u8; 3] = [20, 60, 210];

/// One entry of a directory: its tag, the kind of its values, and their bytes.
type Value = (u16, u16, Vec<u8>);

fn shorts(tag: u16, numbers: &[u16]) -> Value {
    (tag, 3, numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
}

/// A TIFF of one strip, two pixels wide, and as many rows as its data fill.
fn tiff(colours: u16, bits: &[u16], compression: u16, data: &[u8], more: &[Value]) -> Vec<u8> {
    let depth = usize::from(bits[0]) * bits.len() * 2;
    let rows = if compression == 1 { data.len() / depth.div_ceil(8) } else { 8 };
    let long = |tag: u16, number: usize| (tag, 4, (number as u32).to_le_bytes().to_vec());
    let mut entries = vec![
        long(256, if compression == 1 { 2 } else { 16 }),
        long(257, rows),
        shorts(258, bits),
        shorts(259, &[compression]),
        shorts(262, &[colours]),
        long(273, 8),
        shorts(277, &[bits.len() as u16]),
        long(278, rows),
        long(279, data.len()),
    ];
    entries.retain(|(tag, ..)| more.iter().all(|(other, ..)| tag != other));
    entries.extend_from_slice(more);
    entries.sort_by_key(|(tag, ..)| *tag);
    let mut values = data.to_vec();
    let mut directory = (entries.len() as u16).to_le_bytes().to_vec();
    for (tag, kind, bytes) in &entries {
        let size = match kind {
            3 => 2,
            4 => 4,
            _ => 1,
        };
        directory.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        directory.extend(((bytes.len() / size) as u32).to_le_bytes());
        let mut field = bytes.clone();
        if field.len() > 4 {
            field = (8 + values.len() as u32).to_le_bytes().to_vec();
            values.extend(bytes);
        }
        field.resize(4, 0);
        directory.extend(field);
    }
    directory.extend([0; 4]);
    let first = (8 + values.len() as u32).to_le_bytes();
    [&b"II*\0"[..], &first, &values, &directory].concat()
}

fn decoded(file: &[u8]) -> Decoded {
    decode(Foreign::sniff(file).unwrap(), file).unwrap()
}

#[test]
fn every_kind_of_tiff_becomes_greys_or_colours() {
    let two = [RED, BLUE].concat();
    let map = |scale: u16| {
        let level = |at: usize| [RED, BLUE].map(|colour| u16::from(colour[at]) * scale);
        shorts(320, &[level(0), level(1), level(2)].concat())
    };
    // A map is all its reds, then its greens, then its blues.
    let map_of_four =
        shorts(320, &[200, 20, 9, 9, 30, 60, 9, 9, 40, 210, 9, 9].map(|level: u16| level * 257));
    let deep: Vec<u8> = two.iter().flat_map(|level| (u16::from(*level) * 257).to_le_bytes()).collect();
    let planes = [RED[0], BLUE[0], RED[1], BLUE[1], RED[2], BLUE[2]];
    let rgb = |bytes: &[u8]| (Channels::Rgb, bytes.to_vec());
    let cases = [
        ("RGB", tiff(2, &[8; 3], 1, &two, &[]), rgb(&two)),
        ("16 bits", tiff(2, &[16; 3], 1, &deep, &[]), rgb(&two)),
        (
            "planes",
            tiff(
                2,
                &[8; 3],
                1,
                &planes,
                &[shorts(284, &[2]), shorts(273, &[8, 10, 12]), shorts(279, &[2; 3])],
            ),
            rgb(&two),
        ),
        (
            "RGB and alpha",
            tiff(2, &[8; 4], 1, &[1, 2, 3, 4, 5, 6, 7, 8], &[shorts(338, &[2])]),
            (Channels::Rgba, vec![1, 2, 3, 4, 5, 6, 7, 8]),
        ),
        ("grey", tiff(1, &[8], 1, &[7, 90], &[]), (Channels::Grey, vec![7, 90])),
        ("white is zero", tiff(0, &[8], 1, &[7, 90], &[]), (Channels::Grey, vec![248, 165])),
        ("grey of 4 bits", tiff(1, &[4], 1, &[0x3f], &[]), (Channels::Grey, vec![51, 255])),
        ("grey of 1 bit", tiff(1, &[1], 1, &[0x40], &[]), (Channels::Grey, vec![0, 255])),
        (
            "grey and alpha",
            tiff(1, &[8; 2], 1, &[7, 90, 8, 91], &[shorts(338, &[2])]),
            (Channels::GreyAlpha, vec![7, 90, 8, 91]),
        ),
        ("palette of 1 bit", tiff(3, &[1], 1, &[0x40], &[map(257)]), rgb(&two)),
        ("palette of 2 bits", tiff(3, &[2], 1, &[0x10], &[map_of_four]), rgb(&two)),
        ("palette of 8 bits", tiff(3, &[8], 1, &[0, 1], &[map(1)]), rgb(&two)),
        ("inks", tiff(5, &[8; 4], 1, &[0, 255, 255, 0, 0, 0, 0, 255], &[]), rgb(&[255, 0, 0, 0, 0, 0])),
        (
            "YCbCr",
            tiff(6, &[8; 3], 1, &[76, 85, 255, 29, 255, 107], &[shorts(530, &[1, 1])]),
            rgb(&[254, 0, 0, 0, 0, 254]),
        ),
    ];
    for (name, file, (channels, bytes)) in cases {
        let frame = decoded(&file).frame;
        assert_eq!((frame.channels, frame.pixels), (channels, Pixels::new(2, 1)), "{name}");
        assert_eq!(frame.bytes, bytes, "{name}");
    }
}

#[test]
fn jpeg_within_a_tiff_is_read() {
    let pixels: Vec<u8> = RED.repeat(16 * 8);
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 95);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.encode(&pixels, 16, 8, ColorType::Rgb).unwrap();
    let frame = decoded(&tiff(6, &[8; 3], 7, &jpeg, &[shorts(530, &[2, 2])])).frame;
    assert_eq!((frame.channels, frame.pixels), (Channels::Rgb, Pixels::new(16, 8)));
    assert!(
        frame.bytes.iter().zip(&pixels).all(|(is, was)| is.abs_diff(*was) < 6),
        "{:?}",
        &frame.bytes[..3]
    );
}

#[test]
fn profiles_are_kept_and_inks_go_through_theirs() {
    let wide = ColorProfile::new_display_p3().encode().unwrap();
    let profile = |bytes: &[u8]| (34_675, 7, bytes.to_vec()); // UNDEFINED, as everyone writes it
    let kept = decoded(&tiff(2, &[8; 3], 1, &[RED, BLUE].concat(), &[profile(&wide)]));
    assert_eq!(kept.profile.as_deref(), Some(&wide[..]));

    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/images/cmyk-profile.jpg");
    let mut jpeg = JpegDecoder::new(Cursor::new(std::fs::read(fixture).unwrap())).unwrap();
    let printers = jpeg.icc_profile().unwrap().unwrap();
    let inks = [200, 30, 40, 10, 20, 60, 210, 90];
    let through = decoded(&tiff(5, &[8; 4], 1, &inks, &[profile(&printers)]));
    assert_eq!(through.frame.bytes, cmyk::to_srgb(&inks, Some(&printers)));
    assert_ne!(through.frame.bytes, cmyk::to_srgb(&inks, None));
    assert_eq!(through.profile, None, "they are sRGB now");
    assert_eq!(through.changes, ["the printer's colours (CMYK) were converted to sRGB"]);

    // A BMP with a header of version 5, its masks of 32 bits a pixel, and its profile at the end.
    let mut header = vec![0; 124];
    header[0] = 124;
    header[4] = 2;
    header[8] = 1;
    header[12] = 1;
    header[14] = 24;
    header[56..60].copy_from_slice(b"DEBM");
    header[112..116].copy_from_slice(&(124_u32 + 8).to_le_bytes());
    header[116..120].copy_from_slice(&(wide.len() as u32).to_le_bytes());
    let length = (14 + 124 + 8 + wide.len()) as u32;
    let head = [&b"BM"[..], &length.to_le_bytes(), &[0; 4], &138_u32.to_le_bytes()].concat();
    let row = [RED[2], RED[1], RED[0], BLUE[2], BLUE[1], BLUE[0], 0, 0];
    let bmp = decoded(&[&head[..], &header, &row, &wide].concat());
    assert_eq!(bmp.frame.bytes, [RED, BLUE].concat());
    assert_eq!(bmp.profile.as_deref(), Some(&wide[..]));
}

#[test]
fn what_is_left_out_is_told_and_an_orientation_of_any_kind_is_followed() {
    let rgb = [RED, BLUE].concat();
    let deep = tiff(1, &[16], 1, &[0, 0, 255, 255], &[]);
    assert_eq!(decoded(&deep).changes, ["its 16 bits a channel became 8"]);
    for value in [(274, 4, vec![6, 0, 0, 0]), (274, 1, vec![6]), shorts(274, &[6, 1])] {
        let turned = decoded(&tiff(2, &[8; 3], 1, &rgb, std::slice::from_ref(&value)));
        assert_eq!(turned.frame.pixels, Pixels::new(1, 2), "{value:?}");
    }
    // The same directory once more, as that of a second page or of a smaller version of the first.
    for (kind, told) in [(0_u16, 1), (1, 0)] {
        let mut pages = tiff(2, &[8; 3], 1, &rgb, &[shorts(254, &[kind])]);
        let first = u32::from_le_bytes(*pages[4..].first_chunk().unwrap()) as usize;
        let second = pages[first..].to_vec();
        let end = pages.len();
        pages[end - 4..].copy_from_slice(&(end as u32).to_le_bytes());
        pages.extend(second);
        assert_eq!(decoded(&pages).changes.len(), told, "{kind}");
    }
    let mut big = Cursor::new(Vec::new());
    let mut encoder = ::tiff::encoder::TiffEncoder::new_big(&mut big).unwrap();
    encoder.write_image::<::tiff::encoder::colortype::RGB8>(2, 1, &rgb).unwrap();
    assert_eq!(decoded(&big.into_inner()).frame.bytes, rgb);
}

#[test]
fn a_kind_that_is_not_read_is_named_with_the_remedy() {
    let float = [0; 24];
    let cases = [
        (tiff(2, &[8; 3], 50_000, &[0; 6], &[]), "compressed with ZSTD"),
        (tiff(2, &[8; 3], 6, &[0; 6], &[]), "JPEG in its old form"),
        (tiff(2, &[8; 3], 999, &[0; 6], &[]), "compressed with a method that is not known"),
        (tiff(8, &[8; 3], 1, &[0; 6], &[]), "its colours are Lab"),
        (tiff(2, &[32; 3], 1, &float, &[shorts(339, &[3; 3])]), "floating point"),
        (tiff(1, &[32], 1, &float, &[]), "32 bits a channel"),
    ];
    for (file, kind) in cases {
        let problem = decode(Foreign::Tiff, &file).unwrap_err().at("images[0]").to_string();
        assert!(problem.contains(kind) && problem.contains("Convert it to PNG"), "{problem}");
    }
}
