//! Makes room: chooses images by age, or the oldest until the rest fits, and deletes them.
//!
//! Only files within the store's folder are ever deleted, only what was planned, and nothing
//! of a job that has not ended. Jobs and their requests stay, so that what was spent stays true.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::error::StoreError;
use super::rows::{parsed, unsigned};
use super::{Store, thumbnails};
use super::{folders, leftovers};
use crate::domain::ImageId;

/// How many images are deleted between two changes of the database.
const AT_ONCE: usize = 100;
/// Where so many of its pages are empty, the database is written anew.
const MANY_EMPTY_PAGES: i64 = 1_000; // 4 MB

/// Which images go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// All that were made before.
    Before(Timestamp),
    /// The oldest, until images and thumbnails in the store have at most so many bytes.
    ToSize(u64),
}

/// What becomes of the file of an image that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFate {
    /// It is deleted.
    Deleted,
    /// It was gone before.
    Missing,
    /// It lies outside the store's folder, and stays there.
    Elsewhere,
    /// It is not the file that was kept, and stays.
    Changed,
}

impl FileFate {
    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Missing => "missing",
            Self::Elsewhere => "elsewhere",
            Self::Changed => "changed",
        }
    }
}

/// An image that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Going {
    /// Its id.
    pub id: ImageId,
    /// Its file.
    pub path: PathBuf,
    /// When it was made.
    pub created_at: Timestamp,
    /// What becomes of the file.
    pub fate: FileFate,
    /// How many bytes that frees, thumbnail included.
    pub frees: u64,
    /// Nobody has had it yet.
    pub unserved: bool,
}

/// What is to be deleted, and what not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrunePlan {
    /// The images that go, oldest first.
    pub going: Vec<Going>,
    /// Thumbnails of images that are no longer in the database.
    pub stale_thumbnails: Vec<PathBuf>,
    /// Files that killed processes left half written, a day ago or longer.
    pub unfinished: Vec<PathBuf>,
    /// How many bytes all of it frees.
    pub frees: u64,
    /// How many images stay.
    pub stay: usize,
    /// How many bytes they have in the store, thumbnails included.
    pub stay_bytes: u64,
    /// How many of them stay because their job has not ended.
    pub under_way: usize,
}

/// An image as the database and the disk have it.
struct Candidate {
    going: Going,
    under_way: bool,
    bytes: u64,
}

impl Store {
    /// What this rule would delete. Changes nothing.
    pub async fn plan_prune(&self, rule: Rule) -> Result<PrunePlan, StoreError> {
        let query = sqlx::query(
            "SELECT images.id, path, bytes, images.created_at, coalesce(state IN ('queued', 'sent'), 0) AS under_way, \
             coalesce(caller <> 'served', 0) AS unserved FROM images LEFT JOIN jobs ON jobs.id = images.job_id \
             ORDER BY images.created_at, images.id",
        );
        let rows = query.fetch_all(&mut *self.connection().await?).await;
        let candidates: Result<Vec<_>, sqlx::Error> =
            rows.and_then(|rows| rows.iter().map(candidate).collect());
        let candidates = candidates.map_err(|error| self.failed(error))?;
        let (root, thumbnails) = (self.root().to_owned(), self.thumbnails());
        let planned = tokio::task::spawn_blocking(move || plan(candidates, &root, &thumbnails, rule)).await;
        Ok(planned.unwrap_or_default())
    }

    /// Deletes what was planned. What cannot be deleted is named, and stays in the database.
    pub async fn prune(&self, plan: PrunePlan) -> Result<Vec<StoreError>, StoreError> {
        self.clear_leftovers().await?;
        let (folder, mut failures) = (self.thumbnails(), Vec::new());
        let some = !plan.going.is_empty();
        for going in plan.going.chunks(AT_ONCE) {
            let (going, folder) = (going.to_vec(), folder.clone());
            let deleted = tokio::task::spawn_blocking(move || delete(&going, &folder)).await;
            let (deleted, failed) = deleted.unwrap_or_default();
            failures.extend(failed);
            // Files first: what is forgotten before it is gone would stay for ever.
            let query = sqlx::query(
                "DELETE FROM images WHERE id IN (SELECT value FROM json_each(?)) AND NOT EXISTS (SELECT 1 FROM jobs \
                 WHERE jobs.id = images.job_id AND state IN ('queued', 'sent'))",
            );
            let ids = json!(deleted).to_string();
            query
                .bind(ids)
                .execute(&mut *self.connection().await?)
                .await
                .map_err(|error| self.failed(error))?;
        }
        for path in plan.stale_thumbnails {
            let _ = fs::remove_file(path);
        }
        self.remove_empty_months();
        if some {
            self.tidy_record().await.map_err(|error| self.failed(error))?;
        }
        Ok(failures)
    }

