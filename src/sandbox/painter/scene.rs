//! Sky and land, from the farthest to the nearest.
//!
//! Land is a profile, one height for each column, filled downwards with one colour a row, so a
//! whole layer costs little more than the rows that its crest runs through.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixel arithmetic"
)]

use std::f32::consts::TAU;

use super::canvas::{Canvas, Rgba, mix, rgb};
use super::choices::{Choices, Land};

/// Where the horizon is, as a share of the height.
pub(super) const HORIZON: f32 = 0.56;
const SNOW: Rgba = rgb(0xF7_FAFC);
const LAMP: Rgba = rgb(0xFF_DF9A);

/// Sky, light and clouds; returns where the sun or moon stands.
pub(super) fn sky(canvas: &mut Canvas, choices: &mut Choices) -> (f32, f32) {
    let palette = choices.palette;
    let (width, height, short) = (canvas.width() as f32, canvas.height() as f32, canvas.short_edge());
    for (y, row) in canvas.rows_mut().enumerate() {
        let share = y as f32 / (height * (HORIZON + 0.08));
        row.fill(mix(palette.zenith, palette.horizon, share.powf(1.15)));
    }
    if palette.night {
        for _ in 0..90 {
            let place = (choices.next() * width, choices.next() * height * HORIZON);
            let radius = short * choices.between(0.0006, 0.0022);
            let opacity = choices.between(0.35, 0.95);
            canvas.disc(place, radius.max(0.6), palette.light, opacity);
        }
    }
    let radius = short * choices.between(0.075, 0.115);
    let sun = (width * choices.between(0.22, 0.78), height * choices.between(0.2, 0.4));
    let reach = radius * 3.4;
    canvas.cover((sun.0 - reach, sun.1 - reach, sun.0 + reach, sun.1 + reach), palette.light, |x, y| {
        let fading = (1.0 - (x - sun.0).hypot(y - sun.1) / reach).max(0.0);
        fading * fading * 0.55
    });
    canvas.disc(sun, radius, palette.light, 1.0);
    for _ in 0..3 {
        let (x, y) = (width * choices.next(), height * choices.between(0.08, 0.4));
        let size = short * choices.between(0.018, 0.03);
        let white = mix(palette.horizon, SNOW, 0.6);
        for (along, down, length) in [(0.0, 0.0, 11.0), (-1.6, -1.7, 6.0), (2.4, -1.2, 5.0)] {
            canvas.pill((x + along * size, y + down * size), length * size, size, white, 0.42);
        }
    }
    sun
}

/// Land or water below the horizon. `layers` is how much there is to see.
pub(super) fn land(canvas: &mut Canvas, choices: &mut Choices, sun: (f32, f32), layers: usize) {
    let (near, far) = (choices.palette.land.1, choices.palette.land.0);
    if choices.land == Land::Sea {
        let island = crest(canvas, choices, Land::Hills, HORIZON + 0.015, 0.05);
        mass(canvas, &island, far, mix(far, choices.palette.horizon, 0.5));
        water(canvas, choices, sun);
        let shore = crest(canvas, choices, Land::Hills, 0.97, 0.07);
        let trees = with_trees(&shore, canvas, choices);
        return mass(canvas, &trees, near, mix(near, far, 0.2));
    }
    for layer in 0..layers {
        let depth = layer as f32 / (layers - 1).max(1) as f32;
        let colour = mix(far, near, depth.powf(0.85));
        let mist = mix(colour, choices.palette.horizon, 0.45 * (1.0 - depth));
        let shape = if choices.land == Land::Mountains && depth > 0.55 { Land::Hills } else { choices.land };
        let base = HORIZON + 0.34 * depth.powf(1.1);
        let profile = crest(canvas, choices, shape, base, 0.05 + 0.02 * depth);
        match shape {
            Land::Hills if depth > 0.5 => {
                let trees = with_trees(&profile, canvas, choices);
                mass(canvas, &trees, colour, mist);
            }
            Land::Mountains => {
                mass(canvas, &profile, colour, mist);
                snow(canvas, &profile, base, mix(SNOW, choices.palette.horizon, 0.35));
            }
            _ => mass(canvas, &profile, colour, mist),
        }
        if shape == Land::City && depth > 0.3 {
            lamps(canvas, choices, &profile);
        }
    }
}

/// The height of the land above each column, in pixels from the top.
fn crest(canvas: &Canvas, choices: &mut Choices, shape: Land, base: f32, amplitude: f32) -> Vec<f32> {
    let (height, short) = (canvas.height() as f32, canvas.short_edge());
    let phases = [choices.next(), choices.next(), choices.next(), choices.next()];
    let (stride, shift) = (choices.between(0.85, 1.2), choices.next() * 7.0);
    (0..canvas.width())
        .map(|column| {
            let x = column as f32 / short * stride;
            let rise = match shape {
                Land::Mountains => {
                    let waves = phases.into_iter().zip([0.9_f32, 2.1, 4.7, 10.3]).zip([1.0, 0.5, 0.2, 0.09]);
                    let tooth = |place: f32| 1.0 - 2.0 * (place.rem_euclid(1.0) - 0.5).abs();
                    waves.map(|((phase, pitch), size)| tooth(x * pitch + phase) * size).sum::<f32>() * 2.6
                }
                Land::City => {
                    let plot = ((x + shift) * 13.0).floor();
                    let chance = ((plot * 12.9898 + shift).sin() * 43_758.547).rem_euclid(1.0);
                    0.3 + chance * chance * 2.9
                }
                Land::Hills | Land::Sea => {
                    let waves = phases.into_iter().zip([0.7_f32, 1.6, 3.1, 6.4]).zip([1.0, 0.5, 0.22, 0.07]);
                    waves.map(|((phase, pitch), size)| ((x * pitch + phase) * TAU).sin() * size).sum()
                }
            };
            height * (base - amplitude * rise)
        })
        .collect()
}

