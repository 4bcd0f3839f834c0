//! Replies that come as server-sent events.

use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::{DOT, dot};
use crate::staging::Staging;
use crate::upstream::reply::handle::spell;
use crate::upstream::reply::{Announced, AnyReader, Body, Events, Progress, ReplyError, handle};

fn event(name: &str, fields: &str) -> String {
    format!("event: {name}\ndata: {{\"type\":\"{name}\",\"b64_json\":\"{DOT}\"{fields}}}\n\n")
}

fn partial(index: u32) -> String {
    event("image_generation.partial_image", &format!(",\"partial_image_index\":{index}"))
}

fn completed() -> String {
    event("image_generation.completed", ",\"usage\":{\"output_tokens\":9}")
}

/// Pushes in chunks of so many bytes; how many partial images came, and the end.
fn read(folder: &Path, stream: &[u8], chunk: usize) -> (Events, Progress) {
    let mut events = Events::new(Staging::new(folder));
    let mut progress = Progress::More;
    for chunk in stream.chunks(chunk) {
        progress = events.push(chunk).unwrap();
    }
    (events, progress)
}

fn json_of(finished: Result<Body, ReplyError>) -> serde_json::Value {
    match finished.unwrap() {
        Body::Json(document) => document.value,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_finished_image_is_the_reply_and_partial_ones_take_each_others_place() {
    let folder = tempfile::tempdir().unwrap();
    let stream = [partial(0), partial(1), completed()].concat();
    let (mut events, progress) = read(folder.path(), stream.as_bytes(), stream.len());
    assert_eq!(progress, Progress::Complete, "though the connection stays open");
    assert_eq!(events.partials(), 2);
    let Ok(Body::Json(mut document)) = events.finish() else { panic!() };
    assert_eq!(document.value["usage"], json!({ "output_tokens": 9 }));
    let text = document.value["b64_json"].as_str().unwrap();
    let staged = handle::whole(text).and_then(|index| document.images.take(index)).unwrap();
    assert!(!staged.partial);
    assert_eq!(staged.read().unwrap(), dot());
    drop((events, staged));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn a_stream_that_is_cut_gives_its_last_partial_image() {
    let folder = tempfile::tempdir().unwrap();
    let whole = completed();
    for (tail, rescued) in [("", vec![true]), (&whole[..whole.len() / 2], vec![false, true])] {
        let stream = [&partial(0), &partial(1), tail].concat();
        let (mut events, progress) = read(folder.path(), stream.as_bytes(), 100);
        assert_eq!(progress, Progress::More);
        assert!(
            matches!(events.finish(), Err(ReplyError::CutShort { bytes }) if bytes == stream.len() as u64)
        );
        let images = events.rescue();
        assert_eq!(images.iter().map(|staged| staged.partial).collect::<Vec<_>>(), rescued);
        assert_eq!(images.last().unwrap().read().unwrap(), dot());
    }
}

#[test]
fn an_error_is_the_reply_in_whichever_form_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        (
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":\"no\"}}\n\n",
            json!({"message": "no"}),
        ),
        ("data: {\"error\":{\"message\":\"no\"}}\n\n", json!({"message": "no"})),
        (
            "event: error\ndata: {\"type\":\"error\",\"message\":\"no\"}\n\n",
            json!({"type": "error", "message": "no"}),
        ),
        ("event: error\ndata: no\n\n", json!("no")),
    ];
    for (error, expected) in cases {
        let stream = partial(0) + error;
        let (mut events, progress) = read(folder.path(), stream.as_bytes(), 7);
        assert_eq!(progress, Progress::Complete, "{error}");
        assert_eq!(json_of(events.finish())["error"], expected, "{error}");
    }
}

#[test]
fn an_error_field_that_says_nothing_ends_no_stream() {
    let folder = tempfile::tempdir().unwrap();
    let waiting = "data: {\"type\":\"image_generation.in_progress\",\"error\":null}\n\n";
    let stream = [waiting, &event("image_generation.completed", ",\"error\":null")].concat();
    let (mut events, progress) = read(folder.path(), stream.as_bytes(), 50);
    assert_eq!(progress, Progress::Complete);
    assert!(json_of(events.finish())["b64_json"].is_string());
}

#[test]
fn an_error_keeps_the_last_partial_image_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let stream =
        [&partial(0), &partial(1), "event: error\ndata: {\"error\":{\"message\":\"no\"}}\n\n"].concat();
    let (mut events, _) = read(folder.path(), stream.as_bytes(), 50);
    let Ok(Body::Json(mut document)) = events.finish() else { panic!() };
    let kept: Vec<_> =
        document.images.rest().map(|staged| (staged.partial, staged.read().unwrap())).collect();
    assert_eq!(kept, [(true, dot())]);
}

