//! How many tokens an image costs, going in and coming out.
//!
//! Facts: the output formula is the one published in OpenAI's forum for gpt-image-2
//! (community.openai.com/t/1382699); it reproduces the gateway's measured counts. Input
//! counts are measurements and a fit, good enough for an estimate and for nothing else.

use crate::domain::Pixels;

/// Tokens of one output image.
///
/// `factor` is the model's factor for the quality: 16, 48, 96 for low, medium, high on
/// gpt-image-2. Zero pixels or a zero factor cost nothing.
#[must_use]
pub fn output_tokens(factor: u32, pixels: Pixels) -> u64 {
    let (factor, long, short) =
        (u64::from(factor), u64::from(pixels.long_edge()), u64::from(pixels.short_edge()));
    if long == 0 {
        return 0;
    }
    let short_patches = (2 * factor * short + long) / (2 * long);
    (factor * short_patches * (2_000_000 + pixels.count())).div_ceil(4_000_000)
}

/// Tokens of one input image: patches of 32 pixels, the image scaled to between about
/// 1,024 and 1,536 of them. Measured: 512² and 1024² 1024, 2048² and 4096² 1521, 1024x1536 1536.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate of at most 1,536")]
pub fn input_image_tokens(pixels: Pixels) -> u64 {
    const PATCH: f64 = 32.0;
    let (width, height) = (f64::from(pixels.width.max(1)), f64::from(pixels.height.max(1)));
    let patches = width * height / (PATCH * PATCH);
    let wanted = patches.clamp(1024.0, 1536.0);
    let scale = (wanted / patches).sqrt();
    let edge = |length: f64, round: fn(f64) -> f64| round(length * scale / PATCH).max(1.0);
    let up = edge(width, f64::ceil) * edge(height, f64::ceil);
    let fitting = if up <= 1536.0 { up } else { edge(width, f64::floor) * edge(height, f64::floor) };
    fitting as u64
}

/// Tokens of a text: about four ASCII characters to a token, one token for any other.
#[must_use]
pub fn text_tokens(text: &str) -> u64 {
    let ascii = text.chars().filter(char::is_ascii).count() as u64;
    let other = text.chars().filter(|character| !character.is_ascii()).count() as u64;
    ascii.div_ceil(4) + other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_tokens_reproduce_every_published_sample() {
        let factors = [16, 24, 48, 64, 96];
        let samples = [
            ((1024, 1024), [196, 439, 1756, 3122, 7024]),
            ((1536, 1024), [158, 343, 1372, 2459, 5488]),
            ((2048, 2048), [397, 892, 3568, 6343, 14272]),
            ((2048, 1152), [157, 367, 1413, 2511, 5650]),
            ((3840, 2160), [371, 865, 3336, 5930, 13342]),
            ((2880, 2880), [659, 1483, 5930, 10542, 23719]),
        ];
        for ((width, height), tokens) in samples {
            for (factor, expected) in factors.into_iter().zip(tokens) {
                let portrait = output_tokens(factor, Pixels::new(height, width));
                assert_eq!(
                    output_tokens(factor, Pixels::new(width, height)),
                    expected,
                    "{factor} {width}x{height}"
                );
                assert_eq!(portrait, expected, "{factor} {height}x{width}");
            }
        }
    }

    #[test]
    fn input_tokens_match_the_measured_points() {
        let measured = [
            ((512, 512), 1024),
            ((1024, 1024), 1024),
            ((2048, 2048), 1521),
            ((4096, 4096), 1521),
            ((1024, 1536), 1536),
        ];
        for ((width, height), tokens) in measured {
            assert_eq!(input_image_tokens(Pixels::new(width, height)), tokens, "{width}x{height}");
        }
    }

    #[test]
    fn text_counts_characters_of_either_kind() {
        assert_eq!(text_tokens("a red kite over the sea"), 6);
        assert_eq!(text_tokens("红色风筝"), 4);
        assert_eq!(text_tokens(""), 0);
    }
}
