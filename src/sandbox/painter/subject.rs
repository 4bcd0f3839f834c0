//! What catches the eye: a kite, a balloon or a boat.

use tiny_skia::{PathBuilder, Pixmap};

use super::brush::{extent, fill, lines, mix, ovals, rectangle, solid, stroke};
use super::choices::{PromptChoices, Subject};
use super::scene::WATERLINE;

const CREAM: u32 = 0xFF_F6E6;

/// Draws the subject at the left or the right.
pub(super) fn subject(canvas: &mut Pixmap, choices: &mut PromptChoices, left: bool) {
    let (width, height) = extent(canvas);
    let across = choices.between(0.26, 0.34);
    let x = width * if left { across } else { 1.0 - across };
    let (y, short) = (height * choices.between(0.26, 0.34), width.min(height));
    match choices.subject {
        Subject::Kite => kite(canvas, choices, (x, y), short * 0.15),
        Subject::Balloon => balloon(canvas, choices, (x, y), short * 0.125),
        Subject::Boat => boat(canvas, choices, (x, height * (WATERLINE + 0.1)), short * 0.16),
    }
}

fn kite(canvas: &mut Pixmap, choices: &PromptChoices, (x, y): (f32, f32), size: f32) {
    let lean = if choices.lit_from_left { 0.4_f32 } else { -0.4 };
    let at = |along: f32, down: f32| {
        (
            x + (along * lean.cos() - down * lean.sin()) * size,
            y + (along * lean.sin() + down * lean.cos()) * size,
        )
    };
    let [head, left, right, foot, heart] =
        [at(0.0, -0.8), at(-0.62, -0.12), at(0.62, -0.12), at(0.0, 1.0), at(0.0, -0.12)];
    let string = (0_u8..=24)
        .map(|step| f32::from(step) / 24.0)
        .map(|down| (foot.0 + (down * 9.0).sin() * size * 0.17 * down.sqrt(), foot.1 + down * size * 1.5));
    for (x, y) in string.clone().skip(4).step_by(5) {
        let (far, near) = (size * 0.12, size * 0.075);
        let bow = [(x - far, y - near), (x + far, y + near), (x + far, y - near), (x - far, y + near)];
        fill(canvas, lines(bow), &solid(choices.accent, 1.0));
    }
    stroke(canvas, lines(string), size * 0.016, &solid(choices.land.1, 1.0));
    fill(canvas, lines([head, right, foot, left]), &solid(choices.accent, 1.0));
    fill(canvas, lines([head, left, heart]), &solid(mix(choices.accent, CREAM, 0.3), 1.0));
    fill(canvas, lines([heart, right, foot]), &solid(mix(choices.accent, 0, 0.18), 1.0));
    for spar in [[left, right], [head, foot]] {
        stroke(canvas, lines(spar), size * 0.018, &solid(CREAM, 0.9));
    }
}

fn balloon(canvas: &mut Pixmap, choices: &PromptChoices, (x, y): (f32, f32), radius: f32) {
    let at = |along: f32, down: f32| (x + along * radius, y + down * radius);
    for side in [-1.0, 1.0] {
        let rope = lines([at(side * 0.3, 1.2), at(side * 0.13, 1.85)]);
        stroke(canvas, rope, radius * 0.02, &solid(choices.land.1, 1.0));
    }
    // Stripes, the widest first.
    let colors = [mix(choices.accent, 0, 0.14), choices.accent, CREAM, choices.accent];
    for (color, share) in colors.into_iter().zip([1.0, 0.82, 0.52, 0.2]) {
        let mut stripe = PathBuilder::new();
        let (wide, narrow) = (radius * share * 1.32, radius * share * 0.3);
        let (top, belly, mouth) = (y - radius, y + radius * 0.45, y + radius * 1.3);
        stripe.move_to(x, top);
        stripe.cubic_to(x + wide, top, x + wide, belly, x + narrow, mouth);
        stripe.line_to(x - narrow, mouth);
        stripe.cubic_to(x - wide, belly, x - wide, top, x, top);
        fill(canvas, stripe.finish(), &solid(color, 1.0));
    }
    let (left, top) = at(-0.16, 1.85);
    fill(canvas, rectangle(left, top, radius * 0.32, radius * 0.26), &solid(0x6E_5037, 1.0));
}

fn boat(canvas: &mut Pixmap, choices: &PromptChoices, (x, y): (f32, f32), size: f32) {
    let at = |along: f32, down: f32| (x + along * size, y + down * size);
    let sails = [
        ([at(-0.05, -1.0), at(-0.05, -0.1), at(-0.5, -0.1)], CREAM),
        ([at(0.04, -1.22), at(0.66, -0.1), at(0.04, -0.1)], choices.accent),
    ];
    for (sail, color) in sails {
        let mirrored = sail.map(|(across, down)| (across, y + size * 0.24 - (down - y) * 0.4));
        fill(canvas, lines(mirrored), &solid(color, 0.28));
        fill(canvas, lines(sail), &solid(color, 1.0));
    }
    let hull = solid(choices.land.1, 1.0);
    stroke(canvas, lines([at(0.0, 0.0), at(0.0, -1.28)]), size * 0.03, &hull);
    fill(canvas, ovals([(at(0.03, 0.24), (size * 0.75, size * 0.03))]), &solid(CREAM, 0.5));
    fill(canvas, lines([at(-0.68, 0.0), at(0.74, 0.0), at(0.48, 0.22), at(-0.46, 0.22)]), &hull);
}
