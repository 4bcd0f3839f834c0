//! What a size and an aspect ratio come to on a model: pixels, or words for the prompt.

use std::collections::BTreeMap;

use thiserror::Error;

use super::grid;
use crate::catalog::{Free, Grid, Model, Sizes};
use crate::domain::{Pixels, Ratio, SizeRequest, Tier};

/// How far a preset's shape may be from the ratio asked for, as a part of it.
const PRESET_TOLERANCE: f64 = 0.03;

/// What is sent for the size and the shape that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// The size to ask for; `None` leaves it to the model.
    pub pixels: Option<Pixels>,
    /// Words that go first in the prompt.
    pub prompt_prefix: Option<String>,
}

/// Why a model cannot draw that size; reads on after the model's name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SizeFault {
    /// Exact pixels have a shape of their own.
    #[error("takes no aspect_ratio beside exact pixels")]
    RatioBesidePixels,
    /// Exact pixels outside the model's rules.
    #[error("does not take {asked}: {rules}")]
    OutOfBounds {
        /// What was asked.
        asked: Pixels,
        /// The rules it breaks.
        rules: String,
        /// The nearest size that breaks none.
        nearest: Option<Pixels>,
    },
    /// A model that is steered by words.
    #[error("takes no exact pixels and no tier above 1K (asked: {asked})")]
    NoPixels {
        /// What was asked.
        asked: SizeRequest,
    },
    /// A model that takes no size at all.
    #[error("takes neither a size nor an aspect ratio")]
    NoSize {
        /// Which of the two was given.
        argument: &'static str,
    },
    /// A tier above what the model reaches.
    #[error("has no {tier}: its longest edge is {longest_edge}", tier = tier.name())]
    NoTier {
        /// What was asked.
        tier: Tier,
        /// In pixels.
        longest_edge: u32,
    },
    /// A ratio the model does not have.
    #[error("has no aspect ratio {ratio} here")]
    NoRatio {
        /// What was asked.
        ratio: Ratio,
        /// The ratios it has at that size, joined.
        known: String,
    },
}

impl SizeFault {
    /// The argument at fault.
    #[must_use]
    pub const fn argument(&self) -> &'static str {
        match self {
            Self::RatioBesidePixels | Self::NoRatio { .. } => "aspect_ratio",
            Self::OutOfBounds { .. } | Self::NoPixels { .. } | Self::NoTier { .. } => "size",
            Self::NoSize { argument } => argument,
        }
    }

    /// What the model accepts instead, the argument named.
    #[must_use]
    pub fn accepted(&self) -> String {
        match self {
            Self::RatioBesidePixels => "aspect_ratio with size auto, 1K, 2K or 4K".to_owned(),
            Self::OutOfBounds { nearest: Some(nearest), .. } => {
                format!("size {nearest} (the nearest), auto or a tier such as 1K")
            }
            Self::OutOfBounds { nearest: None, .. } => "size auto".to_owned(),
            Self::NoPixels { .. } => "size auto or 1K, with any aspect_ratio".to_owned(),
            Self::NoSize { argument } => format!("{argument} auto"),
            Self::NoTier { longest_edge, .. } => {
                format!("size auto, a lower tier, or up to {longest_edge} pixels on the long edge")
            }
            Self::NoRatio { known, .. } => format!("aspect_ratio {known}"),
        }
    }

    /// Whether the model has the control at all, so that another value would do.
    #[must_use]
    pub const fn has_control(&self) -> bool {
        !matches!(self, Self::NoPixels { .. } | Self::NoSize { .. })
    }
}

/// What this size and ratio come to on the model. Both `auto` come to nothing: the model
/// decides. A ratio alone means tier 1K where pixels are wanted, a tier alone a square.
pub fn shape(model: &Model, size: SizeRequest, ratio: Ratio) -> Result<Shape, SizeFault> {
    let tier = match (size, ratio) {
        (SizeRequest::Auto, Ratio::Auto) => return Ok(Shape::default()),
        (SizeRequest::Exact(pixels), Ratio::Auto) => return exact(&model.sizes, pixels),
        (SizeRequest::Exact(_), _) => return Err(SizeFault::RatioBesidePixels),
        (SizeRequest::Auto, _) => Tier::OneK,
        (SizeRequest::Tier(tier), _) => tier,
    };
    match &model.sizes {
        Sizes::Native => Err(SizeFault::NoSize {
            argument: if size == SizeRequest::Auto { "aspect_ratio" } else { "size" },
        }),
        Sizes::Prompt(_) if tier != Tier::OneK => Err(SizeFault::NoPixels { asked: size }),
        // Without a ratio the shape stays the model's choice, as nothing asks for another.
        Sizes::Prompt(_) if ratio == Ratio::Auto => Ok(Shape::default()),
        Sizes::Prompt(prefixes) => match prefixes.get(&ratio) {
            Some(prefix) => Ok(Shape { pixels: None, prompt_prefix: Some(prefix.clone()) }),
            None => Err(no_ratio(ratio, |other| prefixes.contains_key(&other))),
        },
        Sizes::Grid(grid) => on_grid(grid, tier, ratio),
        Sizes::Free(free) => on_grid(&unbounded(*free), tier, ratio),
        Sizes::Presets(presets) => listed(presets, tier, ratio),
    }
}

