//! Which sizes a model takes. What a request comes to under these rules is `routing`'s business.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use crate::domain::{Pixels, Ratio, Tier};

/// The rule of a model's sizes.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Sizes {
    /// Any size on a grid, within bounds.
    Grid(Grid),
    /// No pixels: an aspect ratio is steered by these words at the head of the prompt, at
    /// about one megapixel.
    Prompt(BTreeMap<Ratio, String>),
    /// These sizes and no others, by tier.
    Presets(
        #[serde(deserialize_with = "presets")]
        #[schemars(with = "BTreeMap<Tier, Vec<String>>")]
        BTreeMap<Tier, Vec<Pixels>>,
    ),
    /// Any size up to a longest edge.
    Free(Free),
    /// The model takes no size at all.
    Native,
}

/// Sizes on a grid, within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Grid {
    /// Both edges are multiples of this many pixels.
    pub step: u32,
    /// The longest edge allowed, in pixels.
    pub longest_edge: u32,
    /// The most the long edge may be of the short one.
    pub most_ratio: f64,
    /// The fewest pixels in all.
    pub least_pixels: u64,
    /// The most pixels in all.
    pub most_pixels: u64,
}

/// Any size up to a longest edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Free {
    /// The longest edge allowed, in pixels.
    pub longest_edge: u32,
    /// Sizes worked out from a tier and a ratio are multiples of this; exact sizes are passed on as given.
    pub step: u32,
}

/// More than any model draws; it bounds the search for the nearest size.
const MOST_EDGE: u32 = 65_535;

/// What is wrong with the numbers that grids and free sizes share.
fn edges_nonsense(step: u32, longest_edge: u32) -> Option<&'static str> {
    if step == 0 {
        Some("step must be at least 1")
    } else if longest_edge < step || longest_edge > MOST_EDGE {
        Some("longest_edge must be at least one step and at most 65535")
    } else {
        None
    }
}

impl Sizes {
    /// What makes no sense in these rules, if anything does not: a fragment for the reader
    /// of the settings file.
    pub(super) fn nonsense(&self) -> Option<&'static str> {
        match self {
            Self::Grid(grid) => grid.nonsense(),
            Self::Free(free) => edges_nonsense(free.step, free.longest_edge),
            Self::Prompt(prefixes) if prefixes.contains_key(&Ratio::Auto) => {
                Some("auto is no ratio to steer to; leave it out")
            }
            Self::Presets(tiers) if tiers.values().all(Vec::is_empty) => Some("at least one size is needed"),
            Self::Prompt(_) | Self::Presets(_) | Self::Native => None,
        }
    }
}

impl Grid {
    fn nonsense(&self) -> Option<&'static str> {
        if self.most_ratio.is_nan() || self.most_ratio < 1.0 {
            Some("most_ratio must be at least 1.0")
        } else if self.most_pixels < self.least_pixels {
            Some("most_pixels must be at least least_pixels")
        } else {
            edges_nonsense(self.step, self.longest_edge)
        }
    }
}

fn presets<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<Tier, Vec<Pixels>>, D::Error> {
    let read = |text: String| {
        Pixels::parse(&text)
            .ok_or_else(|| de::Error::custom(format!("{text:?} is no size, expected WIDTHxHEIGHT")))
    };
    BTreeMap::<Tier, Vec<String>>::deserialize(from)?
        .into_iter()
        .map(|(tier, sizes)| Ok((tier, sizes.into_iter().map(read).collect::<Result<_, _>>()?)))
        .collect()
}
