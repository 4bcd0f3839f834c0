//! The line at the foot of each image: the first words of the prompt, and SANDBOX.

use font8x8::{BASIC_FONTS, GREEK_FONTS, HIRAGANA_FONTS, LATIN_FONTS, UnicodeFonts};
use tiny_skia::{Pixmap, PixmapPaint, Transform};

use super::brush::{Rgb, color, edge, fill, lines, rectangle, solid, stroke};

/// Dots from one letter to the next.
const ADVANCE: u32 = 8;
/// What stands for a character that the font lacks: a small box.
const BOX: [u8; 8] = [0, 0x3c, 0x24, 0x24, 0x24, 0x3c, 0, 0];
const INK: Rgb = 0xFF_FBF2;
const BAND: Rgb = 0x0E_1320;
const TAG: &str = "SANDBOX";

fn glyph(character: char) -> [u8; 8] {
    BASIC_FONTS
        .get(character)
        .or_else(|| LATIN_FONTS.get(character))
        .or_else(|| GREEK_FONTS.get(character))
        .or_else(|| HIRAGANA_FONTS.get(character))
        .unwrap_or(BOX)
}

/// Writes `text` with its first dot at a place, each dot a square of `dot` pixels.
fn write(canvas: &mut Pixmap, text: &str, (left, top): (u32, u32), dot: u32, ink: Rgb) {
    let width = u32::try_from(text.chars().count()).unwrap_or(0) * ADVANCE;
    let Some(mut dots) = Pixmap::new(width, 8) else { return };
    let ink = color(ink, 1.0).premultiply().to_color_u8();
    let rows = dots.pixels_mut().chunks_exact_mut(width as usize);
    for (line, row) in rows.enumerate() {
        for (character, place) in text.chars().zip(row.chunks_exact_mut(ADVANCE as usize)) {
            let bits = glyph(character).into_iter().nth(line).unwrap_or(0);
            for (column, pixel) in place.iter_mut().enumerate() {
                if bits >> column & 1 == 1 {
                    *pixel = ink;
                }
            }
        }
    }
    let place = Transform::from_row(edge(dot), 0.0, 0.0, edge(dot), edge(left), edge(top));
    canvas.draw_pixmap(0, 0, dots.as_ref(), &PixmapPaint::default(), place, None);
}

/// As many words of the text as fit, with dots where some are left out.
fn fitting(text: &str, characters: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= characters {
        return line;
    }
    let kept: String = line.chars().take(characters.saturating_sub(3)).collect();
    let whole_words = kept.rsplit_once(' ').map_or(kept.as_str(), |(words, _)| words);
    format!("{whole_words}...")
}

/// Draws a translucent band along the foot with `prompt` at its left and, in a tag of colour
/// `accent`, SANDBOX at its right. `inset` keeps both off the edges, in pixels. An image too small
/// for letters is left as it is.
pub(super) fn caption(canvas: &mut Pixmap, prompt: &str, accent: Rgb, inset: u32) {
    let (width, height) = (canvas.width(), canvas.height());
    let dot = ((width.min(height) + 150) / 300).max(1);
    let (band, tag) = (20 * dot, 59 * dot);
    let Some(top) = height.checked_sub(band + inset) else { return };
    let Some(room) = width.checked_sub(tag + 2 * inset + 3 * ADVANCE * dot) else { return };
    fill(canvas, rectangle(0.0, edge(top), edge(width), edge(band)), &solid(BAND, 0.62));
    let (left, line) = (inset + ADVANCE * dot, top + 6 * dot);
    write(canvas, &fitting(prompt, (room / (ADVANCE * dot)) as usize), (left, line), dot, INK);
    let (from, middle) = (width - inset - tag - ADVANCE * dot, edge(top) + 10.0 * edge(dot));
    let ends = [(edge(from + 6 * dot), middle), (edge(from + tag - 6 * dot), middle)];
    stroke(canvas, lines(ends), 13.0 * edge(dot), &solid(accent, 1.0));
    let [_, red, green, blue] = accent.to_be_bytes();
    let bright = u32::from(red) * 3 + u32::from(green) * 6 + u32::from(blue) > 1650;
    write(canvas, TAG, (from + 2 * dot, line), dot, if bright { BAND } else { INK });
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
    fn an_image_too_small_for_letters_is_left_as_it_is() {
        let mut canvas = Pixmap::new(16, 16).unwrap();
        caption(&mut canvas, "a kite", 0, 0);
        assert_eq!(canvas, Pixmap::new(16, 16).unwrap());
    }
}
