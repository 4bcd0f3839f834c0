//! A model at a provider: what it can do, what it takes, how long it needs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{Price, Sizes};
use crate::domain::{Background, ImageFormat, ModelName, Operation, Quality};

/// A model, checked and with every default filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Provider and id.
    pub name: ModelName,
    /// What the provider calls it: the deployment on Azure.
    pub wire_id: String,
    /// Environment variables that may hold its key; the first one set wins. Empty: no key is needed.
    pub key_variables: Vec<String>,
    /// Where requests go, in the order they are tried; never empty.
    pub endpoints: Vec<Endpoint>,
    /// What it does; never empty.
    pub operations: Vec<Operation>,
    /// Which sizes it takes.
    pub sizes: Sizes,
    /// Qualities that may be asked for, without `auto`.
    pub qualities: Vec<Quality>,
    /// How it reads a mask; set on every model that inpaints.
    pub mask: Option<MaskKind>,
    /// Backgrounds that may be asked for, without `auto`.
    pub backgrounds: Vec<Background>,
    /// Formats that may be asked for. Empty: `output_format` is not accepted.
    pub formats: Vec<ImageFormat>,
    /// Whether `moderation` may be asked for, which only generation takes.
    pub moderation: bool,
    /// How many images may go in; at least 1.
    pub most_images: u32,
    /// The form field of images that go in.
    pub image_field: ImageField,
    /// The value of `response_format`; sent only where set.
    pub response_format: Option<String>,
    /// How many partial images are asked for before the finished one, 0 to 3; `None` for a
    /// model that does not stream them.
    pub partial_images: Option<u32>,
    /// Fields added to every request as they stand; none of them is one that a dialect fills in.
    pub extra: BTreeMap<String, Value>,
    /// The largest image that may go in, in bytes.
    pub most_image_bytes: u64,
    /// What it charges.
    pub price: Price,
    /// How long to wait for a reply, in seconds; always has `Auto`.
    pub timeouts: BTreeMap<Quality, u32>,
    /// How long a reply usually takes, in seconds; always has `Auto`.
    pub typical_seconds: BTreeMap<Quality, u32>,
    /// Its place in the catalogue: lower comes first, equals stay in the order of the files.
    pub rank: i32,
    /// Whether it answers to `model = auto`.
    pub auto: bool,
}

impl Model {
    /// Seconds to wait for a reply at this quality.
    #[must_use]
    pub fn timeout_seconds(&self, quality: Quality) -> u32 {
        seconds(&self.timeouts, quality)
    }

    /// Seconds a reply usually takes at this quality.
    #[must_use]
    pub fn typical_seconds(&self, quality: Quality) -> u32 {
        seconds(&self.typical_seconds, quality)
    }
}

fn seconds(table: &BTreeMap<Quality, u32>, quality: Quality) -> u32 {
    table.get(&quality).or_else(|| table.get(&Quality::Auto)).copied().unwrap_or_default()
}

/// An API that makes images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Endpoint {
    /// `images/generations` and `images/edits`.
    Images,
    /// `chat/completions`.
    Chat,
}

impl Endpoint {
    /// The name in the catalogue and in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Chat => "chat",
        }
    }
}

/// Which part of a mask is painted anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum MaskKind {
    /// Where alpha is 0.
    Alpha,
    /// Where it is white.
    White,
}

/// The form field of images that go in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ImageField {
    /// `image` for one, `image[]` for each of several.
    #[default]
    Indexed,
    /// `image` for each.
    Repeated,
}
