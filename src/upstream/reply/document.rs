//! What is left of a reply when its images are out of it.

use serde_json::Value;

use super::error::ReplyError;
use crate::staging::StagedFile;

/// Characters quoted of a reply that is not JSON, on both sides of the fault together.
const QUOTE_CHARACTERS: usize = 200;

/// A reply.
#[derive(Debug)]
pub enum Body {
    /// JSON.
    Json(Document),
    /// Something else, such as a gateway's HTML page; only its beginning.
    Text(String),
    /// Nothing, or nothing but white space.
    Empty,
}

/// A JSON reply.
#[derive(Debug)]
pub struct Document {
    /// The value; each image in it is a handle (see [`super::handle`]).
    pub value: Value,
    /// The images. Those nobody takes are deleted with the document.
    pub images: Images,
}

impl Document {
    /// Its error, if it says one.
    #[must_use]
    pub fn error(&self) -> Option<&Value> {
        self.value.get("error").filter(|error| is_said(error))
    }

    /// A document without images.
    pub(super) fn of(value: Value) -> Self {
        Self { value, images: Images::default() }
    }

    /// A document that says nothing and holds these images.
    pub(super) fn of_images(images: &mut Vec<StagedFile>) -> Self {
        Self { value: Value::Null, images: Images(images.drain(..).map(Some).collect()) }
    }

    /// Parses the kept text. Bytes that are no UTF-8 are replaced: gateways are known to pass
    /// on messages in other encodings, and an image must not be lost for one.
    /// The images are taken only if it parses.
    pub(super) fn parse(kept: &[u8], images: &mut Vec<StagedFile>) -> Result<Self, ReplyError> {
        let text = String::from_utf8_lossy(kept);
        match serde_json::from_str(&text) {
            Ok(value) => Ok(Self { value, images: Images(images.drain(..).map(Some).collect()) }),
            Err(error) => {
                let at = offset(&text, error.line(), error.column());
                Err(ReplyError::NotJson { at, quote: quote(&text, at) })
            }
        }
    }
}

/// The images of a document, by their number in the order in which they began.
#[derive(Debug, Default)]
pub struct Images(Vec<Option<StagedFile>>);

impl Images {
    /// An image, once. `None` for one that was taken before, and for one that there is not.
    pub fn take(&mut self, image: usize) -> Option<StagedFile> {
        self.0.get_mut(image)?.take()
    }

    /// Puts one behind those there are.
    pub(super) fn add(&mut self, image: Option<StagedFile>) {
        self.0.extend(image.map(Some));
    }

    /// Those that nobody took.
    pub fn rest(&mut self) -> impl Iterator<Item = StagedFile> {
        self.0.drain(..).flatten()
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// Whether an error field says anything: some servers write an empty one beside every success.
fn is_said(error: &Value) -> bool {
    match error {
        Value::Null => false,
        Value::Bool(error) => *error,
        Value::Number(code) => code.as_f64() != Some(0.0),
        Value::String(words) => !words.trim().is_empty(),
        Value::Array(parts) => parts.iter().any(is_said),
        Value::Object(fields) => fields.values().any(is_said),
    }
}

/// The byte that a line and a column, both from 1, point at.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let lines_before = text.split_inclusive('\n').take(line.saturating_sub(1));
    let start: usize = lines_before.map(str::len).sum();
    (start + column.saturating_sub(1)).min(text.len())
}

/// What stands around a byte.
fn quote(text: &str, at: usize) -> String {
    let middle = text.floor_char_boundary(at);
    let (before, after) = text.split_at_checked(middle).unwrap_or((text, ""));
    let before = before.char_indices().rev().take(QUOTE_CHARACTERS / 2).last();
    let from = before.map_or(middle, |(start, _)| start);
    let after = after.chars().take(QUOTE_CHARACTERS / 2).map(char::len_utf8).sum::<usize>();
    text.get(from..middle + after).unwrap_or_default().to_owned()
}
