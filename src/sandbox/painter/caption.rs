//! The line at the foot of each picture: the prompt's first words and SANDBOX.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixel arithmetic"
)]

use font8x8::{BASIC_FONTS, GREEK_FONTS, HIRAGANA_FONTS, LATIN_FONTS, UnicodeFonts};

use super::canvas::{Canvas, Rgba, rgb};

/// Dots from one letter to the next; a glyph is 8 dots wide, its last one mostly blank.
const ADVANCE: usize = 8;
/// What stands for a character that the font has not: a small box.
const BOX: [u8; 8] = [0, 0x3c, 0x24, 0x24, 0x24, 0x3c, 0, 0];
const INK: Rgba = rgb(0xFF_FBF2);
const BAND: Rgba = rgb(0x0E_1320);

fn glyph(character: char) -> [u8; 8] {
    BASIC_FONTS
        .get(character)
        .or_else(|| LATIN_FONTS.get(character))
        .or_else(|| GREEK_FONTS.get(character))
        .or_else(|| HIRAGANA_FONTS.get(character))
        .unwrap_or(BOX)
}

/// Writes `text` with its first dot at a place, each dot a square of `dot` pixels.
fn write(
    canvas: &mut Canvas,
    text: &str,
    (left, top): (usize, usize),
    dot: usize,
    colour: Rgba,
    spacing: usize,
) {
    for (place, character) in text.chars().enumerate() {
        let x = left + place * (ADVANCE + spacing) * dot;
        for (line, bits) in glyph(character).into_iter().enumerate() {
            for column in (0..8).filter(|column| bits >> column & 1 == 1) {
                let corner = ((x + column * dot) as f32, (top + line * dot) as f32);
                canvas.rectangle(corner, (dot as f32, dot as f32), colour, 0.94);
            }
        }
    }
}

/// As many of the words as fit, with dots where some are left out.
fn fitting(text: &str, characters: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= characters {
        return line;
    }
    let kept: String = line.chars().take(characters.saturating_sub(3)).collect();
    let whole_words = kept.rsplit_once(' ').map_or(kept.as_str(), |(words, _)| words);
    format!("{whole_words}...")
}

/// A translucent band along the foot with `prompt` at its left and SANDBOX in a tag of colour
/// `accent` at its right. `inset` keeps both off the edges, in pixels.
pub(super) fn caption(canvas: &mut Canvas, prompt: &str, accent: Rgba, inset: usize) {
    let short = canvas.width().min(canvas.height());
    let dot = ((short as f32 / 300.0).round() as usize).max(1);
    let tag = "SANDBOX";
    let tag_width = (tag.len() * (ADVANCE + 1) + 4) * dot;
    let band = 20 * dot;
    let Some(top) = canvas.height().checked_sub(band + inset) else { return };
    let Some(room) = canvas.width().checked_sub(tag_width + 2 * inset + 3 * ADVANCE * dot) else { return };
    canvas.rectangle((0.0, top as f32), (canvas.width() as f32, band as f32), BAND, 0.62);
    let line = top + 6 * dot;
    write(canvas, &fitting(prompt, room / (ADVANCE * dot)), (inset + ADVANCE * dot, line), dot, INK, 0);
    let tag_left = canvas.width() - inset - tag_width - ADVANCE * dot;
    let middle = ((tag_left + tag_width / 2) as f32, (top + band / 2) as f32);
    canvas.pill(middle, tag_width as f32, 7.0 * dot as f32, accent, 1.0);
    let [red, green, blue, _] = accent;
    let bright = u32::from(red) * 3 + u32::from(green) * 6 + u32::from(blue) > 1650;
    let ink = if bright { BAND } else { INK };
    write(canvas, tag, (tag_left + 3 * dot, line), dot, ink, 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_prompts_end_on_a_whole_word() {
        assert_eq!(fitting("a  red\nkite", 20), "a red kite");
        assert_eq!(fitting("a red kite over the sea", 16), "a red kite...");
        assert_eq!(fitting("红色风筝在海上", 6), "红色风...");
    }

    #[test]
    fn a_picture_too_small_for_letters_is_left_as_it_is() {
        let mut canvas = Canvas::new(16, 16);
        caption(&mut canvas, "a kite", rgb(0), 0);
        assert_eq!(canvas, Canvas::new(16, 16));
    }
}
