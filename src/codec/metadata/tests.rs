use std::io::Cursor;

use image::{DynamicImage, ImageEncoder as _, ImageFormat as Codec, Rgb, RgbImage};
use proptest::prelude::*;

use super::*;

const SECRETS: [&[u8]; 3] = [b"SERIAL-0042", b"LENS-77", b"MAKERSECRET"];

/// EXIF as a camera writes it: make, orientation, date, a lens, serial numbers, a place.
fn exif(big: bool) -> Vec<u8> {
    let n16 = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let n32 = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&n16(tag)[..], &n16(kind), &n32(count), &value].concat()
    };
    let short = |value: u16| [&n16(value)[..], &[0, 0]].concat().try_into().unwrap();
    let (make, serial, lens, note): (&[u8], &[u8], &[u8], &[u8]) =
        (b"Camera Co\0", b"SERIAL-0042\0", b"LENS-77\0", b"MAKERSECRET");
    // Header 8, IFD0 2+4*12+4, Exif 2+4*12+4, GPS 2+2*12+4, then values.
    let (ifd0, exif) = (8, 8 + 54);
    let gps = exif + 54;
    let values = gps + 30;
    let at = |before: &[&[u8]]| n32(values + before.iter().map(|part| part.len() as u32).sum::<u32>());
    let degrees: Vec<u8> = [48, 1, 51, 1, 30, 1].into_iter().flat_map(n32).collect();
    [
        if big { &b"MM\0*"[..] } else { &b"II*\0"[..] },
        &n32(ifd0),
        &n16(4),
        &entry(0x010f, 2, make.len() as u32, at(&[])),
        &entry(0x0112, 3, 1, short(6)),
        &entry(0x8769, 4, 1, n32(exif)),
        &entry(0x8825, 4, 1, n32(gps)),
        &n32(0),
        &n16(4),
        &entry(0x927c, 7, note.len() as u32, at(&[make])),
        &entry(0xa002, 4, 1, n32(4000)),
        &entry(0xa431, 2, serial.len() as u32, at(&[make, note])),
        &entry(0xa435, 2, lens.len() as u32, at(&[make, note, serial])),
        &n32(0),
        &n16(2),
        &entry(1, 2, 2, *b"N\0\0\0"),
        &entry(2, 5, 3, at(&[make, note, serial, lens])),
        &n32(0),
        make,
        note,
        serial,
        lens,
        &degrees,
    ]
    .concat()
}

fn image() -> DynamicImage {
    RgbImage::from_fn(32, 24, |x, y| Rgb([x as u8 * 8, y as u8 * 10, 90])).into()
}

fn plain(codec: Codec) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image().write_to(&mut bytes, codec).unwrap();
    bytes.into_inner()
}

fn jpeg_with(segments: &[(u8, &[u8])]) -> Vec<u8> {
    let plain = plain(Codec::Jpeg);
    let mut bytes = plain[..2].to_vec();
    for (marker, data) in segments {
        bytes.extend([0xff, *marker]);
        bytes.extend((data.len() as u16 + 2).to_be_bytes());
        bytes.extend(*data);
    }
    bytes.extend(&plain[2..]);
    bytes
}

fn with_exif(format: ImageFormat, exif: &[u8]) -> Vec<u8> {
    match format {
        ImageFormat::Jpeg => jpeg_with(&[(0xe1, &[b"Exif\0\0", exif].concat())]),
        ImageFormat::Webp => {
            let mut bytes = Vec::new();
            let mut encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut bytes);
            encoder.set_exif_metadata(exif.to_vec()).unwrap();
            encoder.write_image(image().as_bytes(), 32, 24, image::ExtendedColorType::Rgb8).unwrap();
            bytes
        }
        _ => {
            let mut bytes = Vec::new();
            let mut encoder = ::png::Encoder::new(&mut bytes, 32, 24);
            encoder.set_color(::png::ColorType::Rgb);
            let mut writer = encoder.write_header().unwrap();
            writer.write_chunk(::png::chunk::eXIf, exif).unwrap();
            writer.write_image_data(image().as_bytes()).unwrap();
            writer.finish().unwrap();
            bytes
        }
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}

