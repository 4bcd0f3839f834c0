//! The images behind links, under addresses that are signed as those of a CDN are.

use std::collections::VecDeque;

use axum::body::Bytes;
use axum::http::StatusCode;

use super::faults::FaultSpec;

/// How much is kept, in bytes; the oldest go first. Real links die after about a day.
const KEPT: usize = 256 * 1024 * 1024;

/// Images by name.
#[derive(Debug, Default)]
pub(super) struct FileStore {
    kept: VecDeque<StoredFile>,
}

/// An image, and the fault of its downloads.
#[derive(Clone, Debug)]
pub(super) struct StoredFile {
    pub name: String,
    pub file: Bytes,
    pub fault: Option<FaultSpec>,
}

impl FileStore {
    /// Stores an image and returns its path and query, which depend on its bytes and its fault only.
    /// The path ends in `.png` whatever the image is, as seen at the gateway.
    pub(super) fn keep(&mut self, image: Vec<u8>, fault: Option<&FaultSpec>) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&image).update(fault.map(ToString::to_string).unwrap_or_default().as_bytes());
        let name: String = hasher.finalize().to_hex().chars().take(32).collect();
        if !self.kept.iter().any(|kept| kept.name == name) {
            let fault = fault.cloned();
            self.kept.push_back(StoredFile { name: name.clone(), file: image.into(), fault });
        }
        while self.kept.len() > 1 && self.kept.iter().map(|kept| kept.file.len()).sum::<usize>() > KEPT {
            self.kept.pop_front();
        }
        format!("/files/{name}.png?{}", query(&name))
    }

    /// The image at a path and query that [`FileStore::keep`] returned, or the status and code of its error.
    pub(super) fn fetch(
        &self,
        path: &str,
        sent: Option<&str>,
    ) -> Result<StoredFile, (StatusCode, &'static str)> {
        let name = name_in(path);
        if sent != Some(&query(name)) {
            return Err((StatusCode::FORBIDDEN, "AccessDenied"));
        }
        let found = self.kept.iter().find(|kept| kept.name == name).cloned();
        found.ok_or(NO_SUCH_KEY)
    }
}

pub(super) const NO_SUCH_KEY: (StatusCode, &str) = (StatusCode::NOT_FOUND, "NoSuchKey");

/// The name of the file in a path, with or without its query.
pub(super) fn name_in(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or_default();
    path.rsplit('/').next().and_then(|file| file.strip_suffix(".png")).unwrap_or_default()
}

/// The query string that opens a file.
fn query(name: &str) -> String {
    let signature = blake3::derive_key("gpt-image-mcp sandbox link signature", name.as_bytes());
    let signature = blake3::Hash::from_bytes(signature).to_hex();
    format!("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=86400&X-Amz-Signature={signature}")
}
