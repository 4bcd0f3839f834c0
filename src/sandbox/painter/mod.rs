//! Paints what a request asks for: a landscape chosen by the prompt, repeatable to the byte.
//!
//! It knows pixels only: no HTTP, no parameters of any API, no tokens.
//!
//! - `commission`: what is to be painted, and how references and mask enter the picture
//! - `palette`: what the prompt decides
//! - `landscape`, `subject`, `lettering`: what is painted
//! - `canvas`: pixels and strokes
//! - `encode`: pixels into PNG, JPEG or WebP

mod canvas;
mod request;
mod encode;
mod scene;
mod caption;
mod choices;
mod subject;
#[cfg(test)]
mod tests;

pub(super) use encode::{Encoding, encode};
pub(super) use request::{Commission, Detail};
