//! Prints the result of a tool, as JSON for programs or as text for people.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use serde_json::{Map, Value};

#[cfg(feature = "terminal-pictures")]
use super::terminal::show;
use crate::app::commands::console::print as print_text;
use crate::app::exit::{DONE, FAILED};
use crate::domain::Problem;
use crate::store::StoredImage;
use crate::tools::{OutputForm, words};

/// Prints a result, and shows the images in a terminal.
pub(super) fn print(
    fields: &Value,
    images: &[StoredImage],
    form: OutputForm,
    json: bool,
) -> Result<u8, String> {
    let text = if json { format!("{fields}\n") } else { lines(fields) };
    print_text(&text)?;
    if !json && form != OutputForm::File && std::io::stdout().is_terminal() {
        show(images);
    }
    Ok(DONE)
}

/// Built without images in the terminal, the paths are all there is.
#[cfg(not(feature = "terminal-pictures"))]
fn show(_: &[StoredImage]) {}

/// How an agent finds stored images, and how a person does.
const REMEDY_FOR_AGENTS: &str = "list the stored images as resources";
const REMEDY_FOR_PEOPLE: &str = concat!("see all images with `", env!("CARGO_PKG_NAME"), " gallery`");

/// Prints the problems on stderr, with the remedy for a person in place of an agent's.
#[expect(clippy::unnecessary_wraps, reason = "the form in which every command ends")]
pub(super) fn refuse(problems: &[Problem]) -> Result<u8, String> {
    say(&words(problems).replace(REMEDY_FOR_AGENTS, REMEDY_FOR_PEOPLE));
    Ok(FAILED)
}

/// Prints a line on stderr.
pub(super) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The fields of an answer as lines: the paths of its images first, each alone on its line.
/// Several results are separated by an empty line; problems go to stderr.
fn lines(fields: &Value) -> String {
    if let Some(results) = fields.get("results").and_then(Value::as_array) {
        let given = results.iter().filter(|result| result.get("error").is_none());
        return given.map(lines).collect::<Vec<_>>().join("\n");
    }
    let none = Map::new();
    let fields = fields.as_object().unwrap_or(&none);
    let mut text = String::new();
    for image in fields.get("images").and_then(Value::as_array).into_iter().flatten() {
        let field = |name: &str| image.get(name).map(plain).unwrap_or_default();
        let size =
            format!("{}x{} {}, {} bytes", field("width"), field("height"), field("format"), field("bytes"));
        let _ = writeln!(text, "{}\n  {}, {size}", field("path"), field("id"));
    }
    // The id that one of several was asked by is its image's or its job's, which stands there anyway.
    for (name, value) in fields.iter().filter(|(name, _)| !matches!(name.as_str(), "images" | "id")) {
        let name = name.replace('_', " ");
        // A list is a line for each of its values, under the name of one.
        let (name, values) = match value {
            Value::Null => continue,
            Value::Array(values) => (name.strip_suffix('s').unwrap_or(&name), values.as_slice()),
            value => (name.as_str(), std::slice::from_ref(value)),
        };
        for value in values {
            let _ = writeln!(text, "{name}: {}", plain(value));
        }
    }
    text
}

/// A value without quotes and braces.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect();
            fields.join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn people_read_the_paths_first_and_every_other_field_on_a_line() {
        let fields = json!({
            "job": "job_1", "cost_usd": 0.03, "prompt_prefix": null,
            "images": [{ "id": "img_1", "path": "/a b.png", "width": 3, "height": 2, "format": "png", "bytes": 99 }],
            "warnings": ["one", "two"], "estimate_usd": { "low": 0.1, "high": 0.2 },
        });
        let told = "/a b.png\n  img_1, 3x2 png, 99 bytes\njob: job_1\ncost usd: 0.03\n\
             warning: one\nwarning: two\nestimate usd: low 0.1, high 0.2\n";
        assert_eq!(lines(&fields), told);
        let several = json!({ "results": [fields, { "id": "img_2", "error": "unknown" }, { "id": "job_3", "job": "job_3" }] });
        assert_eq!(lines(&several), format!("{told}\njob: job_3\n"));
    }
}
