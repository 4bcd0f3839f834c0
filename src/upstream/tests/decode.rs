//! Success bodies in every known shape, each with what it brings.

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::step;
use crate::domain::Billed;
use crate::routing::Usage;
use crate::upstream::{FailureKind, Made, Step};

/// A 1x1 GIF; any announced image will do, and this one is short.
const IMAGE: &str = "R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs=";

fn made(body: &str) -> Made {
    match step(200, body) {
        Step::Made(made) => made,
        Step::Failed(lost) => panic!("{body}: {lost:?}"),
    }
}

fn failed(body: &str) -> (FailureKind, String) {
    match step(200, body) {
        Step::Failed(lost) => (lost.failure.kind, lost.failure.words),
        Step::Made(made) => panic!("{body}: {made:?}"),
    }
}

fn chat(message: &str) -> String {
    format!(r#"{{"id":"c","choices":[{{"index":0,"message":{message},"finish_reason":"stop"}}]}}"#)
}

#[test]
fn an_image_in_the_body_is_found_in_every_shape() {
    let data_url = format!("data:image/gif;base64,{IMAGE}");
    let shapes = [
        format!(r#"{{"created":1,"data":[{{"b64_json":"{IMAGE}"}}]}}"#),
        format!(r#"{{"data":[{{"b64_json":"{data_url}"}}],"error":null}}"#),
        format!(r#"{{"type":"image_generation.completed","b64_json":"{IMAGE}"}}"#),
        format!(r#"{{"data":[{{"url":"{data_url}"}}]}}"#),
        format!(r#"{{"data":[{{"b64_json":"{IMAGE}","url":"https://c.example/u.gif"}}]}}"#),
        chat(&format!(r#"{{"role":"assistant","content":"![image]({data_url})\n\n"}}"#)),
        chat(&format!(r#"{{"content":"{data_url}"}}"#)),
        chat(&format!(r#"{{"content":"Here: {data_url} enjoy."}}"#)),
        chat(&format!(
            r#"{{"content":[{{"type":"text","text":"done"}},{{"type":"image_url","image_url":{{"url":"{data_url}"}}}}]}}"#
        )),
        chat(&format!(
            r#"{{"content":null,"images":[{{"type":"image_url","image_url":{{"url":"{data_url}"}}}}]}}"#
        )),
        chat(&format!(r#"{{"content":"","images":[{{"image_url":"{data_url}"}}]}}"#)),
    ];
    for body in shapes {
        let made = made(&body);
        assert_eq!((made.staged.len(), made.addresses.len()), (1, 0), "{body}");
        assert_eq!(made.staged[0].bytes, 29, "{body}");
    }
}

#[test]
fn a_link_is_found_in_every_shape_with_its_query() {
    let link = "https://r2cdn.copilotbase.com/r2cdn2/u.png?X-Amz-Signature=a%2Fb&x=1";
    let shapes = [
        format!(r#"{{"created":1,"data":[{{"url":"{link}"}}]}}"#),
        chat(&format!(r#"{{"content":"![image]({link})\n\n"}}"#)),
        chat(&format!(r#"{{"content":"Done. {link}"}}"#)),
        chat(&format!(r#"{{"content":[{{"type":"image_url","image_url":{{"url":"{link}"}}}}]}}"#)),
        chat(&format!(r#"{{"images":[{{"image_url":{{"url":"{link}"}}}}]}}"#)),
        link.replace("https", r#"{"data":[{"url":"https"#) + r#""}]}"#,
    ];
    for body in shapes {
        let made = made(&body);
        assert!(made.staged.is_empty(), "{body}");
        assert_eq!(made.addresses, [link], "{body}");
    }
}

#[test]
fn several_images_of_one_reply_are_all_kept() {
    let body = format!(
        r#"{{"data":[{{"b64_json":"{IMAGE}"}},{{"b64_json":"{IMAGE}"}},{{"url":"https://c.example/3"}}]}}"#
    );
    let made = made(&body);
    assert_eq!((made.staged.len(), made.addresses.len()), (2, 1));
}

#[test]
fn a_link_that_is_named_twice_is_one_image() {
    let body = chat(
        r#"{"content":"![a](https://c.example/1.png) ![b](https://c.example/2.png) ![c](https://c.example/1.png)"}"#,
    );
    assert_eq!(made(&body).addresses, ["https://c.example/1.png", "https://c.example/2.png"]);
}

#[test]
fn a_reply_without_an_image_fails_by_kind_in_its_own_words() {
    let words = chat(r#"{"content":"Sorry, I can't do that."}"#);
    assert_eq!(failed(&words), (FailureKind::NoImage, "\"Sorry, I can't do that.\"".to_owned()));
    let damaged = format!(r#"{{"data":[{{"b64_json":"{IMAGE}*broken"}}]}}"#);
    assert_eq!(failed(&damaged).0, FailureKind::CutShort);
    assert_eq!(failed(r#"{"data":[{"b64_json":"bm90IGFuIGltYWdlIGF0IGFsbA=="}]}"#).0, FailureKind::CutShort);
    assert_eq!(failed(r#"{"data":[]}"#).0, FailureKind::NoImage);
    assert_eq!(failed("<html><body>Sign in</body></html>").0, FailureKind::UpstreamFailed);
    assert_eq!(failed("\n<!DOCTYPE HTML><p>Sign in").0, FailureKind::UpstreamFailed);
    assert_eq!(failed("").0, FailureKind::CutShort);
    assert_eq!(
        failed(r#"{"error":{"message":"quota","code":"insufficient_quota"}}"#).0,
        FailureKind::NoCredit
    );
}

#[test]
fn an_image_wins_over_an_error_beside_it_and_an_error_that_says_nothing_is_none() {
    let with = |image: &str, error: &str| format!(r#"{{"data":[{image}],"error":{error}}}"#);
    let images = [format!(r#"{{"b64_json":"{IMAGE}"}}"#), r#"{"url":"https://c.example/u.gif"}"#.to_owned()];
    let empty = ["null", "false", "0", "[]", "{}", "\"\"", r#"{"message":"","code":null}"#];
    let real = [r#""warn: slow""#, r#"{"message":"warn: slow","code":"x"}"#];
    for image in &images {
        for error in empty {
            assert!(made(&with(image, error)).warnings.is_empty(), "{error}");
        }
        for error in real {
            let warnings = made(&with(image, error)).warnings;
            assert!(
                matches!(warnings.as_slice(), [words] if words.ends_with(": warn: slow")),
                "{warnings:?}"
            );
        }
    }
    for error in empty {
        assert_eq!(failed(&with("", error)).0, FailureKind::NoImage, "{error}");
    }
    for error in real {
        assert_eq!(failed(&with("", error)), (FailureKind::UpstreamFailed, "warn: slow".to_owned()));
    }
    let linking =
        r#"{"error":{"message":"no"},"choices":[{"message":{"content":"https://c.example/help"}}]}"#;
    assert_eq!(failed(linking).0, FailureKind::UpstreamFailed, "a link to help is no image");
}

#[test]
fn an_image_in_no_known_place_is_kept_with_a_warning() {
    let data_url = format!("data:image/gif;base64,{IMAGE}");
    let shapes = [
        format!(r#"{{"images":["{IMAGE}"]}}"#),
        format!(r#"{{"images":[{{"url":"{data_url}"}}]}}"#),
        format!(r#"{{"data":{{"b64_json":"{IMAGE}"}}}}"#),
        format!(r#"{{"data":["{IMAGE}"]}}"#),
        format!(r#"{{"data":[{{"b64":"{IMAGE}"}}],"error":false}}"#),
        format!(r#"{{"data":[{{"b64_json":"{IMAGE}","b64_json":null}}]}}"#),
        format!(r#"{{"result":{{"data":[{{"b64_json":"{IMAGE}"}}]}}}}"#),
        format!(r#"[{{"data":[{{"b64_json":"{IMAGE}"}}]}}]"#),
        format!(r#"{{"output":[{{"type":"image_generation_call","result":"{IMAGE}"}}]}}"#),
        chat(&format!(r#"{{"content":{{"picture":"{data_url}"}}}}"#)),
        BASE64_STANDARD.decode(IMAGE).unwrap().into_iter().map(char::from).collect(),
    ];
    for body in shapes {
        let made = made(&body);
        let staged: Vec<_> = made.staged.iter().map(|staged| staged.bytes).collect();
        assert_eq!((staged, made.warnings.len()), (vec![29], 1), "{body}");
    }
    let beside_a_known_one = format!(r#"{{"input":"{IMAGE}","data":[{{"b64_json":"{IMAGE}"}}]}}"#);
    let made = made(&beside_a_known_one);
    assert_eq!((made.staged.len(), made.warnings.len()), (1, 0));
}

#[test]
fn a_success_that_cannot_be_read_may_have_been_charged() {
    let json = format!(r#"{{"data":[{{"b64_json":"{IMAGE}"}}]}}"#);
    let hidden = [format!(")]}}',\n{json}"), format!("callback({json});"), "\u{1f}\u{8b}\u{8}".to_owned()];
    let utf_16 = json.chars().flat_map(|character| ['\0', character]).collect();
    for body in hidden.into_iter().chain([utf_16, "null".to_owned(), "OK".to_owned()]) {
        let Step::Failed(lost) = step(200, &body) else { panic!("{body}") };
        let failure = lost.failure;
        assert_eq!(failure.kind.billed(), Billed::Maybe, "{body}");
        assert!(failure.hint.unwrap().contains("pay twice"), "{body}");
    }
}

#[test]
fn usage_is_read_in_either_spelling_and_only_where_it_is() {
    let with = |usage: &str| made(&format!(r#"{{"data":[{{"b64_json":"{IMAGE}"}}],"usage":{usage}}}"#)).usage;
    let detailed = with(
        r#"{"input_tokens":9,"input_tokens_details":{"text_tokens":9,"image_tokens":0},"output_tokens":1372,"total_tokens":1381}"#,
    );
    assert_eq!(detailed, Some(Usage { input_text: Some(9), input_image: Some(0), output: 1372 }));
    let chat = with(r#"{"prompt_tokens":24,"completion_tokens":818,"total_tokens":842}"#);
    assert_eq!(chat, Some(Usage { input_text: None, input_image: None, output: 818 }));
    assert_eq!(with("null"), None);
}
