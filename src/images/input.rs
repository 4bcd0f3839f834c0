//! From a reference to the bytes of a picture that goes out with a request.
//!
//! Reads what is on this machine; `https:` references are fetched by the floor that owns
//! the network. Bytes pass through unchanged and are not decoded here.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;

use super::reference::of_a_chat;
use super::store::{file_name, open};
use super::{ImageError, Library, LocalReference, Roots};
use crate::domain::{ImageFormat, ImageId};

/// A picture ready to be sent.
#[derive(Clone, Debug)]
pub struct SourceImage {
    /// A file name for a multipart part; its ending is that of the bytes.
    pub name: String,
    /// The picture, exactly as it was read.
    pub bytes: Bytes,
    /// Its id, where it came from the library.
    pub id: Option<ImageId>,
    /// Its format by its first bytes.
    pub format: ImageFormat,
}

impl SourceImage {
    /// A picture from its bytes, whatever brought them. The stem may be any text.
    pub fn new(stem: &str, bytes: Bytes, id: Option<ImageId>) -> Result<Self, ImageError> {
        let format = ImageFormat::sniff(&bytes)
            .ok_or_else(|| ImageError::NotAnImage(looks_like(&bytes).to_owned()))?;
        Ok(Self { name: file_name(stem, format), bytes, id, format })
    }
}

/// Reads a picture of this owner's, of at most so many bytes: no more than that is ever read.
pub async fn read(
    reference: &LocalReference,
    roots: &Roots,
    library: &Library,
    owner: &str,
    most_bytes: u64,
) -> Result<SourceImage, ImageError> {
    match reference {
        LocalReference::Data(bytes) => {
            bounded(bytes.len() as u64, most_bytes)?;
            SourceImage::new("image", bytes.clone(), None)
        }
        LocalReference::Path(path) => {
            let (path, roots) = (path.clone(), roots.clone());
            blocking(move || {
                let found = roots.readable(&path).map_err(|error| explained(&path, error))?;
                let bytes = whole(open(&found)?, &found, most_bytes)?;
                SourceImage::new(&stem(&found), bytes, None)
            })
            .await
        }
        LocalReference::Stored(id) => {
            let image = library.image(id, owner).await?;
            blocking(move || {
                let bytes = whole(image.open()?, &image.path, most_bytes)?;
                SourceImage::new(&stem(&image.path), bytes, Some(image.id))
            })
            .await
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ImageError> + Send + 'static,
) -> Result<T, ImageError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(stopped) => Err(ImageError::Unreadable("the picture".into(), stopped.to_string())),
    }
}

/// A path that agents bring along from the chat's machine, unless this one has it too.
fn explained(path: &Path, error: ImageError) -> ImageError {
    if path.starts_with("/mnt/data") && !path.exists() { of_a_chat(path) } else { error }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn bounded(bytes: u64, most: u64) -> Result<(), ImageError> {
    if bytes > most { Err(ImageError::TooLarge { bytes, most }) } else { Ok(()) }
}

fn whole(file: File, path: &Path, most: u64) -> Result<Bytes, ImageError> {
    let failed = |error| ImageError::reading(path, &error);
    let announced = file.metadata().map_err(failed)?.len();
    bounded(announced, most)?;
    let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or(0).saturating_add(1));
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    bounded(bytes.len() as u64, most)?; // it may have grown
    Ok(bytes.into())
}

