//! From a reference to the bytes of a file.
//!
//! Reads what is on this machine; `https:` references are fetched by the layer that owns
//! the network. Bytes pass through unchanged and are not looked at here.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;

use crate::domain::{ImageFormat, ImageId};
use crate::references::{LocalReference, ReferenceError, Roots, of_a_chat, open_resolved};
use crate::store::Store;
use crate::store::StoreError;
use crate::store::file_name;

/// A file that should hold an image, as it was read.
#[derive(Clone, Debug)]
pub struct SourceImage {
    /// What to call it: a file's name without its ending. Any text.
    pub stem: String,
    /// The file's bytes.
    pub bytes: Bytes,
    /// Its id, where it came from the store.
    pub id: Option<ImageId>,
}

impl SourceImage {
    /// A file name for a multipart part, with the ending of what is sent of it.
    #[must_use]
    pub fn name(&self, format: ImageFormat) -> String {
        file_name(&self.stem, format)
    }
}

/// Reads an image of this owner's, of at most so many bytes: no more than that is ever read.
pub async fn read(
    reference: &LocalReference,
    roots: &Roots,
    store: &Store,
    owner: &str,
    most_bytes: u64,
) -> Result<SourceImage, StoreError> {
    match reference {
        LocalReference::Data(bytes) => {
            bounded(bytes.len() as u64, most_bytes)?;
            Ok(SourceImage { stem: "image".to_owned(), bytes: bytes.clone(), id: None })
        }
        LocalReference::Path(path) => {
            let (path, roots) = (path.clone(), roots.clone());
            blocking(move || {
                let found = roots.readable(&path).map_err(|error| explained(&path, error))?;
                let bytes = whole(open_resolved(&found)?, &found, most_bytes)?;
                Ok(SourceImage { stem: stem(&found), bytes, id: None })
            })
            .await
        }
        LocalReference::Stored(id) => {
            let image = store.image(id, owner).await?;
            blocking(move || {
                let bytes = whole(image.open()?, &image.path, most_bytes)?;
                Ok(SourceImage { stem: stem(&image.path), bytes, id: Some(image.id) })
            })
            .await
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(stopped) => Err(StoreError::reading(Path::new("the image"), std::io::Error::other(stopped))),
    }
}

/// A path that agents bring along from the chat's machine, unless this one has it too.
fn explained(path: &Path, error: ReferenceError) -> ReferenceError {
    if path.starts_with("/mnt/data") && !path.exists() { of_a_chat(path) } else { error }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn bounded(bytes: u64, most: u64) -> Result<(), ReferenceError> {
    if bytes > most { Err(ReferenceError::TooLarge { bytes, most }) } else { Ok(()) }
}

fn whole(file: File, path: &Path, most: u64) -> Result<Bytes, StoreError> {
    let failed = |error| StoreError::reading(path, error);
    let announced = file.metadata().map_err(failed)?.len();
    bounded(announced, most)?;
    let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or(0).saturating_add(1));
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    bounded(bytes.len() as u64, most)?; // it may have grown
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest";

    /// A folder that is the one root, and a store beside it.
    fn desk() -> (tempfile::TempDir, Roots, Store) {
        let desk = tempfile::tempdir().unwrap();
        let base = desk.path().join("work");
        std::fs::create_dir(&base).unwrap();
        let store = desk.path().join("store");
        let roots = Roots {
            allowed: vec![base.clone()],
            store: store.clone(),
            store_by_path: true,
            base,
            home: None,
        };
        (desk, roots, Store::new(store))
    }

    async fn read_path(
        desk: &(tempfile::TempDir, Roots, Store),
        path: &str,
    ) -> Result<SourceImage, StoreError> {
        read(&LocalReference::Path(path.into()), &desk.1, &desk.2, "me", 100).await
    }

    #[tokio::test]
    async fn a_file_is_read_whole_and_named_by_what_it_is() {
        let desk = desk();
        std::fs::write(desk.1.base.join("My \"Cat\".jpeg"), PNG).unwrap();
        let image = read_path(&desk, "My \"Cat\".jpeg").await.unwrap();
        assert_eq!((image.name(ImageFormat::Webp).as_str(), &image.id), ("my-cat.webp", &None));
        assert_eq!(image.bytes, PNG);
    }

    #[tokio::test]
    async fn what_is_no_file_or_too_large_is_refused() {
        let desk = desk();
        let base = &desk.1.base;
        std::fs::create_dir(base.join("folder.png")).unwrap();
        std::fs::write(base.join("full.png"), [PNG, &[0; 100]].concat()).unwrap();
        let said = |result: Result<SourceImage, StoreError>| result.unwrap_err().to_string();
        assert!(said(read_path(&desk, "folder.png").await).ends_with("folder.png is not a file"));
        assert_eq!(said(read_path(&desk, "full.png").await), "121 bytes are more than the 100 accepted");
        assert!(said(read_path(&desk, "none.png").await).ends_with("none.png does not exist"));
        let chat = read_path(&desk, "/mnt/data/no-such-file.png").await.unwrap_err();
        assert!(matches!(chat, StoreError::Reference(ReferenceError::NotAReference { .. })), "{chat}");
        let data = LocalReference::Data(Bytes::from(vec![0; 101]));
        assert!(matches!(
            read(&data, &desk.1, &desk.2, "me", 100).await,
            Err(StoreError::Reference(ReferenceError::TooLarge { bytes: 101, most: 100 }))
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
            assert!(
                matches!(refused, Err(StoreError::Reference(ReferenceError::NotAFile(_)))),
                "{path}: {refused:?}"
            );
        }
    }
}
