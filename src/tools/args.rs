//! The arguments of the tools. These types are the schema, the parser and the bounds.
//!
//! `tools/list` shows the schema derived from them, `check` compares a call with that schema, and
//! serde parses what passed. Doc comments here are the descriptions that agents read, so they are
//! short and say what to do. Checks of several arguments together are in `request`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::codec::MaskMeans;
use crate::domain::{Background, Moderation, Quality, Ratio};

/// How a result shows its images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum OutputForm {
    /// Save the file and show a small image.
    #[default]
    Preview,
    /// Save the file and show the whole image.
    Inline,
    /// Save the file and give its path only.
    File,
}

/// The formats that a call can require.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum OutputFormat {
    Png,
    Jpeg,
    Webp,
}

/// The arguments that the three drawing tools share.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct SharedArguments {
    /// What to draw or change, in plain words.
    #[schemars(length(min = 1, max = 32_000))]
    pub prompt: String,
    /// auto picks the flat-price model unless other arguments need the exact one.
    pub model: Option<String>,
    /// auto, 1K, 2K, 4K or exact pixels such as 1536x1024 (multiples of 16, up to 3840).
    pub size: Option<String>,
    /// Shape; with a tier it sets the pixels. Not with exact pixels.
    #[serde(default)]
    pub aspect_ratio: Ratio,
    /// Detail and price; xhigh and max on 2.5 and 2.6 models only.
    #[serde(default)]
    pub quality: Quality,
    /// How many images; made in parallel, each charged.
    #[schemars(range(min = 1, max = 10))]
    pub n: Option<i32>,
    /// transparent needs png or webp.
    #[serde(default)]
    pub background: Background,
    /// Output format; omit to keep what the model sends.
    pub output_format: Option<OutputFormat>,
    /// Percent; for jpeg and webp only.
    #[schemars(range(min = 0, max = 100))]
    pub output_compression: Option<i32>,
    /// preview: file saved, small image inline. inline: full image too. file: path only.
    pub output: Option<OutputForm>,
    /// File or folder to save to, in an allowed root; never overwrites.
    #[schemars(length(min = 1, max = 4096))]
    pub save_to: Option<String>,
    /// Refuse before sending if the whole call may cost more.
    #[schemars(range(min = 0))]
    pub max_cost_usd: Option<f64>,
    /// Show model, pixels and price; send nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// `generate_image`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GenerateArguments {
    /// Those of every drawing tool.
    #[serde(flatten)]
    pub shared: SharedArguments,
    /// low screens the prompt less strictly.
    #[serde(default)]
    pub moderation: Moderation,
}

/// `edit_image`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct EditArguments {
    /// Images to work from: paths, https or data URLs, or ids of earlier results. In the prompt the first is image 1, the next image 2.
    #[schemars(length(min = 1, max = 16))]
    pub images: Vec<String>,
    /// Those of every drawing tool.
    #[serde(flatten)]
    pub shared: SharedArguments,
}

/// `inpaint_image`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct InpaintArguments {
    /// The image to change: a path, https or data URL, or an id of an earlier result.
    #[schemars(length(min = 1))]
    pub image: String,
    /// The part to repaint: a box or ellipse (x, y, width, height) or polygon (points); several are combined.
    #[schemars(length(min = 1, max = 64))]
    pub regions: Option<Vec<RegionArgument>>,
    /// Unit of regions: pixels of the upright image, or fractions of it, 0 to 1.
    #[serde(default)]
    pub units: UnitsArgument,
    /// Instead of regions, an image that marks the part.
    #[schemars(length(min = 1))]
    pub mask: Option<String>,
    /// How the mask marks the part.
    #[serde(default)]
    pub mask_means: MaskMeans,
    /// Repaint everything except the part.
    #[serde(default)]
    pub invert: bool,
    /// Soften the edge of the part inwards, over this many pixels.
    #[schemars(range(min = 0, max = 1000))]
    pub feather: Option<i32>,
    /// Restore everything outside the part, at the original's size. Default true.
    pub preserve: Option<bool>,
    /// Those of every drawing tool.
    #[serde(flatten)]
    pub shared: SharedArguments,
}

/// A part of an image.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct RegionArgument {
    pub shape: ShapeArgument,
    pub x: Option<f64>,
    pub y: Option<f64>,
    pub width: Option<f64>,
    pub height: Option<f64>,
    #[schemars(length(min = 3, max = 1000))]
    pub points: Option<Vec<[f64; 2]>>,
}

/// The shape of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ShapeArgument {
    Box,
    Ellipse,
    Polygon,
}

/// The unit of regions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum UnitsArgument {
    #[default]
    Pixels,
    Fraction,
}

/// `get_image`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GetArguments {
    /// An image id (img_…) or a job id (job_…) from an earlier result.
    #[schemars(length(min = 1))]
    pub id: Option<String>,
    /// Several ids at once; those that are ready come back.
    #[schemars(length(min = 1, max = 16))]
    pub ids: Option<Vec<String>>,
    /// Seconds to wait for an image that is still rendering; 0 does not wait.
    #[schemars(range(min = 0, max = 3600))]
    pub wait_s: Option<f64>,
    /// As for drawing: preview, inline or file.
    pub output: Option<OutputForm>,
}
