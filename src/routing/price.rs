//! What a call will cost, before it; what it did cost, after it.
//!
//! Prices are the catalogue's, times the provider's factor. Input images count for each
//! of the `n` images asked for, because those are `n` calls.

use std::fmt;

use super::{Shape, input_image_tokens, output_tokens, text_tokens};
use crate::catalog::{Model, Price, TokenPrice};
use crate::domain::{ImageRequest, Pixels, Quality, Usd};

/// Tokens of an input image whose size is not known: the least and the most that were measured
/// (see [`input_image_tokens`]).
const INPUT_IMAGE_TOKENS: (u64, u64) = (1024, 1536);
/// Output tokens that each partial image adds (docs.apiyi.com, gpt-image-2 overview).
const PARTIAL_TOKENS: u64 = 100;
/// The size reckoned with where the model decides.
const UNKNOWN_SIZE: Pixels = Pixels::new(1024, 1024);

/// What a whole call is expected to cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// At the least.
    pub low: Usd,
    /// At the most; what a cap is held against.
    pub high: Usd,
    /// Whether a size or a token count had to be guessed.
    pub approximate: bool,
}

impl Estimate {
    fn exactly(amount: Usd) -> Self {
        Self { low: amount, high: amount, approximate: false }
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.approximate {
            f.write_str("about ")?;
        }
        if self.low == self.high { self.low.fmt(f) } else { write!(f, "{} to {}", self.low, self.high) }
    }
}

/// What the provider says it counted, summed over a call's images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Text tokens that went in; `None` where the provider gives no details.
    pub input_text: Option<u64>,
    /// Image tokens that went in; `None` where the provider gives no details.
    pub input_image: Option<u64>,
    /// Tokens that came out.
    pub output: u64,
}

/// What the request will cost on the model, all `n` images; `None` where its price is unknown.
///
/// `inputs` are the images that go in, each with its size where that is known. A quality
/// left to the model makes a range over all of the model's qualities.
#[must_use]
pub fn estimate(
    model: &Model,
    price_factor: f64,
    request: &ImageRequest,
    shape: &Shape,
    inputs: &[Option<Pixels>],
) -> Option<Estimate> {
    let each = match &model.price {
        Price::Unknown => return None,
        Price::Free => Estimate::exactly(Usd::ZERO),
        Price::Flat(usd) => Estimate::exactly(*usd),
        Price::Tokens(tokens) => {
            let mut each = by_tokens(tokens, request, shape, inputs)?;
            // Fewer may come than are asked for.
            let partials = PARTIAL_TOKENS * u64::from(model.partial_images.unwrap_or_default());
            each.high = each.high + Usd::from_dollars(dollars(partials, tokens.image_out));
            each
        }
    };
    let whole = |amount: Usd| (amount * request.n).scaled(price_factor);
    Some(Estimate { low: whole(each.low), high: whole(each.high), approximate: each.approximate })
}

fn by_tokens(
    price: &TokenPrice,
    request: &ImageRequest,
    shape: &Shape,
    inputs: &[Option<Pixels>],
) -> Option<Estimate> {
    let text = text_tokens(request.prompt.as_str()) + shape.prompt_prefix.as_deref().map_or(0, text_tokens);
    let input = |unknown: u64| {
        let images = inputs.iter().map(|size| size.map_or(unknown, input_image_tokens)).sum();
        dollars(text, price.text_in) + dollars(images, price.image_in)
    };
    let (least, most) = (input(INPUT_IMAGE_TOKENS.0), input(INPUT_IMAGE_TOKENS.1));
    let pixels = shape.pixels.unwrap_or(UNKNOWN_SIZE);
    let wanted = |quality: Quality| request.quality == Quality::Auto || request.quality == quality;
    let outputs = price.factors.iter().filter(|(quality, _)| wanted(**quality)).map(|(quality, factor)| {
        let scale = price.scale.get(quality).copied().unwrap_or(1.0);
        dollars(output_tokens(*factor, pixels), price.image_out) * scale
    });
    let (low, high) = outputs.fold(None, |range: Option<(f64, f64)>, amount| {
        let (low, high) = range.unwrap_or((amount, amount));
        Some((low.min(amount), high.max(amount)))
    })?;
    Some(Estimate {
        low: Usd::from_dollars(least + low),
        high: Usd::from_dollars(most + high),
        approximate: price.approximate || shape.pixels.is_none() || inputs.contains(&None),
    })
}

/// So many tokens at so many dollars a million.
#[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
fn dollars(tokens: u64, per_million: f64) -> f64 {
    tokens as f64 * per_million / 1e6
}

/// What a finished call did cost; `None` where that cannot be known: an unknown price, or
/// a price by tokens and a usage without details, as reverse-engineered channels report it.
#[must_use]
pub fn actual(model: &Model, price_factor: f64, usage: Option<&Usage>, images: u32) -> Option<Usd> {
    let cost = match &model.price {
        Price::Unknown => return None,
        Price::Free => Usd::ZERO,
        Price::Flat(usd) => *usd * images,
        Price::Tokens(price) => {
            let usage = usage.filter(|usage| usage.output > 0)?;
            let (text, image) = match (usage.input_text, usage.input_image) {
                (None, None) => return None,
                (text, image) => (text.unwrap_or_default(), image.unwrap_or_default()),
            };
            Usd::from_dollars(
                dollars(text, price.text_in)
                    + dollars(image, price.image_in)
                    + dollars(usage.output, price.image_out),
            )
        }
    };
    Some(cost.scaled(price_factor))
}

#[cfg(test)]
mod tests;
