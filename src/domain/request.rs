//! What is asked of a model, after the arguments were read and before anything is chosen.

use serde::{Deserialize, Serialize};

use super::{Background, ImageFormat, Moderation, Operation, Prompt, Quality, Ratio, SizeRequest};

/// The `model` argument.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModelChoice {
    /// By the other arguments.
    #[default]
    Auto,
    /// This model, at this provider or at any that has it.
    Named {
        /// The provider's id, where one was named.
        provider: Option<String>,
        /// The model's id.
        model: String,
    },
}

impl ModelChoice {
    /// Reads `auto`, `MODEL` or `PROVIDER/MODEL`. Whether it exists is the router's question.
    /// A model id may itself hold a slash, so the router tries both readings.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.trim() {
            "" | "auto" => Self::Auto,
            name => match name.split_once('/') {
                Some((provider, model)) => {
                    Self::Named { provider: Some(provider.to_owned()), model: model.to_owned() }
                }
                None => Self::Named { provider: None, model: name.to_owned() },
            },
        }
    }
}

/// One request for `n` equal images. The images that come with it (references, mask)
/// travel beside it as bytes; here is only what routing and pricing need to know of them.
/// Serialised only to tell equal requests by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageRequest {
    /// What is done.
    pub operation: Operation,
    /// What to draw or change.
    pub prompt: Prompt,
    /// By whom.
    pub model: ModelChoice,
    /// How large.
    pub size: SizeRequest,
    /// In which shape.
    pub aspect_ratio: Ratio,
    /// How finely.
    pub quality: Quality,
    /// How many, 1 to 10.
    pub n: u32,
    /// On what.
    pub background: Background,
    /// The format that must come back; `None` leaves it to the model.
    pub output_format: Option<ImageFormat>,
    /// 0 to 100, for jpeg and webp.
    pub output_compression: Option<u8>,
    /// How strictly the prompt is screened.
    pub moderation: Moderation,
    /// How many images go in, the inpainted one included.
    pub references: u32,
}

impl ImageRequest {
    /// A request for one image from words that leaves everything else to the model.
    #[must_use]
    pub fn for_prompt(prompt: Prompt) -> Self {
        Self {
            operation: Operation::Generate,
            prompt,
            model: ModelChoice::Auto,
            size: SizeRequest::Auto,
            aspect_ratio: Ratio::Auto,
            quality: Quality::Auto,
            n: 1,
            background: Background::Auto,
            output_format: None,
            output_compression: None,
            moderation: Moderation::Auto,
            references: 0,
        }
    }
}
