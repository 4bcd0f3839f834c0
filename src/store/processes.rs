//! Which processes are alive, however long their leases still run: each that works on jobs holds a lock on a file of its
//! own, which the system releases when the process ends, however it ends.
//!
//! The file says the process id and the version of the database that the process knows. Files of versions up to 4 are
//! empty.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::TempPath;

use super::folders::{create_private, entries, name};
use super::schema::CURRENT;

/// The folder of these files, in the store's.
const FOLDER: &str = "processes";
/// How a file begins whose process has not locked it yet.
const STARTING: &str = ".starting-";

/// The files of all processes, and this one's.
#[derive(Debug)]
pub(super) struct Processes {
    folder: PathBuf,
    own: Mutex<Option<Own>>,
}

#[derive(Debug)]
struct Own {
    name: String,
    /// Dropped, it deletes the file.
    path: TempPath,
    #[expect(dead_code, reason = "holds the lock")]
    file: File,
}

impl Processes {
    pub(super) fn new(root: &Path) -> Self {
        Self { folder: root.join(FOLDER), own: Mutex::default() }
    }

    /// The name of this process, which from now on is known to be alive. Empty where the file
    /// system has no locks: then leases alone tell.
    pub(super) fn own(&self) -> String {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if own.as_ref().is_none_or(|own| !own.path.exists()) {
            *own = self.start().ok(); // for the first time, or in a store that was made anew
        }
        own.as_ref().map_or_else(String::new, |own| own.name.clone())
    }

    /// Gives the file its name once it is locked: whoever finds it without a lock takes it for dead.
    fn start(&self) -> io::Result<Own> {
        create_private(&self.folder).map_err(io::Error::other)?;
        let mut file = tempfile::Builder::new().prefix(STARTING).rand_bytes(16).tempfile_in(&self.folder)?;
        file.as_file().try_lock()?;
        writeln!(file, "{} {CURRENT}", std::process::id())?;
        let name = name(file.path()).trim_start_matches(STARTING).to_owned();
        let path = self.folder.join(&name);
        let file = file.persist_noclobber(&path)?;
        Ok(Own { name, path: TempPath::try_from_path(path)?, file })
    }

    /// Whether the process of this name has ended. What cannot be told counts as alive.
    pub(super) fn is_dead(&self, process: &str) -> bool {
        if process.is_empty() || self.is_own(process) {
            return false;
        }
        match File::open(self.folder.join(process)) {
            // Shared, so that two who look at once do not take each other for the process.
            Ok(file) => file.try_lock_shared().is_ok(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    fn is_own(&self, process: &str) -> bool {
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.as_ref().is_some_and(|own| own.name == process)
    }

    /// The living processes that know only versions of the database before this one, in words.
    pub(super) fn older_than(&self, version: usize) -> Vec<String> {
        let older = |path: &PathBuf| {
            let process = name(path);
            if self.is_own(&process) || self.is_dead(&process) {
                return None;
            }
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let known: usize =
                text.split_whitespace().nth(1).and_then(|known| known.parse().ok()).unwrap_or(0);
            (known < version).then(|| match lock_holder(path) {
                Some(id) => format!("process {id}"),
                None => format!("the process of {}", path.display()),
            })
        };
        entries(&self.folder).filter_map(|path| older(&path)).collect()
    }

    /// Deletes the files of processes that were killed.
    pub(super) fn clear(&self) {
        for path in entries(&self.folder) {
            let process = name(&path);
            if !process.starts_with(STARTING) && self.is_dead(&process) {
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

/// The id of the process that holds the lock on a file, where the system tells (`proc_locks(5)`).
#[cfg(target_os = "linux")]
fn lock_holder(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let inode = std::fs::metadata(path).ok()?.ino().to_string();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    // 1: FLOCK  ADVISORY  WRITE 2189 fe:00:7340096 0 EOF
    locks.lines().find_map(|line| {
        let mut fields = line.split_whitespace().skip(4);
        let (id, file) = (fields.next()?, fields.next()?);
        (file.rsplit(':').next() == Some(&inode)).then(|| id.parse().ok()).flatten()
    })
}

#[cfg(not(target_os = "linux"))]
fn lock_holder(_: &Path) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_dead_once_nobody_holds_its_lock() {
        let root = tempfile::tempdir().unwrap();
        let [here, there] = [(); 2].map(|()| Processes::new(root.path()));
        let alive = there.own();
        assert!(!here.is_dead(&alive) && !there.is_dead(&alive));
        assert!(!here.is_dead(""), "nothing is known of it");
        let killed = root.path().join(FOLDER).join("killed");
        std::fs::write(&killed, "").unwrap();
        assert!(here.is_dead("killed"));
        here.clear();
        assert!(!killed.exists() && !here.is_dead(&alive));
        std::fs::remove_dir_all(root.path().join(FOLDER)).unwrap();
        let anew = there.own();
        assert!(here.is_dead(&alive) && !here.is_dead(&anew), "what is gone is made anew");
        drop(there);
        assert!(here.is_dead(&anew), "its file went with it");
    }
}
