//! What can be wrong with a reply before anyone asks what it says.

use std::io;

/// How much of a reply may be anything but images, in bytes.
pub const MOST_KEPT_BYTES: usize = 1024 * 1024;

/// How many images one reply may hold. Requests ask for 10 at most; each is an open file.
pub const MOST_IMAGES: usize = 64;

/// A reply that cannot be read. Whatever of its images had arrived is deleted.
#[derive(Debug, thiserror::Error)]
pub enum ReplyError {
    /// The stream ended inside the JSON value; holds how many bytes had come.
    #[error("the reply ended after {bytes} bytes, before it was complete")]
    CutShort {
        /// Bytes of the body, the one before the end included.
        bytes: u64,
    },
    /// It looked like JSON and is not.
    #[error("the reply is not valid JSON at byte {at}: {quote:?}")]
    NotJson {
        /// Where, in bytes of what was kept (images are replaced by handles there).
        at: usize,
        /// What stands around that place, at most 200 characters.
        quote: String,
    },
    /// Too much of it is no image: a format that is not known here, or what follows a fault
    /// early in an image's base64.
    #[error("the reply holds more than {MOST_KEPT_BYTES} bytes that are not a PNG, JPEG, WebP or GIF image")]
    TooLong,
    /// More images than any request asks for.
    #[error("the reply holds more than {MOST_IMAGES} images")]
    TooManyImages,
    /// An image could not be written.
    #[error("the image cannot be written ({0})")]
    Staging(#[from] io::Error),
}
