//! The folders a process lives in, all of them temporary.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

/// A home folder, a working folder, a folder for temporary files and one outside of all that may be
/// read. Clones share the folders, so that a later process finds what an earlier one left.
#[derive(Clone, Debug)]
pub struct TestHome(Arc<TempDir>);

impl TestHome {
    pub fn new() -> Self {
        let top = tempfile::Builder::new().prefix("test-home-").tempdir().unwrap();
        for folder in ["home", "work", "temporary", "elsewhere"] {
            fs::create_dir(top.path().join(folder)).unwrap();
        }
        Self(Arc::new(top))
    }

    fn folder(&self, name: &str) -> PathBuf {
        // Resolved, because the program resolves links and one is in the way on some systems.
        self.0.path().canonicalize().unwrap().join(name)
    }

    pub fn user_home(&self) -> PathBuf {
        self.folder("home")
    }

    pub fn work(&self) -> PathBuf {
        self.folder("work")
    }

    pub fn temporary(&self) -> PathBuf {
        self.folder("temporary")
    }

    pub fn elsewhere(&self) -> PathBuf {
        self.folder("elsewhere")
    }

    /// Where data goes by the custom of the system.
    pub fn data(&self) -> PathBuf {
        self.user_home().join("data")
    }

    pub fn settings(&self) -> PathBuf {
        self.user_home().join("settings")
    }

    /// The store.
    pub fn store(&self) -> PathBuf {
        self.data().join("gpt-image-mcp")
    }

    /// The usual settings file.
    pub fn settings_file(&self) -> PathBuf {
        self.settings().join("gpt-image-mcp/config.toml")
    }

    /// Writes a file into the working folder.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The images in the store, unfinished ones included.
    pub fn images(&self) -> Vec<PathBuf> {
        files_in(&self.store().join("images"))
    }
}

/// Every file below a folder, hidden ones too, in order.
pub fn files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_in(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}
