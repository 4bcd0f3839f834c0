//! Image files: staged beside their destination, then given a name that nobody has.
//!
//! A file appears under its name whole or not at all and never replaces another. Calls
//! block, for microseconds: creating and renaming a file.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, PersistError, TempPath};

use super::error::StoreError;
use super::folders::create_private;
use super::images::Store;
use super::{StoredImage, names};
use crate::codec::CodecError;
use crate::domain::{ImageFormat, ImageId};
use crate::references::{Destination, ReferenceError};
use crate::staging::{StagedBytes, StagedFile, Staging};

/// More files of one name than this are taken for a fault.
const MOST_OF_A_NAME: u32 = 10_000;

/// An image under its name.
#[derive(Debug)]
pub struct Kept {
    /// Where it is.
    pub path: PathBuf,
    /// The name that was asked for, where it had to be another: it was taken, or its ending
    /// was not that of the bytes.
    pub instead_of: Option<PathBuf>,
    /// The format of the bytes.
    pub format: ImageFormat,
    /// How many bytes there are.
    pub bytes: u64,
    /// BLAKE3 of the bytes.
    pub hash: blake3::Hash,
    /// The open file.
    pub file: File,
    /// The name that it arrived under. It stays until the image is settled: were the process
    /// killed before the image is in the database, that name says whose image it is.
    writer: Option<TempPath>,
}

impl Kept {
    /// The image is in the database, or will not be: only its own name is left.
    pub fn settle(&mut self) {
        self.writer = None;
    }

    /// Waits until the disk has the file and its name. For a thread of its own, right after
    /// the answer: it can take a second.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()?;
        #[cfg(unix)] // elsewhere folders cannot be opened
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

/// An image that could not be given a name. It was paid for, so it comes back.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct NotKept {
    /// Why.
    pub error: StoreError,
    /// The image.
    pub staged: StagedFile,
}

impl Store {
    /// Where the images of a destination land: makes its folder and proves that files can
    /// be made in it. For before paying.
    pub fn staging(&self, destination: &Destination) -> Result<Staging, StoreError> {
        let folder = match destination {
            Destination::Store => {
                let month = jiff::Zoned::now().strftime("%Y-%m").to_string();
                let folder = self.root().join("images").join(month);
                create_private(&folder).map(|()| folder)
            }
            Destination::Folder(folder) => create(folder).map(|()| folder.clone()),
            Destination::File(path) => {
                let folder = path.parent().unwrap_or(path);
                create(folder).map(|()| folder.to_owned())
            }
        }?;
        if folder.to_str().is_none() {
            let reason = io::Error::other("the path is not Unicode text, which results could not show");
            return Err(StoreError::Unwritable(folder, reason));
        }
        let staging = Staging::new(folder);
        match staging.prove() {
            Ok(()) => Ok(staging),
            Err(error) => Err(StoreError::writing(staging.folder(), error)),
        }
    }
}

