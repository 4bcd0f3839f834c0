//! The reader as its callers see it, fed with the bodies that the interfaces document.

mod events;
mod properties;
mod shapes;

use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

use super::handle::{self, spell};
use super::{Body, MOST_IMAGES, MOST_KEPT_BYTES, MOST_WORDS_BYTES, Progress, Reader, ReplyError};
use crate::domain::ImageFormat;
use crate::staging::Staging;

/// A red dot, 1 x 1, as `base64 dot.png` prints it.
const DOT: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC";

/// What a body came to, its images read back from their files.
#[derive(Debug, PartialEq)]
enum Outcome {
    Json(Value, Vec<Vec<u8>>),
    Text(String),
    Empty,
    CutShort(u64),
    NotJson(usize, String),
    TooLong,
    TooManyImages,
}

fn outcome(finished: Result<Body, ReplyError>) -> Outcome {
    match finished {
        Ok(Body::Json(mut document)) => {
            let images = (0..document.images.count()).map(|index| {
                let staged = document.images.take(index).unwrap();
                assert!(document.images.take(index).is_none(), "an image is given out once");
                let bytes = staged.read().unwrap();
                assert_eq!(staged.bytes, bytes.len() as u64);
                assert_eq!(staged.hash, blake3::hash(&bytes));
                assert_eq!(staged.format, ImageFormat::sniff(&bytes));
                bytes
            });
            let images = images.collect();
            Outcome::Json(document.value, images)
        }
        Ok(Body::Text(text)) => Outcome::Text(text),
        Ok(Body::Empty) => Outcome::Empty,
        Err(ReplyError::CutShort { bytes }) => Outcome::CutShort(bytes),
        Err(ReplyError::NotJson { at, quote }) => Outcome::NotJson(at, quote),
        Err(ReplyError::TooLong) => Outcome::TooLong,
        Err(ReplyError::TooManyImages) => Outcome::TooManyImages,
        Err(ReplyError::Staging(error)) => panic!("{error}"),
    }
}

/// Reads chunks into this folder.
fn read_into<'bytes>(folder: &Path, chunks: impl IntoIterator<Item = &'bytes [u8]>) -> Outcome {
    let mut reader = Reader::new(Staging::new(folder));
    for chunk in chunks {
        if let Err(error) = reader.push(chunk) {
            return outcome(Err(error));
        }
    }
    outcome(reader.finish())
}

/// Reads a body in one piece; nothing of it may be left afterwards.
fn read(body: impl AsRef<[u8]>) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let outcome = read_into(folder.path(), [body.as_ref()]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    outcome
}

fn dot() -> Vec<u8> {
    BASE64_STANDARD.decode(DOT).unwrap()
}

#[test]
fn the_official_reply_keeps_its_usage_and_gives_its_image() {
    let body = r#"{"created":1776832476,"data":[{"b64_json":"DOT"}],"usage":{"input_tokens":9,"input_tokens_details":{"text_tokens":9,"image_tokens":0},"output_tokens":1372,"output_tokens_details":{"image_tokens":1372,"text_tokens":0},"total_tokens":1381}}"#;
    let Outcome::Json(value, images) = read(body.replace("DOT", DOT)) else { panic!() };
    let text = value["data"][0]["b64_json"].as_str().unwrap();
    assert_eq!(handle::whole(text), Some(0));
    assert_eq!(value["usage"]["output_tokens_details"]["image_tokens"], 1372);
    assert_eq!(images, [dot()]);
}

