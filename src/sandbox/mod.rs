//! Beside upstream: a loopback server that speaks the real wire formats of the image APIs.
//!
//! It is written from the documents and shares no code with the decoder it is there to test.
//! It paints a repeatable picture from the prompt, obeys what the real models obey, refuses
//! what they refuse and reports usage by their formula. It listens on 127.0.0.1 only and
//! fetches nothing. Any key is accepted but an empty one and `sk-invalid`.
//!
//! The gateway's models (`-all`, `-vip`) answer in several shapes. [`Options::reply`] chooses
//! one for all answers; a word in the prompt chooses one for its answer:
//!
//! | word | answer |
//! | --- | --- |
//! | `sandbox:base64` | bare base64 whatever was asked; on chat a Markdown picture with a data: URL |
//! | `sandbox:prefixed` | base64 with `data:image/png;base64,` before it |
//! | `sandbox:url` | a link whatever was asked |
//! | `sandbox:parts` | chat: content as a list of parts |
//! | `sandbox:message_images` | chat: the picture in `message.images` |
//! | `sandbox:images_shaped` | chat: a body as the images endpoints have it |
//! | `sandbox:words` | chat: words and no picture, status 200, billed |
//!
//! Such words are not painted: the picture is that of the prompt without them.
//!
//! It fails in every way of the real ones when it is told to, by [`Options::fault`], by a header
//! of a request or by the word `sandbox:fault=NAME` of its prompt; see `faults` for the names.

mod chat;
mod faults;
mod files;
mod images_api;
mod connection;
mod profiles;
mod models;
mod options;
mod painter;
mod api_error;
mod received;
mod server;
#[cfg(test)]
mod tests;

pub use faults::{Fault, FaultError, FaultSpec, fault_help};
pub use options::{Options, ReplyForm};
pub use profiles::Manner;
pub use received::Seen;
pub use server::Sandbox;
