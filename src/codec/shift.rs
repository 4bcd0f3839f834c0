//! Whether an image is another moved aside as a whole.
//!
//! Pure. Looks for the offset at which one of two images explains the other best, coarsely
//! first and then in ever finer steps, where they should be equal.

/// How light each pixel is, of those that count.
#[derive(Debug)]
pub(super) struct Plane {
    width: usize,
    light: Vec<u8>,
}

/// In place of the light of a pixel that does not count.
const NONE: u8 = u8::MAX;

/// How many steps are tried in each direction on the coarsest plane.
const REACH: isize = 8;

/// The coarsest plane is about this many pixels long.
const COARSE: usize = 96;

/// So many pixels are compared on a plane, however large it is.
const SAMPLES: usize = 60_000;

/// Where less than this is unexplained, in steps of 255, nothing has moved.
const LEAST_DIFFERENCE: f64 = 2.0;

/// A true shift explains at least this part of it.
const EXPLAINED: f64 = 0.4;

impl Plane {
    /// A plane of rows as they come, each as wide as this.
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, light: Vec::with_capacity(width * height) }
    }

    /// The next pixel, left to right and down.
    pub(super) fn push(&mut self, light: u8, counts: bool) {
        self.light.push(if counts { light.min(NONE - 1) } else { NONE });
    }

    fn height(&self) -> usize {
        self.light.len() / self.width.max(1)
    }

    /// Half as wide and high; a pixel counts where all four of its parts do.
    fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height() / 2);
        let mut half = Self::new(width, height);
        let rows: Vec<_> = self.light.chunks_exact(self.width).collect();
        for pair in rows.chunks_exact(2) {
            let [upper, lower] = pair else { continue };
            for (upper, lower) in upper.chunks_exact(2).zip(lower.chunks_exact(2)) {
                let parts = upper.iter().chain(lower);
                let sum: u16 = parts.clone().map(|light| u16::from(*light)).sum();
                let counts = parts.clone().all(|light| *light != NONE);
                half.push(u8::try_from((sum + 2) / 4).unwrap_or(NONE), counts);
            }
        }
        half
    }

    /// How much of what is seen here is not what `other`, moved back by this offset, shows in
    /// whatever tint and contrast: the standard deviation of the rest, in steps of 255. `None`
    /// where too little is left to compare, or nothing to be seen.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "counts of samples"
    )]
    fn unexplained(&self, other: &Self, (dx, dy): (isize, isize)) -> Option<f64> {
        let (width, height) = (self.width.cast_signed(), self.height().cast_signed());
        // An odd step does not fall in with patterns.
        let step = (((self.light.len() / SAMPLES) as f64).sqrt().ceil().max(1.0) as usize) | 1;
        let mut sums = Sums::default();
        for y in (dy.min(0).abs()..height - dy.max(0)).step_by(step) {
            for x in (dx.min(0).abs()..width - dx.max(0)).step_by(step) {
                let (at, there) = (y * width + x, (y + dy) * width + x + dx);
                let (at, there) = (at.cast_unsigned(), there.cast_unsigned());
                let (Some(ours), Some(theirs)) = (self.light.get(at), other.light.get(there)) else {
                    continue;
                };
                if *ours != NONE && *theirs != NONE {
                    sums.add(u64::from(*ours), u64::from(*theirs));
                }
            }
        }
        sums.unexplained()
    }

    /// The best of the offsets around one, at most so many steps away.
    fn best_around(
        &self,
        other: &Self,
        (x, y): (isize, isize),
        reach: isize,
    ) -> Option<(f64, (isize, isize))> {
        let offsets = (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| (x + dx, y + dy)));
        let rated = offsets.filter_map(|offset| Some((self.unexplained(other, offset)?, offset)));
        rated.min_by(|(one, near), (another, far)| {
            let length = |(x, y): &(isize, isize)| x * x + y * y;
            one.total_cmp(another).then(length(near).cmp(&length(far)))
        })
    }
}

/// Sums over pairs of samples, for the line that fits them best.
#[derive(Default)]
struct Sums {
    count: u64,
    ours: u64,
    theirs: u64,
    our_squares: u64,
    their_squares: u64,
    products: u64,
}

impl Sums {
    fn add(&mut self, ours: u64, theirs: u64) {
        self.count += 1;
        self.ours += ours;
        self.theirs += theirs;
        self.our_squares += ours * ours;
        self.their_squares += theirs * theirs;
        self.products += ours * theirs;
    }

    #[expect(clippy::cast_precision_loss, reason = "at most 60,000 samples of 16 bits")]
    fn unexplained(&self) -> Option<f64> {
        if self.count < 64 {
            return None;
        }
        let mean = |sum: u64| sum as f64 / self.count as f64;
        let (ours, theirs) = (mean(self.ours), mean(self.theirs));
        let our_variance = mean(self.our_squares) - ours * ours;
        let their_variance = mean(self.their_squares) - theirs * theirs;
        let covariance = mean(self.products) - ours * theirs;
        if our_variance < 1.0 || their_variance < 1.0 {
            return None;
        }
        // A negative explains nothing.
        let explained = covariance.max(0.0).powi(2) / (our_variance * their_variance);
        Some((our_variance * (1.0 - explained).max(0.0)).sqrt())
    }
}

