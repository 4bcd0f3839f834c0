//! Where an image's bytes go while they arrive: a nameless-to-be file in the folder the
//! image is meant for, so that giving it its name later is one step and it is never
//! seen half written. Dropped unfinished, it leaves nothing behind.
//!
//! Writes are plain blocking writes: they go to the page cache in tens of microseconds,
//! less than handing each of them to another thread would take.

use std::io::{self, Cursor, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::NamedTempFile;

use crate::domain::{ImageFormat, JobId};

/// How the files of images that are still arriving begin.
pub const STAGED_PREFIX: &str = ".arriving-";

/// The folder images land in. Clones are one staging.
#[derive(Clone, Debug)]
pub struct Staging {
    folder: PathBuf,
    prefix: String,
    reserved: Arc<Mutex<Vec<NamedTempFile>>>,
}

impl Staging {
    /// A staging in this folder, which must exist.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), prefix: STAGED_PREFIX.to_owned(), reserved: Arc::default() }
    }

    /// The same folder for the images of one job: files left behind by a process that was
    /// killed say whose they are.
    #[must_use]
    pub fn of(self, job: &JobId) -> Self {
        Self { prefix: format!("{STAGED_PREFIX}{job}-"), ..self }
    }

    /// The same folder for images on their way: what a killed process leaves of them is
    /// nobody's, and takes none of the room set aside.
    #[must_use]
    pub fn of_partials(&self) -> Self {
        Self {
            folder: self.folder.clone(),
            prefix: format!("{STAGED_PREFIX}partial-"),
            reserved: Arc::default(),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How the names of its files begin.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether files can be made here, as far as the system tells without making one: a file
    /// made and deleted for each of a thousand calls slows down those that make the next.
    ///
    /// # Errors
    /// What the system says where they cannot.
    #[cfg(unix)]
    pub fn prove(&self) -> io::Result<()> {
        use rustix::fs::{Access, access};
        Ok(access(&self.folder, Access::WRITE_OK | Access::EXEC_OK)?)
    }

    /// Whether files can be made here.
    ///
    /// # Errors
    /// What the system says where they cannot.
    #[cfg(not(unix))]
    pub fn prove(&self) -> io::Result<()> {
        tempfile::tempfile_in(&self.folder).map(drop)
    }

    /// Sets room aside for so many images of so many bytes each: for before paying.
    ///
    /// # Errors
    /// What the system says where there is no room.
    pub fn reserve(&self, images: u32, bytes: u64) -> io::Result<()> {
        let free = fs4::available_space(&self.folder).unwrap_or(u64::MAX); // a file system may not say
        if free < bytes.saturating_mul(images.into()) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        for _ in 0..images {
            let file = self.file()?;
            set_aside(file.as_file(), bytes)?;
            self.lock().push(file);
        }
        Ok(())
    }

    /// Opens a file for one image, or where that fails a place in memory: the image is paid.
    #[must_use]
    pub fn begin(&self) -> StagedWriter {
        let reserved = self.lock().pop();
        let place = match reserved.map_or_else(|| self.file(), Ok) {
            Ok(file) => StagedBytes::File(file),
            Err(error) => StagedBytes::Memory { bytes: Vec::new(), why: error.to_string() },
        };
        StagedWriter { place, hasher: blake3::Hasher::new(), head: Vec::new(), bytes: 0 }
    }

    fn file(&self) -> io::Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(&self.prefix);
        #[cfg(unix)] // as the umask says, like any other program's file; tempfile would keep it to the user
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(&self.folder)?;
        // For as long as its process lives, and no longer: so that others can tell what is left
        // behind from what is on its way. Not every file system can.
        let _ = file.as_file().try_lock();
        Ok(file)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<NamedTempFile>> {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Blocks for the file beyond its end, where the file system can do that: its length stays what
/// was written.
#[cfg(target_os = "linux")]
fn set_aside(file: &std::fs::File, bytes: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    match fallocate(file, FallocateFlags::KEEP_SIZE, 0, bytes) {
        Err(error) if error == rustix::io::Errno::NOSPC || error == rustix::io::Errno::DQUOT => {
            Err(error.into())
        }
        _ => Ok(()), // done, or this file system cannot
    }
}

#[cfg(not(target_os = "linux"))]
fn set_aside(_: &std::fs::File, _: u64) -> io::Result<()> {
    Ok(())
}

/// Where the bytes of an image are.
#[derive(Debug)]
pub enum StagedBytes {
    /// In a file without a name of its own, its position at the end. Dropping it deletes it.
    File(NamedTempFile),
    /// In memory, because no file could hold them.
    Memory {
        /// All of them.
        bytes: Vec<u8>,
        /// The system's words.
        why: String,
    },
}

/// An image on its way in.
#[derive(Debug)]
pub struct StagedWriter {
    place: StagedBytes,
    hasher: blake3::Hasher,
    head: Vec<u8>,
    bytes: u64,
}

impl StagedWriter {
    /// Takes the next bytes. Callers pass chunks of kilobytes; there is no buffer here.
    ///
    /// # Errors
    /// What the system says where a full disk could not even be read back.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let missing = ImageFormat::SIGNATURE_BYTES.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(missing));
        self.hasher.update(bytes);
        match &mut self.place {
            StagedBytes::Memory { bytes: before, .. } => before.extend_from_slice(bytes),
            StagedBytes::File(file) => {
                if let Err(error) = file.write_all(bytes) {
                    // The disk is full, or worse. The image is paid, so it goes on in memory.
                    let mut before = Vec::new();
                    file.rewind()?;
                    file.as_file().take(self.bytes).read_to_end(&mut before)?;
                    before.extend_from_slice(bytes);
                    self.place = StagedBytes::Memory { bytes: before, why: error.to_string() };
                }
            }
        }
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Every byte has come.
    #[must_use]
    pub fn finish(self) -> StagedFile {
        if let StagedBytes::File(file) = &self.place {
            let _ = file.as_file().set_len(self.bytes); // gives back what was set aside and not needed
        }
        StagedFile {
            format: ImageFormat::sniff(&self.head),
            hash: self.hasher.finalize(),
            bytes: self.bytes,
            place: self.place,
            partial: false,
        }
    }
}

/// An image that has arrived and has no name yet. Dropping it deletes it.
#[derive(Debug)]
pub struct StagedFile {
    /// Where it is.
    pub place: StagedBytes,
    /// How many bytes it holds.
    pub bytes: u64,
    /// BLAKE3 of the bytes.
    pub hash: blake3::Hash,
    /// What the first bytes announce; `None` when they announce no image.
    pub format: Option<ImageFormat>,
    /// Whether it is an image on its way, streamed before the finished one.
    pub partial: bool,
}

/// What can be read and moved about in.
pub trait Readable: Read + Seek {}

impl<T: Read + Seek> Readable for T {}

impl StagedFile {
    /// Its bytes, to be read from anywhere in them.
    #[must_use]
    pub fn reader(&self) -> Box<dyn Readable + '_> {
        match &self.place {
            StagedBytes::File(file) => Box::new(file.as_file()),
            StagedBytes::Memory { bytes, .. } => Box::new(Cursor::new(bytes.as_slice())),
        }
    }

    /// Its bytes, all of them.
    ///
    /// # Errors
    /// What the system says where the file cannot be read back.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut reader = self.reader();
        reader.rewind()?;
        reader.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: &[u8] = b"\x89PNG\r\n\x1a\n0123456789";

    #[test]
    fn an_image_is_counted_hashed_and_known_however_it_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let staging = Staging::new(folder.path());
        staging.reserve(3, 1_000_000).unwrap();
        for cut in 0..IMAGE.len() {
            let mut writer = staging.begin();
            writer.write(&IMAGE[..cut]).unwrap();
            writer.write(&IMAGE[cut..]).unwrap();
            let staged = writer.finish();
            assert_eq!(staged.bytes, IMAGE.len() as u64);
            assert_eq!(staged.hash, blake3::hash(IMAGE));
            assert_eq!(staged.format, Some(ImageFormat::Png));
            let StagedBytes::File(file) = &staged.place else { panic!("{:?}", staged.place) };
            assert_eq!(std::fs::read(file.path()).unwrap(), IMAGE);
            assert_eq!(staged.read().unwrap(), IMAGE);
        }
        drop(staging);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "dropped images leave nothing");
    }

    #[test]
    fn files_that_are_left_behind_say_whose_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let job = JobId::from_entropy(7);
        let staging = Staging::new(folder.path()).of(&job);
        let writer = staging.begin();
        let name = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().file_name();
        assert!(name.to_string_lossy().starts_with(&format!(".arriving-{job}-")), "{name:?}");
        drop(writer);
    }

    #[test]
    fn room_that_is_not_there_cannot_be_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let error = Staging::new(folder.path()).reserve(2, u64::MAX / 4).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_no_file_can_hold_is_kept_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Staging::new(folder.path().join("gone")).begin();
        writer.write(IMAGE).unwrap();
        let staged = writer.finish();
        assert!(matches!(staged.place, StagedBytes::Memory { .. }));
        assert_eq!(staged.read().unwrap(), IMAGE);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_disk_that_fills_up_in_the_middle_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Staging::new(folder.path()).begin();
        writer.write(&IMAGE[..10]).unwrap();
        let StagedBytes::File(file) = &mut writer.place else { panic!() };
        let path = file.path().to_owned();
        // A file opened for reading only refuses writes as a full disk does.
        *file.as_file_mut() = std::fs::File::open(&path).unwrap();
        writer.write(&IMAGE[10..]).unwrap();
        let staged = writer.finish();
        assert!(matches!(staged.place, StagedBytes::Memory { .. }));
        assert_eq!((staged.read().unwrap().as_slice(), staged.hash), (IMAGE, blake3::hash(IMAGE)));
    }
}
