//! The page: every call with what it asked for and what came back. One file, which links to the
//! pictures beside it and loads nothing else.
//!
//! Every text that is not written here is escaped, whoever it is from.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use url::Url;

use super::next_steps::NextSteps;
use super::script::{Call, Drawn, Picture, Preserved};
use crate::domain::Usd;

const STYLE: &str = include_str!("contact_sheet.css");
/// What tells the demo's page from any other, so that no other is ever replaced.
const GENERATOR: &str = r#"<meta name="generator" content="gpt-image-mcp demo">"#;

/// Whether this is a page that [`page`] made.
pub(super) fn is_ours(page: &[u8]) -> bool {
    String::from_utf8_lossy(page).contains(GENERATOR)
}

/// The page for these calls, to lie in `folder`.
pub(super) fn page(calls: &[Call], folder: &Path, next: &NextSteps) -> String {
    let sheet = Sheet { calls, folder: Url::from_directory_path(folder).ok() };
    let cards: String = calls.iter().enumerate().map(|(index, call)| sheet.card(index, call)).collect();
    let pictures = calls.iter().map(|call| call.pictures().len()).sum::<usize>();
    let failed = calls.iter().filter(|call| call.outcome.is_err()).count();
    let failed = if failed == 0 { String::new() } else { format!(" <b class=\"red\">{failed} failed.</b>") };
    let (version, count) = (env!("CARGO_PKG_VERSION"), calls.len());
    let (claude, json, key) = (escaped(&next.claude), escaped(&next.json), escaped(&NextSteps::key()));
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{GENERATOR}
<title>gpt-image-mcp: contact sheet</title>
<style>
{STYLE}</style>
</head>
<body>
<header>
<h1>gpt-image-mcp <span class="badge">SANDBOX</span></h1>
<p>{count} calls as an agent makes them, over MCP, and the {pictures} pictures that came back.{failed}
Drawn by the built-in sandbox: no model, no key, no cost.</p>
</header>
<main>
{cards}</main>
<footer>
<h2>What to do next</h2>
<p>Give the server to your agent. With Claude Code:</p>
<pre>{claude}</pre>
<p>With any other client, in its settings:</p>
<pre>{json}</pre>
<p>{key}</p>
<p class="quiet">gpt-image-mcp {version}</p>
</footer>
</body>
</html>
"#
    )
}

struct Sheet<'a> {
    calls: &'a [Call],
    folder: Option<Url>,
}

impl Sheet<'_> {
    fn card(&self, index: usize, call: &Call) -> String {
        let (number, tool, shows) = (index + 1, escaped(call.tool), escaped(call.shows));
        let lineage = self.lineage(call);
        let derived = if lineage.is_empty() { "" } else { " class=\"derived\"" };
        let arguments = json(&call.arguments);
        let (show, facts) = match &call.outcome {
            Ok(drawn) => {
                let pictures: String =
                    drawn.images.iter().map(|picture| self.picture(picture, call)).collect();
                (pictures, facts(drawn))
            }
            Err(words) => (
                "<div class=\"none\">no picture</div>".to_owned(),
                format!("<p class=\"failure\">{}</p>", escaped(words)),
            ),
        };
        format!(
            r#"<article id="call-{number}"{derived}>
<div class="pictures">{show}</div>
<div class="call">
<h2><span class="number">{number}</span><code>{tool}</code></h2>
<p>{shows}</p>
{lineage}<pre>{arguments}</pre>
{facts}</div>
</article>
"#
        )
    }

    fn picture(&self, picture: &Picture, call: &Call) -> String {
        let link = escaped(&self.link(&picture.path));
        let prompt = escaped(call.arguments.get("prompt").and_then(Value::as_str).unwrap_or_default());
        let Picture { width, height, .. } = picture;
        format!(
            "<a href=\"{link}\"><img src=\"{link}\" width=\"{width}\" height=\"{height}\" alt=\"{prompt}\"></a>"
        )
    }

    /// What the picture was made from: the pictures and the mask, small.
    fn lineage(&self, call: &Call) -> String {
        let parents = call.pictures().iter().flat_map(|picture| &picture.made_from);
        let mut parts: Vec<String> = parents.filter_map(|id| self.parent(id)).collect();
        if let Some(mask) = call.arguments.get("mask").and_then(Value::as_str) {
            let link = escaped(&self.link(Path::new(mask)));
            parts.push(format!(
                "<a href=\"{link}\"><img class=\"mask\" src=\"{link}\" alt=\"the mask\"><span>the mask</span></a>"
            ));
        }
        let sent = call.pictures().iter().filter_map(|picture| picture.preserved.as_ref());
        parts.extend(sent.map(|Preserved { raw_path }| {
            let link = escaped(&self.link(raw_path));
            format!("<a href=\"{link}\"><img src=\"{link}\" alt=\"\"><span>what the model sent</span></a>")
        }));
        if parts.is_empty() {
            return String::new();
        }
        let parts = parts.join("<i>+</i>");
        format!("<div class=\"lineage\"><span>made from</span>{parts}</div>\n")
    }

    fn parent(&self, id: &str) -> Option<String> {
        self.calls.iter().enumerate().find_map(|(index, call)| {
            let picture = call.pictures().iter().find(|picture| picture.id == id)?;
            let (number, link) = (index + 1, escaped(&self.link(&picture.path)));
            Some(format!(
                "<a href=\"#call-{number}\"><img src=\"{link}\" alt=\"\"><span>picture of call {number}</span></a>"
            ))
        })
    }

    /// An address of the file as seen from the page: its name, for a file beside it.
    fn link(&self, path: &Path) -> String {
        let relative = || {
            let folder = self.folder.as_ref()?;
            let file = Url::from_file_path(folder.to_file_path().ok()?.join(path)).ok()?;
            folder.make_relative(&file)
        };
        relative().unwrap_or_default()
    }
}

fn facts(drawn: &Drawn) -> String {
    let mut facts = String::from("<dl>\n");
    let mut fact = |name: &str, value: &str| {
        let _ = writeln!(facts, "<div><dt>{name}</dt><dd>{}</dd></div>", escaped(value));
    };
    fact("model", &format!("{} at {}", drawn.model, drawn.provider));
    for Picture { id, width, height, format, bytes, .. } in &drawn.images {
        let size = bytes.div_ceil(1_000);
        fact("picture", &format!("{width} × {height}, {}, {size} KB, {id}", format.to_uppercase()));
    }
    let real = Usd::from_dollars(drawn.cost_usd);
    fact("cost", &format!("none; with a key {real} ({})", drawn.cost_basis));
    fact("took", &format!("{:.1} s", drawn.seconds));
    fact("why", &drawn.why);
    facts.push_str("</dl>\n");
    facts
}

/// A call's arguments as JSON, a line each, names and values told apart.
fn json(arguments: &Value) -> String {
    let arguments: Vec<_> = arguments.as_object().into_iter().flatten().collect();
    let last = arguments.len().saturating_sub(1);
    let lines = arguments.into_iter().enumerate().map(|(index, (name, value))| {
        let open = if index == 0 { "{" } else { " " };
        let close = if index == last { " }" } else { "," };
        let (name, value) = (escaped(&Value::from(name.as_str()).to_string()), escaped(&value.to_string()));
        format!("<span>{open} <b>{name}</b>: {value}{close}</span>")
    });
    lines.collect::<Vec<_>>().concat()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
