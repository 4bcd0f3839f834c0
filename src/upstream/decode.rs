//! From a reply to its images, in whichever of the known shapes they come.
//!
//! One reading for all dialects: `data[]` with `b64_json` (raw or as a data URL) or `url`,
//! `choices[].message` with Markdown, data URLs, links, content arrays or `images[]`.
//! Sources: docs.apiyi.com (gpt-image-2-all: overview, image-edit, chat-completions),
//! OpenAI's API reference, and OpenRouter's and Vercel's documents for `images[]`.
//! It fetches nothing and invents nothing: a reply without an image is a failure. One with a
//! image is none, wherever the image is and whatever is said beside it.

use std::collections::HashSet;

use serde_json::Value;

use super::call::{Lost, Made, Reply, ReplyHeaders, Step};
use super::classify::classify;
use super::failure::{Failure, FailureKind, shorten};
use super::links::{Links, links_in};
use super::reply::{Body, Document, handle};
use crate::routing::Usage;
use crate::staging::StagedFile;

/// What a reply means.
pub(super) fn decode(reply: Reply) -> Step {
    let Reply { status, headers, mut body } = reply;
    if !is_success(status) {
        return failed(classify(status, &headers, &body));
    }
    let says_error = matches!(&body, Body::Json(document) if document.error().is_some());
    let error = says_error.then(|| classify(status, &headers, &body));
    let Body::Json(document) = &mut body else {
        return failed(unreadable(status, &headers, &body));
    };

    let mut found = Found::default();
    found.collect(document);
    let guessed = found.addresses.is_empty();
    // An error's text may link to help.
    if guessed && error.is_none() {
        found.addresses.append(&mut found.guesses);
    }
    if found.staged.iter().any(|staged| !staged.partial) || !found.addresses.is_empty() {
        let Found { staged, mut addresses, words, mut warnings, .. } = found;
        // The image is paid, whatever is said beside it.
        warnings.extend(error.map(|error| format!("{ERROR_BESIDE}: {}", shorten(error.words.trim()))));
        let mut named = HashSet::new();
        addresses.retain(|address| named.insert(address.clone()));
        let (words, usage) = (shorten(words.trim()), usage(&document.value));
        let request_id = headers.request_id;
        return Step::Made(Made { staged, addresses, guessed, words, warnings, usage, request_id });
    }
    if let Some(failure) = error {
        // What is refused is the image, however far it had come.
        let refused = failure.kind == FailureKind::RefusedContent;
        let rescued = if refused { Vec::new() } else { found.staged };
        return Step::Failed(Box::new(Lost { failure, rescued }));
    }
    let (kind, words) = if found.damaged {
        (FailureKind::CutShort, "its base64 is broken".to_owned())
    } else if found.words.trim().is_empty() {
        (FailureKind::NoImage, shorten(&document.value.to_string()))
    } else {
        (FailureKind::NoImage, format!("\"{}\"", shorten(found.words.trim())))
    };
    failed(Failure { status: Some(status), request_id: headers.request_id, ..Failure::new(kind, words) })
}

const ERROR_BESIDE: &str = "the reply says an error beside its image";

const UNKNOWN_PLACE: &str =
    "the image was in no known place of the reply; look whether it is what was asked for";

/// The failure that a success without JSON is.
fn unreadable(status: u16, headers: &ReplyHeaders, body: &Body) -> Failure {
    let quoted = classify(status, headers, body).words;
    let failure = match body {
        // A proxy's or a login page: whatever answered is no image API.
        Body::Text(text) if is_web_page(text) => {
            let words = "the reply is not JSON; the base URL may lead to a web page";
            Failure::new(FailureKind::UpstreamFailed, format!("{words}: {quoted}"))
        }
        // There may be an image in what cannot be read.
        Body::Text(_) => Failure {
            hint: Some(UNREADABLE.to_owned()),
            ..Failure::new(FailureKind::TimedOut, format!("the reply is not JSON: {quoted}"))
        },
        // Success without an image was probably charged.
        Body::Json(_) | Body::Empty => Failure::new(FailureKind::CutShort, "the reply is empty"),
    };
    Failure { status: Some(status), request_id: headers.request_id.clone(), ..failure }
}

const UNREADABLE: &str = "Calling again may pay twice; check that the base URL leads to an image API.";

fn failed(failure: Failure) -> Step {
    Step::Failed(Box::new(failure.into()))
}

const fn is_success(status: u16) -> bool {
    status >= 200 && status < 300
}

