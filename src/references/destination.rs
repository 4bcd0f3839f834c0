//! Where the images of a call go: the `save_to` argument.

use std::path::{Path, PathBuf};

use super::error::ReferenceError;
use crate::domain::ImageFormat;
use crate::references::Roots;
use crate::references::pathname;
use crate::references::pathname::Hint;
use crate::references::reference::shortened;

/// A place for images, already found to be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// The store's own folder for the month.
    Store,
    /// This folder, made if need be; names are made from the prompt.
    Folder(PathBuf),
    /// This file; its ending becomes that of the bytes, and a taken name gets a number.
    File(PathBuf),
}

const OTHER_FORMAT: Hint = "Images arrive as PNG, JPEG or WebP and are not converted: use a name ending in .png, .jpg or \
                            .webp, or a folder.";

impl Destination {
    /// Reads `save_to`: nothing or white space is the store; a folder that exists or a
    /// path ending in a slash is a folder; a path with an image's ending is a file;
    /// anything else is a folder to be made.
    pub fn parse(save_to: Option<&str>, roots: &Roots) -> Result<Self, ReferenceError> {
        let text = save_to.unwrap_or_default().trim();
        if text.is_empty() {
            return Ok(Self::Store);
        }
        let refused =
            |hint: Hint| ReferenceError::NotAPlace { given: shortened(text), hint: hint.to_owned() };
        let path = roots.writable(&pathname::parse(text).map_err(refused)?)?;
        if path.is_dir() || text.ends_with(std::path::is_separator) {
            return Ok(Self::Folder(path));
        }
        match ending(&path) {
            Some(ending) if ImageFormat::parse(ending).is_some() => Ok(Self::File(path)),
            Some(ending) if is_other_format(ending) => Err(refused(OTHER_FORMAT)),
            _ => Ok(Self::Folder(path)),
        }
    }

    /// The place for another version of the image that goes here: a file has these words in
    /// its name, a folder is the same one.
    #[must_use]
    pub fn beside(&self, words: &str) -> Self {
        let Self::File(path) = self else { return self.clone() };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let ending = ending(path).map(|ending| format!(".{ending}")).unwrap_or_default();
        Self::File(path.with_file_name(format!("{stem}-{words}{ending}")))
    }
}

fn ending(path: &Path) -> Option<&str> {
    path.extension().and_then(|ending| ending.to_str())
}

/// Endings that nobody gives a folder.
fn is_other_format(ending: &str) -> bool {
    ["avif", "bmp", "heic", "pdf", "svg", "tif", "tiff"]
        .iter()
        .any(|other| other.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn save_to_is_a_folder_or_a_file_by_its_looks_and_by_what_is_there() {
        let top = tempfile::tempdir().unwrap();
        let base = top.path().canonicalize().unwrap();
        std::fs::create_dir_all(base.join("old.png")).unwrap();
        let roots = Roots {
            allowed: vec![base.clone()],
            store: base.join("store"),
            store_by_path: true,
            base: base.clone(),
            home: Some(base.clone()),
        };
        let folder = |name: &str| Destination::Folder(base.join(name));
        let file = |name: &str| Destination::File(base.join(name));
        let cases = [
            ("", Destination::Store),
            ("  ", Destination::Store),
            ("kites", folder("kites")),
            ("~/kites/", folder("kites")),
            ("kites.png/", folder("kites.png")),
            ("old.png", folder("old.png")),
            ("v1.2", folder("v1.2")),
            (".", Destination::Folder(base.clone())),
            ("kites/red.png", file("kites/red.png")),
            ("red.JPEG", file("red.JPEG")),
            ("red.webp", file("red.webp")),
        ];
        for (text, expected) in cases {
            assert_eq!(Destination::parse(Some(text), &roots).unwrap(), expected, "{text}");
        }
        assert_eq!(Destination::parse(None, &roots).unwrap(), Destination::Store);
        for text in
            ["https://example.com/a.png", "red.svg", "/mnt/user-data/outputs", "sandbox:/mnt/data/a.png"]
        {
            let refusal = Destination::parse(Some(text), &roots).unwrap_err();
            assert!(matches!(refusal, ReferenceError::NotAPlace { .. }), "{text}: {refusal}");
        }
        for text in ["/etc/kites", "../kites.png"] {
            let refusal = Destination::parse(Some(text), &roots).unwrap_err();
            assert!(matches!(refusal, ReferenceError::OutsideRoots { .. }), "{text}: {refusal}");
        }
    }
}
