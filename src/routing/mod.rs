//! Floor 2: which model draws what was asked, at which size, for how much.
//!
//! Pure: a request, the catalogue and which keys are set go in; a route with its reasons
//! and its price comes out. No clock, no environment, no network, no async.

mod tokens;

pub use tokens::{input_image_tokens, output_tokens, text_tokens};