/// What bytes that are no picture of ours look like, in a word or two.
fn looks_like(head: &[u8]) -> &'static str {
    let text = head.get(..256).unwrap_or(head).trim_ascii_start();
    match head {
        [] => "an empty file",
        [b'%', b'P', b'D', b'F', ..] => "a PDF",
        [b'P', b'K', 3, 4, ..] => "a ZIP archive",
        [b'B', b'M', ..] => "a BMP image",
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => "a TIFF image",
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f', ..] => "an AVIF image",
        [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', b'e' | b'i', ..] => "an HEIC image",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "a video",
        _ if text.starts_with(b"version https://git-lfs") => "a Git LFS pointer, not the file it stands for",
        _ if contains(text, b"<svg") => "an SVG drawing",
        _ if text.starts_with(b"<") => "an HTML or XML page",
        _ if text.starts_with(b"{") => "JSON",
        _ if std::str::from_utf8(head.get(..16).unwrap_or(head)).is_ok() => "text",
        _ => "binary data of an unknown kind",
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest";

    /// A folder that is the one root, and a library beside it.
    fn desk() -> (tempfile::TempDir, Roots, Library) {
        let desk = tempfile::tempdir().unwrap();
        let base = desk.path().join("work");
        std::fs::create_dir(&base).unwrap();
        let store = desk.path().join("store");
        let roots = Roots { allowed: vec![base.clone()], store: store.clone(), base, home: None };
        (desk, roots, Library::new(store))
    }

    async fn read_path(
        desk: &(tempfile::TempDir, Roots, Library),
        path: &str,
    ) -> Result<SourceImage, ImageError> {
        read(&LocalReference::Path(path.into()), &desk.1, &desk.2, "me", 100).await
    }

    #[tokio::test]
    async fn a_file_is_read_whole_and_named_by_what_it_is() {
        let desk = desk();
        std::fs::write(desk.1.base.join("My \"Cat\".jpeg"), PNG).unwrap();
        let image = read_path(&desk, "My \"Cat\".jpeg").await.unwrap();
        assert_eq!((image.name.as_str(), image.format, image.id), ("my-cat.png", ImageFormat::Png, None));
        assert_eq!(image.bytes, PNG);
    }

    #[tokio::test]
    async fn what_is_no_picture_file_is_refused_by_kind() {
        let desk = desk();
        let base = &desk.1.base;
        std::fs::create_dir(base.join("folder.png")).unwrap();
        std::fs::write(base.join("page.png"), "<!doctype html>").unwrap();
        std::fs::write(base.join("full.png"), [PNG, &[0; 100]].concat()).unwrap();
        let said = |result: Result<SourceImage, ImageError>| result.unwrap_err().to_string();
        assert!(said(read_path(&desk, "folder.png").await).ends_with("folder.png is not a file"));
        assert!(said(read_path(&desk, "page.png").await).ends_with("it looks like an HTML or XML page"));
        assert_eq!(said(read_path(&desk, "full.png").await), "121 bytes are more than the 100 accepted");
        assert!(said(read_path(&desk, "none.png").await).ends_with("none.png does not exist"));
        let chat = read_path(&desk, "/mnt/data/no-such-file.png").await.unwrap_err();
        assert!(matches!(chat, ImageError::NotAReference { .. }), "{chat}");
        let data = LocalReference::Data(Bytes::from(vec![0; 101]));
        assert!(matches!(
            read(&data, &desk.1, &desk.2, "me", 100).await,
            Err(ImageError::TooLarge { bytes: 101, most: 100 })
        ));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn pipes_and_devices_are_refused_without_being_opened() {
        let mut desk = desk();
        desk.1.allowed.push("/dev".into());
        let made = std::process::Command::new("mkfifo").arg(desk.1.base.join("pipe.png")).status().unwrap();
        assert!(made.success());
        for path in ["pipe.png", "/dev/zero"] {
            let refused = read_path(&desk, path).await;
            assert!(matches!(refused, Err(ImageError::NotAFile(_))), "{path}: {refused:?}");
        }
    }

    #[test]
    fn other_files_are_told_apart() {
        let cases: [(&[u8], &str); 8] = [
            (b"", "an empty file"),
            (b"\0\0\0\x18ftypheic\0\0\0\0", "an HEIC image"),
            (b"\0\0\0\x18ftypavif\0\0\0\0", "an AVIF image"),
            (b"<?xml version=\"1.0\"?><svg/>", "an SVG drawing"),
            (b"{\"error\": 1}", "JSON"),
            (b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer, not the file it stands for"),
            (b"hello", "text"),
            (b"\xff\xfe\0\0", "binary data of an unknown kind"),
        ];
        for (head, kind) in cases {
            assert_eq!(looks_like(head), kind);
        }
    }
}