#[test]
fn an_ordinary_reply_is_read_out_of_an_event() {
    let folder = tempfile::tempdir().unwrap();
    let bodies = [
        format!("{{\"b64_json\":\"{DOT}\"}}"),
        format!("{{\"created\":1,\"data\":[{{\"b64_json\":\"{DOT}\"}}]}}"),
        "{\"data\":[{\"url\":\"https://c.example/u.png\"}]}".to_owned(),
        format!("{{\"type\":\"response.output_item.done\",\"item\":{{\"result\":\"{DOT}\"}}}}"),
    ];
    for body in bodies {
        for before in
            [": alive\n\ndata: ", ": alive\n\n", "data: {\"data\":[]}\n\ndata: ", "{\"status\":1}\n"]
        {
            let stream = format!("{before}{body}\n\ndata: [DONE]\n\n");
            let (mut events, progress) = read(folder.path(), stream.as_bytes(), 9);
            assert_eq!(progress, Progress::Complete, "{stream}");
            let mut expected: serde_json::Value =
                serde_json::from_str(&body.replace(DOT, &spell(0))).unwrap();
            assert_eq!(json_of(events.finish()), expected.take(), "{stream}");
        }
    }
}

#[test]
fn the_first_bytes_tell_events_from_a_reply_that_comes_whole() {
    let folder = tempfile::tempdir().unwrap();
    let json = format!("\n{{\"b64_json\":\"{DOT}\"}}");
    let lines = format!("{{\"status\":1}}{json}");
    let cases = [
        (json.clone(), Announced::Events),
        (json, Announced::Nothing),
        (completed(), Announced::Nothing),
        (completed(), Announced::Events),
        (format!("\r\n: alive\n\n{}", completed()), Announced::Nothing),
        (lines, Announced::Lines),
    ];
    for (body, announced) in cases {
        for chunk in [1, 5, body.len()] {
            let mut reader = AnyReader::new(Staging::new(folder.path()), announced);
            for chunk in body.as_bytes().chunks(chunk) {
                reader.push(chunk).unwrap();
            }
            let Ok(Body::Json(mut document)) = reader.finish() else { panic!("{body}") };
            assert_eq!(document.images.rest().count(), 1, "{announced:?} {body}");
        }
    }
    for (text, announced) in
        [("", Announced::Nothing), ("OK", Announced::Nothing), ("datum: 1", Announced::Nothing)]
    {
        let mut reader = AnyReader::new(Staging::new(folder.path()), announced);
        reader.push(text.as_bytes()).unwrap();
        match reader.finish().unwrap() {
            Body::Text(words) => assert_eq!(words, text),
            other => assert!(matches!(other, Body::Empty) && text.is_empty(), "{other:?}"),
        }
    }
}

#[test]
fn what_is_no_event_of_ours_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let stream = [
        ": alive\n\nretry: 10\nid: 1\n\n",
        "event: ping\ndata: {}\n\n",
        "data\n\ndata:\n\n",
        "data: [DONE]\n\n",
        "a_very_long_name_of_a_field: x\n\n",
        &completed().trim_end().replace("data: ", "data:"),
    ];
    let stream = stream.concat();
    let (mut events, _) = read(folder.path(), stream.as_bytes(), 11);
    assert_eq!(json_of(events.finish())["usage"]["output_tokens"], 9, "the last empty line may be missing");
}

#[test]
fn data_over_several_lines_is_one_value() {
    let folder = tempfile::tempdir().unwrap();
    let stream = format!(
        "data: {{\"type\":\"image_edit.completed\",\ndata: \"b64_json\":\"{DOT}\",\ndata:\"usage\":null}}\n\n"
    );
    let (mut events, _) = read(folder.path(), stream.as_bytes(), 1);
    assert_eq!(json_of(events.finish())["usage"], json!(null));
}

#[test]
fn an_event_that_is_no_json_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = Events::new(Staging::new(folder.path()));
    let error = events.push(b"data: {\"type\": nonsense}\n\n").unwrap_err();
    assert!(matches!(error, ReplyError::NotJson { .. }), "{error}");
}

proptest! {
    #[test]
    fn a_stream_reads_the_same_however_it_is_cut_and_whatever_ends_its_lines(
        chunk in 1_usize..200,
        ending in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let stream = [partial(0), partial(1), partial(2), completed()].concat().replace('\n', ending);
        let (mut events, _) = read(folder.path(), stream.as_bytes(), chunk);
        prop_assert_eq!(events.partials(), 3);
        let value = json_of(events.finish());
        prop_assert_eq!(&value["usage"]["output_tokens"], 9);
        prop_assert_eq!(handle::whole(value["b64_json"].as_str().unwrap()), Some(0));
    }
}
