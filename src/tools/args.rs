//! The arguments of the tools: these types are the schema, the reader and the bounds.
//!
//! `tools/list` shows the schema derived from them, `check` holds a call to that schema, and
//! serde then reads what passed. Doc comments here are the descriptions that agents read,
//! so they are short and say what to do. What needs more than one argument to judge is
//! judged in `request`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::{Background, Moderation, Quality, Ratio};
use crate::images::MaskMeans;

/// How the picture comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum OutputForm {
    /// The file saved, a small picture inline.
    #[default]
    Preview,
    /// The whole picture inline, saved too.
    Inline,
    /// The file saved, its path only.
    File,
}

/// A format that may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum OutputFormat {
    Png,
    Jpeg,
    Webp,
}

/// What the three drawing tools share.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct SharedArguments {
    /// What to draw or change, in plain words.
    #[schemars(length(min = 1, max = 32_000))]
    pub prompt: String,
    /// auto routes by the other arguments: the flat-price model unless they need the exact one.
    pub model: Option<String>,
    /// auto, 1K, 2K, 4K or exact pixels such as 1536x1024 (multiples of 16, up to 3840).
    pub size: Option<String>,
    /// Shape; with a tier it fixes the pixels. Not beside exact pixels.
    #[serde(default)]
    pub aspect_ratio: Ratio,
    /// Detail and price; xhigh and max on 2.5 and 2.6 models only.
    #[serde(default)]
    pub quality: Quality,
    /// How many pictures, made in parallel, each paid.
    #[schemars(range(min = 1, max = 10))]
    pub n: Option<i32>,
    /// transparent needs png or webp.
    #[serde(default)]
    pub background: Background,
    /// Required format; omit to take what the model sends.
    pub output_format: Option<OutputFormat>,
    /// Percent, for a required format of jpeg or webp.
    #[schemars(range(min = 0, max = 100))]
    pub output_compression: Option<i32>,
    /// preview: file saved, small picture inline. inline: full picture too. file: path only.
    pub output: Option<OutputForm>,
    /// File or folder to save to, in an allowed root; never overwrites.
    #[schemars(length(min = 1, max = 4096))]
    pub save_to: Option<String>,
    /// Refuse before sending if the whole call may cost more.
    #[schemars(range(min = 0))]
    pub max_cost_usd: Option<f64>,
    /// Say model, pixels and price; send nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// `generate_image`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GenerateArguments {
    /// The shared ones.
    #[serde(flatten)]
    pub shared: SharedArguments,
    /// low screens the prompt less strictly.
    #[serde(default)]
    pub moderation: Moderation,
}

/// `edit_image`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct EditArguments {
    /// Pictures to work from, in order: paths, https or data URLs, or ids of earlier results.
    #[schemars(length(min = 1, max = 16))]
    pub images: Vec<String>,
    /// The shared ones.
    #[serde(flatten)]
    pub shared: SharedArguments,
}

/// `inpaint_image`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct InpaintArguments {
    /// The picture to change: a path, https or data URL, or an id of an earlier result.
    #[schemars(length(min = 1))]
    pub image: String,
    /// A picture of the same size that marks what to repaint.
    #[schemars(length(min = 1))]
    pub mask: String,
    /// How the mask marks it.
    #[serde(default)]
    pub mask_means: MaskMeans,
    /// The shared ones.
    #[serde(flatten)]
    pub shared: SharedArguments,
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
    /// Seconds to wait for a picture that is still rendering; 0 looks only.
    #[schemars(range(min = 0, max = 3600))]
    pub wait_s: Option<f64>,
    /// As for drawing: preview, inline or file.
    pub output: Option<OutputForm>,
}
