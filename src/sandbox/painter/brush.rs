//! Shapes and colours for tiny-skia. A shape without an area, as in an image of a few pixels, is
//! not drawn.

use std::f32::consts::TAU;

use tiny_skia::{
    Color, FillRule, GradientStop, LineCap, LinearGradient, Paint, Path, PathBuilder, Pixmap, Point, Rect,
    Shader, SpreadMode, Stroke, Transform,
};

/// A colour, `0xRRGGBB`.
pub(super) type Rgb = u32;

/// The colour at `share`, 0 to 1, of the way between two.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
pub(super) fn mix(from: Rgb, to: Rgb, share: f32) -> Rgb {
    let ([_, red, green, blue], [_, to_red, to_green, to_blue]) = (from.to_be_bytes(), to.to_be_bytes());
    let channel = |from, to| (f32::from(from) + (f32::from(to) - f32::from(from)) * share) as u8;
    u32::from_be_bytes([0, channel(red, to_red), channel(green, to_green), channel(blue, to_blue)])
}

pub(super) fn color(rgb: Rgb, opacity: f32) -> Color {
    let [_, red, green, blue] = rgb.to_be_bytes();
    let mut color = Color::from_rgba8(red, green, blue, 255);
    color.set_alpha(opacity);
    color
}

pub(super) fn solid(rgb: Rgb, opacity: f32) -> Paint<'static> {
    Paint { shader: Shader::SolidColor(color(rgb, opacity)), ..Paint::default() }
}

/// From one colour at height `from` to another at `to`, in pixels.
pub(super) fn vertical((from, upper): (f32, Rgb), (to, lower): (f32, Rgb), opacity: f32) -> Paint<'static> {
    let stops =
        vec![GradientStop::new(0.0, color(upper, opacity)), GradientStop::new(1.0, color(lower, opacity))];
    let (from, to) = (Point::from_xy(0.0, from), Point::from_xy(0.0, to));
    let shader = LinearGradient::new(from, to, stops, SpreadMode::Pad, Transform::identity());
    shader.map_or(solid(lower, opacity), |shader| Paint { shader, ..Paint::default() })
}

pub(super) fn fill(canvas: &mut Pixmap, shape: Option<Path>, paint: &Paint<'_>) {
    if let Some(shape) = shape {
        canvas.fill_path(&shape, paint, FillRule::Winding, Transform::identity(), None);
    }
}

/// A line with round ends, at least a pixel wide.
pub(super) fn stroke(canvas: &mut Pixmap, line: Option<Path>, width: f32, paint: &Paint<'_>) {
    let stroke = Stroke { width: width.max(1.0), line_cap: LineCap::Round, ..Stroke::default() };
    if let Some(line) = line {
        canvas.stroke_path(&line, paint, &stroke, Transform::identity(), None);
    }
}

/// Straight lines through these points; where they are filled, the last is joined to the first.
pub(super) fn lines(points: impl IntoIterator<Item = (f32, f32)>) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for (x, y) in points {
        if builder.is_empty() { builder.move_to(x, y) } else { builder.line_to(x, y) }
    }
    builder.finish()
}

/// Ellipses, each by its middle and half axes.
pub(super) fn ovals(ovals: impl IntoIterator<Item = ((f32, f32), (f32, f32))>) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for ((x, y), (wide, tall)) in ovals {
        if let Some(bounds) = Rect::from_ltrb(x - wide, y - tall, x + wide, y + tall) {
            builder.push_oval(bounds);
        }
    }
    builder.finish()
}

pub(super) fn rectangle(left: f32, top: f32, width: f32, height: f32) -> Option<Path> {
    Rect::from_xywh(left, top, width, height).map(PathBuilder::from_rect)
}

/// A shape between an ellipse and a rectangle, `margin` away from the edges of the canvas.
pub(super) fn sticker((width, height): (f32, f32), margin: f32) -> Option<Path> {
    let bent = |share: f32, half: f32| half + share.abs().powf(0.4).copysign(share) * (half - margin);
    let turns = (0_u8..=200).map(|step| f32::from(step) / 200.0 * TAU);
    lines(turns.map(|turn| (bent(turn.cos(), width / 2.0), bent(turn.sin(), height / 2.0))))
}

/// Width and height as coordinates.
pub(super) fn extent(canvas: &Pixmap) -> (f32, f32) {
    (edge(canvas.width()), edge(canvas.height()))
}

#[expect(clippy::cast_precision_loss, reason = "edges of at most a few thousand pixels")]
pub(super) fn edge(pixels: u32) -> f32 {
    pixels as f32
}
