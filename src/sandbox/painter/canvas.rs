//! A rectangle of pixels and the few strokes the painter needs.
//!
//! Rows are filled whole wherever a row has one colour, because a 4K picture has eight million
//! pixels and the sandbox must be quick even in a build without optimisation.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "pixel arithmetic on edges of at most a few thousand"
)]

use image::RgbaImage;

/// Red, green, blue, alpha; alpha 255 is opaque.
pub(super) type Rgba = [u8; 4];

/// An opaque colour from `0xRRGGBB`.
pub(super) const fn rgb(hex: u32) -> Rgba {
    let [_, red, green, blue] = hex.to_be_bytes();
    [red, green, blue, 255]
}

/// From one colour (`share` 0) to another (`share` 1).
pub(super) fn mix(from: Rgba, to: Rgba, share: f32) -> Rgba {
    let weight = (share.clamp(0.0, 1.0) * 256.0) as i32;
    let channel =
        |from: u8, to: u8| (i32::from(from) + (((i32::from(to) - i32::from(from)) * weight) >> 8)) as u8;
    let ([r, g, b, _], [to_r, to_g, to_b, _]) = (from, to);
    [channel(r, to_r), channel(g, to_g), channel(b, to_b), 255]
}

/// Pixels, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sandbox) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<Rgba>,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![rgb(0); width * height] }
    }

    pub(super) fn from_image(image: &RgbaImage) -> Self {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let (pixels, _) = image.as_raw().as_chunks::<4>();
        Self { width, height, pixels: pixels.to_vec() }
    }

    pub(in crate::sandbox) const fn width(&self) -> usize {
        self.width
    }

    pub(in crate::sandbox) const fn height(&self) -> usize {
        self.height
    }

    /// All bytes, red first.
    pub(in crate::sandbox) fn bytes(&self) -> &[u8] {
        self.pixels.as_flattened()
    }

    /// The shorter edge, the measure of everything drawn.
    pub(super) fn short_edge(&self) -> f32 {
        self.width.min(self.height) as f32
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &[Rgba]> {
        self.pixels.chunks_exact(self.width.max(1))
    }

    pub(super) fn rows_mut(&mut self) -> impl Iterator<Item = &mut [Rgba]> {
        self.pixels.chunks_exact_mut(self.width.max(1))
    }

    /// Each pixel of the box (clipped to the canvas) is covered by `colour` as far as `cover`
    /// says, 0 to 1, for the middle of the pixel.
    pub(super) fn cover(
        &mut self,
        (left, top, right, bottom): (f32, f32, f32, f32),
        colour: Rgba,
        cover: impl Fn(f32, f32) -> f32,
    ) {
        let columns = (left.max(0.0) as usize, (right.max(0.0).ceil() as usize).min(self.width));
        let rows = (top.max(0.0) as usize, (bottom.max(0.0).ceil() as usize).min(self.height));
        for (y, row) in self.rows_mut().enumerate().take(rows.1).skip(rows.0) {
            let Some(span) = row.get_mut(columns.0..columns.1) else { return };
            for (x, pixel) in span.iter_mut().enumerate() {
                let share = cover((x + columns.0) as f32 + 0.5, y as f32 + 0.5);
                if share > 0.0 {
                    *pixel = mix(*pixel, colour, share);
                }
            }
        }
    }

    /// A disc with a soft edge of one pixel.
    pub(super) fn disc(&mut self, (x, y): (f32, f32), radius: f32, colour: Rgba, opacity: f32) {
        self.cover(
            (x - radius - 1.0, y - radius - 1.0, x + radius + 1.0, y + radius + 1.0),
            colour,
            |px, py| (radius + 0.5 - (px - x).hypot(py - y)).clamp(0.0, 1.0) * opacity,
        );
    }

    /// A bar with round ends.
    pub(super) fn pill(&mut self, (x, y): (f32, f32), length: f32, radius: f32, colour: Rgba, opacity: f32) {
        let half = (length / 2.0 - radius).max(0.0);
        let reach = half + radius + 1.0;
        self.cover((x - reach, y - radius - 1.0, x + reach, y + radius + 1.0), colour, |px, py| {
            let along = ((px - x).abs() - half).max(0.0);
            (radius + 0.5 - along.hypot(py - y)).clamp(0.0, 1.0) * opacity
        });
    }

    /// A rectangle with sharp edges.
    pub(super) fn rectangle(
        &mut self,
        (left, top): (f32, f32),
        size: (f32, f32),
        colour: Rgba,
        opacity: f32,
    ) {
        let (right, bottom) = (left + size.0, top + size.1);
        self.cover((left, top, right, bottom), colour, |x, y| {
            let inside = x >= left && x <= right && y >= top && y <= bottom;
            if inside { opacity } else { 0.0 }
        });
    }

    /// A polygon whose corners turn one way (convex), with a soft edge of one pixel.
    pub(super) fn convex(&mut self, corners: &[(f32, f32)], colour: Rgba) {
        let fold = |start: f32, pick: fn(f32, f32) -> f32, axis: fn(&(f32, f32)) -> f32| {
            corners.iter().map(axis).fold(start, pick)
        };
        let bounds = (
            fold(f32::MAX, f32::min, |corner| corner.0) - 1.0,
            fold(f32::MAX, f32::min, |corner| corner.1) - 1.0,
            fold(f32::MIN, f32::max, |corner| corner.0) + 1.0,
            fold(f32::MIN, f32::max, |corner| corner.1) + 1.0,
        );
        let edges: Vec<_> = corners.iter().zip(corners.iter().cycle().skip(1)).collect();
        let area: f32 = edges.iter().map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum();
        self.cover(bounds, colour, |x, y| {
            edges.iter().fold(1.0_f32, |share, (a, b)| {
                let (dx, dy) = (b.0 - a.0, b.1 - a.1);
                let inwards = (dx * (y - a.1) - dy * (x - a.0)) * area.signum() / dx.hypot(dy).max(1e-3);
                share.min(inwards + 0.5)
            })
        });
    }

    /// A straight stroke.
    pub(super) fn stroke(&mut self, from: (f32, f32), to: (f32, f32), thickness: f32, colour: Rgba) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy).max(1e-3);
        let (across_x, across_y) = (-dy / length * thickness / 2.0, dx / length * thickness / 2.0);
        let corners = [
            (from.0 + across_x, from.1 + across_y),
            (to.0 + across_x, to.1 + across_y),
            (to.0 - across_x, to.1 - across_y),
            (from.0 - across_x, from.1 - across_y),
        ];
        self.convex(&corners, colour);
    }

    /// Lays `picture` on the canvas with its top left corner at a place.
    pub(super) fn paste(&mut self, picture: &Self, (left, top): (usize, usize)) {
        for (row, source) in self.rows_mut().skip(top).zip(picture.rows()) {
            for (pixel, colour) in row.iter_mut().skip(left).zip(source) {
                *pixel = mix(*pixel, *colour, f32::from(colour[3]) / 255.0);
            }
        }
    }

    /// The same picture in blocks: each pixel stands for `block` by `block`.
    pub(super) fn enlarged(&self, block: usize, width: usize, height: usize) -> Self {
        let mut pixels = Vec::with_capacity(width * height);
        let mut wide = Vec::with_capacity(width);
        for (index, row) in self.rows().enumerate() {
            wide.clear();
            for colour in row {
                wide.extend(std::iter::repeat_n(*colour, block.min(width - wide.len())));
            }
            for _ in 0..block.min(height.saturating_sub(index * block)) {
                pixels.extend_from_slice(&wide);
            }
        }
        Self { width, height, pixels }
    }
}