    /// Not this month's folder, in which an image may be about to land.
    fn remove_empty_months(&self) {
        let now = jiff::Zoned::now().strftime("%Y-%m").to_string();
        for folder in folders::entries(&self.root().join("images")) {
            if folders::name(&folder) != now {
                let _ = fs::remove_dir(folder); // fails where something is in it
            }
        }
    }

    /// Gives back the room of what was deleted from the database, where it is much.
    async fn tidy_record(&self) -> Result<(), sqlx::Error> {
        let Ok(mut connection) = self.connection().await else { return Ok(()) };
        let empty: i64 =
            sqlx::query("PRAGMA freelist_count").fetch_one(&mut *connection).await?.try_get(0)?;
        if empty >= MANY_EMPTY_PAGES {
            sqlx::raw_sql("VACUUM").execute(&mut *connection).await?;
        }
        sqlx::raw_sql("PRAGMA optimize").execute(&mut *connection).await?;
        Ok(())
    }
}

fn candidate(row: &SqliteRow) -> Result<Candidate, sqlx::Error> {
    Ok(Candidate {
        going: Going {
            id: parsed(row, "id", ImageId::parse)?,
            path: row.try_get::<String, _>("path")?.into(),
            created_at: parsed(row, "created_at", |text| text.parse().ok())?,
            fate: FileFate::Missing,
            frees: 0,
            unserved: row.try_get("unserved")?,
        },
        under_way: row.try_get("under_way")?,
        bytes: unsigned(row.try_get("bytes")?),
    })
}

fn plan(candidates: Vec<Candidate>, root: &Path, folder: &Path, rule: Rule) -> PrunePlan {
    let mut plan = PrunePlan::default();
    let mut thumbnails = sizes(folder);
    // A name that was freed may have been given to a later image.
    let owners: HashMap<PathBuf, ImageId> = candidates
        .iter()
        .map(|candidate| (candidate.going.path.clone(), candidate.going.id.clone()))
        .collect();
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let mut candidates = candidates;
    for Candidate { going, bytes, .. } in &mut candidates {
        let kept = thumbnails::places(folder, &going.id);
        let small: u64 = kept.iter().filter_map(|path| thumbnails.remove(path)).sum();
        going.fate = match owners.get(&going.path) {
            Some(owner) if *owner == going.id => fate(&going.path, *bytes, &root),
            _ => FileFate::Missing,
        };
        going.frees = small + if going.fate == FileFate::Deleted { *bytes } else { 0 };
    }
    plan.frees = thumbnails.values().sum();
    plan.stale_thumbnails = thumbnails.into_keys().collect();
    plan.stale_thumbnails.sort();
    plan.unfinished = leftovers::arriving(&root.join("images"));
    plan.unfinished.retain(|path| leftovers::is_nobodys(path));
    plan.frees += plan.unfinished.iter().map(|path| size(path)).sum::<u64>();
    let mut total: u64 = candidates.iter().map(|candidate| candidate.going.frees).sum();
    for Candidate { going, under_way, .. } in candidates {
        let wanted = match rule {
            Rule::Before(moment) => going.created_at < moment,
            Rule::ToSize(most) => total > most && going.fate == FileFate::Deleted,
        };
        if wanted && !under_way {
            total -= going.frees;
            plan.frees += going.frees;
            plan.going.push(going);
        } else {
            plan.stay += 1;
            plan.under_way += usize::from(wanted);
        }
    }
    plan.stay_bytes = total;
    plan
}

/// What would become of the file that the database says has so many bytes.
fn fate(path: &Path, bytes: u64, root: &Path) -> FileFate {
    let Ok(metadata) = fs::symlink_metadata(path) else { return FileFate::Missing };
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    if !folder.is_some_and(|folder| folder.starts_with(root)) {
        FileFate::Elsewhere
    } else if metadata.is_file() && metadata.len() == bytes {
        FileFate::Deleted
    } else {
        FileFate::Changed
    }
}

/// The ids whose files are gone now, or stay by intent, and what went wrong with the others.
fn delete(going: &[Going], folder: &Path) -> (Vec<ImageId>, Vec<StoreError>) {
    let (mut done, mut failures) = (Vec::new(), Vec::new());
    for Going { id, path, fate, .. } in going {
        let removed = if *fate == FileFate::Deleted { fs::remove_file(path) } else { Ok(()) };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                failures.push(StoreError::writing(path, error));
                continue;
            }
            _ => done.push(id.clone()),
        }
        for thumbnail in thumbnails::places(folder, id) {
            let _ = fs::remove_file(thumbnail);
        }
    }
    (done, failures)
}

/// The files of a folder with their sizes.
fn sizes(folder: &Path) -> HashMap<PathBuf, u64> {
    folders::entries(folder).map(|path| (path.clone(), size(&path))).collect()
}

fn size(path: &Path) -> u64 {
    fs::symlink_metadata(path).map_or(0, |metadata| metadata.len())
}
