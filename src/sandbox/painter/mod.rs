//! Paints what a request asks for: a bay chosen by the prompt, the same for the same request.
//!
//! It knows pixels only: no HTTP, no parameters of any API, no tokens.
//!
//! - `request`: what to paint, and how reference images and a mask enter the image
//! - `choices`: what the prompt decides
//! - `scene`: the landscape; `subject`: a kite, a balloon or a boat; `caption`: the words
//! - `brush`: shapes and colours for the drawing library
//! - `encode`: pixels to PNG, JPEG or WebP

mod brush;
mod caption;
mod choices;
mod encode;
mod request;
mod scene;
mod subject;
#[cfg(test)]
mod tests;

pub(super) use encode::{Encoding, encode};
pub(super) use request::{Detail, PaintRequest};
