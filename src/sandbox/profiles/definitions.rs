//! Each manner as data. The reference has none: it is what the rest of the sandbox plays.
//!
//! Sources: Azure's pages on its v1 surface and its dated versions, and litellm 1.109.1 for what
//! it leaves out; LocalAI's source of 2026-08-22; stable-diffusion.cpp's source of 2026-08-19;
//! vLLM-Omni's pages "Image Generation API" and "Image Edit API"; OpenRouter's page "Image
//! Generation"; New API's error type as gateways answer it.

use super::Manner;
use super::answers::Envelope;
use crate::domain::{ImageFormat, Pixels};

/// What sets a server apart.
#[derive(Debug)]
pub(in crate::sandbox) struct Traits {
    /// What its paths begin with.
    pub(super) base: &'static str,
    /// Where it draws from words, behind the base.
    pub(super) generations: Option<&'static str>,
    /// Where it draws from pictures.
    pub(super) edits: Option<&'static str>,
    /// Where it is talked to.
    pub(super) chat: Option<&'static str>,
    /// The query without which it finds nothing.
    pub(super) query: Option<&'static str>,
    pub(super) key: Key,
    pub(super) model: ModelPlace,
    pub(super) wire: Wire,
    pub(super) refusals: Envelope,
    /// What it says of a missing key.
    pub(super) no_key: &'static str,
    /// What it says of a model it does not have; `{model}` stands for the name.
    pub(super) no_model: &'static str,
}

/// How the key comes.
#[derive(Debug)]
pub(super) enum Key {
    /// As a bearer token.
    Bearer,
    /// In a header of its own.
    Header(&'static str),
    /// Not at all, unless it was started with one.
    Unasked,
}

/// Where the model is named.
#[derive(Debug)]
pub(super) enum ModelPlace {
    /// In the body: one of these.
    Body(&'static [&'static str]),
    /// In the path, which the router has matched; a body that names one as well is refused.
    Path,
    /// Nowhere: it serves the one it was started with.
    Ignored,
}

/// What it reads and how it answers.
#[derive(Debug)]
pub(super) enum Wire {
    /// As the reference does for `gpt-image-2`.
    Official,
    /// As servers do that people run themselves.
    Local(Local),
    /// Chat with the picture in `message.images`.
    ChatImages,
}

/// A server that people run themselves.
#[derive(Debug)]
pub(super) struct Local {
    /// The parameters it reads for generations, beside `model`.
    pub reads: &'static [&'static str],
    /// The same for edits.
    pub reads_in_edits: &'static [&'static str],
    /// Whether it refuses what it does not read; else it ignores that.
    pub refuses_others: bool,
    /// The size where none is asked for, or none that it understands.
    pub usual_size: Pixels,
    /// The formats it writes; the first is the usual one.
    pub formats: &'static [ImageFormat],
    /// Whether it takes a mask, white where it is to be painted anew.
    pub masks: bool,
    pub reply: LocalReply,
}

/// The shape of such a server's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LocalReply {
    /// A link unless base64 was asked for.
    Localai,
    /// Base64.
    StableDiffusionCpp,
    /// Base64, and nothing else may be asked for.
    VllmOmni,
}

const OPENAI_KEY: &str = "Invalid token";
const AZURE_KEY: &str = "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a \
    valid key for an active subscription and use a correct regional API endpoint for your resource.";
const AZURE_MODEL: &str = "The API deployment for this resource does not exist. If you created the deployment within \
    the last 5 minutes, please wait a moment and try again.";
/// What the example files call their deployment.
const DEPLOYMENT: &str = "my-deployment";

const GATEWAY: Traits = Traits {
    base: "/v1",
    generations: Some("/images/generations"),
    edits: Some("/images/edits"),
    chat: None,
    query: None,
    key: Key::Bearer,
    model: ModelPlace::Body(&["gpt-image-2"]),
    wire: Wire::Official,
    refusals: Envelope::NewApi,
    no_key: OPENAI_KEY,
    no_model: "No available channel for model {model} under group default",
};

