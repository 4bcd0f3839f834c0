//! Each server profile as data. The reference has no definition: the rest of the sandbox is the
//! reference.
//!
//! Sources: Azure's pages on its v1 surface and its dated versions, and litellm 1.109.1 for what
//! it leaves out; LocalAI's source of 2026-08-22; stable-diffusion.cpp's source of 2026-08-19;
//! vLLM-Omni's pages "Image Generation API" and "Image Edit API"; OpenRouter's page "Image
//! Generation"; New API's error type as gateways send it.

use super::ServerProfile;
use super::answers::ErrorEnvelope;
use crate::domain::{ImageFormat, Pixels};

/// What distinguishes a server.
#[derive(Debug)]
pub(in crate::sandbox) struct ProfileDefinition {
    /// The beginning of its paths.
    pub(super) base: &'static str,
    /// Where it generates images, behind the base.
    pub(super) generations: Option<&'static str>,
    /// Where it edits images.
    pub(super) edits: Option<&'static str>,
    /// Where it chats.
    pub(super) chat: Option<&'static str>,
    /// The query that it requires.
    pub(super) query: Option<&'static str>,
    pub(super) key: KeyPlacement,
    pub(super) model: ModelPlacement,
    pub(super) wire: WireFormat,
    pub(super) errors: ErrorEnvelope,
    /// Its message for a missing key.
    pub(super) no_key: &'static str,
    /// Its message for a model that it does not have; `{model}` stands for the name.
    pub(super) no_model: &'static str,
}

/// Where the key is.
#[derive(Debug)]
pub(super) enum KeyPlacement {
    /// As a bearer token.
    Bearer,
    /// In a header of its own.
    Header(&'static str),
    /// Nowhere.
    None,
}

/// Where the model is named.
#[derive(Debug)]
pub(super) enum ModelPlacement {
    /// In the body: one of these.
    Body(&'static [&'static str]),
    /// In the path, which the router has matched; a body that names one as well is refused.
    Path,
    /// Nowhere: it serves the one it was started with.
    Ignored,
}

/// What it reads and how it replies.
#[derive(Debug)]
pub(super) enum WireFormat {
    /// As the reference for `gpt-image-2`.
    Official,
    /// As servers that people run themselves.
    Local(LocalServer),
    /// Chat with the image in `message.images`.
    ChatImages,
}

/// A server that people run themselves.
#[derive(Debug)]
pub(super) struct LocalServer {
    /// The parameters it reads for generations, beside `model`.
    pub reads: &'static [&'static str],
    /// The same for edits.
    pub reads_in_edits: &'static [&'static str],
    /// Whether it refuses what it does not read; else it ignores that.
    pub refuses_others: bool,
    /// The size without a `size` that it understands.
    pub default_size: Pixels,
    /// The formats it writes; the first is its default.
    pub formats: &'static [ImageFormat],
    /// Whether it takes a mask. White is repainted.
    pub masks: bool,
    pub reply: LocalReply,
}

/// The form of such a server's reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LocalReply {
    /// A link unless base64 is requested.
    Localai,
    /// Base64.
    StableDiffusionCpp,
    /// Base64; any other `response_format` is refused.
    VllmOmni,
}

const OPENAI_KEY: &str = "Invalid token";
const AZURE_KEY: &str = "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a \
    valid key for an active subscription and use a correct regional API endpoint for your resource.";
const AZURE_MODEL: &str = "The API deployment for this resource does not exist. If you created the deployment within \
    the last 5 minutes, please wait a moment and try again.";
/// The deployment in the example files.
const DEPLOYMENT: &str = "my-deployment";

const GATEWAY: ProfileDefinition = ProfileDefinition {
    base: "/v1",
    generations: Some("/images/generations"),
    edits: Some("/images/edits"),
    chat: None,
    query: None,
    key: KeyPlacement::Bearer,
    model: ModelPlacement::Body(&["gpt-image-2"]),
    wire: WireFormat::Official,
    errors: ErrorEnvelope::NewApi,
    no_key: OPENAI_KEY,
    no_model: "No available channel for model {model} under group default",
};

const AZURE: ProfileDefinition = ProfileDefinition {
    base: "/openai/v1",
    key: KeyPlacement::Header("api-key"),
    model: ModelPlacement::Body(&[DEPLOYMENT]),
    errors: ErrorEnvelope::Azure,
    no_key: AZURE_KEY,
    no_model: AZURE_MODEL,
    ..GATEWAY
};

const AZURE_DATED: ProfileDefinition = ProfileDefinition {
    base: "/openai",
    generations: Some("/deployments/my-deployment/images/generations"),
    edits: Some("/deployments/my-deployment/images/edits"),
    query: Some("api-version=2025-04-01-preview"),
    model: ModelPlacement::Path,
    ..AZURE
};

const LOCALAI: ProfileDefinition = ProfileDefinition {
    edits: None,
    key: KeyPlacement::None,
    model: ModelPlacement::Body(&["flux.1-dev-ggml"]),
    wire: WireFormat::Local(LocalServer {
        reads: &["prompt", "n", "size", "response_format", "quality", "step", "seed"],
        reads_in_edits: &[],
        refuses_others: false,
        default_size: Pixels::new(512, 512),
        formats: &[ImageFormat::Png],
        masks: false,
        reply: LocalReply::Localai,
    }),
    errors: ErrorEnvelope::Localai,
    no_model: "model \"{model}\" not found. To see available models, call GET /v1/models",
    ..GATEWAY
};

const STABLE_DIFFUSION_CPP: ProfileDefinition = ProfileDefinition {
    key: KeyPlacement::None,
    model: ModelPlacement::Ignored,
    wire: WireFormat::Local(LocalServer {
        reads: &["prompt", "n", "size", "output_format", "output_compression"],
        reads_in_edits: &["prompt", "n", "size", "output_format", "output_compression"],
        refuses_others: false,
        default_size: Pixels::new(512, 512),
        formats: &[ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Webp],
        masks: true,
        reply: LocalReply::StableDiffusionCpp,
    }),
    errors: ErrorEnvelope::Text,
    ..GATEWAY
};

const VLLM_OMNI: ProfileDefinition = ProfileDefinition {
    key: KeyPlacement::None,
    model: ModelPlacement::Body(&["Qwen/Qwen-Image", "Qwen/Qwen-Image-Edit-2511"]),
    wire: WireFormat::Local(LocalServer {
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
        // Not documented; refused here so that an unexpected field is noticed.
        refuses_others: true,
        default_size: Pixels::new(1024, 1024),
        formats: &[ImageFormat::Png],
        masks: false,
        reply: LocalReply::VllmOmni,
    }),
    errors: ErrorEnvelope::Detail,
    no_model: "Model mismatch: {model} is not served here",
    ..GATEWAY
};

const OPENROUTER: ProfileDefinition = ProfileDefinition {
    base: "/api/v1",
    generations: None,
    edits: None,
    chat: Some("/chat/completions"),
    model: ModelPlacement::Body(&["google/gemini-2.5-flash-image"]),
    wire: WireFormat::ChatImages,
    errors: ErrorEnvelope::Openrouter,
    no_key: "No auth credentials found",
    no_model: "{model} is not a valid model ID",
    ..GATEWAY
};

impl ServerProfile {
    /// Its definition; `None` for the reference.
    pub(in crate::sandbox) const fn definition(self) -> Option<&'static ProfileDefinition> {
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

    /// The path of its base URL.
    pub(in crate::sandbox) fn base(self) -> &'static str {
        self.definition().map_or("/v1", |definition| definition.base)
    }
}
