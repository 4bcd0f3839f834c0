//! What a model charges. What a call comes to is worked out in `routing`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use crate::domain::{Quality, Usd};

/// How a model charges, before the provider's factor.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Price {
    /// By tokens.
    Tokens(TokenPrice),
    /// US dollars for each image, whatever it is.
    Flat(
        #[serde(deserialize_with = "usd")]
        #[schemars(with = "f64")]
        Usd,
    ),
    /// Nothing: one's own server.
    Free,
    /// Not known; a call with a cap on its cost never goes to such a model.
    #[default]
    Unknown,
}

/// Prices by the token.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct TokenPrice {
    /// US dollars for a million tokens of text that go in.
    #[serde(deserialize_with = "dollars")]
    pub text_in: f64,
    /// US dollars for a million tokens of images that go in.
    #[serde(deserialize_with = "dollars")]
    pub image_in: f64,
    /// US dollars for a million tokens of images that come out.
    #[serde(deserialize_with = "dollars")]
    pub image_out: f64,
    /// The factor of each quality in the formula of output tokens.
    pub factors: BTreeMap<Quality, u32>,
    /// What the formula's result is multiplied by at a quality, where it is not 1.
    #[serde(default, deserialize_with = "scales")]
    pub scale: BTreeMap<Quality, f64>,
    /// Whether the formula is only near the truth for this model.
    #[serde(default)]
    pub approximate: bool,
}

fn dollars<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let amount = f64::deserialize(from)?;
    if amount.is_finite() && amount >= 0.0 {
        Ok(amount)
    } else {
        Err(de::Error::custom(format!("{amount} is no price, expected US dollars, 0 or more")))
    }
}

fn usd<'de, D: Deserializer<'de>>(from: D) -> Result<Usd, D::Error> {
    dollars(from).map(Usd::from_dollars)
}

fn scales<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<Quality, f64>, D::Error> {
    let scales = BTreeMap::<Quality, f64>::deserialize(from)?;
    match scales.values().find(|scale| !(scale.is_finite() && **scale > 0.0)) {
        Some(scale) => Err(de::Error::custom(format!("{scale} is no scale, expected a number above 0"))),
        None => Ok(scales),
    }
}
