use proptest::prelude::*;

use super::*;
use crate::codec::colour::converted;

const ROOMY: SendLimits = SendLimits { most_bytes: 50_000_000, keep_metadata: false };

fn fixture(name: &str) -> Bytes {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/images").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).into()
}

fn sent(name: &str) -> Normalised {
    normalise(fixture(name), &ROOMY).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The colours of the four quarters in sRGB, left to right and down.
fn quarters(image: &Normalised) -> Vec<[u8; 3]> {
    let info = inspect_bytes(&image.bytes).unwrap();
    assert_eq!((info.pixels, info.format), (image.pixels, image.format));
    let rows = Rows::open_with_profile(Cursor::new(&image.bytes[..]), &info).unwrap();
    assert_eq!(rows.orientation, Orientation::NoTransforms, "nothing is left to be turned");
    let profile = rows.profile.clone();
    let frame = converted(rows.frame().unwrap(), profile.as_deref(), None);
    let (step, width) = (frame.channels.count(), frame.pixels.width as usize);
    [(5, 5), (40, 5), (5, 28), (40, 28)]
        .map(|(x, y)| {
            let pixel = &frame.bytes[(y * width + x) * step..][..step];
            if step < 3 { [pixel[0]; 3] } else { [pixel[0], pixel[1], pixel[2]] }
        })
        .to_vec()
}

const COLOURS: [[u8; 3]; 4] = [[208, 32, 32], [32, 160, 64], [32, 64, 192], [240, 240, 240]];
const GREYS: [[u8; 3]; 4] = [[85; 3], [111; 3], [69; 3], [240; 3]];
const BLACK_AND_WHITE: [[u8; 3]; 4] = [[0; 3], [0; 3], [0; 3], [255; 3]];
/// What `LittleCMS` makes of the inks through the profile in the file.
const PRINTED: [[u8; 3]; 4] = [[192, 72, 59], [48, 118, 97], [71, 77, 129], [229, 225, 226]];

#[test]
fn what_fits_goes_byte_for_byte() {
    for name in ["plain.jpg", "grey.jpg", "wide.jpg"] {
        let image = sent(name);
        assert_eq!(image.bytes, fixture(name), "{name}");
        assert_eq!((image.changes.len(), image.pixels), (0, Pixels::new(48, 32)), "{name}");
        assert_eq!(image.original.as_ptr(), image.bytes.as_ptr(), "{name}: held once");
    }
}

#[test]
fn every_format_people_have_becomes_one_the_api_takes() {
    use ImageFormat::{Jpeg, Png, Webp};
    let cases = [
        ("rotated.jpg", Jpeg, "turned upright", COLOURS),
        ("wide-rotated.jpg", Jpeg, "turned upright", COLOURS),
        ("several.mpo", Jpeg, "several images in the file (MPO)", COLOURS),
        ("cmyk.jpg", Jpeg, "(CMYK) were converted to sRGB", COLOURS),
        ("ycck.jpg", Jpeg, "(CMYK) were converted to sRGB", COLOURS),
        ("cmyk-profile.jpg", Jpeg, "(CMYK) were converted to sRGB", PRINTED),
        ("deep.png", Png, "16 bits", COLOURS),
        ("interlaced.png", Png, "interlaced", COLOURS),
        ("palette.png", Png, "palette", COLOURS),
        ("one-bit.png", Png, "few greys", BLACK_AND_WHITE),
        ("animated.png", Png, "its still image", COLOURS),
        ("animated.gif", Png, "GIF its first frame", COLOURS),
        ("animated.webp", Png, "animated WebP its first frame", COLOURS),
        ("plain.bmp", Png, "the BMP image was sent as PNG", COLOURS),
        ("plain.tif", Png, "the TIFF image was sent as PNG", COLOURS),
        ("deep.tif", Png, "the TIFF image was sent as PNG", COLOURS),
        ("wide.jpg", Jpeg, "", COLOURS),
        ("grey.jpg", Jpeg, "", GREYS),
        ("located.webp", Webp, "", COLOURS),
    ];
    for (name, format, told, colours) in cases {
        let image = sent(name);
        assert_eq!((image.format, image.pixels), (format, Pixels::new(48, 32)), "{name}");
        assert_eq!(image.original_pixels, image.pixels, "{name}");
        let near = |one: &[u8; 3], other: &[u8; 3]| one.iter().zip(other).all(|(a, b)| a.abs_diff(*b) <= 9);
        let seen = quarters(&image);
        assert!(seen.iter().zip(&colours).all(|(a, b)| near(a, b)), "{name}: {seen:?}");
        let changes = image.changes.join("; ");
        assert_eq!(changes.is_empty(), told.is_empty(), "{name}: {changes}");
        assert!(changes.contains(told), "{name}: {changes}");
        assert!(inspect_bytes(&image.original).is_ok(), "{name}");
    }
}

#[test]
fn a_wide_profile_is_kept_through_turning() {
    let image = sent("wide-rotated.jpg");
    let info = inspect_bytes(&image.bytes).unwrap();
    let profile = Rows::open_with_profile(Cursor::new(&image.bytes[..]), &info).unwrap().profile;
    assert!(profile.is_some_and(|profile| profile.len() > 200));
}

#[test]
fn places_and_serial_numbers_are_taken_out_unless_they_are_to_stay() {
    let holds = |bytes: &[u8], part: &str| memchr::memmem::find(bytes, part.as_bytes()).is_some();
    for name in ["located.jpg", "located.png", "located.webp", "rotated.jpg"] {
        let image = sent(name);
        for secret in ["SERIAL-0042", "LENS-77", "MAKERSECRET"] {
            assert!(holds(&fixture(name), secret) && !holds(&image.bytes, secret), "{name}: {secret}");
        }
        if name != "rotated.jpg" {
            assert!(
                holds(&image.bytes, "Camera Co") && image.changes.is_empty(),
                "{name}: not encoded again"
            );
            assert_eq!(image.bytes.len(), fixture(name).len(), "{name}");
            let kept = normalise(fixture(name), &SendLimits { keep_metadata: true, ..ROOMY }).unwrap();
            assert_eq!(kept.bytes, fixture(name), "{name}");
        }
    }
}

#[test]
fn what_a_png_says_of_its_colours_is_kept_when_it_is_written_anew() {
    let mut bytes = Vec::new();
    let mut info = png::Info::with_size(48, 32);
    (info.color_type, info.bit_depth) = (png::ColorType::Rgb, png::BitDepth::Sixteen);
    info.source_gamma = Some(png::ScaledFloat::new(1.0));
    let mut writer = png::Encoder::with_info(&mut bytes, info).unwrap().write_header().unwrap();
    writer.write_image_data(&[128; 48 * 32 * 6]).unwrap();
    writer.finish().unwrap();
    let image = normalise(bytes.into(), &ROOMY).unwrap();
    assert_eq!(image.bytes[24], 8);
    let seen = quarters(&image);
    assert!(seen.iter().flatten().all(|level| level.abs_diff(188) < 3), "half the light: {seen:?}");
}

#[test]
fn the_first_frame_of_an_animated_webp_is_turned_too() {
    // A chunk at the end, and its flag in VP8X (RFC 9649, section 2.7).
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let chunk = [&b"EXIF\x1a\0\0\0"[..], exif].concat();
    let mut given = [&fixture("animated.webp")[..], &chunk].concat();
    given[20] |= 0x08;
    let length = u32::try_from(given.len() - 8).unwrap();
    given[4..8].copy_from_slice(&length.to_le_bytes());
    let image = normalise(given.into(), &ROOMY).unwrap();
    assert_eq!(image.pixels, Pixels::new(32, 48));
    let told = image.changes.join("; ");
    assert!(told.contains("first frame") && told.contains("turned upright"), "{told}");
}

#[test]
fn what_cannot_be_read_is_answered_with_how_to_convert() {
    for (name, kind) in [("plain.heic", "HEIC"), ("plain.avif", "AVIF")] {
        let problem = normalise(fixture(name), &ROOMY).unwrap_err().at("images[0]").to_string();
        assert!(problem.contains(kind) && problem.contains("sips -s format jpeg"), "{name}: {problem}");
    }
}

#[test]
fn a_jpeg_of_a_kind_that_is_not_read_is_named_with_the_remedy() {
    let plain = fixture("plain.jpg").to_vec();
    let frame = plain.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    for (marker, depth, kind) in [
        (0xc9, 8, "arithmetic coding"),
        (0xca, 8, "arithmetic coding"),
        (0xc3, 8, "lossless"),
        (0xc1, 12, "more than 8 bits"),
    ] {
        let mut file = plain.clone();
        file[frame + 1] = marker;
        file[frame + 4] = depth;
        let problem = normalise(file.into(), &ROOMY).unwrap_err().at("images[0]").to_string();
        assert!(problem.contains(kind) && problem.contains("Convert it to PNG"), "{problem}");
    }
}

fn noisy(width: u32, height: u32, alpha: bool) -> Bytes {
    let mut random = 7_u32;
    let image = image::RgbaImage::from_fn(width, height, |_, _| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [a, b, c, d] = random.to_be_bytes();
        image::Rgba([a, b, c, if alpha { d } else { 255 }])
    });
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner().into()
}

