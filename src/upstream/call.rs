//! What goes between a dialect and the client that sends for it: an order to encode, the
//! call it becomes, the reply that comes back and the step that follows from it.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;

use super::Failure;
use super::reply::Body;
use crate::catalog::{Model, Provider};
use crate::domain::{ImageFormat, ImageRequest};
use crate::routing::{Shape, Usage};
use crate::staging::StagedFile;

/// One image to be made, every choice taken.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// What was asked.
    pub request: &'a ImageRequest,
    /// Who draws it.
    pub model: &'a Model,
    /// Where that model is.
    pub provider: &'a Provider,
    /// The size or the prompt prefix that the model understands.
    pub shape: &'a Shape,
    /// The images that go in, in order.
    pub images: &'a [Upload],
    /// The mask, a PNG as the model wants it, laid on the first image.
    pub mask: Option<&'a Bytes>,
}

/// An image that is sent.
#[derive(Clone, Debug)]
pub struct Upload {
    /// A file name with the ending its bytes deserve.
    pub name: String,
    /// The format of the bytes.
    pub format: ImageFormat,
    /// The file.
    pub bytes: Bytes,
}

/// Which of a provider's paths a call goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// `/images/generations`, unless the provider says otherwise.
    Generations,
    /// `/images/edits`.
    Edits,
    /// `/chat/completions`.
    Chat,
}

/// One paid POST, not yet sent.
#[derive(Clone, Debug)]
pub struct Call {
    /// Where to.
    pub path: Path,
    /// With what.
    pub body: CallBody,
}

/// The body of a call.
#[derive(Clone, Debug)]
pub enum CallBody {
    /// `application/json`, already serialised.
    Json(Bytes),
    /// `multipart/form-data`, parts in order.
    Form(Vec<Part>),
}

/// A part of a form.
#[derive(Clone, Debug)]
pub enum Part {
    /// A field.
    Text {
        /// The field's name.
        name: Cow<'static, str>,
        /// Its value.
        value: String,
    },
    /// A file.
    File {
        /// The field's name.
        name: &'static str,
        /// The file.
        file: Upload,
    },
}

/// What came back, its images already on disk.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers that mean something to us.
    pub headers: ReplyHeaders,
    /// The body.
    pub body: Body,
}

/// The headers that mean something to us.
#[derive(Clone, Debug, Default)]
pub struct ReplyHeaders {
    /// `x-request-id` (official models) or `request-id` (the flat-price ones).
    pub request_id: Option<String>,
    /// How long to wait before the next try, where the reply said so.
    pub retry_after: Option<Duration>,
    /// `x-should-retry`: the upstream's own word on trying again.
    pub should_retry: Option<bool>,
    /// Where a redirect points.
    pub location: Option<String>,
}

/// What follows from a reply.
#[derive(Debug)]
pub enum Step {
    /// Images, here or a download away.
    Made(Made),
    /// No finished image.
    Failed(Box<Lost>),
}

/// What one reply brought. At least one of the two lists holds something.
#[derive(Debug, Default)]
pub struct Made {
    /// The images that came in the body.
    pub staged: Vec<StagedFile>,
    /// The addresses of those that have to be fetched, as the reply wrote them and each once; no
    /// key is sent there.
    pub addresses: Vec<String>,
    /// None of the addresses looks like an image's: they stood in a text.
    pub guessed: bool,
    /// What the reply said beside its images, short; all there is when no address leads to one.
    pub words: String,
    /// What the caller should know of the reply.
    pub warnings: Vec<String>,
    /// What was used, where the reply says.
    pub usage: Option<Usage>,
    /// The upstream's id for the request.
    pub request_id: Option<String>,
}

/// A call without a whole reply, or without a finished image in it.
#[derive(Debug)]
pub struct Lost {
    /// What happened.
    pub failure: Failure,
    /// The images that had come by then. The last one may be cut short.
    pub rescued: Vec<StagedFile>,
}

impl From<Failure> for Lost {
    fn from(failure: Failure) -> Self {
        Self { failure, rescued: Vec::new() }
    }
}

impl Upload {
    /// A mask that is sent.
    #[must_use]
    pub fn mask(png: Bytes) -> Self {
        Self { name: "mask.png".to_owned(), format: ImageFormat::Png, bytes: png }
    }
}
