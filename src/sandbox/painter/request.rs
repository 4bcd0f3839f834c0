//! What is to be painted, and how references and a mask enter the picture.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "pixel arithmetic"
)]

use image::DynamicImage;
use image::imageops::FilterType;

use super::canvas::{Canvas, Rgba, mix, rgb};
use super::caption::caption;
use super::choices::Choices;
use super::scene::{land, sky};
use super::subject::subject;
use crate::domain::Pixels;

/// How finely a picture is painted, coarsest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sandbox) enum Detail {
    /// In visible blocks.
    Coarse,
    /// Smooth.
    Plain,
    /// Smooth, with more to see and the grain of paper, which also makes a large file, as real
    /// ones are.
    Fine,
}

impl Detail {
    const fn layers(self) -> usize {
        match self {
            Self::Coarse => 3,
            Self::Plain => 4,
            Self::Fine => 6,
        }
    }
}

/// One picture to paint.
#[derive(Debug)]
pub(in crate::sandbox) struct Commission<'a> {
    /// What decides the picture and is lettered on it.
    pub prompt: &'a str,
    /// The size, each edge at least 1.
    pub size: Pixels,
    /// How finely.
    pub detail: Detail,
    /// Whether the background is cut away.
    pub transparent: bool,
    /// Pictures that go in: the first becomes the backdrop, the others lie on it framed.
    pub references: &'a [DynamicImage],
    /// Where its alpha is 0 the first reference is painted anew, where it is 255 it stays.
    pub mask: Option<&'a DynamicImage>,
    /// Tells the pictures of one request apart.
    pub variation: u32,
}

impl Commission<'_> {
    /// Paints it. The same commission is the same canvas, always.
    pub(in crate::sandbox) fn paint(&self) -> Canvas {
        match (self.references.split_first(), self.mask) {
            (Some((first, _)), Some(mask)) => self.repainted(first, mask),
            (Some((first, others)), None) => {
                self.finished(self.in_blocks(|size| self.edit(first, others, size)))
            }
            (None, _) => self.finished(self.in_blocks(|size| self.scene(size))),
        }
    }

    /// A picture painted at its size, or for coarse detail smaller and then scaled up.
    fn in_blocks(&self, paint: impl FnOnce(Pixels) -> Canvas) -> Canvas {
        let Pixels { width, height } = self.size;
        let block = if self.detail == Detail::Coarse { (width.min(height) / 150).max(2) } else { 1 };
        let canvas = paint(Pixels::new(width.div_ceil(block), height.div_ceil(block)));
        if block == 1 { canvas } else { canvas.enlarged(block as usize, width as usize, height as usize) }
    }

    /// The landscape that the prompt stands for.
    fn scene(&self, size: Pixels) -> Canvas {
        let mut canvas = Canvas::new(size.width as usize, size.height as usize);
        let mut choices = Choices::of(self.prompt, self.variation);
        let sun = sky(&mut canvas, &mut choices);
        land(&mut canvas, &mut choices, sun, self.detail.layers());
        subject(&mut canvas, &mut choices, sun);
        canvas
    }

    /// The first reference, tinted, as the sky; before it the land and subject of the prompt; on
    /// it the other references.
    fn edit(&self, first: &DynamicImage, others: &[DynamicImage], size: Pixels) -> Canvas {
        let mut canvas = Canvas::from_image(&covering(first, size).into_rgba8());
        let mut choices = Choices::of(self.prompt, self.variation);
        let (tint, strength) = (choices.palette.zenith, if choices.palette.night { 0.5 } else { 0.2 });
        for row in canvas.rows_mut() {
            for pixel in row {
                let opaque = mix(choices.palette.horizon, *pixel, f32::from(pixel[3]) / 255.0);
                *pixel = mix(opaque, tint, strength);
            }
        }
        // As if the sun stood at the right, so that the subject comes to the left, off the prints.
        let sun = (canvas.width() as f32 * 0.7, 0.0);
        land(&mut canvas, &mut choices, sun, self.detail.layers());
        subject(&mut canvas, &mut choices, sun);
        prints(&mut canvas, others);
        canvas
    }

    /// Grain, caption and, where asked for, the background cut away.
    fn finished(&self, mut canvas: Canvas) -> Canvas {
        if self.detail == Detail::Fine {
            grain(&mut canvas);
        }
        let choices = Choices::of(self.prompt, self.variation);
        let short = canvas.short_edge();
        let inset = if self.transparent { (short * 0.14) as usize } else { 0 };
        caption(&mut canvas, self.prompt, choices.accent, inset);
        if self.transparent {
            cut_out(&mut canvas);
        }
        canvas
    }

    /// The first reference, painted anew where the mask is transparent and nowhere else, unless
    /// the prompt asks for the manner of real models, for which a mask is a hint.
    fn repainted(&self, first: &DynamicImage, mask: &DynamicImage) -> Canvas {
        let Pixels { width, height } = self.size;
        let fitted = |image: &DynamicImage, filter| {
            if (image.width(), image.height()) == (width, height) {
                image.to_rgba8()
            } else {
                image.resize_exact(width, height, filter).into_rgba8()
            }
        };
        let mut canvas = Canvas::from_image(&fitted(first, FilterType::Triangle));
        if self.prompt.to_lowercase().contains(LOOSELY) {
            canvas = drifted(&canvas, Choices::of(self.prompt, self.variation).palette.horizon);
        }
        let mask = Canvas::from_image(&fitted(mask, FilterType::Nearest));
        let Some((left, top, right, bottom)) = opening(&mask) else { return canvas };
        let size = Pixels::new((right - left) as u32, (bottom - top) as u32);
        let scene = Commission { references: &[], mask: None, transparent: false, size, ..*self }.paint();
        for ((row, mask), new) in canvas.rows_mut().zip(mask.rows()).skip(top).zip(scene.rows()) {
            for ((pixel, [.., alpha]), colour) in row.iter_mut().zip(mask).skip(left).zip(new) {
                if *alpha < 255 {
                    *pixel = mix(*pixel, *colour, 1.0 - f32::from(*alpha) / 255.0);
                }
            }
        }
        canvas
    }
}

