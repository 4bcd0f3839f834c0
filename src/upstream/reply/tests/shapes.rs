//! Replies made of the shapes that are documented, each with what it must come to. They are
//! written out by hand here, so that what is expected owes nothing to the reader.

use std::fmt::Write as _;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::upstream::reply::handle::spell;

/// How an encoder spells an image's base64 in JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Escape {
    None,
    /// PHP: `/` as `\/`.
    Slash,
    /// .NET: `+` as `\u002B`.
    Plus,
    All,
}

/// An image and how it is spelled.
#[derive(Clone, Debug)]
pub(super) struct TestImage {
    bytes: Vec<u8>,
    escape: Escape,
    url_safe: bool,
    padded: bool,
    /// What stands after each line of so many characters, as JSON spells it.
    wrap: Option<(usize, &'static str)>,
}

/// A string.
#[derive(Clone, Debug)]
pub(super) enum Text {
    Plain(String),
    Escaped(String),
    Raw(TestImage),
    DataUrl(TestImage),
    Markdown(Vec<(String, TestImage)>, String),
}

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Other(Value),
    Text(Text),
    Array(Vec<Shape>),
    Object(Vec<Shape>),
}

impl TestImage {
    fn json(&self) -> String {
        let mut text = BASE64_STANDARD.encode(&self.bytes);
        if !self.padded {
            text = text.trim_end_matches('=').to_owned();
        }
        if self.url_safe {
            text = text.replace('+', "-").replace('/', "_");
        }
        let mut json = String::new();
        for (place, character) in text.chars().enumerate() {
            match self.wrap {
                Some((width, end)) if place > 0 && place % width == 0 => json.push_str(end),
                _ => {}
            }
            match (self.escape, character) {
                (Escape::Slash, '/') => json.push_str("\\/"),
                (Escape::Plus, '+') => json.push_str("\\u002B"),
                (Escape::All, _) => write!(json, "\\u{:04x}", u32::from(character)).unwrap(),
                _ => json.push(character),
            }
        }
        json
    }
}

impl Text {
    /// Writes the string as JSON; gives what must be left of it.
    fn write(&self, json: &mut String, mut land: impl FnMut(&TestImage) -> String) -> String {
        match self {
            Self::Plain(text) => {
                json.push_str(&Value::from(text.as_str()).to_string());
                text.clone()
            }
            Self::Escaped(text) => {
                json.push('"');
                for unit in text.encode_utf16() {
                    write!(json, "\\u{unit:04X}").unwrap();
                }
                json.push('"');
                text.clone()
            }
            Self::Raw(image) => {
                write!(json, "\"{}\"", image.json()).unwrap();
                land(image)
            }
            Self::DataUrl(image) => {
                write!(json, "\"data:image\\/png;base64,{}\"", image.json()).unwrap();
                format!("data:image/png;base64,{}", land(image))
            }
            Self::Markdown(parts, end) => {
                let mut expected = String::new();
                json.push('"');
                for (words, image) in parts {
                    write!(json, "{words}![a](data:image/png;base64,{})", image.json()).unwrap();
                    write!(expected, "{words}![a](data:image/png;base64,{})", land(image)).unwrap();
                }
                write!(json, "{end}\"").unwrap();
                expected + end
            }
        }
    }
}

impl Shape {
    /// Writes the value as JSON and collects its images; gives what must be left of it.
    pub(super) fn write(&self, json: &mut String, images: &mut Vec<Vec<u8>>) -> Value {
        match self {
            Self::Other(value) => {
                json.push_str(&value.to_string());
                value.clone()
            }
            Self::Text(text) => Value::from(text.write(json, |image| {
                images.push(image.bytes.clone());
                spell(images.len() - 1)
            })),
            Self::Array(items) => {
                json.push('[');
                let mut values = Vec::new();
                for item in items {
                    json.push_str(if values.is_empty() { "" } else { ", " });
                    values.push(item.write(json, images));
                }
                json.push(']');
                Value::Array(values)
            }
            Self::Object(items) => {
                json.push('{');
                let mut values = serde_json::Map::new();
                for item in items {
                    let comma = if values.is_empty() { "" } else { "," };
                    let key = format!("b64_{}", values.len());
                    write!(json, "{comma}\"{key}\" : ").unwrap();
                    values.insert(key, item.write(json, images));
                }
                json.push('}');
                Value::Object(values)
            }
        }
    }
}

fn image() -> impl Strategy<Value = TestImage> {
    let head = prop_oneof![
        Just(&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..]),
        Just(&b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01"[..]),
        Just(&b"RIFF\x10\0\0\0WEBPVP8 "[..]),
        Just(&b"GIF89a\x01\0\x01\0\0\0"[..]),
        Just(&b"GIF87a\xfb\xff\xff\xff\xff\xff\xff\xff"[..]),
    ];
    let length = prop_oneof![4 => 0..12_usize, 4 => 0..400_usize, 1 => 90_000..200_000_usize];
    let bytes = (head, length, any::<u8>(), any::<u8>()).prop_map(|(head, length, first, step)| {
        let body =
            (0..length).map(|place| (place.wrapping_mul(usize::from(step)) / 3).to_le_bytes()[0] ^ first);
        head.iter().copied().chain(body).collect()
    });
    let escape = prop_oneof![3 => Just(Escape::None), 2 => Just(Escape::Slash), 2 => Just(Escape::Plus), 1 => Just(Escape::All)];
    let end = prop::sample::select(vec!["\\n", "\\r\\n", "\n", "\r\n", " ", "\\u000a"]);
    let wrap = proptest::option::of((prop::sample::select(vec![60_usize, 64, 76]), end));
    (bytes, escape, any::<bool>(), any::<bool>(), wrap).prop_map(|(bytes, escape, url_safe, padded, wrap)| {
        TestImage { bytes, escape, url_safe, padded, wrap }
    })
}

fn text() -> impl Strategy<Value = Text> {
    let signed = r"https://[a-z]{1,9}\.test/[A-Za-z0-9/]{0,40}\.png\?X-Amz-Signature=[0-9a-f]{64,2000}&a=[A-Za-z0-9+/]{0,2000}";
    let no_image = r"(data:[a-z/]{0,9};)?base64,[A-Za-z0-9+/]{0,90}={0,2}";
    prop_oneof![
        ".{0,40}".prop_map(Text::Plain),
        "[A-Za-z0-9+/ =\n,]{0,60}".prop_map(Text::Plain),
        signed.prop_map(Text::Plain),
        no_image.prop_map(Text::Plain),
        ".{0,20}".prop_map(Text::Escaped),
        image().prop_map(Text::Raw),
        image().prop_map(Text::DataUrl),
        (vec(("[a-z ,;.]{0,9}", image()), 1..3), "[a-z ,;.]{0,9}")
            .prop_map(|(parts, end)| Text::Markdown(parts, end)),
    ]
}

/// A reply.
pub(super) fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Other(Value::Null)),
        any::<i32>().prop_map(|number| Shape::Other(Value::from(number))),
        text().prop_map(Shape::Text),
        text().prop_map(Shape::Text),
    ];
    let tree = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![vec(inner.clone(), 0..4).prop_map(Shape::Array), vec(inner, 0..4).prop_map(Shape::Object)]
    });
    vec(tree, 0..4).prop_map(Shape::Object)
}
