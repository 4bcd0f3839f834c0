//! From outlines to coverage: how much of each pixel lies inside, by exact area.
//!
//! Pure. A row is made at a time, so that nothing but the result is held. Shapes that touch
//! leave no seam: their shares of a pixel add up.

use super::region::Outline;
use crate::domain::Pixels;

/// How much of each pixel the outlines cover together, 0 to 255, rows from the top. A part
/// that an outline goes around twice is inside.
pub(super) fn coverage(outlines: &[Outline], image: Pixels) -> Vec<u8> {
    let width = image.width as usize;
    let mut bytes = vec![0; width * image.height as usize];
    let shapes: Vec<_> = outlines.iter().map(Edges::of).collect();
    let mut total = vec![0.0_f32; width];
    let mut swing = vec![0.0_f32; width + 2];
    for (y, row) in (0..image.height).zip(bytes.chunks_exact_mut(width.max(1))) {
        let top = f64::from(y);
        let mut touched = false;
        for shape in &shapes {
            if !shape.touches(top) {
                continue;
            }
            touched = true;
            swing.fill(0.0);
            shape.add_to(&mut swing, top);
            let mut inside = 0.0;
            for (total, swing) in total.iter_mut().zip(&swing) {
                inside += swing;
                *total += inside.abs().min(1.0);
            }
        }
        if touched {
            for (byte, total) in row.iter_mut().zip(&mut total) {
                *byte = share(*total);
                *total = 0.0;
            }
        }
    }
    bytes
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn share(covered: f32) -> u8 {
    (covered * 255.0 + 0.5) as u8
}

/// One side of an outline, its upper end first.
#[derive(Clone, Copy)]
struct Edge {
    top: (f64, f64),
    bottom: (f64, f64),
    /// 1 where the outline goes down along it, -1 where it goes up.
    direction: f64,
}

/// The sides of one outline, level ones left out.
struct Edges {
    sides: Vec<Edge>,
    top: f64,
    bottom: f64,
}

impl Edges {
    fn of(outline: &Outline) -> Self {
        let ends = outline.iter().zip(outline.iter().cycle().skip(1));
        let edges: Vec<_> = ends
            .filter(|(from, to)| from.1.total_cmp(&to.1).is_ne())
            .map(|(from, to)| {
                let down = from.1 < to.1;
                let (top, bottom) = if down { (*from, *to) } else { (*to, *from) };
                Edge { top, bottom, direction: if down { 1.0 } else { -1.0 } }
            })
            .collect();
        let top = edges.iter().map(|edge| edge.top.1).fold(f64::INFINITY, f64::min);
        let bottom = edges.iter().map(|edge| edge.bottom.1).fold(f64::NEG_INFINITY, f64::max);
        Self { sides: edges, top, bottom }
    }

    /// Whether any of it lies in the row that begins here.
    fn touches(&self, row: f64) -> bool {
        self.top < row + 1.0 && self.bottom > row
    }

    /// Adds, for every pixel of a row, by how much more of it lies inside than of the one
    /// before.
    fn add_to(&self, swing: &mut [f32], row: f64) {
        for edge in &self.sides {
            let (from, to) = (edge.top.1.max(row), edge.bottom.1.min(row + 1.0));
            if from >= to {
                continue;
            }
            let slope = (edge.bottom.0 - edge.top.0) / (edge.bottom.1 - edge.top.1);
            let at = |y: f64| edge.top.0 + (y - edge.top.1) * slope;
            add_piece(swing, at(from), at(to), (to - from) * edge.direction);
        }
    }
}

/// Adds a piece of an edge that stays within a row, from one place across to another. What
/// lies to the right of it is inside by `height`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "places are within the image, whose edges are at most 32,768"
)]
fn add_piece(swing: &mut [f32], from: f64, to: f64, height: f64) {
    let (left, right) = (from.min(to).max(0.0), from.max(to).max(0.0));
    let (first, last) = (left.floor() as usize, right.floor() as usize);
    let mut add = |at: usize, amount: f64| {
        if let Some(swing) = swing.get_mut(at) {
            *swing += amount as f32;
        }
    };
    let mut before = 0.0; // what the pixels so far have inside
    for pixel in first..=last {
        let (start, end) = (pixel as f64, pixel as f64 + 1.0);
        let (in_from, in_to) = (left.max(start), right.min(end));
        let share = if right > left { (in_to - in_from) / (right - left) } else { 1.0 };
        // Of this pixel, what is right of the piece within it, and all of it below what the
        // piece had already passed.
        let inside = height * share * (end - f64::midpoint(in_from, in_to));
        let passed = if right > left { height * (in_from - left) / (right - left) } else { 0.0 };
        add(pixel, inside + passed - before);
        before = inside + passed;
    }
    add(last + 1, height - before);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rectangle(x: f64, y: f64, width: f64, height: f64) -> Outline {
        vec![(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    }

    fn area(bytes: &[u8]) -> f64 {
        bytes.iter().map(|byte| f64::from(*byte)).sum::<f64>() / 255.0
    }

    #[test]
    fn whole_pixels_are_covered_whole_and_parts_in_part() {
        let image = Pixels::new(4, 3);
        let cases = [
            (rectangle(1.0, 1.0, 2.0, 1.0), [0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 0]),
            (rectangle(0.5, 0.0, 1.0, 1.0), [128, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            (rectangle(3.75, 2.5, 0.25, 0.5), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32]),
            (rectangle(0.0, 0.0, 4.0, 3.0), [255; 12]),
        ];
        for (outline, expected) in cases {
            assert_eq!(coverage(std::slice::from_ref(&outline), image), expected, "{outline:?}");
            let backwards: Outline = outline.iter().rev().copied().collect();
            assert_eq!(coverage(&[backwards], image), expected, "{outline:?} the other way round");
        }
    }

    #[test]
    fn shapes_that_touch_leave_no_seam_and_shapes_that_overlap_do_not_count_twice() {
        let image = Pixels::new(8, 4);
        let halves = [rectangle(0.0, 0.0, 2.5, 4.0), rectangle(2.5, 0.0, 5.5, 4.0)];
        assert_eq!(coverage(&halves, image), [255; 32]);
        let overlapping = [rectangle(0.0, 0.0, 6.0, 4.0), rectangle(2.0, 0.0, 6.0, 4.0)];
        assert_eq!(coverage(&overlapping, image), [255; 32]);
        let eight: Outline = vec![(0.0, 0.0), (8.0, 4.0), (8.0, 0.0), (0.0, 4.0)];
        assert!((area(&coverage(&[eight], image)) - 16.0).abs() < 0.5, "both loops are inside");
    }

    #[test]
    fn a_circle_has_the_area_of_a_circle() {
        let image = Pixels::new(200, 200);
        let around: Outline = (0..720)
            .map(|step| f64::from(step).to_radians() / 2.0)
            .map(|angle| (100.0 + 80.0 * angle.cos(), 100.0 + 80.0 * angle.sin()))
            .collect();
        let is = area(&coverage(&[around], image));
        assert!((is - std::f64::consts::PI * 6400.0).abs() < 10.0, "{is}");
    }

    proptest! {
        #[test]
        fn the_coverage_of_a_triangle_is_its_area(
            corners in proptest::collection::vec((0.0..40.0, 0.0..30.0), 3),
        ) {
            let [a, b, c]: [(f64, f64); 3] = [corners[0], corners[1], corners[2]];
            let exact: f64 = ((b.0 - a.0) * (c.1 - a.1) - (c.0 - a.0) * (b.1 - a.1)).abs() / 2.0;
            let is = area(&coverage(&[corners], Pixels::new(40, 30)));
            // Every pixel of the outline may be off by half a step.
            prop_assert!((is - exact).abs() < 0.6, "{is} {exact}");
        }

        #[test]
        fn a_polygon_stays_within_its_bounds(
            corners in proptest::collection::vec((5.0..20.0, 5.0..20.0), 3..12),
        ) {
            let bytes = coverage(&[corners], Pixels::new(30, 30));
            for (at, byte) in bytes.iter().enumerate() {
                let (x, y) = (at % 30, at / 30);
                let outside = !(5..20).contains(&x) || !(5..20).contains(&y);
                prop_assert!(!outside || *byte == 0, "{x},{y}: {byte}");
            }
        }
    }
}