#[test]
fn what_is_too_large_is_made_smaller_and_that_is_told() {
    let most = SendLimits { most_bytes: 60_000, keep_metadata: false };
    for (alpha, format) in [(false, ImageFormat::Jpeg), (true, ImageFormat::Png)] {
        let given = noisy(300, 200, alpha);
        let image = normalise(given.clone(), &most).unwrap();
        assert_eq!(image.format, format);
        assert!(image.bytes.len() <= 60_000 && image.pixels.width < 300, "{}", image.pixels);
        let ratio = f64::from(image.pixels.width) / f64::from(image.pixels.height);
        assert!((ratio - 1.5).abs() < 0.03, "{}", image.pixels);
        assert_eq!((image.original_pixels, &image.original), (Pixels::new(300, 200), &given));
        let told = image.changes.join("; ");
        assert!(told.contains(&given.len().to_string()) && told.contains("60000"), "{told}");
        assert!(told.contains(&image.pixels.to_string()), "{told}");
    }
    let none = normalise(noisy(300, 200, true), &SendLimits { most_bytes: 20, ..most });
    assert!(matches!(none, Err(CodecError::TooLarge { most: 20, .. })));
}

#[test]
fn bombs_liars_and_fragments_are_refused_with_words() {
    let bmp_of = |width: u32, height: u32| {
        let mut bytes = fixture("plain.bmp").to_vec();
        bytes[18..22].copy_from_slice(&width.to_le_bytes());
        bytes[22..26].copy_from_slice(&height.to_le_bytes());
        bytes
    };
    let png_of = |width: u32, height: u32| {
        let mut bytes = fixture("interlaced.png").to_vec();
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        bytes
    };
    // Little-endian entries: tag 256 is the width, 257 the height, one short or long each.
    let tiff_of = |edge: u32| {
        let mut bytes = fixture("plain.tif").to_vec();
        for tag in [256_u16, 257] {
            let entries = bytes.windows(8).position(|entry| {
                entry[..2] == tag.to_le_bytes() && matches!(entry[2..8], [3 | 4, 0, 1, 0, 0, 0])
            });
            let at = entries.unwrap();
            bytes[at + 2] = 4;
            bytes[at + 8..at + 12].copy_from_slice(&edge.to_le_bytes());
        }
        bytes
    };
    let cut = |name: &str| fixture(name)[..fixture(name).len() * 2 / 3].to_vec();
    let gif_of = |edge: u16| {
        let mut bytes = fixture("animated.gif").to_vec();
        bytes[6..10].copy_from_slice(&[edge.to_le_bytes(), edge.to_le_bytes()].concat());
        bytes
    };
    let cases: [(&str, Vec<u8>, &str); 15] = [
        ("a TIFF bomb", tiff_of(30_000), "TIFF image cannot be decoded"),
        ("a BMP bomb", bmp_of(30_000, 30_000), "at most 100 million"),
        ("a PNG bomb", png_of(30_000, 30_000), "at most 100 million"),
        ("a long PNG", png_of(40_000, 10), "32,768"),
        ("a GIF bomb", gif_of(30_000), "at most 100 million"),
        ("a cut JPEG", cut("rotated.jpg"), "cut short"),
        ("a cut PNG", cut("interlaced.png"), "cut short"),
        ("a cut GIF", cut("animated.gif"), "cut short"),
        ("a cut WebP", cut("animated.webp"), "cut short"),
        ("a cut BMP", cut("plain.bmp"), "BMP image cannot be decoded"),
        ("a cut TIFF", cut("plain.tif"), "TIFF image cannot be decoded"),
        (
            "an SVG",
            b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(),
            "an SVG drawing",
        ),
        ("a page", b"<!doctype html><title>404</title>".to_vec(), "an HTML page"),
        (
            "text that begins as a BMP",
            b"BMW is a maker of cars, and this is a note about one.".to_vec(),
            "looks like",
        ),
        ("nothing", Vec::new(), "an empty file"),
    ];
    for (what, bytes, said) in cases {
        let refused = normalise(bytes.into(), &ROOMY).map(|_| ()).unwrap_err().at("image").to_string();
        assert!(refused.contains(said), "{what}: {refused}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn damaged_files_never_panic(
        name in prop::sample::select(vec![
            "located.jpg", "rotated.jpg", "several.mpo", "cmyk-profile.jpg", "ycck.jpg", "deep.png", "palette.png", "animated.png",
            "animated.gif", "animated.webp", "plain.bmp", "plain.tif", "deep.tif",
        ]),
        changes in prop::collection::vec((0..1500_usize, any::<u8>()), 1..6),
    ) {
        let mut bytes = fixture(name).to_vec();
        for (at, value) in changes {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        let _ = normalise(bytes.into(), &ROOMY);
    }
}
