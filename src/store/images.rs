//! The store and its record: jobs, the images they made, what those were made from.
//!
//! Everything is kept per owner, and another owner's things do not exist.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::StoredImage;
use super::database::{Database, Lent};
use super::error::StoreError;
use super::processes::Processes;
use super::rows::BEGIN;
use super::rows::{self, select_images, signed, time};
use super::schema::CURRENT;
use crate::domain::{ImageId, JobId};

/// The file name of the database in the store's folder.
pub(super) const DATABASE: &str = "library.db";

/// The folder that images are kept in, with its record. A cheap handle: making one opens
/// nothing, and the database opens when first needed.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) inner: Arc<StoreInner>,
}

#[derive(Debug)]
pub(super) struct StoreInner {
    root: PathBuf,
    database: Database,
    pub(super) processes: Arc<Processes>,
}

impl Store {
    /// The store in this folder, which need not exist yet.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        let processes = Arc::new(Processes::new(&root, CURRENT));
        let database = Database::new(root.join(DATABASE), Arc::clone(&processes));
        Self { inner: Arc::new(StoreInner { root, database, processes }) }
    }

    /// Closes the database, for the end of a command: nothing but its file is left,
    /// unless another process has it open.
    pub async fn close(&self) {
        self.inner.database.close().await;
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.inner.root
    }

    /// Records a kept image and what it was made from; its owner is its job's.
    pub async fn record_image(&self, image: &StoredImage) -> Result<(), StoreError> {
        let recorded = insert_image(&mut *self.connection().await?, image).await;
        let rows = recorded.map_err(|error| self.failed(error))?;
        image.job.as_ref().map_or(Ok(()), |job| known(job, rows))
    }

    /// An image of this owner's. Its file may be gone; [`StoredImage::open`] tells.
    pub async fn image(&self, id: &ImageId, owner: &str) -> Result<StoredImage, StoreError> {
        let query = sqlx::query(select_images!("WHERE id = ? AND owner = ?")).bind(id.as_str()).bind(owner);
        let row =
            query.fetch_optional(&mut *self.connection().await?).await.map_err(|error| self.failed(error))?;
        let row = row.ok_or_else(|| StoreError::UnknownId(id.to_string()))?;
        rows::image(&row).map_err(|error| self.failed(error))
    }

    /// The images of a job of this owner's, in order.
    pub async fn images_of(&self, job: &JobId, owner: &str) -> Result<Vec<StoredImage>, StoreError> {
        let query = sqlx::query(select_images!("WHERE job_id = ? AND owner = ? ORDER BY position"));
        let images =
            self.images(query.bind(job.as_str()).bind(owner).fetch_all(&mut *self.connection().await?).await);
        images.map(rows::without_raw)
    }

    pub(super) fn images(
        &self,
        rows: Result<Vec<SqliteRow>, sqlx::Error>,
    ) -> Result<Vec<StoredImage>, StoreError> {
        let images = rows.and_then(|rows| rows.iter().map(rows::image).collect());
        images.map_err(|error| self.failed(error))
    }

    /// Refuses paid work while processes of an older version keep the database at their version.
    pub(super) async fn require_current_schema(&self) -> Result<(), StoreError> {
        self.inner.database.require_current_schema().await
    }

    /// The connection, for one statement or transaction: nobody else has it meanwhile.
    pub(super) async fn connection(&self) -> Result<Lent<'_>, StoreError> {
        self.inner.database.lend().await
    }

    pub(super) fn failed(&self, source: sqlx::Error) -> StoreError {
        StoreError::Database { path: self.inner.database.path().to_owned(), source }
    }
}

pub(super) fn known(id: &JobId, rows: u64) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::UnknownId(id.to_string())) } else { Ok(()) }
}

/// Writes an image down with what it was made from.
async fn insert_image(connection: &mut SqliteConnection, image: &StoredImage) -> Result<u64, sqlx::Error> {
    if image.parents.is_empty() {
        return insert_row(connection, image).await;
    }
    let mut transaction = connection.begin_with(BEGIN).await?;
    let inserted = insert_row(&mut transaction, image).await?;
    if inserted == 0 {
        return Ok(0);
    }
    for (position, parent) in (0_i64..).zip(&image.parents) {
        sqlx::query("INSERT INTO lineage (child, position, parent, role) VALUES (?, ?, ?, ?)")
            .bind(image.id.as_str())
            .bind(position)
            .bind(parent.id.as_str())
            .bind(parent.role.name())
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(inserted)
}

/// Writes an image's own row, where its job is on record.
async fn insert_row(connection: &mut SqliteConnection, image: &StoredImage) -> Result<u64, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO images (id, job_id, position, owner, path, format, width, height, bytes, hash, provider, \
         model, prompt, created_at) SELECT ?, id, ?, owner, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM jobs WHERE id = ?",
    )
    .bind(image.id.as_str())
    .bind(image.position)
    .bind(image.path.to_string_lossy())
    .bind(image.format.name())
    .bind(image.pixels.width)
    .bind(image.pixels.height)
    .bind(signed(image.bytes))
    .bind(image.hash.to_hex().as_str())
    .bind(&image.model.provider)
    .bind(&image.model.model)
    .bind(&image.prompt)
    .bind(time(image.created_at))
    .bind(image.job.as_ref().map(JobId::as_str));
    Ok(inserted.execute(connection).await?.rows_affected())
}
