//! How a sandbox is started, and what a prompt may ask of it.

use std::sync::mpsc::Sender;
use std::time::Duration;

use super::faults::FaultSpec;
use super::profiles::ServerProfile;
use super::received::ReceivedRequest;

/// How a sandbox behaves.
#[derive(Clone, Debug, Default)]
pub struct SandboxOptions {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The server that it imitates.
    pub profile: ServerProfile,
    /// The pause before each paid reply, as if the image were being rendered.
    pub delay: Duration,
    /// The form of the gateway models' replies.
    pub reply: ReplyForm,
    /// What goes wrong, unless a request asks for another fault.
    pub fault: Option<FaultSpec>,
    /// Receives every request, before its reply is sent: for tests of a client.
    pub requests: Option<Sender<ReceivedRequest>>,
}

/// The forms in which gateways were seen to reply. Only the gateway's own models (`-all`,
/// `-vip`) take them; the official ones have one documented form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyForm {
    /// The images endpoints reply with what `response_format` asks for, or bare base64 without it;
    /// chat replies with a Markdown link.
    #[default]
    AsDocumented,
    /// Bare base64 whatever `response_format` says; on chat a Markdown image with a `data:` URL.
    Base64,
    /// As `Base64`, but with `data:image/png;base64,` before it on the images endpoints too, as
    /// older channels do.
    Base64Prefixed,
    /// A link whatever `response_format` says.
    Url,
    /// Chat only: the content is a list of parts, one of them `image_url`.
    ContentParts,
    /// Chat only: the image is in `message.images`.
    MessageImages,
    /// Chat only: a body as the images endpoints have it.
    ImagesShaped,
    /// Chat only: text and no image, with status 200; charged like an image.
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
