//! What a caller may name: references to images, the folders it may reach, and where `save_to` leads.
//!
//! It parses, checks and opens; it reads no image, knows no database and fetches nothing.

mod data_url;
mod destination;
mod error;
mod open;
mod pathname;
mod reference;
mod roots;

pub use destination::Destination;
pub use error::ReferenceError;
pub use open::open_resolved;
pub use reference::{ImageReference, LocalReference, of_a_chat};
pub use roots::Roots;