#[test]
fn places_and_serial_numbers_go_and_all_else_stays_in_its_place() {
    let degrees: Vec<u8> = [48_u32, 1, 51, 1, 30, 1].into_iter().flat_map(u32::to_le_bytes).collect();
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Webp] {
        for big in [false, true] {
            let given = with_exif(format, &exif(big));
            for secret in SECRETS {
                assert!(holds(&given, secret), "{format}");
            }
            let sent = without_private(&given, format).unwrap();
            assert_eq!(sent.len(), given.len(), "{format}: nothing moved");
            for secret in SECRETS.into_iter().chain([&degrees[..]]) {
                assert!(!holds(&sent, secret), "{format}, big {big}: {}", String::from_utf8_lossy(secret));
            }
            assert!(holds(&sent, b"Camera Co"), "{format}");
            let before = image::load_from_memory(&given).unwrap();
            assert_eq!(image::load_from_memory(&sent).unwrap(), before, "{format}: the same pixels");
            let mut scrubbed = exif(big);
            assert!(super::exif::scrub(&mut scrubbed));
            assert_eq!(super::exif::orientation(&scrubbed), Some(image::metadata::Orientation::Rotate90));
            assert!(!super::exif::scrub(&mut scrubbed), "nothing is left to take out");
            assert_eq!(without_private(&sent, format), None, "{format}: nothing is left to take out");
        }
    }
}

#[test]
fn files_that_say_nothing_private_are_left_alone() {
    let harmless = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    for (format, codec) in
        [(ImageFormat::Jpeg, Codec::Jpeg), (ImageFormat::Png, Codec::Png), (ImageFormat::Webp, Codec::WebP)]
    {
        assert_eq!(without_private(&plain(codec), format), None, "{format}");
        assert_eq!(without_private(&with_exif(format, harmless), format), None, "{format}");
    }
}

#[test]
fn xmp_iptc_and_appended_videos_go_where_they_name_a_place() {
    let xmp = |words: &str| [b"http://ns.adobe.com/xap/1.0/\0", words.as_bytes()].concat();
    let more = b"http://ns.adobe.com/xmp/extension/\0depth".to_vec();
    let iptc = |tag: u8| {
        [b"Photoshop 3.0\0", &b"8BIM\x04\x04\0\0\0\0\0\x0a\x1c\x02"[..], &[tag], b"\0\x05Paris"].concat()
    };
    let wide = |words: &str| words.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    let wide = [b"http://ns.adobe.com/xap/1.0/\0", &wide("exif:GPSLatitude=\"48,51N\"")[..]].concat();
    let cut = iptc(0x5a);
    let (head, tail) = cut.split_at(cut.len() - 8);
    let tail = [b"Photoshop 3.0\0", tail].concat();
    let cases = [
        (vec![(0xe1, xmp("exif:GPSLatitude=\"48,51N\"")), (0xe1, more.clone())], &b"48,51N"[..]),
        (vec![(0xe1, xmp("drone-dji:GpsLongtitude=\"+11.76\""))], b"+11.76"),
        (vec![(0xe1, xmp("Iptc4xmpCore:CountryCode=\"DEU\""))], b"DEU"),
        (vec![(0xe1, xmp("exif:ImageUniqueID=\"00ff\""))], b"00ff"),
        (vec![(0xe1, xmp("prism:location=\"Dachau\""))], b"Dachau"),
        (vec![(0xe1, wide)], b"\x004\08\0,\x005\x001\0N"),
        (vec![(0xe1, xmp("aux:SerialNumber=\"0042\""))], b"0042"),
        (vec![(0xe1, more.clone())], b"depth"),
        (vec![(0xe1, b"Exif\0\0GPS that another segment began".to_vec())], b"another segment"),
        (vec![(0xe5, b"lens serial 0042".to_vec())], b"0042"),
        (vec![(0xfe, b"GPS 48.12345".to_vec())], b"48.12345"),
        (vec![(0xed, iptc(0x5a))], b"Paris"),
        (vec![(0xed, iptc(0x1b))], b"Paris"),
        (vec![(0xed, iptc(0x64))], b"Paris"),
        (vec![(0xed, head.to_vec()), (0xed, tail)], b"Paris"),
        (vec![(0xed, b"Photoshop 3.0\x008BIM\x04\x24\0\0<x:xmpmeta>".to_vec())], b"xmpmeta"),
    ];
    for (segments, secret) in cases {
        let segments: Vec<(u8, &[u8])> = segments.iter().map(|(marker, data)| (*marker, &data[..])).collect();
        let given = jpeg_with(&segments);
        let sent = without_private(&given, ImageFormat::Jpeg).unwrap();
        assert!(holds(&given, secret) && !holds(&sent, secret));
        assert_eq!(sent, plain(Codec::Jpeg));
    }
    let kept = jpeg_with(&[(0xe1, &xmp("dc:title")), (0xed, &iptc(0x69)), (0xfe, b"a kite")]);
    assert_eq!(without_private(&kept, ImageFormat::Jpeg), None);
    let motion = [plain(Codec::Jpeg), b"\0\0\0\x18ftypmp42 +48.85+002.35/".to_vec()].concat();
    assert_eq!(without_private(&motion, ImageFormat::Jpeg), Some(plain(Codec::Jpeg)));
    let padded = [plain(Codec::Jpeg), vec![0; 512]].concat();
    assert_eq!(without_private(&padded, ImageFormat::Jpeg), None);
}

