use std::io::Cursor;

use image::{DynamicImage, GenericImageView, ImageFormat as Codec};
use proptest::prelude::*;

use super::*;
use crate::codec::inspect::inspect_bytes;

fn file(image: &DynamicImage, codec: Codec) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, codec).unwrap();
    bytes.into_inner()
}

fn preview(source: &[u8], budget: &PreviewBudget) -> Result<Preview, CodecError> {
    make(Cursor::new(source), &inspect_bytes(source)?, budget)
}

/// Checks that a preview is what it says and within its budget, and decodes it.
fn opened(preview: &Preview, budget: &PreviewBudget) -> DynamicImage {
    let info = inspect_bytes(&preview.bytes).unwrap();
    assert_eq!((info.format, info.pixels), (preview.format, preview.pixels));
    assert!(info.pixels.long_edge() <= budget.long_edge, "{}", info.pixels);
    let base64 = preview.bytes.len().div_ceil(3) * 4;
    assert!(base64 <= budget.base64_bytes, "{base64} > {}", budget.base64_bytes);
    image::load_from_memory(&preview.bytes).unwrap()
}

/// Red, green, blue and white quarters.
fn quarters(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageRgba8(image::ImageBuffer::from_fn(width, height, |x, y| {
        image::Rgba(match (x < width / 2, y < height / 2) {
            (true, true) => [220, 30, 30, 255],
            (false, true) => [30, 200, 30, 255],
            (true, false) => [30, 30, 220, 255],
            (false, false) => [250, 250, 250, 255],
        })
    }))
}

fn noise(width: u32, height: u32) -> image::RgbaImage {
    let mut state = 1_u32;
    image::ImageBuffer::from_fn(width, height, |_, _| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        image::Rgba(state.to_le_bytes())
    })
}

fn assert_near(pixel: image::Rgba<u8>, expected: [u8; 3], context: &str) {
    for (got, wanted) in pixel.0.into_iter().zip(expected) {
        assert!(got.abs_diff(wanted) <= 6, "{context}: {pixel:?} instead of {expected:?}");
    }
}

fn assert_quarters(image: &DynamicImage, context: &str) {
    let (width, height) = image.dimensions();
    assert_near(image.get_pixel(width / 4, height / 4), [220, 30, 30], context);
    assert_near(image.get_pixel(width * 3 / 4, height / 4), [30, 200, 30], context);
    assert_near(image.get_pixel(width / 4, height * 3 / 4), [30, 30, 220], context);
    assert_near(image.get_pixel(width * 3 / 4, height * 3 / 4), [250, 250, 250], context);
}

/// The image as an interlaced PNG, which no encoder here writes: the seven passes of the
/// PNG specification, section 8, filtered by nothing.
fn interlaced(image: &image::RgbImage) -> Vec<u8> {
    const PASSES: [(u32, u32, u32, u32); 7] =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
    let (width, height) = image.dimensions();
    let mut data = Vec::new();
    for (left, top, right, down) in PASSES {
        for y in (top..height).step_by(down as usize) {
            data.push(0);
            for x in (left..width).step_by(right as usize) {
                data.extend(image.get_pixel(x, y).0);
            }
        }
    }
    let mut deflated = vec![0x78, 0x01];
    let mut blocks = data.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        deflated.push(u8::from(blocks.peek().is_none()));
        let length = u16::try_from(block.len()).unwrap();
        deflated.extend(length.to_le_bytes());
        deflated.extend((!length).to_le_bytes());
        deflated.extend(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in &data {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    deflated.extend((b << 16 | a).to_be_bytes());

    let mut bytes = Vec::new();
    let info = {
        let mut info = png::Info::with_size(width, height);
        info.color_type = png::ColorType::Rgb;
        info.interlaced = true;
        info
    };
    let mut writer = png::Encoder::with_info(&mut bytes, info).unwrap();
    writer.validate_sequence(false);
    let mut writer = writer.write_header().unwrap();
    writer.write_chunk(png::chunk::IDAT, &deflated).unwrap();
    writer.finish().unwrap();
    bytes
}

fn indexed(depth: png::BitDepth) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 64, 64);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(depth);
    encoder.set_palette(vec![220, 30, 30, 30, 200, 30, 30, 30, 220, 250, 250, 250]);
    let pixels: Vec<u8> = (0..64 * 64).map(|i| u8::from(i % 64 >= 32) + 2 * u8::from(i >= 32 * 64)).collect();
    let bits = depth as u8;
    let packed: Vec<u8> = pixels
        .chunks(8 / usize::from(bits))
        .map(|group| group.iter().fold(0, |packed: u8, index| packed.unbounded_shl(bits.into()) | index))
        .collect();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&packed).unwrap();
    writer.finish().unwrap();
    bytes
}

