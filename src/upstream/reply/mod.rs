//! Reads a reply while it arrives, in constant memory: images go to files as they come,
//! and what is left is a small document in which a handle stands for each of them.
//!
//! An image is base64 inside a JSON string, at the string's start or right after
//! `base64,`, whose first bytes announce an image, or the whole reply. That is all the reader knows: it knows no
//! dialect and no field name, opens no connection, and judges no image. A base64 text that
//! announces no image is kept as the text it is.
//!
//! ```
//! # let folder = std::env::temp_dir();
//! use gpt_image_mcp::staging::Staging;
//! use gpt_image_mcp::upstream::reply::{Body, Progress, Reader, handle};
//!
//! let mut reader = Reader::new(Staging::new(folder));
//! reader.push(br#"{"data":[{"b64_json":"R0lGODlh"#)?;
//! assert_eq!(reader.push(br#"AQABAAAAACw="}]}"#)?, Progress::Complete);
//! let Body::Json(mut document) = reader.finish()? else { unreachable!() };
//! let text = document.value["data"][0]["b64_json"].as_str().unwrap_or_default();
//! let image = handle::whole(text).and_then(|index| document.images.take(index));
//! assert_eq!(image.map(|staged| staged.bytes), Some(14));
//! # Ok::<(), gpt_image_mcp::upstream::reply::ReplyError>(())
//! ```

mod any;
mod base64_run;
mod character;
mod document;
mod error;
mod events;
pub mod handle;
mod held;
mod reader;
#[cfg(test)]
mod tests;

pub use any::{Announced, AnyReader};
pub use document::{Body, Document, Images};
pub use error::{MOST_IMAGES, MOST_KEPT_BYTES, ReplyError};
pub use events::Events;
pub use reader::{MOST_WORDS_BYTES, Progress, Reader};
