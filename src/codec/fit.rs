//! Makes images smaller by averaging areas, row by row as they arrive.
//!
//! Pure. Holds one row of sums and the small image, never the large one. Does not enlarge.
//! Colour is weighted by alpha, so that what cannot be seen does not tint what can.

use crate::domain::Pixels;

/// How the bytes of a row make pixels; 8 bits each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channels {
    Grey,
    GreyAlpha,
    Rgb,
    Rgba,
}

impl Channels {
    /// Bytes of a pixel.
    pub(super) const fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }

    /// Whether the last byte of a pixel is its alpha.
    pub(super) const fn has_alpha(self) -> bool {
        matches!(self, Self::GreyAlpha | Self::Rgba)
    }
}

/// An image in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) pixels: Pixels,
    pub(super) channels: Channels,
    /// Rows from the top, without padding.
    pub(super) bytes: Vec<u8>,
}

impl Frame {
    /// The same image with at most `to` pixels on either edge.
    pub(super) fn shrunk(&self, to: Pixels) -> Self {
        let mut shrinker = Shrinker::new(self.pixels, to, self.channels);
        for row in self.bytes.chunks_exact(shrinker.row_bytes()) {
            shrinker.push(row);
        }
        shrinker.finish()
    }

    /// Drops an alpha channel that says opaque everywhere.
    pub(super) fn without_idle_alpha(self) -> Self {
        let (channels, step) = match self.channels {
            Channels::GreyAlpha => (Channels::Grey, 2),
            Channels::Rgba => (Channels::Rgb, 4),
            Channels::Grey | Channels::Rgb => return self,
        };
        let pixels = self.bytes.chunks_exact(step);
        if pixels.clone().any(|pixel| pixel.last() != Some(&u8::MAX)) {
            return self;
        }
        let bytes = pixels.flat_map(|pixel| pixel.iter().take(step - 1)).copied().collect();
        Self { channels, bytes, ..self }
    }
}

/// One column of the small image: the columns of the large one that it covers, in part
/// or whole.
#[derive(Debug)]
struct Span {
    start: usize,
    /// The share each covered column has in the average; they add up to one.
    shares: Vec<f32>,
}

/// Takes the rows of a large image and gives the small one.
#[derive(Debug)]
pub(super) struct Shrinker {
    from: Pixels,
    to: Pixels,
    channels: Channels,
    columns: Vec<Span>,
    /// The weighted sum, so far, of the rows that the next row of the small image covers.
    sums: Vec<f32>,
    rows: u32,
    bytes: Vec<u8>,
}

impl Shrinker {
    /// From one size to another; edges longer than `from`'s become `from`'s.
    pub(super) fn new(from: Pixels, to: Pixels, channels: Channels) -> Self {
        let to = Pixels::new(to.width.clamp(1, from.width), to.height.clamp(1, from.height));
        let row = from.width as usize * channels.count();
        Self {
            from,
            to,
            channels,
            columns: (0..to.width).map(|column| span(column, from.width, to.width)).collect(),
            sums: vec![0.0; row],
            rows: 0,
            bytes: Vec::with_capacity(to.width as usize * to.height as usize * channels.count()),
        }
    }

    /// The bytes of a row, as [`Self::push`] takes them.
    pub(super) fn row_bytes(&self) -> usize {
        self.sums.len()
    }

    /// Takes the next row from the top.
    pub(super) fn push(&mut self, row: &[u8]) {
        let (large, small) = (u64::from(self.from.height), u64::from(self.to.height));
        let y = u64::from(self.rows);
        self.rows += 1;
        // Both images are measured in `large * small` units: a row of the large one is
        // `small` units high, a row of the small one `large`.
        let (top, bottom) = (y * small, (y + 1) * small);
        let boundary = (top / large + 1) * large;
        self.add(row, share(bottom.min(boundary) - top, large));
        if bottom >= boundary {
            self.emit();
            if bottom > boundary {
                self.add(row, share(bottom - boundary, large));
            }
        }
    }

