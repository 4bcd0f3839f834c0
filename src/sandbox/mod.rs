//! Beside upstream: a loopback server that speaks the real wire formats of the image APIs.
//!
//! It is written from the documents and shares no code with what it is there to test: the decoder,
//! the router and its prices.
//! It paints a repeatable image from the prompt, accepts and refuses what the real models accept
//! and refuse, and reports usage by their formula. It listens on 127.0.0.1 only and fetches
//! nothing. It accepts any key but an empty one and `sk-invalid`.
//!
//! The gateway's models (`-all`, `-vip`) reply in several forms. [`SandboxOptions::reply`] sets the
//! form of all replies; a word in the prompt sets that of its own:
//!
//! | word | reply |
//! | --- | --- |
//! | `sandbox:base64` | bare base64; on chat a Markdown image with a data: URL |
//! | `sandbox:prefixed` | base64 with `data:image/png;base64,` before it |
//! | `sandbox:url` | a link |
//! | `sandbox:parts` | chat: content as a list of parts |
//! | `sandbox:message_images` | chat: the image in `message.images` |
//! | `sandbox:images_shaped` | chat: a body as the images endpoints have it |
//! | `sandbox:words` | chat: text and no image, status 200, charged |
//!
//! The image is that of the prompt without such words.
//!
//! It fails on demand in every way of the real APIs: by [`SandboxOptions::fault`], by a header of a
//! request or by the word `sandbox:fault=NAME` of its prompt; see `faults`.

mod chat;
mod faults;
mod files;
mod ids;
mod images_api;
mod connection;
mod downloads;
mod profiles;
mod models;
mod options;
mod paid_call;
mod painter;
mod api_error;
mod received;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod tokens;

pub use faults::{Fault, FaultError, FaultSpec, fault_help};
pub use options::{ReplyForm, SandboxOptions};
pub use profiles::ServerProfile;
pub use received::ReceivedRequest;
pub use server::Sandbox;