/// By how many pixels to the right and down `other` is moved against `original`; `None` where
/// it is not, or where that cannot be told.
pub(super) fn shift(original: &Plane, other: &Plane) -> Option<(i32, i32)> {
    let mut coarser: Vec<(Plane, Plane)> = Vec::new();
    loop {
        let (ours, theirs) = coarser.last().map_or((original, other), |(ours, theirs)| (ours, theirs));
        if ours.width.max(ours.height()) <= COARSE || ours.width.min(ours.height()) < 32 {
            break;
        }
        let halves = (ours.halved(), theirs.halved());
        coarser.push(halves);
    }
    let mut offset = (0, 0);
    let mut reach = REACH;
    let coarser = coarser.iter().map(|(ours, theirs)| (ours, theirs));
    for (ours, theirs) in
        std::iter::once((original, other)).chain(coarser).collect::<Vec<_>>().into_iter().rev()
    {
        (_, offset) = ours.best_around(theirs, (offset.0 * 2, offset.1 * 2), reach)?;
        reach = 2;
    }
    let still = original.unexplained(other, (0, 0))?;
    let moved = original.unexplained(other, offset)?;
    let told = offset != (0, 0) && still >= LEAST_DIFFERENCE && moved <= still * (1.0 - EXPLAINED);
    let pixels = |steps: isize| i32::try_from(steps).ok();
    if told { pixels(offset.0).zip(pixels(offset.1)) } else { None }
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "small numbers"
)]
mod tests {
    use super::*;

    /// A scene of blobs that goes on beyond its frame, seen from this offset.
    fn scene(width: usize, height: usize, (dx, dy): (f64, f64), noise: u32, hole: bool) -> Plane {
        let mut plane = Plane::new(width, height);
        let mut random = 12_345_u32 + noise;
        for y in 0..height {
            for x in 0..width {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let (sx, sy) = (x as f64 - dx, y as f64 - dy);
                let wave = (sx / 17.0).sin() * (sy / 23.0).cos()
                    + (sx / 5.3 + sy / 7.1).sin() * 0.5
                    + ((sx + 2.0 * sy) / 91.0).sin();
                let light = 128.0 + 45.0 * wave + f64::from(random >> 24) / 255.0 * f64::from(noise);
                let in_hole = hole && (40..90).contains(&x) && (30..70).contains(&y);
                plane.push(if in_hole && noise > 0 { 255 } else { light.clamp(0.0, 255.0) as u8 }, !in_hole);
            }
        }
        plane
    }

    #[test]
    fn a_shift_is_found_to_the_pixel_whatever_is_repainted_and_however_noisy_the_rest() {
        let cases = [
            ((0.0, 0.0), None),
            ((6.0, -4.0), Some((6, -4))),
            ((-1.0, 0.0), Some((-1, 0))),
            ((23.0, 17.0), Some((23, 17))),
        ];
        for (moved, found) in cases {
            // A shift of one pixel drowns in noise that a larger one stands out from.
            for noise in if moved == (-1.0, 0.0) { [0, 2] } else { [0, 12] } {
                let original = scene(320, 240, (0.0, 0.0), 0, true);
                let other = scene(320, 240, moved, noise, true);
                assert_eq!(shift(&original, &other), found, "{moved:?} with noise {noise}");
            }
        }
    }

    #[test]
    fn a_tint_over_all_of_it_hides_no_shift() {
        let original = scene(320, 240, (0.0, 0.0), 0, false);
        let mut tinted = scene(320, 240, (5.0, 3.0), 0, false);
        tinted.light.iter_mut().for_each(|light| *light = 60 + *light / 2);
        assert_eq!(shift(&original, &tinted), Some((5, 3)));
        let mut still = scene(320, 240, (0.0, 0.0), 0, false);
        still.light.iter_mut().for_each(|light| *light = 60 + *light / 2);
        assert_eq!(shift(&original, &still), None);
    }

    #[test]
    fn what_differs_without_having_moved_is_no_shift() {
        let original = scene(320, 240, (0.0, 0.0), 0, false);
        let mut flat = Plane::new(320, 240);
        (0..320 * 240).for_each(|_| flat.push(130, true));
        assert_eq!(shift(&original, &flat), None, "another image");
        assert_eq!(shift(&flat, &flat), None, "nothing to hold on to");
        let mut unknown = scene(320, 240, (6.0, 0.0), 0, false);
        unknown.light.fill(NONE);
        assert_eq!(shift(&unknown, &original), None, "all is repainted");
        let tiny = scene(6, 5, (0.0, 0.0), 0, false);
        assert_eq!(shift(&tiny, &tiny), None);
    }
}
