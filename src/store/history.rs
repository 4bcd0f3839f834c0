//! What was asked for and made, newest first: jobs of everybody for whoever runs the program,
//! images of one owner a page at a time.
//!
//! It reads and changes nothing.

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use serde_json::Value;
use sqlx::Row as _;

use super::error::StoreError;
use super::rows::{self, select_images, select_jobs, time};
use super::{JobRecord, Store, StoredImage};
use crate::domain::{ImageId, JobStatus};

impl Store {
    /// Whether anything was ever recorded. Looking makes nothing.
    #[must_use]
    pub fn has_record(&self) -> bool {
        self.root().join(super::images::DATABASE).exists()
    }

    /// The newest jobs of all owners, of this status as they are seen now or of any, at most so many.
    pub async fn jobs_seen(
        &self,
        wanted: Option<JobStatus>,
        most: usize,
    ) -> Result<Vec<JobRecord>, StoreError> {
        let can_be = |stored: JobStatus| {
            wanted.is_none_or(|wanted| [true, false].map(|alive| stored.seen(alive)).contains(&wanted))
        };
        let stored = JobStatus::STORED.into_iter().filter(|stored| can_be(*stored));
        let stored: Value = stored.map(JobStatus::stored_name).collect();
        let query = sqlx::query(select_jobs!(
            "WHERE state IN (SELECT value FROM json_each(?)) ORDER BY created_at DESC"
        ))
        .bind(stored.to_string());
        let (mut connection, now) = (self.connection().await?, Timestamp::now());
        let read = async {
            let (mut found, mut jobs) = (Vec::new(), query.fetch(&mut *connection));
            while found.len() < most
                && let Some(row) = jobs.try_next().await?
            {
                let job = self.as_it_is(rows::job(&row)?).await;
                if wanted.is_none_or(|wanted| job.seen(now) == wanted) {
                    found.push(job);
                }
            }
            Ok(found)
        };
        read.await.map_err(|error: sqlx::Error| self.failed(error))
    }

    /// This owner's images, newest first, without what was put back into its original; those after `last` where that is given: the time and
    /// the id of the image that the page before ended with. It may be gone by now.
    pub async fn recent(
        &self,
        owner: &str,
        last: Option<&(Timestamp, ImageId)>,
        most: u32,
    ) -> Result<Vec<StoredImage>, StoreError> {
        let (at, id) = last.map_or((Timestamp::MAX, ""), |(at, id)| (*at, id.as_str()));
        let query = sqlx::query(select_images!(
            "WHERE owner = ?1 AND created_at <= ?2 AND (created_at < ?2 OR id < ?3) AND NOT EXISTS \
             (SELECT 1 FROM lineage WHERE parent = images.id AND role = 'raw') \
             ORDER BY created_at DESC, id DESC LIMIT ?4"
        ))
        .bind(owner)
        .bind(time(at))
        .bind(id)
        .bind(most);
        self.images(query.fetch_all(&mut *self.connection().await?).await)
    }

    /// The images that were made from this one, without what was put back into it.
    pub async fn children_of(&self, parent: &ImageId) -> Result<Vec<ImageId>, StoreError> {
        let query = sqlx::query(
            "SELECT child FROM lineage AS birth WHERE parent = ? AND NOT EXISTS (SELECT 1 FROM lineage \
             WHERE parent = birth.child AND role = 'raw') ORDER BY child",
        )
        .bind(parent.as_str());
        let rows =
            query.fetch_all(&mut *self.connection().await?).await.map_err(|error| self.failed(error))?;
        let ids = rows.iter().map(|row| Ok(ImageId::parse(row.try_get(0)?)));
        let ids: Result<Vec<_>, sqlx::Error> = ids.collect();
        Ok(ids.map_err(|error| self.failed(error))?.into_iter().flatten().collect())
    }
}
