//! Where a picture's bytes go while they arrive: a nameless-to-be file in the folder the
//! picture is meant for, so that giving it its name later is one step and it is never
//! seen half written. Dropped unfinished, it leaves nothing behind.
//!
//! Writes are plain blocking writes: they go to the page cache in tens of microseconds,
//! less than handing each of them to another thread would take.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::domain::ImageFormat;

/// The folder pictures land in.
#[derive(Clone, Debug)]
pub struct Landing {
    folder: PathBuf,
}

impl Landing {
    /// A landing in this folder, which must exist.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Opens a file for one picture.
    pub fn begin(&self) -> io::Result<Arrival> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".arriving-");
        #[cfg(unix)] // as the umask says, like any other program's file; tempfile would keep it to the user
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(&self.folder)?;
        Ok(Arrival { file, hasher: blake3::Hasher::new(), head: Vec::new(), bytes: 0 })
    }
}

/// A picture on its way in.
#[derive(Debug)]
pub struct Arrival {
    file: NamedTempFile,
    hasher: blake3::Hasher,
    head: Vec<u8>,
    bytes: u64,
}

impl Arrival {
    /// Takes the next bytes. Callers pass chunks of kilobytes; there is no buffer here.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let missing = ImageFormat::SIGNATURE_BYTES.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(missing));
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    /// Every byte has come.
    #[must_use]
    pub fn finish(self) -> Landed {
        Landed {
            format: ImageFormat::sniff(&self.head),
            hash: self.hasher.finalize(),
            bytes: self.bytes,
            file: self.file,
        }
    }
}

/// A picture that has arrived and has no name yet. Dropping it deletes it.
#[derive(Debug)]
pub struct Landed {
    /// The open file, its position at the end.
    pub file: NamedTempFile,
    /// How many bytes it holds.
    pub bytes: u64,
    /// BLAKE3 of the bytes.
    pub hash: blake3::Hash,
    /// What the first bytes announce; `None` when they announce no image.
    pub format: Option<ImageFormat>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_counted_hashed_and_known_however_it_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let picture = b"\x89PNG\r\n\x1a\n0123456789";
        for cut in 0..picture.len() {
            let mut arrival = Landing::new(folder.path()).begin().unwrap();
            arrival.write(&picture[..cut]).unwrap();
            arrival.write(&picture[cut..]).unwrap();
            let landed = arrival.finish();
            assert_eq!(landed.bytes, picture.len() as u64);
            assert_eq!(landed.hash, blake3::hash(picture));
            assert_eq!(landed.format, Some(ImageFormat::Png));
            assert_eq!(std::fs::read(landed.file.path()).unwrap(), picture);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "dropped pictures leave nothing");
    }
}