fn is_web_page(text: &str) -> bool {
    let text = text.trim_start().to_ascii_lowercase();
    ["<!doctype html", "<html"].iter().any(|opening| text.starts_with(opening))
}

/// What a walk over a document finds.
#[derive(Debug, Default)]
struct Found {
    staged: Vec<StagedFile>,
    addresses: Vec<String>,
    /// Links in a text of which none looks like an image's.
    guesses: Vec<String>,
    words: String,
    damaged: bool,
    warnings: Vec<String>,
}

impl Found {
    fn collect(&mut self, document: &mut Document) {
        let Document { value, images } = document;
        let mut take = |index| images.take(index);
        for item in list(value.get("data")) {
            let before = self.staged.len();
            self.exact(item.get("b64_json"), &mut take);
            // A reply with both forms of one image needs no download.
            if self.staged.len() == before {
                self.address(item.get("url").or_else(|| item.get("image_url")), &mut take);
            }
        }
        // The last event of a stream is the image itself.
        self.exact(value.get("b64_json"), &mut take);
        for message in list(value.get("choices")).filter_map(|choice| choice.get("message")) {
            for image in list(message.get("images")) {
                self.address(image.get("image_url").or_else(|| image.get("url")), &mut take);
                self.exact(image.get("b64_json"), &mut take);
            }
            match message.get("content") {
                Some(Value::String(text)) => self.text(text, &mut take),
                Some(Value::Array(parts)) => {
                    for part in parts {
                        self.address(part.get("image_url").or_else(|| part.get("image")), &mut take);
                        self.exact(part.get("b64_json"), &mut take);
                        if let Some(text) = part.get("text").and_then(Value::as_str) {
                            self.text(text, &mut take);
                        }
                    }
                }
                _ => {}
            }
            if let Some(refusal) = message.get("refusal").and_then(Value::as_str) {
                self.words.push_str(refusal);
            }
        }
        // Whole or not shows when they are looked at.
        if self.staged.is_empty() && self.addresses.is_empty() {
            self.staged.extend(images.rest());
            if !self.staged.is_empty() {
                self.warnings.push(UNKNOWN_PLACE.to_owned());
            }
        }
    }

    /// A field that is an image and nothing else.
    fn exact(&mut self, field: Option<&Value>, take: &mut impl FnMut(usize) -> Option<StagedFile>) {
        let Some(text) = field.and_then(Value::as_str).filter(|text| !text.is_empty()) else { return };
        match handle::find(text) {
            Some(found) if handle::whole(text).is_some() => self.staged.extend(take(found.image)),
            // Taken all the same, so that nobody else does.
            found => {
                self.damaged = true;
                drop(found.and_then(|found| take(found.image)));
            }
        }
    }

    /// A field that holds an address, as text or as `{"url": …}`; data URLs are images.
    fn address(&mut self, field: Option<&Value>, take: &mut impl FnMut(usize) -> Option<StagedFile>) {
        let field = match field {
            Some(Value::Object(fields)) => fields.get("url"),
            other => other,
        };
        let Some(text) = field.and_then(Value::as_str).filter(|text| !text.is_empty()) else { return };
        if text.starts_with("data:") || handle::find(text).is_some() {
            self.exact(field, take);
        } else {
            self.addresses.push(text.to_owned());
        }
    }

    /// Text for people that may hold images and links.
    fn text(&mut self, text: &str, take: &mut impl FnMut(usize) -> Option<StagedFile>) {
        let mut rest = text;
        while let Some(found) = handle::find(rest) {
            // Base64 goes on behind it: it was broken there.
            let broken = found.after.starts_with(|next: char| next.is_ascii_alphanumeric());
            self.damaged |= broken;
            self.staged.extend(take(found.image).filter(|_| !broken));
            self.words.push_str(found.before);
            rest = found.after;
        }
        match links_in(rest) {
            Links::Images(links) => self.addresses.extend(links),
            Links::Any(links) => self.guesses.extend(links),
        }
        self.words.push_str(rest);
    }
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// What the reply says was used. Both spellings are known: the Images API's and chat's.
fn usage(value: &Value) -> Option<Usage> {
    let usage = value.get("usage").filter(|usage| usage.is_object())?;
    let number = |names: [&str; 2]| names.into_iter().find_map(|name| usage.get(name)?.as_u64());
    let detail = |name: &str| usage.get("input_tokens_details")?.get(name)?.as_u64();
    Some(Usage {
        input_text: detail("text_tokens"),
        input_image: detail("image_tokens"),
        output: number(["output_tokens", "completion_tokens"])?,
    })
}
