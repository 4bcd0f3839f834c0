//! What a killed process leaves in the store's folders: files of images that were arriving.
//!
//! A whole one is kept and recorded as what it is. A half one is deleted: a process that was
//! only asleep goes on writing to it, and answers with the image inline.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::Value;
use tempfile::{NamedTempFile, TempPath};

use super::folders::{entries, name};
use super::{JobRecord, Parent, ParentRole, Store, StoredImage, keep};
use crate::codec::{CodecError, inspect};
use crate::domain::{ImageId, JobId, Operation};
use crate::references::Destination;
use crate::staging::{STAGED_PREFIX, StagedBytes, StagedFile};
use crate::store::error::StoreError;
use crate::store::new_image_id;

/// Files that say nothing of their job are nobody's after a day.
const NOBODYS_AFTER: Duration = Duration::from_hours(24);

impl Store {
    /// Whether a process is at work on this job, whatever the clocks say: it holds files of it.
    pub async fn is_at_work(&self, job: &JobRecord) -> bool {
        let (folder, prefix) = (job.folder.clone(), format!("{STAGED_PREFIX}{}-", job.id));
        let held = tokio::task::spawn_blocking(move || {
            entries(&folder).any(|path| name(&path).starts_with(&prefix) && is_held(&path))
        });
        held.await.unwrap_or(false)
    }

    /// Keeps and records the whole images that a job left behind, and deletes the rest. For
    /// jobs whose process is gone. Returns how many images the job has now.
    pub async fn adopt(&self, job: &JobRecord) -> Result<usize, StoreError> {
        let known = self.images_of(&job.id, &job.owner).await?;
        let (folder, prefix) = (job.folder.clone(), format!("{STAGED_PREFIX}{}-", job.id));
        let arrived = tokio::task::spawn_blocking(move || arrived(&folder, &prefix)).await;
        let mut count = known.len();
        for (path, staged) in arrived.unwrap_or_default() {
            // Its process may have named it already, and may have recorded it, too.
            let named = other_name(&path);
            let recorded = named.as_ref().is_some_and(|named| known.iter().any(|image| image.path == *named));
            if !recorded && self.adopt_one(job, named, staged, count).await? {
                count += 1;
            }
        }
        Ok(count)
    }

    async fn adopt_one(
        &self,
        job: &JobRecord,
        named: Option<PathBuf>,
        staged: StagedFile,
        position: usize,
    ) -> Result<bool, StoreError> {
        let Ok(info) = inspect(staged.reader()) else { return Ok(false) };
        let arguments: Value = serde_json::from_str(&job.arguments).unwrap_or_default();
        let prompt = arguments.get("prompt").and_then(Value::as_str).unwrap_or_default();
        let (id, bytes, hash) = (new_image_id(), staged.bytes, staged.hash);
        let (path, kept) = if let Some(path) = named {
            (path, None)
        } else {
            let destination = Destination::Folder(job.folder.clone());
            let kept = keep(staged, &destination, prompt, &id).map_err(|not_kept| {
                if let StagedBytes::File(file) = not_kept.staged.place {
                    let _ = file.keep(); // for the next who comes this way
                }
                not_kept.error
            })?;
            (kept.path.clone(), Some(kept))
        };
        let image = StoredImage {
            id,
            job: Some(job.id.clone()),
            position: u32::try_from(position).unwrap_or(u32::MAX),
            path,
            format: info.format,
            pixels: info.pixels,
            bytes,
            hash,
            model: job.model.clone(),
            prompt: prompt.to_owned(),
            created_at: Timestamp::now(),
            parents: parents(&arguments, job.operation),
        };
        self.record_image(&image).await?;
        drop(kept); // and with it the name that it arrived under
        Ok(true)
    }

