//! An image with the part that is to be repainted drawn over it, to look at before paying.

use std::io::Cursor;

use super::CodecError;
use super::decode::Rows;
use super::fit::{Channels, Frame, Shrinker};
use super::inspect::inspect_bytes;
use super::mask::Marks;
use super::preview::{Preview, PreviewBudget, fit, within};
use super::resize::{Kernel, resized};
use crate::domain::Pixels;

/// The tint of the part: a colour that photos seldom have.
const TINT: [u8; 3] = [255, 0, 160];

/// How much of the tint is laid over the part, of 255.
const STRENGTH: u16 = 110;

/// Shows the marks over the image they belong to, as a JPEG within the budget. Takes tens of
/// milliseconds: not for an async task.
///
/// # Errors
/// What reading the image says.
pub fn overlay(original: &[u8], marks: &Marks, budget: &PreviewBudget) -> Result<Preview, CodecError> {
    let info = inspect_bytes(original)?;
    let rows = Rows::open(Cursor::new(original), &info)?;
    let orientation = rows.orientation;
    let mut shrinker = Shrinker::new(info.pixels, fit(info.pixels, budget.long_edge), rows.channels);
    rows.for_each(|row| shrinker.push(row))?;
    let frame = shrinker.finish().upright(orientation, &info)?.on_white();
    let whole = Frame { pixels: marks.pixels, channels: Channels::Grey, bytes: marks.bytes.clone() };
    let marks = resized(whole, frame.pixels, Kernel::Linear)?;
    within(drawn_over(frame, &marks.bytes), budget.bytes())
}

/// Tints what is marked, as much as it is, and draws its outline: white, with black beside it.
fn drawn_over(mut frame: Frame, marks: &[u8]) -> Frame {
    let Pixels { width, height } = frame.pixels;
    let (width, height) = (width as usize, height as usize);
    let inside = |x: usize, y: usize| marks.get(y * width + x).is_some_and(|mark| *mark > 127);
    // How far a pixel is from the outline, up to the line's breadth.
    let breadth = (width.max(height) / 700).max(1);
    let (pixels, _) = frame.bytes.as_chunks_mut::<3>();
    for (at, (pixel, mark)) in pixels.iter_mut().zip(marks).enumerate() {
        let (x, y) = (at % width.max(1), at / width.max(1));
        let here = inside(x, y);
        let crosses = |reach: usize| {
            let (left, up) = (x.saturating_sub(reach), y.saturating_sub(reach));
            let (right, down) = ((x + reach).min(width - 1), (y + reach).min(height - 1));
            [(left, y), (right, y), (x, up), (x, down)].into_iter().any(|(x, y)| inside(x, y) != here)
        };
        if crosses(breadth) {
            *pixel = if here { [255; 3] } else { [0; 3] };
            continue;
        }
        let strength = u16::from(*mark) * STRENGTH / 255;
        for (value, tint) in pixel.iter_mut().zip(TINT) {
            let mixed = u16::from(*value) * (255 - strength) + u16::from(tint) * strength;
            *value = u8::try_from((mixed + 127) / 255).unwrap_or(u8::MAX);
        }
    }
    frame
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat as Codec, Rgb, RgbImage};

    use super::*;
    use crate::codec::{Extent, Region, Regions, Units};

    #[test]
    fn the_part_is_tinted_and_outlined_and_the_rest_is_as_it_was() {
        let mut original = Cursor::new(Vec::new());
        RgbImage::from_pixel(400, 300, Rgb([90, 140, 90])).write_to(&mut original, Codec::Png).unwrap();
        let shape = Region::Box(Extent { x: 0.25, y: 0.25, width: 0.5, height: 0.5 });
        let regions = Regions { shapes: vec![shape], units: Units::Fraction };
        let marks = Marks::of_regions(&regions, Pixels::new(400, 300)).unwrap();
        let budget = PreviewBudget { long_edge: 200, base64_bytes: 100_000 };
        let shown = overlay(original.get_ref(), &marks, &budget).unwrap();
        assert_eq!(shown.pixels, Pixels::new(200, 150));
        let shown = image::load_from_memory(&shown.bytes).unwrap().to_rgb8();
        let at = |x, y| shown.get_pixel(x, y).0;
        let near = |one: [u8; 3], other: [u8; 3]| one.iter().zip(other).all(|(a, b)| a.abs_diff(b) < 16);
        assert!(near(at(20, 20), [90, 140, 90]), "{:?}", at(20, 20));
        assert!(near(at(100, 75), [161, 80, 120]), "{:?}", at(100, 75));
        let across: Vec<u8> = (45..56).map(|x| at(x, 75)[1]).collect();
        assert!(across.iter().max() > Some(&200) && across.iter().min() < Some(&60), "{across:?}");
    }
}
