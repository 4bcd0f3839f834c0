//! Floor 3: the image APIs.
//!
//! A dialect encodes a request and decodes a reply and never sends; `client` sends and knows
//! no dialect; `reply` reads a body as it arrives and knows neither.

mod landing;

pub use landing::{Arrival, Landed, Landing};