#[test]
fn text_in_a_png_that_holds_exif_or_a_place_goes() {
    let with_text = |keyword: &str, text: &str| {
        let mut bytes = Vec::new();
        let mut encoder = ::png::Encoder::new(&mut bytes, 32, 24);
        encoder.set_color(::png::ColorType::Rgb);
        encoder.add_itxt_chunk(keyword.to_owned(), text.to_owned()).unwrap();
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(image().as_bytes()).unwrap();
        writer.finish().unwrap();
        bytes
    };
    let cases = [
        ("Raw profile type exif", "45786966", true),
        ("XML:com.adobe.xmp", "<exif:GPSLatitude>48,51N", true),
        ("XML:com.adobe.xmp", "<dc:title>Kite", false),
        ("Comment", "GPS 48.12345", true),
        ("Location", "Munich", true),
        ("exif:Flash", "16", true),
        ("Comment", "a kite", false),
    ];
    for (keyword, text, goes) in cases {
        let given = with_text(keyword, text);
        let sent = without_private(&given, ImageFormat::Png);
        assert_eq!(sent.is_some(), goes, "{keyword}: {text}");
        if let Some(sent) = sent {
            assert!(!holds(&sent, text.as_bytes()));
            assert_eq!(image::load_from_memory(&sent).unwrap(), image());
        }
    }
}

#[test]
fn exif_between_scans_and_in_a_preview_goes_too_and_no_loop_of_directories_hides_any() {
    let exif = exif(false);
    let app1 = |exif: &[u8]| {
        let length = u16::try_from(exif.len() + 8).unwrap().to_be_bytes();
        [&[0xff, 0xe1][..], &length, b"Exif\0\0", exif].concat()
    };
    let pixels = image().into_bytes();
    let mut progressive = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut progressive, 75);
    encoder.set_progressive(true);
    encoder.encode(&pixels, 32, 24, jpeg_encoder::ColorType::Rgb).unwrap();
    let table = memchr::memmem::rfind(&progressive, &[0xff, 0xda]).unwrap();
    let between = [&progressive[..table], &app1(&exif), &progressive[table..]].concat();

    let mut loops = exif.clone();
    loops[8 + 2 + 48..][..4].copy_from_slice(&8_u32.to_le_bytes());

    // After the first directory another, of a preview.
    let preview = jpeg_with(&[(0xe1, &app1(&exif)[4..])]);
    let at = exif.len() as u32;
    let mut previewed = exif.clone();
    previewed[8 + 2 + 48..][..4].copy_from_slice(&at.to_le_bytes());
    let long =
        |tag: u16, value: u32| [&tag.to_le_bytes()[..], &[4, 0, 1, 0, 0, 0], &value.to_le_bytes()].concat();
    previewed.extend(2_u16.to_le_bytes());
    previewed.extend([long(0x0201, at + 30), long(0x0202, preview.len() as u32)].concat());
    previewed.extend([0; 4]);
    previewed.extend(&preview);

    let with_loop = with_exif(ImageFormat::Jpeg, &loops);
    let with_preview = with_exif(ImageFormat::Jpeg, &previewed);
    for (name, given) in [("scans", between), ("loop", with_loop), ("preview", with_preview)] {
        let sent = without_private(&given, ImageFormat::Jpeg).expect(name);
        for secret in SECRETS {
            assert!(holds(&given, secret) && !holds(&sent, secret), "{name}");
        }
        assert_eq!(
            image::load_from_memory(&sent).unwrap(),
            image::load_from_memory(&given).unwrap(),
            "{name}"
        );
        assert_eq!(without_private(&sent, ImageFormat::Jpeg), None, "{name}");
    }

    // A chain of directories that is longer than any is overwritten whole.
    let mut chain = b"II*\0\x08\0\0\0".to_vec();
    for link in 1..100_u32 {
        chain.extend([0, 0]);
        chain.extend((8 + link * 6).to_le_bytes());
    }
    chain.extend(&exif);
    assert!(super::exif::scrub(&mut chain) && chain.iter().all(|byte| *byte == 0));
}

