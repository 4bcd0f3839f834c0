//! Softens the edge of a part, inwards: what was outside stays outside.
//!
//! Pure. By exact distance (Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled
//! Functions", 2012): down the columns first, then along the rows.

/// Lowers the marks within `feather` pixels of an unmarked one, in proportion to their
/// distance. The image's own border is no edge. A mark of less than half counts as unmarked.
pub(super) fn feather(marks: &mut [u8], width: usize, feather: u32) {
    if feather == 0 || width == 0 {
        return;
    }
    let columns = column_distances(marks, width, feather);
    let mut row_of = RowDistances::new(width);
    for (marks, columns) in marks.chunks_exact_mut(width).zip(columns.chunks_exact(width)) {
        if marks.iter().all(|mark| *mark == 0) {
            continue;
        }
        let squares = row_of.squares(columns);
        for (mark, square) in marks.iter_mut().zip(squares) {
            *mark = (*mark).min(ramp(*square, feather));
        }
    }
}

/// How much is repainted at this squared distance from the nearest unmarked pixel's centre;
/// the edge itself is half a pixel nearer.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the cast saturates, and distances are at most 65,536"
)]
fn ramp(square: f32, feather: u32) -> u8 {
    ((square.sqrt() - 0.5) / feather as f32 * 255.0 + 0.5) as u8
}

/// For each pixel how far up or down the nearest unmarked one is, at most a little more than
/// `feather`.
fn column_distances(marks: &[u8], width: usize, feather: u32) -> Vec<u16> {
    let most = u16::try_from(feather.saturating_add(2)).unwrap_or(u16::MAX);
    let mut distances = vec![0_u16; marks.len()];
    let mut before = vec![most; width];
    for (marks, distances) in marks.chunks_exact(width).zip(distances.chunks_exact_mut(width)) {
        for ((mark, distance), before) in marks.iter().zip(distances).zip(&mut before) {
            *before = if *mark < 128 { 0 } else { before.saturating_add(1).min(most) };
            *distance = *before;
        }
    }
    before.fill(most);
    for distances in distances.chunks_exact_mut(width).rev() {
        for (distance, before) in distances.iter_mut().zip(&mut before) {
            *before = before.saturating_add(1).min(*distance);
            *distance = *before;
        }
    }
    distances
}

/// The lower envelope of one parabola for each column, its room used again for every row.
struct RowDistances {
    /// The columns whose parabolas are part of the envelope, and from where on.
    envelope: Vec<(f32, f32)>,
    heights: Vec<f32>,
    squares: Vec<f32>,
}

impl RowDistances {
    fn new(width: usize) -> Self {
        Self {
            envelope: Vec::with_capacity(width),
            heights: Vec::with_capacity(width),
            squares: Vec::with_capacity(width),
        }
    }

    /// For each pixel the squared distance to the nearest unmarked one.
    #[expect(clippy::cast_precision_loss, reason = "columns are at most 32,768, which f32 holds exactly")]
    fn squares(&mut self, columns: &[u16]) -> &[f32] {
        self.envelope.clear();
        self.heights.clear();
        for (column, height) in columns.iter().enumerate() {
            let (column, height) = (column as f32, f32::from(*height).powi(2));
            let mut from = f32::NEG_INFINITY;
            while let (Some((last, start)), Some(last_height)) = (self.envelope.last(), self.heights.last()) {
                // Where this parabola crosses the last; squares differ by a product, which
                // keeps the digits.
                from = f32::midpoint(column, *last) + (height - last_height) / (2.0 * (column - last));
                if from > *start {
                    break;
                }
                self.envelope.pop();
                self.heights.pop();
                from = f32::NEG_INFINITY;
            }
            self.envelope.push((column, from));
            self.heights.push(height);
        }
        self.squares.clear();
        let mut pieces = self.envelope.iter().zip(&self.heights).peekable();
        let mut current = pieces.next();
        for column in 0..columns.len() {
            let column = column as f32;
            while let Some(next) = pieces.next_if(|((_, from), _)| *from <= column) {
                current = Some(next);
            }
            let ((place, _), height) = current.unwrap_or((&(0.0, 0.0), &0.0));
            self.squares.push((column - place).powi(2) + height);
        }
        &self.squares
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same by looking at every pair of pixels.
    fn by_hand(marks: &[u8], width: usize, feather: u32) -> Vec<u8> {
        let place = |at: usize| ((at % width) as f32, (at / width) as f32);
        let softened = |(at, mark): (usize, &u8)| {
            let (x, y) = place(at);
            let nearest = (0..marks.len()).filter(|other| marks[*other] < 128).map(|other| {
                let (ox, oy) = place(other);
                (x - ox).powi(2) + (y - oy).powi(2)
            });
            (*mark).min(ramp(nearest.fold(f32::INFINITY, f32::min), feather))
        };
        marks.iter().enumerate().map(softened).collect()
    }

    #[test]
    fn the_edge_softens_inwards_and_the_images_border_is_no_edge() {
        // The upper half of an image six pixels high, and as wide as the image.
        let mut marks = [vec![255; 15], vec![0; 15]].concat();
        feather(&mut marks, 5, 2);
        let column: Vec<u8> = marks.iter().skip(2).step_by(5).copied().collect();
        assert_eq!(column, [255, 191, 64, 0, 0, 0]);
        let mut unmoved = [vec![255; 15], vec![0; 15]].concat();
        feather(&mut unmoved, 5, 0);
        assert_eq!(unmoved, [vec![255; 15], vec![0; 15]].concat());
        let mut whole = vec![255; 30];
        feather(&mut whole, 5, 4);
        assert_eq!(whole, vec![255; 30]);
    }

    proptest! {
        #[test]
        fn it_is_what_looking_at_every_pair_gives(
            marked in proptest::collection::vec(any::<bool>(), 12 * 9), soft in any::<u8>(), by in 1_u32..6,
        ) {
            let mut marks: Vec<u8> =
                marked.iter().map(|marked| if *marked { soft.max(128) } else { soft / 3 }).collect();
            let before = marks.clone();
            feather(&mut marks, 12, by);
            let expected = by_hand(&before, 12, by);
            prop_assert_eq!(&marks, &expected);
            prop_assert!(marks.iter().zip(&before).all(|(after, before)| after <= before));
        }
    }
}
