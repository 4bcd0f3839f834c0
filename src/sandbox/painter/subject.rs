//! The thing one looks at: a kite, a balloon, birds or a boat.

#![expect(clippy::cast_precision_loss, reason = "pixel arithmetic")]

use std::f32::consts::TAU;

use super::canvas::{Canvas, Rgba, mix, rgb};
use super::choices::{Choices, Subject};
use super::scene::HORIZON;

const CREAM: Rgba = rgb(0xFF_F6E6);

/// Draws the chosen subject on the side of the picture where the sun at `sun` is not.
pub(super) fn subject(canvas: &mut Canvas, choices: &mut Choices, sun: (f32, f32)) {
    let (width, height) = (canvas.width() as f32, canvas.height() as f32);
    let across = if sun.0 > width / 2.0 { choices.between(0.2, 0.38) } else { choices.between(0.62, 0.8) };
    let place = (width * across, height * choices.between(0.22, 0.34));
    match choices.subject {
        Subject::Kite => kite(canvas, choices, place),
        Subject::Balloon => balloon(canvas, choices, place),
        Subject::Birds => birds(canvas, choices, place),
        Subject::Boat => boat(canvas, choices, (place.0, height * (HORIZON + 0.13))),
    }
}

fn kite(canvas: &mut Canvas, choices: &mut Choices, (x, y): (f32, f32)) {
    let size = canvas.short_edge() * 0.13;
    let lean = choices.between(0.25, 0.55) * if choices.next() < 0.5 { -1.0 } else { 1.0 };
    let turned = |along: f32, down: f32| {
        (
            x + (along * lean.cos() - down * lean.sin()) * size,
            y + (along * lean.sin() + down * lean.cos()) * size,
        )
    };
    let (head, left, right, foot, heart) =
        (turned(0.0, -0.8), turned(-0.62, -0.1), turned(0.62, -0.1), turned(0.0, 1.1), turned(0.0, -0.1));
    let line = mix(choices.palette.land.1, choices.palette.horizon, 0.25);
    let thin = (size * 0.018).max(1.0);
    let mut from = foot;
    for step in 1_u8..=14 {
        let down = f32::from(step) * 0.16;
        let to = (
            foot.0 + (down * 3.4).sin() * size * 0.16 - lean * down * size * 0.4,
            foot.1 + down * size * 0.62,
        );
        canvas.stroke(from, to, thin, line);
        if step % 4 == 0 {
            let wing = size * 0.11;
            for side in [-1.0, 1.0] {
                let corners =
                    [to, (to.0 + side * wing, to.1 - wing * 0.5), (to.0 + side * wing, to.1 + wing * 0.5)];
                canvas.convex(&corners, if step % 8 == 0 { choices.accent } else { CREAM });
            }
        }
        from = to;
    }
    let (light, dark) = (mix(choices.accent, CREAM, 0.28), mix(choices.accent, rgb(0), 0.22));
    canvas.convex(&[head, right, foot, left], choices.accent);
    canvas.convex(&[head, left, heart], light);
    canvas.convex(&[heart, right, foot], dark);
    canvas.stroke(left, right, thin, CREAM);
    canvas.stroke(head, foot, thin, CREAM);
}

fn balloon(canvas: &mut Canvas, choices: &mut Choices, (x, y): (f32, f32)) {
    let radius = canvas.short_edge() * 0.1;
    let basket = (x, y + radius * 1.75);
    let rope = mix(choices.palette.land.1, CREAM, 0.2);
    let thin = (radius * 0.02).max(1.0);
    for side in [-1.0_f32, 1.0] {
        canvas.stroke(
            (x + side * radius * 0.42, y + radius * 0.9),
            (basket.0 + side * radius * 0.14, basket.1),
            thin,
            rope,
        );
    }
    let colours = [choices.accent, CREAM, mix(choices.accent, rgb(0), 0.18)];
    // Three gores, the widest first, each an ellipse narrower than the last.
    for (colour, share) in colours.into_iter().zip([1.0_f32, 0.62, 0.26]) {
        let half = radius * share;
        let bounds = (x - half - 1.0, y - radius - 1.0, x + half + 1.0, y + radius * 1.2 + 1.0);
        canvas.cover(bounds, colour, |px, py| {
            let tall = if py > y { radius * 1.2 } else { radius };
            let out = ((px - x) / half).hypot((py - y) / tall);
            ((1.0 - out) * half + 0.5).clamp(0.0, 1.0)
        });
    }
    let (wide, tall) = (radius * 0.3, radius * 0.24);
    canvas.rectangle(
        (basket.0 - wide / 2.0, basket.1),
        (wide, tall),
        mix(choices.palette.land.1, rgb(0x8A_5A3B), 0.7),
        1.0,
    );
}

fn birds(canvas: &mut Canvas, choices: &mut Choices, (x, y): (f32, f32)) {
    let short = canvas.short_edge();
    let ink = mix(choices.palette.land.1, choices.palette.zenith, 0.15);
    for index in 0_u8..7 {
        let turn = f32::from(index) / 7.0 * TAU;
        let spread = short * 0.14;
        let middle = (
            x + turn.cos() * spread * choices.between(0.3, 1.2),
            y + turn.sin() * spread * choices.between(0.2, 0.7),
        );
        let wing = short * choices.between(0.016, 0.03);
        let thick = (wing * 0.16).max(1.0);
        for side in [-1.0_f32, 1.0] {
            let elbow = (middle.0 + side * wing * 0.55, middle.1 - wing * 0.45);
            let tip = (middle.0 + side * wing * 1.2, middle.1 - wing * 0.15);
            canvas.stroke(middle, elbow, thick, ink);
            canvas.stroke(elbow, tip, thick * 0.8, ink);
        }
    }
}

fn boat(canvas: &mut Canvas, choices: &mut Choices, (x, y): (f32, f32)) {
    let size = canvas.short_edge() * 0.13;
    let at = |along: f32, down: f32| (x + along * size, y + down * size);
    canvas.pill(at(0.0, 0.24), size * 1.5, size * 0.035, CREAM, 0.35);
    canvas.stroke(at(0.0, 0.0), at(0.0, -1.25), (size * 0.03).max(1.0), choices.palette.land.1);
    canvas.convex(&[at(0.04, -1.2), at(0.62, -0.08), at(0.04, -0.08)], choices.accent);
    canvas.convex(&[at(-0.04, -1.02), at(-0.04, -0.08), at(-0.46, -0.08)], CREAM);
    canvas.convex(&[at(-0.66, 0.0), at(0.72, 0.0), at(0.46, 0.22), at(-0.46, 0.22)], choices.palette.land.1);
    canvas.stroke(at(-0.64, 0.03), at(0.7, 0.03), (size * 0.035).max(1.0), choices.accent);
}
