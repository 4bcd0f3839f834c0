//! How a paid call fails, as one of a few kinds, and the words for each.
//!
//! The kind decides what is done next; the words say what happened and what to change.

use std::time::Duration;

use crate::domain::{Billed, ModelName, Problem, ProblemKind};

/// How much of a reply is quoted, in characters.
const QUOTE: usize = 300;

/// The kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// No connection: DNS, TCP or TLS.
    NotSent,
    /// Too many requests.
    RateLimited,
    /// The account is out of money or over a limit of spending.
    NoCredit,
    /// The API or something behind it broke.
    UpstreamFailed,
    /// No reply in time, none that can be read, or the connection was lost after sending.
    TimedOut,
    /// The reply ended early or its image is damaged.
    CutShort,
    /// The reply holds words and no image.
    NoImage,
    /// The image was made, and its download failed.
    DownloadFailed,
    /// The prompt or an image was refused for its content.
    RefusedContent,
    /// A parameter was refused.
    BadRequest,
    /// The key was refused, or is of the wrong type for the model.
    Unauthorised,
}

impl FailureKind {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 11] = [
        Self::NotSent,
        Self::RateLimited,
        Self::NoCredit,
        Self::UpstreamFailed,
        Self::TimedOut,
        Self::CutShort,
        Self::NoImage,
        Self::DownloadFailed,
        Self::RefusedContent,
        Self::BadRequest,
        Self::Unauthorised,
    ];

    /// The name in logs and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::RateLimited => "rate_limited",
            Self::NoCredit => "no_credit",
            Self::UpstreamFailed => "upstream_failed",
            Self::TimedOut => "timed_out",
            Self::CutShort => "cut_short",
            Self::NoImage => "no_image",
            Self::DownloadFailed => "download_failed",
            Self::RefusedContent => "refused_content",
            Self::BadRequest => "bad_request",
            Self::Unauthorised => "unauthorised",
        }
    }

    /// Whether such a failure is charged for.
    #[must_use]
    pub const fn billed(self) -> Billed {
        match self {
            Self::NotSent
            | Self::RateLimited
            | Self::NoCredit
            | Self::UpstreamFailed
            | Self::RefusedContent
            | Self::BadRequest
            | Self::Unauthorised => Billed::No,
            Self::TimedOut => Billed::Maybe,
            Self::CutShort | Self::NoImage | Self::DownloadFailed => Billed::Yes,
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::NotSent => "the image API could not be reached",
            Self::RateLimited => "the image API is limiting the rate of requests",
            Self::NoCredit => "the account has no credit left for this",
            Self::UpstreamFailed => "the image API failed",
            Self::TimedOut => "no whole reply came back after the request was sent",
            Self::CutShort => "the reply ended early or its image is damaged",
            Self::NoImage => "the model answered with words and no image",
            Self::DownloadFailed => "the image was made, and its download failed",
            Self::RefusedContent => "the content was refused",
            Self::BadRequest => "the image API refused the request",
            Self::Unauthorised => "the key was not accepted",
        }
    }

    const fn remedy(self) -> &'static str {
        match self {
            Self::NotSent => "Check the network, the proxy and the provider's base URL, then call again.",
            Self::RateLimited => "Wait a little, then call again, or with a smaller n.",
            Self::NoCredit => "Top up the account, or choose a model of another provider.",
            Self::UpstreamFailed => "Call again, or choose another model.",
            Self::TimedOut => "Calling again may pay twice; a lower quality or size answers sooner.",
            Self::CutShort => "Call again if the price is worth it, or choose another model.",
            Self::NoImage => "Say in the prompt plainly what to draw, or choose gpt-image-2.",
            Self::DownloadFailed => {
                "Fetch the image from its link before it expires; making it again pays again."
            }
            Self::RefusedContent => {
                "Change the prompt or the images; the same request will be refused again."
            }
            Self::BadRequest => "Change the argument it names.",
            Self::Unauthorised => "Check the key and its rights with the provider.",
        }
    }
}

/// A failure with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which kind.
    pub kind: FailureKind,
    /// The upstream's own words or the transport's, short; may be empty.
    pub words: String,
    /// A more exact remedy than the kind's, where there is one.
    pub hint: Option<String>,
    /// The HTTP status, where there was a reply.
    pub status: Option<u16>,
    /// How long the upstream asks to wait.
    pub wait: Option<Duration>,
    /// Whether the upstream says that trying again helps (`x-should-retry`).
    pub should_retry: Option<bool>,
    /// The upstream's id for the request.
    pub request_id: Option<String>,
    /// The link an image can still be had from.
    pub link: Option<String>,
}

impl Failure {
    /// A failure of this kind in these words.
    #[must_use]
    pub fn new(kind: FailureKind, words: impl Into<String>) -> Self {
        Self {
            kind,
            words: words.into(),
            hint: None,
            status: None,
            wait: None,
            should_retry: None,
            request_id: None,
            link: None,
        }
    }

    /// The problem as the caller reads it.
    #[must_use]
    pub fn problem(&self, model: &ModelName) -> Problem {
        let status = self.status.map(|status| format!(" (HTTP {status})")).unwrap_or_default();
        let words = match shorten(self.words.trim()).trim_end_matches('.') {
            "" => String::new(),
            words => format!(": {words}"),
        };
        let link = self.link.as_ref().map(|link| format!(" Link: {link} .")).unwrap_or_default();
        let wait = match self.wait {
            Some(wait) if self.kind == FailureKind::RateLimited => {
                format!(" It asks to wait {} s.", wait.as_secs())
            }
            _ => String::new(),
        };
        let remedy = self.hint.as_deref().unwrap_or_else(|| self.kind.remedy());
        Problem {
            billed: self.kind.billed(),
            request_id: self.request_id.clone(),
            ..Problem::new(
                ProblemKind::Upstream,
                format!("{model}: {}{status}{words}", self.kind.what()),
                format!("{remedy}{wait}{link}"),
            )
        }
    }
}

/// The first words of a text that may be long.
#[must_use]
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(QUOTE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