#[test]
fn an_orientation_counts_however_it_is_stored_and_the_first_of_two() {
    use image::metadata::Orientation::{FlipHorizontal, NoTransforms, Rotate90, Rotate270};
    // Kind and count, then the value as it stands in the entry.
    let stored = |kind: u8, count: u8, value: [u8; 4]| {
        let entry = [0x12, 1, kind, 0, count, 0, 0, 0];
        [&b"II*\0\x08\0\0\0\x01\0"[..], &entry, &value, &[0; 4]].concat()
    };
    let cases = [
        (stored(3, 1, [6, 0, 0, 0]), Rotate90),
        (stored(4, 1, [6, 0, 0, 0]), Rotate90),
        (stored(1, 1, [8, 0, 0, 0]), Rotate270),
        (stored(3, 2, [6, 0, 1, 0]), Rotate90),
        (stored(3, 1, [9, 0, 0, 0]), NoTransforms),
        (stored(2, 1, [6, 0, 0, 0]), NoTransforms),
        (stored(3, 0, [6, 0, 0, 0]), NoTransforms),
    ];
    let read = |bytes: &[u8], format| super::orientation(&mut Cursor::new(bytes), format);
    for (exif, expected) in &cases {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Webp] {
            assert_eq!(read(&with_exif(format, exif), format), *expected, "{format}: {exif:?}");
        }
    }
    let app1 = |value: u8| [b"Exif\0\0", &stored(3, 1, [value, 0, 0, 0])[..]].concat();
    let twice = jpeg_with(&[(0xe0, b"JFIF\0"), (0xe1, &app1(2)), (0xe1, &app1(6))]);
    assert_eq!(read(&twice, ImageFormat::Jpeg), FlipHorizontal);
    let png = with_exif(ImageFormat::Png, &cases[0].0);
    let (at, end) = (memchr::memmem::find(&png, b"eXIf").unwrap() - 4, png.len() - 12);
    let length = cases[0].0.len() + 12;
    let after_data = [&png[..at], &png[at + length..end], &png[at..at + length], &png[end..]].concat();
    assert_eq!(read(&after_data, ImageFormat::Png), NoTransforms, "as for libvips");
    for (format, bytes) in [(ImageFormat::Jpeg, twice), (ImageFormat::Png, png)] {
        for end in 0..bytes.len() {
            read(&bytes[..end], format);
        }
    }
}

#[test]
fn of_several_images_in_one_file_the_first_is_left_whole() {
    let mpf = jpeg_with(&[(0xe2, b"MPF\0II*\0\x08\0\0\0\0\0"), (0xfe, b"kept")]);
    let given = [mpf, plain(Codec::Jpeg)].concat();
    let file = JpegFile::read(&given).unwrap();
    assert!(file.holds_several() && file.components == 3 && !file.is_adobes());
    assert_eq!(without_further_images(&file), jpeg_with(&[(0xfe, b"kept")]));
}

proptest! {
    #[test]
    fn damaged_files_never_panic(
        format in prop::sample::select(vec![ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Webp]),
        changes in prop::collection::vec((0..600_usize, any::<u8>()), 1..8),
        big in any::<bool>(),
    ) {
        let mut bytes = with_exif(format, &exif(big));
        for (at, value) in changes {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        let _ = without_private(&bytes, format);
    }
}
