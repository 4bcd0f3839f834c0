//! The token counts that replies report, from the documented formulas. This is the sandbox's own
//! copy: the prices that it is there to check are computed by `routing`.
//!
//! Output: the formula published in OpenAI's forum for gpt-image-2, which reproduces the counts
//! measured at the gateway. Input: a fit to measured counts. Text: about four ASCII characters to
//! a token, one token for any other character.

use image::DynamicImage;

use crate::domain::Pixels;

/// Tokens of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct TokenCounts {
    pub text: u64,
    /// Of the images that came with the request.
    pub images: u64,
    /// Of all images in the reply together.
    pub output: u64,
}

impl TokenCounts {
    pub(super) fn of(prompt: &str, references: &[DynamicImage], output: u64) -> Self {
        let images = references.iter().map(|image| input_tokens(image.width(), image.height())).sum();
        Self { text: text_tokens(prompt), images, output }
    }

    pub(super) const fn input(self) -> u64 {
        self.text + self.images
    }

    pub(super) const fn total(self) -> u64 {
        self.input() + self.output
    }
}

/// Tokens of an image in the reply; `factor` is the model's for the quality.
pub(super) fn output_tokens(factor: u32, size: Pixels) -> u64 {
    let (q, long, short) = (u64::from(factor), u64::from(size.long_edge()), u64::from(size.short_edge()));
    let s = (2 * q * short + long) / (2 * long);
    (q * s * (2_000_000 + long * short)).div_ceil(4_000_000)
}

/// Tokens of an image in the request: squares of 32 pixels that cover it, once it is scaled so
/// that there are about 1,024 to 1,536 of them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 1,536")]
fn input_tokens(width: u32, height: u32) -> u64 {
    let (across, down) = (f64::from(width) / 32.0, f64::from(height) / 32.0);
    let scale = ((across * down).clamp(1024.0, 1536.0) / (across * down)).sqrt();
    let (across, down) = (across * scale, down * scale);
    let covering = across.ceil() * down.ceil();
    let squares = if covering <= 1536.0 { covering } else { across.floor().max(1.0) * down.floor().max(1.0) };
    squares as u64
}

pub(super) fn text_tokens(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count() as u64;
    ascii.div_ceil(4) + text.chars().filter(|character| !character.is_ascii()).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_tokens_equal_the_published_samples() {
        let samples = [
            ((1024, 1024), [196, 439, 1756, 3122, 7024]),
            ((1536, 1024), [158, 343, 1372, 2459, 5488]),
            ((2048, 2048), [397, 892, 3568, 6343, 14272]),
            ((1152, 2048), [157, 367, 1413, 2511, 5650]),
            ((3840, 2160), [371, 865, 3336, 5930, 13342]),
            ((2880, 2880), [659, 1483, 5930, 10542, 23719]),
        ];
        for ((width, height), tokens) in samples {
            let counted =
                [16, 24, 48, 64, 96].map(|factor| output_tokens(factor, Pixels::new(width, height)));
            assert_eq!(counted, tokens, "{width}x{height}");
        }
    }

    #[test]
    fn input_tokens_equal_the_measured_ones() {
        let measured = [
            (512, 512, 1024),
            (1024, 1024, 1024),
            (2048, 2048, 1521),
            (4096, 4096, 1521),
            (1024, 1536, 1536),
        ];
        for (width, height, tokens) in measured {
            assert_eq!(input_tokens(width, height), tokens, "{width}x{height}");
        }
        assert_eq!((text_tokens("a red kite over the sea"), text_tokens("红色风筝")), (6, 4));
    }
}