    /// The small image; rows that never came are black, or transparent.
    pub(super) fn finish(mut self) -> Frame {
        self.bytes.resize(self.to.width as usize * self.to.height as usize * self.channels.count(), 0);
        Frame { pixels: self.to, channels: self.channels, bytes: self.bytes }
    }

    fn add(&mut self, row: &[u8], share: f32) {
        match self.channels {
            Channels::Grey | Channels::Rgb => {
                for (sum, byte) in self.sums.iter_mut().zip(row) {
                    *sum += f32::from(*byte) * share;
                }
            }
            Channels::GreyAlpha => add_by_alpha::<2>(&mut self.sums, row, share),
            Channels::Rgba => add_by_alpha::<4>(&mut self.sums, row, share),
        }
    }

    /// Turns the sums into a row of the small image, and begins the next.
    fn emit(&mut self) {
        match self.channels {
            Channels::Grey => self.emit_columns(|[grey]: [f32; 1]| [byte(grey)]),
            Channels::Rgb => self.emit_columns(|pixel: [f32; 3]| pixel.map(byte)),
            Channels::GreyAlpha => self.emit_columns(straight::<2>),
            Channels::Rgba => self.emit_columns(straight::<4>),
        }
        self.sums.fill(0.0);
    }

    fn emit_columns<const N: usize>(&mut self, finish: impl Fn([f32; N]) -> [u8; N]) {
        let (pixels, _) = self.sums.as_chunks::<N>();
        for column in &self.columns {
            let mut total = [0.0; N];
            for (pixel, share) in pixels.iter().skip(column.start).zip(&column.shares) {
                for (total, sum) in total.iter_mut().zip(pixel) {
                    *total += sum * share;
                }
            }
            self.bytes.extend_from_slice(&finish(total));
        }
    }
}

/// Adds pixels whose last channel is alpha; the colour channels are multiplied by it, and
/// alpha itself by 255, to be on the same scale.
fn add_by_alpha<const N: usize>(sums: &mut [f32], row: &[u8], share: f32) {
    let (sums, _) = sums.as_chunks_mut::<N>();
    let (pixels, _) = row.as_chunks::<N>();
    for (sums, pixel) in sums.iter_mut().zip(pixels) {
        let weight = f32::from(pixel.last().copied().unwrap_or(0)) * share;
        let mut values = pixel.map(f32::from);
        if let Some(alpha) = values.last_mut() {
            *alpha = 255.0;
        }
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += value * weight;
        }
    }
}

/// Undoes [`add_by_alpha`].
fn straight<const N: usize>(pixel: [f32; N]) -> [u8; N] {
    let alpha = pixel.last().copied().unwrap_or(0.0) / 255.0;
    if byte(alpha) == 0 {
        return [0; N];
    }
    let mut bytes = pixel.map(|value| byte(value / alpha));
    if let Some(last) = bytes.last_mut() {
        *last = byte(alpha);
    }
    bytes
}

/// Which columns of the large image a column of the small one covers.
fn span(column: u32, large: u32, small: u32) -> Span {
    let (column, large, small) = (u64::from(column), u64::from(large), u64::from(small));
    // Measured in units of which a column of the large image has `small`.
    let (left, right) = (column * large, (column + 1) * large);
    let (first, end) = (left / small, right.div_ceil(small));
    let shares = (first..end)
        .map(|covered| share(right.min((covered + 1) * small) - left.max(covered * small), large))
        .collect();
    Span { start: usize::try_from(first).unwrap_or(usize::MAX), shares }
}

#[expect(clippy::cast_precision_loss, reason = "edges are at most 32,768, which f32 holds exactly")]
fn share(part: u64, whole: u64) -> f32 {
    part as f32 / whole as f32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn byte(value: f32) -> u8 {
    (value + 0.5) as u8
}

#[cfg(test)]
mod tests;
