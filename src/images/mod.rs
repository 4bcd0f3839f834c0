//! Floor 4: bytes in, bytes kept.
//!
//! Looks at pictures, makes masks and previews, reads references, stores results.
//! It knows nothing of tools or of which API a picture came from.

mod error;

pub use error::ImageError;
