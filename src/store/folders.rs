//! The folders of the store: makes private ones and lists what is in them.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::StoreError;

/// Makes a folder and what is missing above it, for this user alone.
pub(super) fn create_private(folder: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| StoreError::writing(folder, error))
}

/// The paths in a folder. A folder that cannot be read has none.
pub(super) fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// The last part of a path, as text.
pub(super) fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
