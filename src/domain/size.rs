//! Sizes as people ask for them: a tier, a ratio, exact pixels.
//!
//! What a tier and a ratio come to in pixels differs by model and is decided in `routing`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Width and height in pixels, both at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pixels {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Pixels {
    /// A size; the caller vouches that neither edge is zero.
    #[must_use]
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Reads `WIDTHxHEIGHT` (also `X` or `×`, spaces allowed around it); zero edges are refused.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (width, height) = text.split_once(['x', 'X', '×'])?;
        let edge = |part: &str| part.trim().parse::<u32>().ok().filter(|edge| *edge > 0);
        Some(Self::new(edge(width)?, edge(height)?))
    }

    /// The number of pixels.
    #[must_use]
    pub const fn count(self) -> u64 {
        self.width as u64 * self.height as u64
    }

    /// The longer edge.
    #[must_use]
    pub fn long_edge(self) -> u32 {
        self.width.max(self.height)
    }

    /// Whether one size is the other in another scale; an edge may be a pixel off, as rounding
    /// leaves it.
    #[must_use]
    pub fn is_shaped_as(self, other: Self) -> bool {
        let across = u64::from(self.width) * u64::from(other.height);
        let down = u64::from(other.width) * u64::from(self.height);
        across.abs_diff(down) <= u64::from(self.long_edge().max(other.long_edge()))
    }

    /// The shorter edge.
    #[must_use]
    pub fn short_edge(self) -> u32 {
        self.width.min(self.height)
    }
}

impl fmt::Display for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// A step of resolution; what it is in pixels depends on the model and the ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum Tier {
    /// About a megapixel.
    #[serde(rename = "1K")]
    OneK,
    /// Both edges at most 2048.
    #[serde(rename = "2K")]
    TwoK,
    /// Long edge at most 3840, at most 8,294,400 pixels.
    #[serde(rename = "4K")]
    FourK,
}

impl Tier {
    /// All tiers, smallest first.
    pub const ALL: [Self; 3] = [Self::OneK, Self::TwoK, Self::FourK];

    /// `1K`, `2K` or `4K`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneK => "1K",
            Self::TwoK => "2K",
            Self::FourK => "4K",
        }
    }
}

/// The `size` argument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SizeRequest {
    /// Whatever the model makes of the rest.
    #[default]
    Auto,
    /// A step of resolution, its shape given by the aspect ratio.
    Tier(Tier),
    /// Exactly so many pixels.
    Exact(Pixels),
}

impl SizeRequest {
    /// What [`Self::parse`] accepts, in words.
    pub const ACCEPTED: &'static str = "auto, 1K, 2K, 4K or WIDTHxHEIGHT such as 1536x1024";

    /// Reads `auto`, a tier in either case, or `WIDTHxHEIGHT`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("auto") {
            return Some(Self::Auto);
        }
        if let Some(tier) = Tier::ALL.into_iter().find(|tier| tier.name().eq_ignore_ascii_case(text)) {
            return Some(Self::Tier(tier));
        }
        Pixels::parse(text).map(Self::Exact)
    }
}

impl fmt::Display for SizeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Tier(tier) => f.write_str(tier.name()),
            Self::Exact(pixels) => pixels.fmt(f),
        }
    }
}

/// The `aspect_ratio` argument: width to height.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[schemars(inline)]
pub enum Ratio {
    /// No ratio asked for.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    #[serde(rename = "1:1")]
    R1x1,
    #[serde(rename = "3:2")]
    R3x2,
    #[serde(rename = "2:3")]
    R2x3,
    #[serde(rename = "4:3")]
    R4x3,
    #[serde(rename = "3:4")]
    R3x4,
    #[serde(rename = "16:9")]
    R16x9,
    #[serde(rename = "9:16")]
    R9x16,
    #[serde(rename = "5:2")]
    R5x2,
    #[serde(rename = "2:5")]
    R2x5,
    #[serde(rename = "21:9")]
    R21x9,
    #[serde(rename = "9:21")]
    R9x21,
}

impl Ratio {
    /// Every ratio that says something; `Auto` is not among them.
    pub const ALL: [Self; 11] = [
        Self::R1x1,
        Self::R3x2,
        Self::R2x3,
        Self::R4x3,
        Self::R3x4,
        Self::R16x9,
        Self::R9x16,
        Self::R5x2,
        Self::R2x5,
        Self::R21x9,
        Self::R9x21,
    ];

    /// Width and height in lowest terms as named (21:9 stays 21 to 9); `None` for `Auto`.
    #[must_use]
    pub const fn terms(self) -> Option<(u32, u32)> {
        Some(match self {
            Self::Auto => return None,
            Self::R1x1 => (1, 1),
            Self::R3x2 => (3, 2),
            Self::R2x3 => (2, 3),
            Self::R4x3 => (4, 3),
            Self::R3x4 => (3, 4),
            Self::R16x9 => (16, 9),
            Self::R9x16 => (9, 16),
            Self::R5x2 => (5, 2),
            Self::R2x5 => (2, 5),
            Self::R21x9 => (21, 9),
            Self::R9x21 => (9, 21),
        })
    }

    /// Whether an image of this size has this shape, give or take a tenth: models come near it.
    #[must_use]
    pub fn is_near(self, pixels: Pixels) -> bool {
        self.terms().is_none_or(|(across, down)| {
            let (wide, high) =
                (u64::from(pixels.width) * u64::from(down), u64::from(pixels.height) * u64::from(across));
            wide.abs_diff(high) * 10 <= high
        })
    }

    /// Reads `WIDTH:HEIGHT` as named in [`Self::ALL`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ratio| ratio.to_string() == text)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.terms() {
            None => f.write_str("auto"),
            Some((width, height)) => write!(f, "{width}:{height}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_near_its_ratio_give_or_take_a_tenth() {
        for (ratio, width, height, near) in [
            (Ratio::Auto, 1, 9, true),
            (Ratio::R16x9, 1672, 941, true),
            (Ratio::R5x2, 1983, 793, true),
            (Ratio::R21x9, 1254, 1254, false),
            (Ratio::R9x21, 793, 1983, true),
            (Ratio::R3x2, 1448, 1086, false),
            (Ratio::R9x16, 1672, 941, false),
        ] {
            assert_eq!(ratio.is_near(Pixels::new(width, height)), near, "{ratio} {width}x{height}");
        }
    }

    #[test]
    fn sizes_are_read_in_every_accepted_form() {
        let cases = [
            ("auto", Some(SizeRequest::Auto)),
            ("4k", Some(SizeRequest::Tier(Tier::FourK))),
            (" 1536x1024 ", Some(SizeRequest::Exact(Pixels::new(1536, 1024)))),
            ("1536×1024", Some(SizeRequest::Exact(Pixels::new(1536, 1024)))),
            ("8K", None),
            ("0x1024", None),
            ("1024", None),
            ("-5x10", None),
            ("99999999999x1", None),
        ];
        for (text, size) in cases {
            assert_eq!(SizeRequest::parse(text), size, "{text}");
        }
    }

    #[test]
    fn every_ratio_reads_back_its_own_name() {
        for ratio in Ratio::ALL {
            assert_eq!(Ratio::parse(&ratio.to_string()), Some(ratio));
            let quoted = format!("\"{ratio}\"");
            assert_eq!(serde_json::from_str::<Ratio>(&quoted).unwrap(), ratio);
        }
    }
}