fn of(pixels: Pixels) -> Shape {
    Shape { pixels: Some(pixels), prompt_prefix: None }
}

fn no_ratio(ratio: Ratio, has: impl Fn(Ratio) -> bool) -> SizeFault {
    let known: Vec<_> =
        Ratio::ALL.into_iter().filter(|other| has(*other)).map(|ratio| ratio.to_string()).collect();
    SizeFault::NoRatio { ratio, known: known.join(", ") }
}

/// A grid whose one bound is the longest edge.
fn unbounded(free: Free) -> Grid {
    Grid {
        step: free.step,
        longest_edge: free.longest_edge,
        most_ratio: f64::INFINITY,
        least_pixels: 1,
        most_pixels: u64::MAX,
    }
}

fn on_grid(grid: &Grid, tier: Tier, ratio: Ratio) -> Result<Shape, SizeFault> {
    if !grid::reaches(grid.longest_edge, tier) {
        return Err(SizeFault::NoTier { tier, longest_edge: grid.longest_edge });
    }
    let has = |ratio| grid::largest(grid, tier, ratio);
    has(ratio).map(of).ok_or_else(|| no_ratio(ratio, |other| has(other).is_some()))
}

fn listed(presets: &BTreeMap<Tier, Vec<Pixels>>, tier: Tier, ratio: Ratio) -> Result<Shape, SizeFault> {
    let Some(sizes) = presets.get(&tier).filter(|sizes| !sizes.is_empty()) else {
        let longest_edge = presets.values().flatten().map(|size| size.long_edge()).max().unwrap_or_default();
        return Err(SizeFault::NoTier { tier, longest_edge });
    };
    let has = |ratio: Ratio| {
        let (width, height) = ratio.terms().unwrap_or((1, 1));
        let off = |size: &Pixels| {
            let wanted = f64::from(width) / f64::from(height);
            (f64::from(size.width) / f64::from(size.height) / wanted - 1.0).abs()
        };
        sizes
            .iter()
            .copied()
            .filter(|size| off(size) <= PRESET_TOLERANCE)
            .min_by(|one, other| off(one).total_cmp(&off(other)))
    };
    has(ratio).map(of).ok_or_else(|| no_ratio(ratio, |other| has(other).is_some()))
}

fn exact(sizes: &Sizes, asked: Pixels) -> Result<Shape, SizeFault> {
    let (rules, nearest) = match sizes {
        Sizes::Native => return Err(SizeFault::NoSize { argument: "size" }),
        Sizes::Prompt(_) => return Err(SizeFault::NoPixels { asked: SizeRequest::Exact(asked) }),
        Sizes::Free(free) => {
            // Exact sizes need not be on the step here.
            let any = Grid { step: 1, ..unbounded(*free) };
            (grid::broken_rules(&any, asked), any)
        }
        Sizes::Grid(grid) => (grid::broken_rules(grid, asked), *grid),
        Sizes::Presets(presets) => return exact_preset(presets, asked),
    };
    if rules.is_empty() {
        return Ok(of(asked));
    }
    Err(SizeFault::OutOfBounds { asked, rules: rules.join(", "), nearest: grid::nearest(&nearest, asked) })
}

fn exact_preset(presets: &BTreeMap<Tier, Vec<Pixels>>, asked: Pixels) -> Result<Shape, SizeFault> {
    let nearest = presets
        .values()
        .flatten()
        .copied()
        .min_by(|one, other| grid::distance(*one, asked).total_cmp(&grid::distance(*other, asked)));
    if nearest == Some(asked) {
        return Ok(of(asked));
    }
    let rules = "it takes the sizes on its list and no others".to_owned();
    Err(SizeFault::OutOfBounds { asked, rules, nearest })
}

#[cfg(test)]
mod tests;
