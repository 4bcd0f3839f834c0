//! How a sandbox is started, and what a prompt may ask of it.

use std::time::Duration;

use super::faults::FaultSpec;
use super::profiles::Manner;

/// How a sandbox behaves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Whose manner it has.
    pub manner: Manner,
    /// The pause before each paid answer, as if it were being rendered.
    pub delay: Duration,
    /// The shape of the gateway models' answers.
    pub reply: ReplyForm,
    /// What goes wrong, unless a request asks for something else to.
    pub fault: Option<FaultSpec>,
}

/// The shapes in which gateways were seen to answer. Only the gateway's own models (`-all`,
/// `-vip`) take them: the official ones have one documented shape and keep to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyForm {
    /// The images endpoints answer with what `response_format` asks, bare base64 where it is
    /// absent; chat answers with a Markdown link.
    #[default]
    AsDocumented,
    /// Bare base64 whatever was asked; on chat a Markdown picture with a `data:` URL.
    Base64,
    /// As `Base64`, but with `data:image/png;base64,` before it on the images endpoints too, as
    /// older channels do.
    Base64Prefixed,
    /// A link whatever was asked.
    Url,
    /// Chat only: the content is a list of parts, one of them `image_url`.
    ContentParts,
    /// Chat only: the picture is in `message.images`.
    MessageImages,
    /// Chat only: a body as the images endpoints have it.
    ImagesShaped,
    /// Chat only: words and no picture, with status 200; billed like a picture.
    Words,
}

const WORDS: [(&str, ReplyForm); 7] = [
    ("sandbox:base64", ReplyForm::Base64),
    ("sandbox:prefixed", ReplyForm::Base64Prefixed),
    ("sandbox:url", ReplyForm::Url),
    ("sandbox:parts", ReplyForm::ContentParts),
    ("sandbox:message_images", ReplyForm::MessageImages),
    ("sandbox:images_shaped", ReplyForm::ImagesShaped),
    ("sandbox:words", ReplyForm::Words),
];

impl ReplyForm {
    /// The form that a word of the prompt asks for, if one does.
    pub(super) fn named_in(prompt: &str) -> Option<Self> {
        prompt
            .split_whitespace()
            .find_map(|word| WORDS.iter().find(|(name, _)| *name == word).map(|(_, form)| *form))
    }
}

/// The prompt without the words that are meant for the sandbox.
pub(super) fn without_sandbox_words(prompt: &str) -> String {
    let kept = prompt.split_whitespace().filter(|word| !word.starts_with("sandbox:"));
    kept.collect::<Vec<_>>().join(" ")
}
