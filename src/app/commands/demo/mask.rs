//! A mask as an agent would draw one: an ellipse to be repainted, with a soft edge.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write as _};
use std::path::Path;

/// The ellipse: middle and half axes, as shares of the image.
const MIDDLE: (f64, f64) = (0.71, 0.29);
const HALF_AXES: (f64, f64) = (0.25, 0.26);
/// The grey of what is kept; only the alpha means anything.
const KEPT: u8 = 128;
/// How far the soft edge reaches inwards, as a share of the way to the middle.
const SOFT: f64 = 0.06;

/// Draws the mask for an image of this size into a new file in `folder`; its name.
///
/// # Errors
/// What the system says where the file cannot be written.
pub(super) fn draw(folder: &Path, width: u32, height: u32) -> Result<String, String> {
    let (name, file) = new_file(folder)?;
    let written = write(BufWriter::new(file), width, height);
    written.map(|()| name).map_err(|error| format!("the mask cannot be written: {error}"))
}

fn new_file(folder: &Path) -> Result<(String, File), String> {
    let mut number = 1_u32;
    loop {
        let name = if number == 1 { "mask.png".to_owned() } else { format!("mask-{number}.png") };
        match File::create_new(folder.join(&name)) {
            Ok(file) => return Ok((name, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(format!("the mask {name} cannot be written: {error}")),
        }
    }
}

fn write(file: BufWriter<File>, width: u32, height: u32) -> Result<(), png::EncodingError> {
    let mut encoder = png::Encoder::new(file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    let mut rows = writer.stream_writer()?;
    let mut row = Vec::new();
    for y in 0..height {
        row.clear();
        row.extend((0..width).flat_map(|x| [KEPT, KEPT, KEPT, alpha(share(x, width), share(y, height))]));
        rows.write_all(&row)?;
    }
    rows.finish()?;
    writer.finish()
}

/// The middle of a pixel, as a share of the edge.
fn share(pixel: u32, edge: u32) -> f64 {
    (f64::from(pixel) + 0.5) / f64::from(edge)
}

/// 0 where it is to be repainted, 255 where it is kept.
fn alpha(x: f64, y: f64) -> u8 {
    let out = ((x - MIDDLE.0) / HALF_AXES.0).hypot((y - MIDDLE.1) / HALF_AXES.1);
    let kept = ((out - (1.0 - SOFT)) / SOFT).clamp(0.0, 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 255")]
    let alpha = (kept * 255.0).round() as u8;
    alpha
}
