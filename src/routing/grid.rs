//! The arithmetic of sizes on a grid: the largest of a shape within a tier, the rules a
//! size breaks, and the nearest size that breaks none.

use crate::catalog::Grid;
use crate::domain::{Pixels, Ratio, Tier};

/// What a tier allows on any grid: long edge, short edge, pixels in all.
const fn bounds(tier: Tier) -> (u32, u32, u64) {
    match tier {
        Tier::OneK => (1536, 1024, u64::MAX),
        Tier::TwoK => (2048, 2048, u64::MAX),
        Tier::FourK => (3840, 3840, 8_294_400),
    }
}

/// Whether edges of up to this length reach the tier at all. 1K is the smallest there is,
/// so whatever a model has counts as that.
pub(super) const fn reaches(longest_edge: u32, tier: Tier) -> bool {
    matches!(tier, Tier::OneK) || longest_edge >= bounds(tier).0
}

/// The largest exact multiple of the ratio on the grid within the tier; `Auto` is square.
/// `None` where the grid has no such size.
pub(super) fn largest(grid: &Grid, tier: Tier, ratio: Ratio) -> Option<Pixels> {
    let (columns, rows) = lowest_terms(ratio);
    let (long, short, most) = bounds(tier);
    let (unit_width, unit_height) = (grid.step.checked_mul(columns)?, grid.step.checked_mul(rows)?);
    let unit = Pixels::new(unit_width, unit_height);
    let by_area = (most.min(grid.most_pixels) / unit.count()).isqrt();
    let by_long = long.min(grid.longest_edge) / unit.long_edge();
    let by_short = short / unit.short_edge();
    let times = by_long.min(by_short).min(u32::try_from(by_area).unwrap_or(u32::MAX));
    let size = Pixels::new(unit_width.checked_mul(times)?, unit_height.checked_mul(times)?);
    (times > 0 && broken_rules(grid, size).is_empty()).then_some(size)
}

/// 21:9 is 7 to 3 here, so that it has as many multiples as it can.
fn lowest_terms(ratio: Ratio) -> (u32, u32) {
    let (width, height) = ratio.terms().unwrap_or((1, 1));
    let divisor = (1..=width.min(height))
        .rev()
        .find(|divisor| width.is_multiple_of(*divisor) && height.is_multiple_of(*divisor))
        .unwrap_or(1);
    (width / divisor, height / divisor)
}

/// The grid's rules that this size breaks, in words.
pub(super) fn broken_rules(grid: &Grid, size: Pixels) -> Vec<String> {
    let (long, short) = (size.long_edge(), size.short_edge());
    let rules = [
        (
            size.width.is_multiple_of(grid.step) && size.height.is_multiple_of(grid.step),
            format!("both edges must be multiples of {}", grid.step),
        ),
        (long <= grid.longest_edge, format!("no edge may exceed {}", grid.longest_edge)),
        (
            f64::from(long) <= f64::from(short) * grid.most_ratio,
            format!("the long edge may be at most {} times the short one", grid.most_ratio),
        ),
        (
            size.count() >= grid.least_pixels,
            format!("at least {} pixels in all are needed", grid.least_pixels),
        ),
        (size.count() <= grid.most_pixels, format!("at most {} pixels in all are allowed", grid.most_pixels)),
    ];
    rules.into_iter().filter(|(kept, _)| !kept).map(|(_, rule)| rule).collect()
}

/// How far one size is from another: in proportion, so that the shape counts as much as the scale.
pub(super) fn distance(one: Pixels, other: Pixels) -> f64 {
    let edge = |one: u32, other: u32| (f64::from(one) / f64::from(other)).ln();
    edge(one.width, other.width).hypot(edge(one.height, other.height))
}

/// The size nearest to the one asked for that breaks no rule; `None` on a grid without any size.
pub(super) fn nearest(grid: &Grid, asked: Pixels) -> Option<Pixels> {
    let columns = (1..=grid.longest_edge / grid.step).map(|times| times * grid.step);
    columns
        .flat_map(|width| {
            // For one width the heights that keep the rules are an interval, and the nearest
            // of them is the asked height, rounded either way and moved into it.
            let (least, most) = heights(grid, width);
            let down = asked.height / grid.step * grid.step;
            [down, down.saturating_add(grid.step)]
                .map(|height| Pixels::new(width, height.min(most).max(least)))
        })
        .filter(|size| broken_rules(grid, *size).is_empty())
        .min_by(|one, other| distance(*one, asked).total_cmp(&distance(*other, asked)))
}

/// The least and the most height on the grid beside this width.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, as wanted here")]
fn heights(grid: &Grid, width: u32) -> (u32, u32) {
    let step = grid.step;
    let wide = u64::from(width);
    let by_area = u32::try_from(grid.least_pixels.div_ceil(wide)).unwrap_or(u32::MAX);
    let by_ratio = (f64::from(width) / grid.most_ratio).ceil() as u32;
    let least = by_area.max(by_ratio).max(step).div_ceil(step).saturating_mul(step);
    let by_area = u32::try_from(grid.most_pixels / wide).unwrap_or(u32::MAX);
    let by_ratio = (f64::from(width) * grid.most_ratio).floor() as u32;
    let most = by_area.min(by_ratio).min(grid.longest_edge) / step * step;
    (least, most)
}

#[cfg(test)]
mod tests;
