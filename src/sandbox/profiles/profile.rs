//! The names of the server profiles.

/// The server that a sandbox imitates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ServerProfile {
    /// OpenAI and the apiyi gateway, with all their models and faults.
    #[default]
    Openai,
    /// A company's gateway such as New API: OpenAI's API with refusals of its own.
    Gateway,
    /// Azure OpenAI, v1 surface.
    Azure,
    /// Azure OpenAI, the surface with a dated API version.
    AzureDated,
    /// `LocalAI`.
    #[value(help = "LocalAI")]
    Localai,
    /// The server of stable-diffusion.cpp.
    StableDiffusionCpp,
    /// vLLM-Omni.
    VllmOmni,
    /// `OpenRouter`, chat only.
    #[value(help = "OpenRouter, chat only")]
    Openrouter,
}