/// Gives a staged image its name in the folder it staged in.
pub fn keep(
    staged: StagedFile,
    destination: &Destination,
    prompt: &str,
    id: &ImageId,
) -> Result<Kept, Box<NotKept>> {
    let not_kept = |error, staged| Err(Box::new(NotKept { error, staged }));
    let Some(format) = staged.format else {
        return not_kept(CodecError::NotAnImage("nothing we know".to_owned()).into(), staged);
    };
    let file = match staged.place {
        StagedBytes::File(file) => file,
        StagedBytes::Memory { bytes, why } => {
            let error = StoreError::NoRoom(io::Error::other(why.clone()));
            return not_kept(error, StagedFile { place: StagedBytes::Memory { bytes, why }, ..staged });
        }
    };
    let folder = file.path().parent().unwrap_or(Path::new("")).to_owned();
    let (stem, ending, asked) = match destination {
        Destination::File(path) => {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (stem, ending(path, format), Some(path.clone()))
        }
        Destination::Store | Destination::Folder(_) => {
            (names::stem(jiff::Zoned::now().date(), prompt, id), format.extension().to_owned(), None)
        }
    };
    let (mut file, bytes, hash, partial) = (file, staged.bytes, staged.hash, staged.partial);
    for number in 1..=MOST_OF_A_NAME {
        let path = match number {
            1 => folder.join(format!("{stem}.{ending}")),
            _ => folder.join(format!("{stem}-{number}.{ending}")),
        };
        match name(file, &path) {
            Ok((file, writer)) => {
                let instead_of = asked.filter(|asked| *asked != path);
                return Ok(Kept { path, instead_of, format, bytes, hash, file, writer });
            }
            Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => file = failed.file,
            Err(failed) => {
                let place = StagedBytes::File(failed.file);
                let staged = StagedFile { place, bytes, hash, format: Some(format), partial };
                return not_kept(StoreError::writing(&path, failed.error), staged);
            }
        }
    }
    let reason = io::Error::other(format!("{MOST_OF_A_NAME} files have its name"));
    let error = StoreError::Unwritable(folder.join(format!("{stem}.{ending}")), reason);
    not_kept(error, StagedFile { place: StagedBytes::File(file), bytes, hash, format: Some(format), partial })
}

/// The path's own ending where it is one of the format's (`jpeg`, `JPG`), else the usual one.
fn ending(path: &Path, format: ImageFormat) -> String {
    let own = path.extension().and_then(|ending| ending.to_str());
    own.filter(|own| ImageFormat::parse(own) == Some(format)).unwrap_or(format.extension()).to_owned()
}

/// Gives the file a second name, where the file system has such, else another.
fn name(file: NamedTempFile, path: &Path) -> Result<(File, Option<TempPath>), PersistError> {
    match fs::hard_link(file.path(), path) {
        Ok(()) => {
            let (file, writer) = file.into_parts();
            return Ok((file, Some(writer)));
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(PersistError { error, file });
        }
        Err(_) => {}
    }
    match file.persist_noclobber(path) {
        Err(failed) if failed.error.kind() != io::ErrorKind::AlreadyExists => claim(failed, path),
        named => named,
    }
    .map(|file| (file, None))
}

/// For file systems that can neither rename without replacing nor link, such as many network
/// shares: claims the name with an empty file, which the image then replaces.
fn claim(failed: PersistError, path: &Path) -> Result<File, PersistError> {
    match File::create_new(path) {
        Ok(_claimed) => failed.file.persist(path).inspect_err(|_| {
            let _ = fs::remove_file(path);
        }),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(PersistError { error, file: failed.file })
        }
        Err(_) => Err(failed),
    }
}

impl StoredImage {
    /// Opens the file for reading, if it is still the one that was kept, as far as its length
    /// tells: whoever may write to its folder may have put another in its place, or a link to
    /// what no caller may read.
    pub fn open(&self) -> Result<File, StoreError> {
        let exchanged = || StoreError::Exchanged { id: self.id.clone(), path: self.path.clone() };
        let file = match open(&self.path) {
            Err(ReferenceError::Missing(path)) => return Err(StoreError::Gone { id: self.id.clone(), path }),
            Err(ReferenceError::NotAFile(_)) => return Err(exchanged()),
            opened => opened?,
        };
        let bytes = file.metadata().map_err(|error| StoreError::reading(&self.path, error))?.len();
        if bytes == self.bytes { Ok(file) } else { Err(exchanged()) }
    }
}

/// Opens a regular file for reading. Anything else is refused unopened: opening a pipe
/// waits for its other end, a device may never end, and a link was not kept by us.
fn open(path: &Path) -> Result<File, ReferenceError> {
    let failed = |error| ReferenceError::reading(path, error);
    if !fs::symlink_metadata(path).map_err(failed)?.is_file() {
        return Err(ReferenceError::NotAFile(path.to_owned()));
    }
    File::open(path).map_err(failed)
}

fn create(folder: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(folder).map_err(|error| StoreError::writing(folder, error))
}