const SMALL: PreviewBudget = PreviewBudget { long_edge: 32, base64_bytes: 20_000 };

#[test]
fn every_kind_of_source_is_shown_in_its_colours() {
    let image = quarters(64, 64);
    let rgb = DynamicImage::ImageRgb8(image.to_rgb8());
    let sources = [
        ("RGB PNG", file(&rgb, Codec::Png)),
        ("RGBA PNG", file(&image, Codec::Png)),
        ("16-bit PNG", file(&DynamicImage::ImageRgb16(image.to_rgb16()), Codec::Png)),
        ("16-bit RGBA PNG", file(&DynamicImage::ImageRgba16(image.to_rgba16()), Codec::Png)),
        ("palette PNG, 8 bits", indexed(png::BitDepth::Eight)),
        ("palette PNG, 2 bits", indexed(png::BitDepth::Two)),
        ("interlaced PNG", interlaced(&image.to_rgb8())),
        ("JPEG", file(&rgb, Codec::Jpeg)),
        ("WebP", file(&rgb, Codec::WebP)),
        ("WebP with alpha", file(&image, Codec::WebP)),
    ];
    for (name, source) in sources {
        let made = preview(&source, &SMALL).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((made.format, made.pixels), (ImageFormat::Jpeg, Pixels::new(32, 32)), "{name}");
        assert_quarters(&opened(&made, &SMALL), name);
    }
}

#[test]
fn grey_stays_grey() {
    let grey = DynamicImage::ImageLuma8(quarters(64, 64).to_luma8());
    for (image, name) in [
        (DynamicImage::ImageLumaA8(grey.to_luma_alpha8()), "with alpha"),
        (DynamicImage::ImageLuma16(grey.to_luma16()), "16 bits"),
        (grey, "8 bits"),
    ] {
        let made = preview(&file(&image, Codec::Png), &SMALL).unwrap();
        assert_eq!(opened(&made, &SMALL).color(), image::ColorType::L8, "{name}");
    }
}

#[test]
fn transparency_makes_a_png() {
    let mut image = quarters(64, 48).to_rgba8();
    for pixel in image.pixels_mut().take(64 * 12) {
        pixel.0[3] = 0;
    }
    let image = DynamicImage::ImageRgba8(image);
    for codec in [Codec::Png, Codec::WebP] {
        let made = preview(&file(&image, codec), &SMALL).unwrap();
        assert_eq!((made.format, made.pixels), (ImageFormat::Png, Pixels::new(32, 24)), "{codec:?}");
        let shown = opened(&made, &SMALL);
        assert_eq!(shown.get_pixel(20, 2).0, [0, 0, 0, 0]);
        assert_eq!(shown.get_pixel(20, 8).0, [30, 200, 30, 255]);
    }
}

#[test]
fn a_source_within_the_budget_is_shown_as_it_is() {
    let image = quarters(32, 20);
    for codec in [Codec::Png, Codec::WebP] {
        let source = file(&image, codec);
        let made = preview(&source, &SMALL).unwrap();
        assert_eq!((made.bytes, made.pixels), (source, Pixels::new(32, 20)));
    }
    let source = file(&image, Codec::Png);
    let exact = PreviewBudget { long_edge: 32, base64_bytes: source.len().div_ceil(3) * 4 };
    assert_eq!(preview(&source, &exact).unwrap().format, ImageFormat::Png);
    let noise = file(&DynamicImage::ImageRgb8(DynamicImage::from(noise(32, 20)).to_rgb8()), Codec::Png);
    let tight = PreviewBudget { long_edge: 32, base64_bytes: noise.len() };
    let made = preview(&noise, &tight).unwrap();
    assert_eq!(made.pixels, Pixels::new(32, 20), "as JPEG the same pixels fit");
    opened(&made, &tight);
}

#[test]
fn noise_fits_in_any_budget() {
    let noise = DynamicImage::from(noise(480, 270));
    let sources = [file(&noise, Codec::Png), file(&DynamicImage::ImageRgb8(noise.to_rgb8()), Codec::Png)];
    for source in sources {
        let mut edges = Vec::new();
        for base64_bytes in [1_500, 5_000, 20_001, 60_000, 700_000] {
            let budget = PreviewBudget { long_edge: 320, base64_bytes };
            let made = preview(&source, &budget).unwrap();
            opened(&made, &budget);
            edges.push(made.pixels.long_edge());
        }
        assert!(edges.is_sorted() && edges.first() < edges.last(), "{edges:?}");
        assert_eq!(edges.last(), Some(&320));
    }
}

