//! Small images, drawn here and encoded by libraries: nothing in them is ours.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

fn gradient(width: u32, height: u32, seed: u8) -> DynamicImage {
    let shade = |position: u32, of: u32| u8::try_from(position * 255 / of).unwrap();
    RgbImage::from_fn(width, height, |x, y| Rgb([shade(x, width), shade(y, height), seed])).into()
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A PNG; another seed makes another image.
pub fn png(width: u32, height: u32, seed: u8) -> Vec<u8> {
    encoded(&gradient(width, height, seed), ImageFormat::Png)
}

pub fn jpeg(width: u32, height: u32, seed: u8) -> Vec<u8> {
    encoded(&gradient(width, height, seed), ImageFormat::Jpeg)
}

pub fn webp(width: u32, height: u32, seed: u8) -> Vec<u8> {
    encoded(&gradient(width, height, seed), ImageFormat::WebP)
}

/// A PNG of at least so many bytes: its rows are stored and not compressed.
pub fn large_png(bytes: usize) -> Vec<u8> {
    let width = 2_000;
    let height = u32::try_from(bytes / (3 * width as usize) + 1).unwrap();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::NoCompression);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&vec![90; (width * height * 3) as usize]).unwrap();
    writer.finish().unwrap();
    file
}

/// A mask whose left half is transparent.
pub fn alpha_mask(width: u32, height: u32) -> Vec<u8> {
    let mask = RgbaImage::from_fn(width, height, |x, _| Rgba([0, 0, 0, if x < width / 2 { 0 } else { 255 }]));
    encoded(&mask.into(), ImageFormat::Png)
}

/// A mask whose left half is white, the rest black.
pub fn white_mask(width: u32, height: u32) -> Vec<u8> {
    let mask = RgbImage::from_fn(width, height, |x, _| Rgb([if x < width / 2 { 255 } else { 0 }; 3]));
    encoded(&mask.into(), ImageFormat::Png)
}

/// Width and height of an image.
pub fn pixels_of(bytes: &[u8]) -> (u32, u32) {
    let image = image::load_from_memory(bytes).unwrap();
    (image.width(), image.height())
}

/// A file of `tests/fixtures/images`, as people have them.
pub fn photo(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/images").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
