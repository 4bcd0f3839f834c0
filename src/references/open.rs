//! Opens a file that was found to be allowed, and surely that one.
//!
//! Between the check of a path and its opening, whoever may write to a folder may put a link
//! in its place. So the path that was checked, which has no links in it, is opened folder by
//! folder, and a link on the way is a refusal.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::error::ReferenceError;

/// Opens a regular file for reading, by a path from which links were resolved. Anything but a
/// regular file is refused: opening a pipe waits for its other end, and a device may never end.
pub fn open_resolved(path: &Path) -> Result<File, ReferenceError> {
    let failed = |error: io::Error| ReferenceError::reading(path, error);
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(ReferenceError::NotAFile(path.to_owned()));
    }
    let file = opened(path).map_err(|error| if is_link(&error) { exchanged(path) } else { failed(error) })?;
    if file.metadata().map_err(failed)?.is_file() { Ok(file) } else { Err(exchanged(path)) }
}

fn exchanged(path: &Path) -> ReferenceError {
    ReferenceError::Unreadable(path.to_owned(), io::Error::other("it was replaced while it was being opened"))
}

#[cfg(unix)]
fn opened(path: &Path) -> io::Result<File> {
    use std::path::Component;

    use rustix::fs::{Mode, OFlags, open, openat};

    #[cfg(any(target_os = "linux", target_os = "android"))]
    const FOLDER: OFlags = OFlags::PATH; // needs no permission to list the folder
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const FOLDER: OFlags = OFlags::RDONLY;

    let folder = FOLDER | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    // Does not wait for the other end of a pipe.
    let file = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut here = open("/", folder, Mode::empty())?;
    let names = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    let mut names = names.peekable();
    while let Some(name) = names.next() {
        let flags = if names.peek().is_some() { folder } else { file };
        here = openat(&here, name, flags, Mode::empty())?;
    }
    Ok(File::from(here))
}

/// Elsewhere the path is resolved once more: it must still lead to itself.
#[cfg(not(unix))]
fn opened(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    let again = fs::canonicalize(path)?;
    let same = again == fs::canonicalize(&again)? && again.ends_with(path.file_name().unwrap_or_default());
    if same { Ok(file) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

fn is_link(error: &io::Error) -> bool {
    // A link where a file should be, and one where a folder should be.
    #[cfg(unix)]
    let link = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    #[cfg(not(unix))]
    let link = false;
    link || error.kind() == io::ErrorKind::NotADirectory
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn said(path: &Path) -> String {
        open_resolved(path).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn what_takes_the_place_of_a_checked_file_is_not_opened() {
        let top = tempfile::tempdir().unwrap();
        let top = top.path().canonicalize().unwrap();
        for folder in ["allowed/pictures", "secret"] {
            fs::create_dir_all(top.join(folder)).unwrap();
            fs::write(top.join(folder).join("cat.png"), folder).unwrap();
        }
        let checked = top.join("allowed/pictures/cat.png");
        assert_eq!(io::read_to_string(open_resolved(&checked).unwrap()).unwrap(), "allowed/pictures");

        // The folder was renamed and a link put in its place.
        fs::rename(top.join("allowed/pictures"), top.join("allowed/renamed")).unwrap();
        symlink(top.join("secret"), top.join("allowed/pictures")).unwrap();
        assert!(said(&checked).contains("replaced while it was being opened"), "{}", said(&checked));

        // The file itself became a link.
        let file = top.join("allowed/renamed/cat.png");
        fs::remove_file(&file).unwrap();
        symlink(top.join("secret/cat.png"), &file).unwrap();
        assert!(said(&file).contains("replaced while it was being opened"), "{}", said(&file));
    }

    #[test]
    fn a_folder_that_may_be_passed_and_not_listed_is_passed() {
        use std::os::unix::fs::PermissionsExt as _;
        let top = tempfile::tempdir().unwrap();
        let top = top.path().canonicalize().unwrap();
        fs::create_dir(top.join("closed")).unwrap();
        fs::write(top.join("closed/cat.png"), "x").unwrap();
        fs::set_permissions(top.join("closed"), fs::Permissions::from_mode(0o311)).unwrap();
        let opened = open_resolved(&top.join("closed/cat.png"));
        fs::set_permissions(top.join("closed"), fs::Permissions::from_mode(0o755)).unwrap();
        if cfg!(target_os = "linux") {
            assert!(opened.is_ok(), "{opened:?}");
        }
    }
}
