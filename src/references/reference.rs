//! Image references: the one string by which a caller names an image.
//!
//! Pure: nothing is opened or fetched here. What agents pass by mistake is known by its
//! looks and answered with what to pass instead, because "no such file" teaches nothing.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use url::Url;

use super::data_url;
use super::error::ReferenceError;
use super::pathname::{self, CHAT_SANDBOX, Hint};
use crate::domain::{ImageFormat, ImageId};

/// Where an image is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageReference {
    /// On this machine, or in the reference itself.
    Local(LocalReference),
    /// At an `https:` address.
    Remote(Url),
}

/// An image that needs no network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LocalReference {
    /// A file, its path as given: `~` and relative paths are for `Roots` to read.
    Path(PathBuf),
    /// The bytes of a `data:` URL.
    #[serde(with = "base64")]
    Data(Bytes),
    /// An image kept earlier.
    Stored(ImageId),
}

/// Bytes as base64, so that an image crosses the link to the worker process as one string.
mod base64 {
    use base64_simd::STANDARD;
    use bytes::Bytes;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode_to_string(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode_to_vec(text).map(Bytes::from).map_err(D::Error::custom)
    }
}

const EMPTY: Hint = "Pass a path, an https URL, or the id of an earlier image.";
const PLACEHOLDER: Hint = "Images shown in the chat do not reach this server: ask the user for the file's path on this \
                           machine, or for an https URL.";
const JSON: Hint = "Pass the plain string itself: a path, an https URL, or the id of an earlier image.";
const BARE_BASE64: Hint =
    "That is bare base64: put data:image/png;base64, before it or, better, pass the file's path.";
const HTTP: Hint = "Use https, or download the image and pass its path.";
const NO_ADDRESS: Hint = "The address cannot be read: check it, or download the image and pass its path.";
const SCHEME: Hint = "Only https and file addresses are read: download the image and pass its path.";
const BLOB: Hint = "A blob URL exists only inside a browser: save the image and pass its path.";
const IMAGE_ID: Hint = "An image id is img_ and twelve characters: copy it from an earlier result.";
const JOB_ID: Hint = "That is a job: get_image with it shows its images; pass one of their ids.";

impl ImageReference {
    /// Reads a reference. White space and quotes around it are dropped.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let text = unquoted(text.trim());
        read(text)
            .map_err(|hint| ReferenceError::NotAReference { given: shortened(text), hint: hint.to_owned() })
    }
}

fn read(text: &str) -> Result<ImageReference, Hint> {
    if text.is_empty() {
        return Err(EMPTY);
    }
    if let Some((scheme, rest)) = pathname::scheme(text) {
        match scheme.to_ascii_lowercase().as_str() {
            "https" => return Url::parse(text).map(ImageReference::Remote).map_err(|_| NO_ADDRESS),
            "data" => return local(data_url::decode(rest).map(LocalReference::Data)),
            "image" => return local(stored(rest.trim_matches('/'))),
            "attachment" | "cid" => return Err(PLACEHOLDER),
            "blob" => return Err(BLOB),
            "http" => return Err(HTTP),
            "file" | "sandbox" => {}
            _ => return Err(SCHEME),
        }
    }
    if is_id(text) {
        return local(stored(text));
    }
    match slip(text) {
        Some(hint) => Err(hint),
        None => local(pathname::parse(text).map(LocalReference::Path)),
    }
}

fn local(reference: Result<LocalReference, Hint>) -> Result<ImageReference, Hint> {
    reference.map(ImageReference::Local)
}

fn is_id(text: &str) -> bool {
    let prefixed = text.starts_with(ImageId::PREFIX) || text.starts_with(crate::domain::JobId::PREFIX);
    prefixed && !text.contains(['.', '/', '\\', ' '])
}

fn stored(id: &str) -> Result<LocalReference, Hint> {
    if id.starts_with(crate::domain::JobId::PREFIX) {
        return Err(JOB_ID);
    }
    ImageId::parse(id).map(LocalReference::Stored).ok_or(IMAGE_ID)
}

/// What is wrong with a text that would pass for a path and surely is none.
fn slip(text: &str) -> Option<Hint> {
    let has_extension = extension(text).is_some();
    let enclosed = |open: char, close: char| text.starts_with(open) && text.ends_with(close);
    if enclosed('{', '}') || text.starts_with("[\"") || text.starts_with("[{") || text.contains("](") {
        return Some(JSON);
    }
    if enclosed('[', ']') || enclosed('<', '>') || names_an_attachment(text, has_extension) {
        return Some(PLACEHOLDER);
    }
    if !has_extension && (data_url::is_image_base64(text) || is_long_base64(text)) {
        return Some(BARE_BASE64);
    }
    None
}

fn extension(text: &str) -> Option<ImageFormat> {
    Path::new(text).extension().and_then(|extension| ImageFormat::parse(extension.to_str()?))
}

/// `cat.png attached`, `the attached image`, `image #1`.
fn names_an_attachment(text: &str, has_extension: bool) -> bool {
    let lower = text.to_lowercase();
    let says_attached = ["attached", "(attachment)", "(attached)", "[attached]"];
    if says_attached.iter().any(|ending| lower.ends_with(ending)) && lower.contains(' ') {
        return true;
    }
    let is_words = !has_extension && !lower.contains(['/', '\\', '.']) && lower.contains([' ', '#']);
    is_words && ["attach", "upload", "image", "picture", "photo"].iter().any(|word| lower.contains(word))
}