#[test]
fn a_budget_for_nothing_is_refused() {
    let source = file(&quarters(8, 8), Codec::Png);
    let fault = preview(&source, &PreviewBudget { long_edge: 32, base64_bytes: 40 }).unwrap_err();
    assert!(matches!(fault, CodecError::TooLarge { most: 30, .. }), "{fault}");
}

#[test]
fn the_shape_is_kept_down_to_one_pixel() {
    let cases = [
        ((3840, 2160), 1568, (1568, 882)),
        ((2160, 3840), 1568, (882, 1568)),
        ((100, 50), 1568, (100, 50)),
        ((32_768, 1), 1568, (1568, 1)),
        ((5, 3), 1, (1, 1)),
        ((5, 3), 0, (1, 1)),
    ];
    for ((width, height), edge, (to_width, to_height)) in cases {
        let fitted = fit(Pixels::new(width, height), edge);
        assert_eq!(fitted, Pixels::new(to_width, to_height), "{width}x{height} to {edge}");
    }
    let line = file(&DynamicImage::new_rgb8(3000, 1), Codec::Png);
    let made = preview(&line, &SMALL).unwrap();
    assert_eq!(made.pixels, Pixels::new(32, 1));
}

#[test]
fn a_photo_is_turned_as_its_camera_was_held() {
    // TIFF header, one entry: orientation (0x112), short, 1, 6: turn right to see it upright.
    let exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let image = quarters(80, 40).to_rgb8();
    let mut source = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut source, 90);
    encoder.add_exif_metadata(exif).unwrap();
    encoder.encode(image.as_raw(), 80, 40, jpeg_encoder::ColorType::Rgb).unwrap();
    let made = preview(&source, &SMALL).unwrap();
    assert_eq!(made.pixels, Pixels::new(16, 32));
    let shown = opened(&made, &SMALL);
    assert_near(shown.get_pixel(12, 8), [220, 30, 30], "the left upper quarter is now right");
    assert_near(shown.get_pixel(4, 8), [30, 30, 220], "the left lower quarter is now left above");
}

#[test]
fn broken_sources_are_refused_not_shown_in_part() {
    let source = file(&DynamicImage::from(noise(200, 200)), Codec::Png);
    let info = inspect_bytes(&source).unwrap();
    for tenth in 1..10 {
        let cut = &source[..source.len() * tenth / 10];
        let fault = make(Cursor::new(cut), &info, &SMALL).unwrap_err();
        assert!(matches!(fault, CodecError::CutShort(ImageFormat::Png)), "{tenth}: {fault}");
    }
    let mut damaged = source;
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x10;
    let fault = preview(&damaged, &SMALL).unwrap_err();
    assert!(matches!(fault, CodecError::Undecodable(ImageFormat::Png, _)), "{fault}");
}

#[test]
fn an_image_that_is_not_the_one_described_is_refused() {
    let source = file(&quarters(64, 64), Codec::Png);
    let other = inspect_bytes(&file(&quarters(64, 63), Codec::Png)).unwrap();
    let fault = make(Cursor::new(&source), &other, &SMALL).unwrap_err();
    assert!(matches!(fault, CodecError::Undecodable(..)), "{fault}");
}

#[test]
fn of_a_gif_that_is_too_large_to_show_the_first_frame_is_shown() {
    let gif = b"GIF89a\x40\0\x40\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    let shown = preview(gif, &SMALL).unwrap();
    assert_eq!((shown.format, shown.pixels), (ImageFormat::Png, Pixels::new(32, 32)));
}

proptest! {
    #[test]
    fn damaged_sources_never_panic(
        codec in prop::sample::select(vec![Codec::Png, Codec::Jpeg, Codec::WebP]),
        changes in prop::collection::vec((0..3000usize, any::<u8>()), 1..8),
    ) {
        let image = DynamicImage::ImageRgb8(DynamicImage::from(noise(40, 20)).to_rgb8());
        let mut source = file(&image, codec);
        for (at, byte) in changes {
            let at = at % source.len();
            source[at] = byte;
        }
        if let Ok(made) = preview(&source, &SMALL) {
            prop_assert!(made.pixels.long_edge() <= SMALL.long_edge);
        }
    }
}
