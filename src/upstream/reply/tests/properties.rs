//! Where a body is cut, and what it is made of, changes nothing.

use proptest::collection::vec;
use proptest::prelude::*;

use super::shapes::{Shape, shape};
use super::{DOT, Outcome, read, read_into};

/// Cuts a body into pieces of these lengths, over and over.
fn cut<'body>(mut body: &'body [u8], lengths: &[usize]) -> Vec<&'body [u8]> {
    let mut chunks = Vec::new();
    for &length in lengths.iter().cycle() {
        if body.is_empty() {
            break;
        }
        let (chunk, rest) = body.split_at(length.min(body.len()));
        chunks.push(chunk);
        body = rest;
    }
    chunks
}

fn written(shape: &Shape) -> (String, Outcome) {
    let (mut json, mut images) = (String::new(), Vec::new());
    let value = shape.write(&mut json, &mut images);
    (json, Outcome::Json(value, images))
}

fn lengths() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        Just(vec![1]),
        vec(1..9_usize, 1..20),
        vec(1..300_usize, 1..20),
        vec(1..150_000_usize, 1..4),
        Just(vec![usize::MAX]),
    ]
}

/// Bytes that lead into every state, in any order.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let tokens = [
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\"",
        "\"",
        "\\",
        "\\\"",
        "\\/",
        "\\u",
        "\\u002f",
        "\\n",
        "\n",
        " ",
        ",",
        ":",
        ")",
        "=",
        "A",
        "base64,",
        "data:image/png;base64,",
        "iVBORw0KGgoAAAANSUhEUg",
        "/9j/",
        "R0lGODlhAQABAAAA",
        "\u{e1a6}0\u{e1a7}",
        "\u{feff}",
    ];
    let token = prop_oneof![
        8 => prop::sample::select(tokens.map(|text| text.as_bytes().to_vec()).to_vec()),
        1 => vec(any::<u8>(), 0..6),
    ];
    let start = prop::sample::select(vec!["", "[", "[\"", "\u{feff}{\""]);
    (start, vec(token, 0..60)).prop_map(|(start, tokens)| [start.as_bytes(), &tokens.concat()].concat())
}

proptest! {
    #[test]
    fn a_reply_comes_to_the_same_wherever_it_is_cut(
        shape in shape(),
        lengths in lengths(),
        before in prop::sample::select(vec!["", "\u{feff}", "\r\n ", " \u{feff}\n"]),
        after in prop::sample::select(vec!["", "\n", "\n{\"b\":", "]"]),
    ) {
        let (json, expected) = written(&shape);
        let body = [before, &json, after].concat();
        let folder = tempfile::tempdir().unwrap();
        prop_assert_eq!(read_into(folder.path(), cut(body.as_bytes(), &lengths)), expected);
        prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_reply_that_ends_early_is_cut_short_and_leaves_nothing(
        shape in shape(),
        ends in vec(any::<prop::sample::Index>(), 1..8),
    ) {
        let (json, _) = written(&shape);
        for end in ends {
            let bytes = &json.as_bytes()[..=end.index(json.len() - 1)];
            prop_assert_eq!(read(bytes), Outcome::CutShort(bytes.len() as u64));
        }
    }

    #[test]
    fn any_bytes_come_to_something_and_to_the_same_wherever_they_are_cut(
        body in prop_oneof![3 => soup(), 1 => vec(any::<u8>(), 0..200)],
        lengths in lengths(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let in_pieces = read_into(folder.path(), cut(&body, &lengths));
        prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        prop_assert_eq!(in_pieces, read(&body));
    }
}

#[test]
fn a_reply_that_ends_at_any_byte_is_cut_short() {
    let body =
        format!(r#"{{"a":"![x](data:image/png;base64,{DOT}\n=) \"b\" \u00e9","c":["{DOT}"],"d":-1.5}}"#);
    for end in 1..body.len() {
        assert_eq!(read(&body[..end]), Outcome::CutShort(end as u64), "{end}");
    }
    assert!(matches!(read(&body), Outcome::Json(_, images) if images.len() == 2));
}
