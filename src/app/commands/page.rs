//! What the HTML pages of commands share: head, style, links. Each page is one file, which runs no
//! script and loads nothing over the network.
//!
//! Every text that is not written in this program is escaped.

use std::io::Read as _;
use std::path::Path;

use url::Url;

const STYLE: &str = include_str!("page.css");
/// The generator of a page is named within this many bytes.
const HEAD_BYTES: u64 = 4096;

/// A kind of page.
pub(super) struct PageKind {
    /// Identifies pages of this kind, so that no other file is replaced.
    pub generator: &'static str,
    /// The title of the window.
    pub title: &'static str,
    /// Style in addition to that of all pages.
    pub style: &'static str,
}

impl PageKind {
    /// The page up to and with the tag that opens its body.
    pub fn head(&self) -> String {
        let Self { title, style, .. } = self;
        format!(
            r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{}
<title>gpt-image-mcp: {title}</title>
<style>
{STYLE}{style}</style>
</head>
<body>
"#,
            self.mark()
        )
    }

    /// Checks that the path is free or holds a page of this kind.
    ///
    /// # Errors
    /// Why the file may not be replaced.
    pub fn may_replace(&self, path: &Path) -> Result<(), String> {
        let mut head = Vec::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
        match read {
            Ok(_) if self.made(&head) => Ok(()),
            Ok(_) => Err("exists and was not made by this command".to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(format!("cannot be read ({error})")),
        }
    }

    fn made(&self, page: &[u8]) -> bool {
        String::from_utf8_lossy(page).contains(&self.mark())
    }

    fn mark(&self) -> String {
        format!(r#"<meta name="generator" content="{}">"#, self.generator)
    }
}

/// The folder of a page.
pub(super) struct PageFolder(Option<Url>);

impl PageFolder {
    pub fn new(folder: &Path) -> Self {
        Self(Url::from_directory_path(folder).ok())
    }

    /// A relative link from the page to the file, not escaped.
    pub fn link(&self, path: &Path) -> String {
        let relative = || {
            let folder = self.0.as_ref()?;
            let file = Url::from_file_path(folder.to_file_path().ok()?.join(path)).ok()?;
            folder.make_relative(&file)
        };
        relative().unwrap_or_default()
    }
}

/// The text with HTML markup escaped.
pub(super) fn escaped(text: &str) -> String {
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
mod tests {
    use super::*;

    const KIND: PageKind = PageKind { generator: "gpt-image-mcp test", title: "", style: "" };

    #[test]
    fn only_a_page_of_the_same_kind_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.html");
        KIND.may_replace(&path).unwrap();
        std::fs::write(&path, KIND.head()).unwrap();
        KIND.may_replace(&path).unwrap();
        for other in [b"<!doctype html><title>My own page</title>".to_vec(), Vec::new()] {
            std::fs::write(&path, other).unwrap();
            assert!(KIND.may_replace(&path).unwrap_err().contains("was not made by this command"));
        }
        assert!(KIND.may_replace(folder.path()).unwrap_err().contains("cannot be read"));
    }
}
