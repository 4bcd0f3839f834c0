//! The page: every call with its arguments and result. One file, which links to the images next to it
//! and loads nothing else.
//!
//! Every text that is not written here is escaped.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::next_steps::NextSteps;
use super::script::{DemoCall, Drawn, DrawnImage, RawImagePath};
use crate::app::commands::page::{PageFolder, PageKind, escaped};
use crate::domain::Usd;

/// The demo's page.
pub(super) const KIND: PageKind = PageKind {
    generator: "gpt-image-mcp demo",
    title: "contact sheet",
    style: include_str!("contact_sheet.css"),
};

/// The page for these calls, to lie in `folder`.
pub(super) fn page(calls: &[DemoCall], folder: &Path, next: &NextSteps) -> String {
    let sheet = Sheet { calls, place: PageFolder::new(folder) };
    let cards: String = calls.iter().enumerate().map(|(index, call)| sheet.card(index, call)).collect();
    let images = calls.iter().map(|call| call.images().len()).sum::<usize>();
    let failed = calls.iter().filter(|call| call.outcome.is_err()).count();
    let failed = if failed == 0 { String::new() } else { format!(" <b class=\"red\">{failed} failed.</b>") };
    let head = KIND.head();
    let (version, count) = (env!("CARGO_PKG_VERSION"), calls.len());
    let (claude, json, key) = (escaped(&next.claude), escaped(&next.json), escaped(&NextSteps::key()));
    format!(
        r#"{head}<header>
<h1>gpt-image-mcp <span class="badge">SANDBOX</span></h1>
<p>{count} calls as an agent makes them, over MCP, and the {images} images that came back.{failed}
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
    calls: &'a [DemoCall],
    place: PageFolder,
}

impl Sheet<'_> {
    fn card(&self, index: usize, call: &DemoCall) -> String {
        let (number, tool, shows) = (index + 1, escaped(call.tool), escaped(call.shows));
        let lineage = self.lineage(call);
        let derived = if lineage.is_empty() { "" } else { " class=\"derived\"" };
        let arguments = json(&call.arguments);
        let (show, facts) = match &call.outcome {
            Ok(drawn) => {
                let images: String = drawn.images.iter().map(|image| self.figure(image, call)).collect();
                (images, facts(drawn))
            }
            Err(words) => (
                "<div class=\"none\">no image</div>".to_owned(),
                format!("<p class=\"failure\">{}</p>", escaped(words)),
            ),
        };
        format!(
            r#"<article id="call-{number}"{derived}>
<div class="images">{show}</div>
<div class="call">
<h2><span class="number">{number}</span><code>{tool}</code></h2>
<p>{shows}</p>
{lineage}<pre>{arguments}</pre>
{facts}</div>
</article>
"#
        )
    }

    fn figure(&self, image: &DrawnImage, call: &DemoCall) -> String {
        let link = escaped(&self.place.link(&image.path));
        let prompt = escaped(call.arguments.get("prompt").and_then(Value::as_str).unwrap_or_default());
        let DrawnImage { width, height, .. } = image;
        format!(
            "<a href=\"{link}\"><img src=\"{link}\" width=\"{width}\" height=\"{height}\" alt=\"{prompt}\"></a>"
        )
    }

    /// What the image was made from: the images and the mask, small.
    fn lineage(&self, call: &DemoCall) -> String {
        let parents = call.images().iter().flat_map(|image| &image.made_from);
        let mut parts: Vec<String> = parents.filter_map(|id| self.parent(id)).collect();
        if let Some(mask) = call.arguments.get("mask").and_then(Value::as_str) {
            let link = escaped(&self.place.link(Path::new(mask)));
            parts.push(format!(
                "<a href=\"{link}\"><img class=\"mask\" src=\"{link}\" alt=\"the mask\"><span>the mask</span></a>"
            ));
        }
        let sent = call.images().iter().filter_map(|image| image.preserved.as_ref());
        parts.extend(sent.map(|RawImagePath { raw_path }| {
            let link = escaped(&self.place.link(raw_path));
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
            let image = call.images().iter().find(|image| image.id == id)?;
            let (number, link) = (index + 1, escaped(&self.place.link(&image.path)));
            Some(format!(
                "<a href=\"#call-{number}\"><img src=\"{link}\" alt=\"\"><span>image of call {number}</span></a>"
            ))
        })
    }
}

fn facts(drawn: &Drawn) -> String {
    let mut facts = String::from("<dl>\n");
    let mut fact = |name: &str, value: &str| {
        let _ = writeln!(facts, "<div><dt>{name}</dt><dd>{}</dd></div>", escaped(value));
    };
    fact("model", &format!("{} at {}", drawn.model, drawn.provider));
    for DrawnImage { id, width, height, format, bytes, .. } in &drawn.images {
        let size = bytes.div_ceil(1_000);
        fact("image", &format!("{width} × {height}, {}, {size} KB, {id}", format.to_uppercase()));
    }
    let real = Usd::from_dollars(drawn.cost_usd);
    fact("cost", &format!("none; with a key {real} ({})", drawn.cost_basis));
    fact("took", &format!("{:.1} s", drawn.seconds));
    fact("why", &drawn.why);
    facts.push_str("</dl>\n");
    facts
}

/// The arguments of a call as JSON, one line each, with marked names.
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

#[cfg(test)]
mod tests;