/// A word in the prompt of an inpainting: outside the mask, too, the picture is tinted and moved.
const LOOSELY: &str = "loosely";

/// The picture moved right and down by a few pixels and tinted.
fn drifted(canvas: &Canvas, tint: Rgba) -> Canvas {
    let (right, down) = (5, 3);
    let mut moved = canvas.clone();
    let rows: Vec<_> = canvas.rows().collect();
    for (y, row) in moved.rows_mut().enumerate() {
        let Some(from) = rows.get(y.saturating_sub(down)) else { continue };
        for (x, pixel) in row.iter_mut().enumerate() {
            if let Some(colour) = from.get(x.saturating_sub(right)) {
                *pixel = mix(*colour, tint, 0.15);
            }
        }
    }
    moved
}

/// The picture scaled and cropped to fill a size.
fn covering(image: &DynamicImage, size: Pixels) -> DynamicImage {
    if (image.width(), image.height()) == (size.width, size.height) {
        return image.clone();
    }
    image.resize_to_fill(size.width, size.height, FilterType::Triangle)
}

/// The box that holds every pixel a mask opens: left, top, right, bottom, the last two outside.
fn opening(mask: &Canvas) -> Option<(usize, usize, usize, usize)> {
    let mut bounds: Option<(usize, usize, usize, usize)> = None;
    for (y, row) in mask.rows().enumerate() {
        let open = |pixel: &Rgba| pixel[3] < 255;
        let (Some(from), Some(to)) = (row.iter().position(open), row.iter().rposition(open)) else {
            continue;
        };
        let (left, top, right, _) = bounds.unwrap_or((from, y, to + 1, y));
        bounds = Some((left.min(from), top, right.max(to + 1), y + 1));
    }
    bounds
}

/// Lays the other references along the top as framed prints, in rows of four.
fn prints(canvas: &mut Canvas, others: &[DynamicImage]) {
    let short = canvas.short_edge();
    let cell = short * if others.len() > 4 { 0.15 } else { 0.24 };
    let (gap, frame) = (short * 0.025, (short * 0.007).max(1.0));
    for (index, image) in others.iter().enumerate() {
        let print = image.thumbnail(cell as u32, cell as u32);
        let (wide, tall) = (print.width() as f32, print.height() as f32);
        let (column, line) = ((index % 4) as f32, (index / 4) as f32);
        let left =
            (canvas.width() as f32 - (column + 1.0) * (cell + gap) + (cell - wide) / 2.0).max(0.0).round();
        let top = (gap + line * (cell + gap) + (cell - tall) / 2.0).round();
        let outer = (wide + 2.0 * frame, tall + 2.0 * frame);
        canvas.rectangle((left - frame + gap * 0.15, top - frame + gap * 0.25), outer, rgb(0), 0.28);
        canvas.rectangle((left - frame, top - frame), outer, rgb(0xFF_FDF8), 1.0);
        canvas.paste(&Canvas::from_image(&print.into_rgba8()), (left as usize, top as usize));
    }
}

/// Keeps a round-cornered shield in the middle and makes the rest transparent.
fn cut_out(canvas: &mut Canvas) {
    let (width, height, short) = (canvas.width() as f32, canvas.height() as f32, canvas.short_edge());
    let (margin, corner) = (short * 0.07, short * 0.28);
    let (half_width, half_height) = (width / 2.0 - margin - corner, height / 2.0 - margin - corner);
    for (y, row) in canvas.rows_mut().enumerate() {
        let down = ((y as f32 + 0.5 - height / 2.0).abs() - half_height).max(0.0);
        for (x, pixel) in row.iter_mut().enumerate() {
            let along = ((x as f32 + 0.5 - width / 2.0).abs() - half_width).max(0.0);
            let inside = (corner + 0.5 - along.hypot(down)).clamp(0.0, 1.0);
            *pixel =
                if inside > 0.0 { [pixel[0], pixel[1], pixel[2], (inside * 255.0) as u8] } else { [0; 4] };
        }
    }
}

/// A little noise in every pixel, the same in every picture.
fn grain(canvas: &mut Canvas) {
    let mut noise = 0x9E37_79B9_u32;
    for row in canvas.rows_mut() {
        for [red, green, blue, _] in row {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [_, _, _, high] = noise.to_le_bytes();
            // Up to four levels darker: a subtraction that stops at black needs no other check.
            let shade = high >> 6;
            *red = red.saturating_sub(shade);
            *green = green.saturating_sub(shade);
            *blue = blue.saturating_sub(shade);
        }
    }
}