#[test]
fn each_place_where_an_image_comes_gives_its_image() {
    let cases = [
        (r#"{"data":[{"b64_json":"data:image/png;base64,DOT"}]}"#, "/data/0/b64_json"),
        (r#"{"data":[{"b64_json":"data:image\/png;base64,DOT"}]}"#, "/data/0/b64_json"),
        (
            r#"{"choices":[{"message":{"content":"![image](data:image/png;base64,DOT)\n\n"}}]}"#,
            "/choices/0/message/content",
        ),
        (
            r#"{"choices":[{"message":{"content":[{"type":"text","text":"Here, base64"},{"type":"image_url","image_url":{"url":"data:image/png;base64,DOT"}}]}}]}"#,
            "/choices/0/message/content/1/image_url/url",
        ),
        (
            r#"{"choices":[{"message":{"images":[{"image_url":{"url":"data:image/png;base64,DOT"}}]}}]}"#,
            "/choices/0/message/images/0/image_url/url",
        ),
        (
            r#"{"type":"image_generation.partial_image","b64_json":"DOT","partial_image_index":0,"size":"1024x1024","quality":"low","background":"opaque","output_format":"png","created_at":1}"#,
            "/b64_json",
        ),
        (r#"[{"b64_json":"\n DOT\n"}]"#, "/0/b64_json"),
        (r#"{"content":"<img src=\"data:image/png;base64,DOT\">"}"#, "/content"),
        (r#"{"b64_json":"data:;base64,DOT","usage":null}"#, "/b64_json"),
    ];
    for (body, place) in cases {
        let Outcome::Json(value, images) = read(body.replace("DOT", DOT)) else { panic!("{body}") };
        assert_eq!(images, [dot()], "{body}");
        let text = value.pointer(place).and_then(Value::as_str).unwrap();
        assert_eq!(handle::find(text).map(|found| found.image), Some(0), "{body}");
        let without = |text: &str| text.trim().replace(&spell(0), "DOT").replace("\\/", "/");
        let mut expected: Value = serde_json::from_str(body).unwrap();
        let original = without(expected.pointer(place).and_then(Value::as_str).unwrap());
        assert_eq!(without(text), original, "{body}");
        *expected.pointer_mut(place).unwrap() = Value::Null;
        let mut rest = value.clone();
        *rest.pointer_mut(place).unwrap() = Value::Null;
        assert_eq!(rest, expected);
    }
}

#[test]
fn documented_bodies_without_an_image_stay_as_they_are() {
    let bodies = [
        r#"{"created":1778037331,"data":[{"url":"https://r2cdn.copilotbase.com/r2cdn2/0f6a.png"}],"usage":{"input_tokens":30,"output_tokens":2074,"total_tokens":2104}}"#,
        r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-image-2-all","choices":[{"index":0,"message":{"role":"assistant","content":"![image](https://r2cdn.copilotbase.com/r2cdn2/u.png)\n\n"},"finish_reason":"stop"}],"usage":{"prompt_tokens":24,"completion_tokens":818,"total_tokens":842}}"#,
        r#"{"choices":[{"message":{"content":"Sorry, I can't do that."}}]}"#,
        r#"{"error":{"message":"无效的令牌 (request id: 2026)","type":"shell_api_error"}}"#,
        r#"{"error":{"message":"user [1] quota [10] preConsumedQuota [99] is not enough","localized_message":"Insufficient user quota","type":"shell_api_error","param":"","code":"insufficient_user_quota"}}"#,
        r#"{"status_code":500,"error":{"message":"write tcp: connection reset by peer","type":"shell_api_error","code":"write_response_body_failed"}}"#,
        r#"{"detail":"Diffusion engine not initialized. "}"#,
        r#"{"error":"prompt required"}"#,
        r#"{"error":"\"size\" is unknown"}"#,
        r#"{"image_url":"data:image/png;base64,AAAA"}"#,
        r#"{"image_url":"data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4="}"#,
        "[]",
    ];
    for body in bodies {
        let expected = serde_json::from_str(body).unwrap();
        assert_eq!(read(body), Outcome::Json(expected, vec![]), "{body}");
    }
}

#[test]
fn a_reply_that_is_not_json_is_kept_short() {
    let page = "<!DOCTYPE html><title>524: A timeout occurred</title>";
    assert_eq!(read(page), Outcome::Text(page.to_owned()));
    assert_eq!(read("\u{feff} \n<p>"), Outcome::Text("<p>".to_owned()));
    assert_eq!(read(b"\xef\xbb"), Outcome::Text(String::new()));
    assert_eq!(read(r#""an error""#), Outcome::Text(r#""an error""#.to_owned()));
    assert_eq!(read("x".repeat(100_000)), Outcome::Text("x".repeat(MOST_WORDS_BYTES)));
    let cut_in_two = format!("x{}", "é".repeat(MOST_WORDS_BYTES));
    assert_eq!(read(&cut_in_two), Outcome::Text(cut_in_two[..MOST_WORDS_BYTES - 1].to_owned()));
    assert_eq!(read(""), Outcome::Empty);
    assert_eq!(read("\u{feff}\r\n "), Outcome::Empty);
}

#[test]
fn a_reply_is_complete_at_its_closing_brace_though_the_stream_stays_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut reader = Reader::new(Staging::new(folder.path()));
    let body = format!(r#"{{"data":[{{"b64_json":"{DOT}"}}]}}"#);
    let (last, before) = body.as_bytes().split_last().unwrap();
    assert_eq!(reader.push(before).unwrap(), Progress::More);
    assert_eq!(reader.push(&[*last, b'\n', b'{']).unwrap(), Progress::Complete);
    assert_eq!(reader.push(b"\"}").unwrap(), Progress::Complete);
    assert_eq!(reader.bytes_read(), body.len() as u64);
    assert!(matches!(outcome(reader.finish()), Outcome::Json(_, images) if images == [dot()]));
}

#[test]
fn what_breaks_an_image_stands_behind_its_handle() {
    let (half, rest) = DOT.split_at(60);
    let cases = [
        (format!("{half}!{rest}"), format!("{}!{rest}", spell(0))),
        (format!("{half}=={rest}"), format!("{}{rest}", spell(0))),
        (format!("{half}A"), format!("{}A", spell(0))),
        (format!("{half}A=\\n"), format!("{}A", spell(0))),
        (format!("{half}A, {rest}"), format!("{}A, {rest}", spell(0))),
        (format!("{half}A two words"), format!("{}A two words", spell(0))),
    ];
    for (text, expected) in cases {
        let decoded = BASE64_STANDARD.decode(half).unwrap();
        assert_eq!(read(format!(r#"["{text}"]"#)), Outcome::Json(json!([expected]), vec![decoded]), "{text}");
        assert_eq!(handle::whole(&expected), None, "{text}");
    }
}

#[test]
fn words_after_an_image_are_words() {
    for words in [" Here is your kite", "\n\nDone.", "\nDone!", " and (another) one", "\r\n完成"] {
        let body = json!([format!("data:image/png;base64,{DOT}{words}")]).to_string();
        let expected = format!("data:image/png;base64,{}{words}", spell(0));
        assert_eq!(read(body), Outcome::Json(json!([expected]), vec![dot()]), "{words:?}");
    }
}

#[test]
fn a_reply_of_too_much_text_or_too_many_images_is_refused() {
    let fits = format!(r#"["{}"]"#, "x".repeat(MOST_KEPT_BYTES - 4));
    assert!(matches!(read(&fits), Outcome::Json(..)));
    assert_eq!(read(fits.replacen('x', "xx", 1)), Outcome::TooLong);
    assert_eq!(read(format!("[{}", " ".repeat(MOST_KEPT_BYTES))), Outcome::TooLong);
    assert_eq!(read(format!("[\"{}", "\n".repeat(MOST_KEPT_BYTES))), Outcome::TooLong);
    let unknown_format = BASE64_STANDARD.encode(vec![b'B'; MOST_KEPT_BYTES]);
    assert_eq!(read(format!(r#"["{unknown_format}"]"#)), Outcome::TooLong);

    let images = |count| serde_json::to_string(&vec![DOT; count]).unwrap();
    assert!(matches!(read(images(MOST_IMAGES)), Outcome::Json(_, all) if all.len() == MOST_IMAGES));
    assert_eq!(read(images(MOST_IMAGES + 1)), Outcome::TooManyImages);
}

#[test]
fn malformed_json_is_quoted_where_it_is_wrong() {
    assert_eq!(read(r#"{"a":1,}"#), Outcome::NotJson(7, r#"{"a":1,}"#.to_owned()));
    assert_eq!(read("{\n\"a\": nope}"), Outcome::NotJson(8, "{\n\"a\": nope}".to_owned()));
    assert!(matches!(read("[1}"), Outcome::NotJson(2, _)));
    assert!(matches!(read("[".repeat(5_000) + &"]".repeat(5_000)), Outcome::NotJson(..)), "too deep");
    let long = format!(r#"{{"é":"{}",nope,"{}"}}"#, "é".repeat(500), "é".repeat(500));
    let Outcome::NotJson(at, quote) = read(&long) else { panic!() };
    assert!(long[at..].starts_with("nope"));
    assert_eq!(quote.chars().count(), 200);
    assert!(quote.contains("nope"));
}

#[test]
fn a_message_in_another_encoding_does_not_lose_the_image() {
    let mut body = br#"{"note":"Caf"#.to_vec();
    body.push(0xe9);
    body.extend(format!(r#"","b64_json":"{DOT}"}}"#).bytes());
    let expected = json!({"note": "Caf\u{fffd}", "b64_json": spell(0)});
    assert_eq!(read(body), Outcome::Json(expected, vec![dot()]));
}

#[test]
fn a_handle_in_the_upstreams_own_text_gives_no_image_twice() {
    let body = json!([spell(0), DOT, spell(7)]).to_string();
    let expected = json!([spell(0), spell(0), spell(7)]);
    assert_eq!(read(body), Outcome::Json(expected, vec![dot()]));
}

#[test]
fn an_image_that_no_file_can_hold_is_kept_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut reader = Reader::new(Staging::new(folder.path().join("gone")));
    reader.push(format!(r#"["{DOT}"]"#).as_bytes()).unwrap();
    assert_eq!(outcome(reader.finish()), Outcome::Json(json!([spell(0)]), vec![dot()]));
}