const AZURE: Traits = Traits {
    base: "/openai/v1",
    key: Key::Header("api-key"),
    model: ModelPlace::Body(&[DEPLOYMENT]),
    refusals: Envelope::Azure,
    no_key: AZURE_KEY,
    no_model: AZURE_MODEL,
    ..GATEWAY
};

const AZURE_DATED: Traits = Traits {
    base: "/openai",
    generations: Some("/deployments/my-deployment/images/generations"),
    edits: Some("/deployments/my-deployment/images/edits"),
    query: Some("api-version=2025-04-01-preview"),
    model: ModelPlace::Path,
    ..AZURE
};

const LOCALAI: Traits = Traits {
    edits: None,
    key: Key::Unasked,
    model: ModelPlace::Body(&["flux.1-dev-ggml"]),
    wire: Wire::Local(Local {
        reads: &["prompt", "n", "size", "response_format", "quality", "step", "seed"],
        reads_in_edits: &[],
        refuses_others: false,
        usual_size: Pixels::new(512, 512),
        formats: &[ImageFormat::Png],
        masks: false,
        reply: LocalReply::Localai,
    }),
    refusals: Envelope::Localai,
    no_model: "model \"{model}\" not found. To see available models, call GET /v1/models",
    ..GATEWAY
};

const STABLE_DIFFUSION_CPP: Traits = Traits {
    key: Key::Unasked,
    model: ModelPlace::Ignored,
    wire: Wire::Local(Local {
        reads: &["prompt", "n", "size", "output_format", "output_compression"],
        reads_in_edits: &["prompt", "n", "size", "output_format", "output_compression"],
        refuses_others: false,
        usual_size: Pixels::new(512, 512),
        formats: &[ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Webp],
        masks: true,
        reply: LocalReply::StableDiffusionCpp,
    }),
    refusals: Envelope::Text,
    ..GATEWAY
};

const VLLM_OMNI: Traits = Traits {
    key: Key::Unasked,
    model: ModelPlace::Body(&["Qwen/Qwen-Image", "Qwen/Qwen-Image-Edit-2511"]),
    wire: Wire::Local(Local {
        reads: &[
            "prompt",
            "n",
            "size",
            "response_format",
            "user",
            "negative_prompt",
            "num_inference_steps",
            "guidance_scale",
            "true_cfg_scale",
            "seed",
        ],
        reads_in_edits: &[
            "prompt",
            "n",
            "size",
            "response_format",
            "user",
            "negative_prompt",
            "num_inference_steps",
            "guidance_scale",
            "true_cfg_scale",
            "seed",
            "output_format",
            "output_compression",
            "background",
            "url",
        ],
        // Not documented; refused here so that a field it does not have is seen.
        refuses_others: true,
        usual_size: Pixels::new(1024, 1024),
        formats: &[ImageFormat::Png],
        masks: false,
        reply: LocalReply::VllmOmni,
    }),
    refusals: Envelope::Detail,
    no_model: "Model mismatch: {model} is not served here",
    ..GATEWAY
};

const OPENROUTER: Traits = Traits {
    base: "/api/v1",
    generations: None,
    edits: None,
    chat: Some("/chat/completions"),
    model: ModelPlace::Body(&["google/gemini-2.5-flash-image"]),
    wire: Wire::ChatImages,
    refusals: Envelope::Openrouter,
    no_key: "No auth credentials found",
    no_model: "{model} is not a valid model ID",
    ..GATEWAY
};

impl Manner {
    /// What sets it apart; `None` for the reference.
    pub(in crate::sandbox) const fn traits(self) -> Option<&'static Traits> {
        match self {
            Self::Openai => None,
            Self::Gateway => Some(&GATEWAY),
            Self::Azure => Some(&AZURE),
            Self::AzureDated => Some(&AZURE_DATED),
            Self::Localai => Some(&LOCALAI),
            Self::StableDiffusionCpp => Some(&STABLE_DIFFUSION_CPP),
            Self::VllmOmni => Some(&VLLM_OMNI),
            Self::Openrouter => Some(&OPENROUTER),
        }
    }

    /// What the paths of its base URL begin with.
    pub(in crate::sandbox) fn base(self) -> &'static str {
        self.traits().map_or("/v1", |traits| traits.base)
    }
}