    /// Goes through what is left of jobs that have ended, and of nobody.
    pub async fn clear_leftovers(&self) -> Result<(), StoreError> {
        let root = self.root().join("images");
        let left = tokio::task::spawn_blocking(move || arriving(&root));
        let left: Vec<PathBuf> = left.await.unwrap_or_default();
        for path in left {
            let file_name = name(&path);
            let rest = file_name.strip_prefix(STAGED_PREFIX).unwrap_or_default();
            let job = rest.rsplit_once('-').and_then(|(job, _)| JobId::parse(job));
            if is_held(&path) {
                continue;
            }
            let job = match job {
                Some(job) => self.job_of_anybody(&job).await?,
                None => None,
            };
            match job {
                Some(job) if !job.status.is_under_way() => {
                    self.adopt(&job).await?;
                }
                _ if is_nobodys(&path) => {
                    let _ = fs::remove_file(&path);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether a process has this file open for an image that is on its way: it holds a lock on it,
/// which the system takes from it when it ends. A file system without locks cannot tell.
fn is_held(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

/// The files of images that have not arrived, in the folders of all months.
pub(super) fn arriving(root: &Path) -> Vec<PathBuf> {
    let months = entries(root).filter(|path| path.is_dir());
    months.flat_map(|month| entries(&month).filter(|path| name(path).starts_with(STAGED_PREFIX))).collect()
}

/// The whole images among the files of this prefix. The others are deleted.
fn arrived(folder: &Path, prefix: &str) -> Vec<(PathBuf, StagedFile)> {
    let files = entries(folder).filter(|path| name(path).starts_with(prefix) && !is_held(path));
    files.filter_map(|path| staged(&path).map(|staged| (path.clone(), staged))).collect()
}

/// The image in this file, `None` and deleted where it is not whole.
fn staged(path: &Path) -> Option<StagedFile> {
    let file = File::open(path).ok()?;
    let bytes = file.metadata().ok()?.len();
    let format = match inspect(&file) {
        Ok(info) => info.format,
        Err(CodecError::ReadFailed(_)) => return None,
        Err(_) => {
            let _ = fs::remove_file(path);
            return None;
        }
    };
    let mut hasher = blake3::Hasher::new();
    std::io::Seek::rewind(&mut &file).ok()?;
    hasher.update_reader(&file).ok()?;
    let file = NamedTempFile::from_parts(file, TempPath::try_from_path(path).ok()?);
    Some(StagedFile {
        place: StagedBytes::File(file),
        bytes,
        hash: hasher.finalize(),
        format: Some(format),
        partial: false,
    })
}

/// The other name of this file, in the same folder.
#[cfg(unix)]
fn other_name(path: &Path) -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt as _;
    let this = fs::metadata(path).ok()?;
    let same = |other: &PathBuf| {
        fs::metadata(other).is_ok_and(|other| (other.dev(), other.ino()) == (this.dev(), this.ino()))
    };
    (this.nlink() > 1).then(|| entries(path.parent()?).find(|other| other != path && same(other))).flatten()
}

#[cfg(not(unix))]
fn other_name(_: &Path) -> Option<PathBuf> {
    None
}

/// The stored images among a call's arguments.
fn parents(arguments: &Value, operation: Operation) -> Vec<Parent> {
    let role = if operation == Operation::Inpaint { ParentRole::Masked } else { ParentRole::Reference };
    let one = arguments.get("image").into_iter();
    let several = arguments.get("images").and_then(Value::as_array).into_iter().flatten();
    let ids = one
        .chain(several)
        .filter_map(Value::as_str)
        .filter_map(|text| ImageId::parse(text.trim().trim_start_matches("image://")));
    ids.map(|id| Parent { id, role }).collect()
}

/// Whether nobody has it open, or has written to it for so long that nobody will.
pub(super) fn is_nobodys(path: &Path) -> bool {
    if is_held(path) {
        return false;
    }
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    let age = modified.map(|modified| SystemTime::now().duration_since(modified).unwrap_or_default());
    age.is_ok_and(|age| age > NOBODYS_AFTER)
}
