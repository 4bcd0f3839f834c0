//! What the server does to images, as a program that can be timed and whose memory can be
//! measured beside `vips`. `bench/pictures` runs it.
//!
//! A JPEG says that it lies on its side, and has its colours in FULL or QUARTER resolution.
//!
//!     bench_images draw FILE WIDTH HEIGHT [FULL|QUARTER]     an image like a photo, PNG or JPEG by the name
//!     bench_images preserve ORIGINAL RAW RESULT         an ellipse as a mask, feathered; the original put back around it
//!     bench_images normalise GIVEN SENT                 turned upright, as it would be sent

use std::error::Error;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use gpt_image_mcp::codec::{
    Extent, Form, Marks, MaskForm, Region, Regions, SendLimits, Units, normalise, preserve,
};
use gpt_image_mcp::domain::Pixels;
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

/// EXIF that says: to be turned by a quarter.
const TURNED: &[u8] = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["draw", file, width, height, rest @ ..] => {
            draw(Path::new(file), width.parse()?, height.parse()?, rest == ["QUARTER"])
        }
        ["preserve", original, raw, result] => put_back(original, raw, result),
        ["normalise", given, sent] => {
            let limits = SendLimits { most_bytes: 50_000_000, keep_metadata: false };
            let image = normalise(fs::read(given)?.into(), &limits)?;
            Ok(fs::write(sent, &image.bytes)?)
        }
        _ => Err("draw, preserve or normalise".into()),
    }
}

fn put_back(original: &str, raw: &str, result: &str) -> Result<(), Box<dyn Error>> {
    let original = fs::read(original)?;
    let pixels = gpt_image_mcp::codec::inspect_bytes(&original)?.pixels;
    let (width, height) = (f64::from(pixels.width), f64::from(pixels.height));
    let extent = Extent { x: width * 0.3, y: height * 0.25, width: width * 0.4, height: height * 0.5 };
    let regions = Regions { shapes: vec![Region::Ellipse(extent)], units: Units::Pixels };
    let marks =
        Marks::of_regions(&regions, pixels).map_err(|problems| format!("{problems:?}"))?.feathered(32);
    let mask = marks.file(MaskForm::TransparentRepaints, pixels)?;
    fs::write(format!("{result}.mask.png"), &mask)?;
    let (bytes, changed) = preserve(&original, &marks, File::open(raw)?, Form::default())?;
    fs::write(result, bytes)?;
    assert_eq!(changed.pixels, Pixels::new(pixels.width, pixels.height));
    Ok(())
}

/// Waves, blobs and grain: about as hard to compress as a photo.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 255")]
fn draw(file: &Path, width: u32, height: u32, quarter: bool) -> Result<(), Box<dyn Error>> {
    let mut random = 1_u32;
    let mut bytes = Vec::with_capacity(width as usize * height as usize * 3);
    for y in 0..height {
        for x in 0..width {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = f64::from(random >> 24) / 16.0;
            let (x, y) = (f64::from(x), f64::from(y));
            let wave = (x / 97.0).sin() * (y / 61.0).cos();
            let shade = |by: f64| (120.0 + 80.0 * (wave + by).sin() + grain).clamp(0.0, 255.0) as u8;
            bytes.extend([shade(0.0), shade(1.0), shade(2.0)]);
        }
    }
    if file.extension().is_some_and(|ending| ending == "jpg") {
        let mut photo = Vec::new();
        let mut encoder = Encoder::new(&mut photo, 92);
        encoder.set_sampling_factor(if quarter { SamplingFactor::F_2_2 } else { SamplingFactor::F_1_1 });
        encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
        encoder.add_exif_metadata(TURNED)?;
        encoder.encode(&bytes, u16::try_from(width)?, u16::try_from(height)?, ColorType::Rgb)?;
        fs::write(file, photo)?;
    } else {
        let to = BufWriter::new(File::create(file)?);
        let mut encoder = png::Encoder::new(to, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header()?.write_image_data(&bytes)?;
    }
    Ok(())
}