/// The crest with firs standing on it here and there.
fn with_trees(crest: &[f32], canvas: &Canvas, choices: &mut Choices) -> Vec<f32> {
    let short = canvas.short_edge();
    let mut profile = crest.to_vec();
    let groves = (crest.len() as f32 / short * 3.0).ceil() as usize;
    for _ in 0..groves {
        let middle = choices.next() * crest.len() as f32;
        for _ in 0..5 {
            let place = middle + choices.between(-0.09, 0.09) * short;
            let tall = short * choices.between(0.035, 0.08);
            let half = tall * 0.24;
            let Some(ground) = crest.get(place.max(0.0) as usize) else { continue };
            let from = (place - half).max(0.0) as usize;
            for (column, height) in profile.iter_mut().enumerate().skip(from).take((2.0 * half) as usize + 1)
            {
                let fir = 1.0 - (column as f32 - place).abs() / half;
                *height = height.min(ground - tall * fir);
            }
        }
    }
    profile
}

/// Fills everything under a profile, from `top` at its crest to `foot` at the lowest row.
fn mass(canvas: &mut Canvas, profile: &[f32], top: Rgba, foot: Rgba) {
    let highest = profile.iter().copied().fold(f32::MAX, f32::min);
    let lowest = profile.iter().copied().fold(f32::MIN, f32::max);
    let height = canvas.height() as f32;
    // A steep crest is softened over as many rows as it climbs in a column: its edge is then as
    // smooth as a flat one.
    let next = profile.iter().skip(1).chain(profile.last());
    let crest: Vec<(f32, f32)> = profile
        .iter()
        .zip(next)
        .map(|(here, next)| (*here, 1.0 / (here - next).abs().clamp(1.0, 6.0)))
        .collect();
    for (y, row) in canvas.rows_mut().enumerate().skip((highest - 4.0).max(0.0) as usize) {
        let y = y as f32;
        let colour = mix(top, foot, (y - highest) / (height - highest).max(1.0) * 1.6);
        if y > lowest + 4.0 {
            row.fill(colour);
            continue;
        }
        for (pixel, (edge, softness)) in row.iter_mut().zip(&crest) {
            let share = (y - edge) * softness + 0.5;
            if share >= 1.0 {
                *pixel = colour;
            } else if share > 0.0 {
                *pixel = mix(*pixel, colour, share);
            }
        }
    }
}

/// Whitens the summits that rise well above `base`, ragged at the lower edge.
fn snow(canvas: &mut Canvas, profile: &[f32], base: f32, white: Rgba) {
    let (height, short) = (canvas.height() as f32, canvas.short_edge());
    let highest = profile.iter().copied().fold(f32::MAX, f32::min);
    let line = highest + (height * base - highest) * 0.42;
    let ragged = |column: usize| {
        let x = column as f32 / short;
        line + short * 0.012 * ((x * 61.0).sin() + (x * 23.0).sin())
    };
    let edges: Vec<(f32, f32)> = profile.iter().enumerate().map(|(x, top)| (*top, ragged(x))).collect();
    let (from, rows) = (highest.max(0.0) as usize, (line - highest + short * 0.03).max(0.0) as usize);
    for (y, row) in canvas.rows_mut().enumerate().skip(from).take(rows) {
        let y = y as f32;
        for (pixel, (top, bottom)) in row.iter_mut().zip(&edges) {
            let share = (y - top + 0.5).min(bottom - y).clamp(0.0, 1.0);
            if share > 0.0 {
                *pixel = mix(*pixel, white, share * 0.9);
            }
        }
    }
}

/// Water with the light's path on it.
fn water(canvas: &mut Canvas, choices: &mut Choices, sun: (f32, f32)) {
    let palette = choices.palette;
    let (width, height, short) = (canvas.width() as f32, canvas.height() as f32, canvas.short_edge());
    let top = height * HORIZON;
    let deep = mix(palette.land.1, palette.zenith, 0.35);
    let shallow = mix(palette.horizon, palette.zenith, 0.55);
    for (y, row) in canvas.rows_mut().enumerate().skip(top as usize) {
        row.fill(mix(shallow, deep, (y as f32 - top) / (height - top) * 1.15));
    }
    for wave in 0_u8..70 {
        let depth = f32::from(wave) / 70.0;
        let y = top + (height - top) * depth.powf(1.5);
        let thick = (short * (0.0009 + 0.0028 * depth)).max(0.5);
        let x = width * choices.next();
        let length = short * choices.between(0.05, 0.16) * (0.4 + depth);
        canvas.pill((x, y), length, thick, palette.horizon, 0.22);
        let path = sun.0 + short * (0.02 + 0.12 * depth) * choices.between(-1.0, 1.0);
        canvas.pill((path, y), length * 0.5, thick * 1.3, palette.light, 0.55 - 0.25 * depth);
    }
}

/// Lit windows below the roofs.
fn lamps(canvas: &mut Canvas, choices: &mut Choices, profile: &[f32]) {
    let short = canvas.short_edge();
    let size = (short * 0.0045).max(1.0).round();
    let pitch = size * 3.0;
    let mut x = pitch;
    while let Some(roof) = profile.get(x as usize) {
        for floor in 1_u8..16 {
            let y = roof + f32::from(floor) * pitch * 1.25;
            if choices.next() < 0.24 {
                canvas.rectangle((x.round(), y.round()), (size, size * 1.4), LAMP, 0.75);
            }
        }
        x += pitch;
    }
}
