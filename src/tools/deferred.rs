//! Whole images that a transport reads and encodes while it sends, so that a result of 19 MB is
//! never in memory. The result contains a mark in place of the image; the transport replaces it.
//!
//! For transports that write messages themselves. If a request has no [`DeferredImages`] in its
//! extensions, the result contains the images.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use memchr::memmem;

use crate::store::StoreError;
use crate::store::{EncodedImage, StoredImage};

/// An image that is not sent within this time belonged to a cancelled call.
const KEPT: Duration = Duration::from_mins(1);

/// The images of one connection whose results are not sent yet. Cheap to clone; a transport puts
/// one into the extensions of every request.
#[derive(Clone, Debug)]
pub struct DeferredImages(Arc<DeferredState>);

#[derive(Debug)]
struct DeferredState {
    /// The start of every mark. It cannot be guessed, so no text is mistaken for a mark.
    prefix: String,
    waiting: Mutex<UnsentImages>,
}

#[derive(Debug, Default)]
struct UnsentImages {
    count: u64,
    images: HashMap<u64, (EncodedImage, Instant)>,
}

/// A part of a message.
#[derive(Debug)]
pub enum Piece {
    /// Bytes to send unchanged.
    Bytes(Vec<u8>),
    /// An image to send as base64.
    Image(Box<EncodedImage>),
}

impl Default for DeferredImages {
    fn default() -> Self {
        let mut nonce = [0; 16];
        // Without system randomness a mark is still unlike any text of an agent.
        let _ = getrandom::fill(&mut nonce);
        let prefix = format!("deferred-{:032x}-", u128::from_le_bytes(nonce));
        Self(Arc::new(DeferredState { prefix, waiting: Mutex::default() }))
    }
}

impl DeferredImages {
    /// Keeps an image; the message contains the returned mark in place of its base64.
    pub(super) fn mark(&self, image: EncodedImage) -> String {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.images.retain(|_, (_, since)| since.elapsed() < KEPT);
        waiting.count += 1;
        let number = waiting.count;
        waiting.images.insert(number, (image, Instant::now()));
        format!("{}{number}", self.0.prefix)
    }

    /// Splits a JSON message at its marks.
    #[must_use]
    pub fn cut(&self, message: Vec<u8>) -> Vec<Piece> {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.images.is_empty() {
            return vec![Piece::Bytes(message)];
        }
        let (mut pieces, mut rest) = (Vec::new(), message.as_slice());
        let prefix = self.0.prefix.as_bytes();
        while let Some((before, after)) =
            memmem::find(rest, prefix).and_then(|place| rest.split_at_checked(place))
        {
            let number = after.get(prefix.len()..).unwrap_or_default();
            let digits = number.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (number, after) = number.split_at_checked(digits).unwrap_or((number, &[]));
            let number = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok());
            pieces.push(Piece::Bytes(before.to_vec()));
            if let Some((image, _)) = number.and_then(|number: u64| waiting.images.remove(&number)) {
                pieces.push(Piece::Image(Box::new(image)));
            }
            rest = after;
        }
        pieces.push(Piece::Bytes(rest.to_vec()));
        pieces
    }
}

/// The base64 of a stored image, or its mark if images are deferred.
pub(super) fn base64(image: &StoredImage, deferred: Option<&DeferredImages>) -> Result<String, StoreError> {
    let encoded = EncodedImage::open(image)?;
    match deferred {
        Some(deferred) => Ok(deferred.mark(encoded)),
        None => encoded.whole().map_err(|error| StoreError::reading(&image.path, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(bytes: &[u8]) -> EncodedImage {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image");
        std::fs::write(&path, bytes).unwrap();
        EncodedImage::of(std::fs::File::open(path).unwrap(), bytes.len() as u64)
    }

    fn text_of(pieces: Vec<Piece>) -> String {
        let texts = pieces.into_iter().map(|piece| match piece {
            Piece::Bytes(bytes) => String::from_utf8(bytes).unwrap(),
            Piece::Image(image) => image.whole().unwrap(),
        });
        texts.collect()
    }

    #[test]
    fn images_come_where_their_marks_stand_each_once() {
        let deferred = DeferredImages::default();
        let [first, second] = [deferred.mark(image(b"abc")), deferred.mark(image(b"def"))];
        let message = format!(r#"{{"a":"{second}","b":"é","c":"{first}"}}"#);
        assert_eq!(text_of(deferred.cut(message.clone().into())), r#"{"a":"ZGVm","b":"é","c":"YWJj"}"#);
        assert_eq!(text_of(deferred.cut(message.clone().into())), message, "no image waits any more");
    }

    #[test]
    fn a_message_without_marks_stays_as_it_is() {
        let deferred = DeferredImages::default();
        let other = DeferredImages::default().mark(image(b"abc"));
        let _ = deferred.mark(image(b"abc"));
        for message in ["", "{}", "deferred-1", other.as_str()] {
            assert_eq!(text_of(deferred.cut(message.into())), message);
        }
    }

    #[test]
    fn a_mark_is_part_of_no_longer_one() {
        let deferred = DeferredImages::default();
        let marks: Vec<_> = (0..11).map(|_| deferred.mark(image(b"abc"))).collect();
        let pieces = deferred.cut(marks.last().unwrap().as_bytes().to_vec());
        assert_eq!(text_of(pieces), "YWJj");
        assert_eq!(text_of(deferred.cut(marks.first().unwrap().as_bytes().to_vec())), "YWJj");
    }
}