/// Long, and of nothing but base64's characters: no path to an image has no dot in it.
fn is_long_base64(text: &str) -> bool {
    text.len() >= 200
        && text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || matches!(byte, b'+' | b'/' | b'=')
        })
}

fn unquoted(text: &str) -> &str {
    ['"', '\'', '`']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .map_or(text, str::trim)
}

/// The first 60 characters.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => text.get(..end).unwrap_or_default().chars().chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// The chat's path, refused in the words that explain it.
#[must_use]
pub fn of_a_chat(path: &Path) -> ReferenceError {
    ReferenceError::NotAReference {
        given: shortened(&path.display().to_string()),
        hint: CHAT_SANDBOX.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_of_reference_is_read() {
        let path = |text| Ok(ImageReference::Local(LocalReference::Path(PathBuf::from(text))));
        let id = ImageId::parse("img_0123456789ab").unwrap();
        let stored = Ok(ImageReference::Local(LocalReference::Stored(id)));
        let remote = |text| Ok(ImageReference::Remote(Url::parse(text).unwrap()));
        let data = Ok(ImageReference::Local(LocalReference::Data(Bytes::from_static(b"hi"))));
        let cases = [
            ("cat.png", path("cat.png")),
            (" \"cat.png\"\n", path("cat.png")),
            ("`~/my photo/Image 1.png`", path("~/my photo/Image 1.png")),
            ("[draft] cat.png", path("[draft] cat.png")),
            ("uploads/image", path("uploads/image")),
            ("img_0001.png", path("img_0001.png")),
            ("./img_0123456789ab", path("./img_0123456789ab")),
            ("img_0123456789ab", stored.clone()),
            ("image://img_0123456789ab", stored.clone()),
            ("image://img_0123456789ab/", stored),
            ("https://example.com/a b.png?x=1", remote("https://example.com/a b.png?x=1")),
            ("HTTPS://EXAMPLE.COM/cat.png", remote("https://example.com/cat.png")),
            ("data:;base64,aGk=", data.clone()),
            ("DATA:text/plain,hi", data),
        ];
        for (text, expected) in cases {
            assert_eq!(read(unquoted(text.trim())), expected, "{text}");
        }
    }

    #[test]
    fn what_agents_pass_by_mistake_is_answered_with_what_to_pass() {
        let long = "QUJD".repeat(100);
        let cases = [
            ("", EMPTY),
            (" \n", EMPTY),
            ("\"\"", EMPTY),
            ("[Image #1]", PLACEHOLDER),
            ("[image1.png]", PLACEHOLDER),
            ("<image>", PLACEHOLDER),
            ("image1.png attached", PLACEHOLDER),
            ("cat.png (attached)", PLACEHOLDER),
            ("the attached photo", PLACEHOLDER),
            ("Image #2", PLACEHOLDER),
            ("attachment://image.png", PLACEHOLDER),
            ("attachment:0", PLACEHOLDER),
            ("/mnt/user-data/uploads/cat.png", CHAT_SANDBOX),
            ("sandbox:/mnt/data/cat.png", CHAT_SANDBOX),
            ("{\"url\": \"https://example.com/cat.png\"}", JSON),
            ("[\"cat.png\"]", JSON),
            ("![cat](cat.png)", JSON),
            ("iVBORw0KGgoAAAANSUhEUgAA...", BARE_BASE64),
            ("/9j/4AAQSkZJRgABAQAAAQABAAD", BARE_BASE64),
            (&long, BARE_BASE64),
            ("blob:https://chat.example.com/1f0e", BLOB),
            ("http://example.com/cat.png", HTTP),
            ("ftp://example.com/cat.png", SCHEME),
            ("s3://bucket/cat.png", SCHEME),
            ("https://", NO_ADDRESS),
            ("img_123", IMAGE_ID),
            ("image://1", IMAGE_ID),
            ("job_0123456789ab", JOB_ID),
            ("image://job_0123456789ab", JOB_ID),
        ];
        for (text, hint) in cases {
            assert_eq!(read(unquoted(text.trim())), Err(hint), "{text}");
        }
    }

    #[test]
    fn a_refusal_names_the_argument_the_text_and_the_remedy_and_stays_short() {
        let refusal = ImageReference::parse(&"iVBORw0KGgo".repeat(1000)).unwrap_err();
        let words = refusal.at("images[0]").to_string();
        assert!(words.starts_with("images[0]: \"iVBORw0KGgoiVBOR"), "{words}");
        assert!(words.contains(BARE_BASE64) && words.len() < 300, "{words}");
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(
            start in prop::sample::select(vec!["", "data:", "data:;base64,", "file:", "https://", "img_", "[", "~", "/9j/"]),
            rest in ".{0,80}",
        ) {
            let text = format!("{start}{rest}");
            if let Err(ReferenceError::NotAReference { given, hint }) = ImageReference::parse(&text) {
                prop_assert!(given.chars().count() <= 61 && !hint.is_empty());
            }
        }
    }
}
