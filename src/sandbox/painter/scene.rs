//! The landscape: a bay under a sky, from the farthest to the nearest.

use std::f32::consts::TAU;

use tiny_skia::{FillRule, Path, Pixmap, Transform};

use super::brush::{extent, fill, lines, mix, ovals, rectangle, solid, vertical};
use super::choices::PromptChoices;

/// Where the water begins, as a share of the height.
pub(super) const WATERLINE: f32 = 0.62;

/// Sky, sun or moon, clouds, the water and `ridges` ranges of hills in it.
pub(super) fn backdrop(canvas: &mut Pixmap, choices: &mut PromptChoices, ridges: u8) {
    let (width, height) = extent(canvas);
    let (short, waterline) = (width.min(height), height * WATERLINE);
    let (zenith, horizon) = choices.sky;
    fill(canvas, rectangle(0.0, 0.0, width, height), &vertical((0.0, zenith), (waterline, horizon), 1.0));
    if choices.night() {
        let stars = (0..110).map(|_| {
            let place = (choices.between(0.0, width), choices.between(0.0, waterline));
            (place, [(short * choices.between(0.0006, 0.002)).max(0.5); 2].into())
        });
        fill(canvas, ovals(stars), &solid(choices.light, 0.8));
    }
    let aside = choices.between(0.2, 0.36);
    let light = (
        width * if choices.lit_from_left { aside } else { 1.0 - aside },
        height * choices.between(0.18, 0.32),
    );
    for (size, opacity) in [(0.22, 0.1), (0.165, 0.14), (0.115, 0.2), (0.075, 1.0)] {
        fill(canvas, ovals([(light, (short * size, short * size))]), &solid(choices.light, opacity));
    }
    for _ in 0..4 {
        let (x, y) = (width * choices.between(-0.05, 1.05), height * choices.between(0.07, 0.4));
        let size = short * choices.between(0.014, 0.026);
        let puffs =
            [(0.0, 0.0, 9.0, 1.0), (-2.6, -0.9, 4.4, 1.3), (1.6, -1.5, 4.0, 1.7), (4.2, -0.4, 4.6, 0.9)];
        let puffs = puffs.map(|(along, down, wide, tall)| {
            ((x + along * size, y + down * size), (wide * size, tall * size))
        });
        fill(
            canvas,
            ovals(puffs),
            &solid(mix(horizon, 0xFF_FFFF, 0.5), if choices.night() { 0.12 } else { 0.45 }),
        );
    }
    water(canvas, choices, light.0);
    for ridge in 0..ridges {
        let depth = f32::from(ridge) / f32::from(ridges);
        let crest =
            (waterline - short * (0.3 - 0.2 * depth), mix(choices.land.0, choices.land.1, depth.powf(1.3)));
        let foot = (waterline, mix(crest.1, horizon, 0.7 - 0.45 * depth));
        let Some(hills) = hills(canvas, choices, depth) else { continue };
        let mirrored = Transform::from_row(1.0, 0.0, 0.0, -0.55, 0.0, waterline * 1.55);
        canvas.fill_path(&hills, &vertical(crest, foot, 0.3), FillRule::Winding, mirrored, None);
        fill(canvas, Some(hills), &vertical(crest, foot, 1.0));
    }
}

/// Water with ripples and the path of the light on it.
fn water(canvas: &mut Pixmap, choices: &mut PromptChoices, light: f32) {
    let (width, height) = extent(canvas);
    let (short, top) = (width.min(height), height * WATERLINE);
    let (zenith, horizon) = choices.sky;
    let (far, near) = (mix(horizon, zenith, 0.3), mix(zenith, choices.land.1, 0.5));
    fill(canvas, rectangle(0.0, top, width, height - top), &vertical((top, far), (height, near), 1.0));
    for (color, opacity, spread) in [(horizon, 0.3, width), (choices.light, 0.6, short * 0.1)] {
        let waves = (0_u8..80).map(|wave| {
            let depth = f32::from(wave) / 80.0;
            let aside =
                spread * choices.between(-1.0, 1.0) * if color == horizon { 1.0 } else { 0.12 + depth };
            let long = short * choices.between(0.015, 0.05) * (0.35 + depth);
            let y = top + (height - top) * (0.015 + depth.powf(1.6));
            ((light + aside, y), (long, (short * (0.0007 + 0.0025 * depth)).max(0.5)))
        });
        fill(canvas, ovals(waves), &solid(color, opacity));
    }
}

/// A range of hills above the waterline: jagged and from edge to edge far away, smooth and falling
/// off to one side nearby.
fn hills(canvas: &Pixmap, choices: &mut PromptChoices, depth: f32) -> Option<Path> {
    let (width, height) = extent(canvas);
    let (short, waterline) = (width.min(height), height * WATERLINE);
    let waves = [(0.8, 1.0), (2.3, 0.5), (5.1, 0.15), (11.0, 0.05)];
    let waves = waves.map(|(pitch, size)| (pitch, size, choices.between(0.0, 1.0)));
    let rightwards = choices.between(0.0, 1.0) < 0.5;
    let crest = (0_u8..=160).map(|point| {
        let along = f32::from(point) / 160.0;
        let rise: f32 = waves
            .into_iter()
            .map(|(pitch, size, phase)| {
                let place = along * width / short * pitch + phase;
                let tooth = 1.0 - 2.0 * (place.rem_euclid(1.0) - 0.5).abs();
                let wave = 0.5 + 0.5 * (place * TAU).sin();
                size * (wave + (tooth - wave) * (1.0 - depth * 1.6).max(0.0))
            })
            .sum();
        let side = if rightwards { along } else { 1.0 - along };
        let tall = short * (0.17 - 0.09 * depth) * (1.0 - depth * (1.0 - side.powf(1.6)));
        (along * width, waterline - tall * rise)
    });
    lines(crest.chain([(width, waterline), (0.0, waterline)]))
}

/// The shore in front, with firs at its sides.
pub(super) fn shore(canvas: &mut Pixmap, choices: &mut PromptChoices) {
    let (width, height) = extent(canvas);
    let (short, near, phase) = (width.min(height), solid(choices.land.1, 1.0), choices.between(0.0, TAU));
    let ground = |along: f32| {
        height - short * (0.075 + 0.07 * (2.0 * along - 1.0).powi(2) + 0.012 * (along * 14.0 + phase).sin())
    };
    let rim = (0_u8..=100).map(|point| f32::from(point) / 100.0).map(|along| (along * width, ground(along)));
    fill(canvas, lines(rim.chain([(width, height), (0.0, height)])), &near);
    for number in 0_u8..12 {
        let aside = choices.between(0.0, 1.0).powf(1.7) * 0.36;
        let along = if number % 3 == 0 { 1.0 - aside } else { aside };
        let tall = short * choices.between(0.09, 0.22) * (1.15 - aside * 1.6);
        let (x, foot) = (along * width, ground(along) + tall * 0.06);
        for (from, to, wide) in [(0.0, 0.55, 0.23), (0.3, 0.8, 0.17), (0.58, 1.0, 0.11)] {
            let low = foot - tall * from;
            fill(
                canvas,
                lines([(x - tall * wide, low), (x, foot - tall * to), (x + tall * wide, low)]),
                &near,
            );
        }
    }
}
