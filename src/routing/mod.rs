//! Layer 2: which model draws what was asked, at which size, for how much.
//!
//! Pure: a request, the catalogue and which keys are set go in; a route with its reasons
//! and its price comes out. No clock, no environment, no network, no async.

mod grid;
mod price;
mod refusal;
mod requirements;
mod router;
mod size;
mod tokens;

pub use price::{Estimate, Usage, actual, estimate};
pub use refusal::Refusal;
pub use requirements::{Unmet, unmet};
pub use router::{Choice, Dropped, Route, route};
pub use size::{Shape, SizeFault, shape};
pub use tokens::{input_image_tokens, output_tokens, text_tokens};
