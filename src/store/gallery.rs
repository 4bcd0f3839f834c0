//! All stored images, whosoever they are, with what a page of them shows.
//!
//! It reads and changes nothing. No transaction is held while somebody works on what was read.

use jiff::Timestamp;
use serde_json::json;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::error::StoreError;
use super::rows::{self, parsed, unsigned, usd};
use super::{Store, StoredImage};
use crate::domain::{ImageId, Usd};

/// A stored image among all.
#[derive(Clone, Debug, PartialEq)]
pub struct Exhibit {
    /// The image.
    pub image: StoredImage,
    /// What was made from it.
    pub children: Vec<ImageId>,
    /// Its share of what its job cost, where that is known.
    pub price: Option<Usd>,
    /// The sandbox's: no money.
    pub sandbox: bool,
}

impl Store {
    /// The ids of all images and when they were made, newest first, without what was put back into
    /// its original.
    pub async fn all_images(&self) -> Result<Vec<(ImageId, Timestamp)>, StoreError> {
        let query = sqlx::query(
            "SELECT id, created_at FROM images WHERE NOT EXISTS (SELECT 1 FROM lineage \
             WHERE parent = images.id AND role = 'raw') ORDER BY created_at DESC, id DESC",
        );
        let read = |row: &SqliteRow| {
            let at = parsed(row, "created_at", |text| text.parse().ok())?;
            Ok((parsed(row, "id", ImageId::parse)?, at))
        };
        let rows = query.fetch_all(&mut *self.connection().await?).await;
        let images = rows.and_then(|rows| rows.iter().map(read).collect());
        images.map_err(|error: sqlx::Error| self.failed(error))
    }

    /// These images, in this order, without those that are gone.
    pub async fn exhibits(&self, ids: &[ImageId]) -> Result<Vec<Exhibit>, StoreError> {
        let query = sqlx::query(
            "SELECT images.*, \
             (SELECT group_concat(role || ':' || parent, ' ' ORDER BY lineage.position) FROM lineage \
             WHERE child = images.id) AS parents, \
             (SELECT group_concat(child, ' ') FROM lineage AS birth WHERE parent = images.id AND NOT EXISTS \
             (SELECT 1 FROM lineage WHERE parent = birth.child AND role = 'raw')) AS children, \
             jobs.cost_micros, coalesce(jobs.sandbox, 0) AS sandbox, \
             max((SELECT count(*) FROM images AS sibling WHERE sibling.job_id = jobs.id AND NOT EXISTS \
             (SELECT 1 FROM lineage WHERE parent = sibling.id AND role = 'raw')), \
             (SELECT count(*) FROM tries WHERE tries.job_id = jobs.id AND outcome = 'made')) AS pictures \
             FROM json_each(?) AS wanted CROSS JOIN images ON images.id = wanted.value \
             LEFT JOIN jobs ON jobs.id = images.job_id ORDER BY wanted.key",
        )
        .bind(json!(ids).to_string());
        let rows = query.fetch_all(&mut *self.connection().await?).await;
        rows.and_then(|rows| rows.iter().map(exhibit).collect()).map_err(|error| self.failed(error))
    }
}

fn exhibit(row: &SqliteRow) -> Result<Exhibit, sqlx::Error> {
    let children = row.try_get::<Option<&str>, _>("children")?.unwrap_or_default();
    let cost = row.try_get::<Option<i64>, _>("cost_micros")?.map(usd);
    let images = unsigned(row.try_get("pictures")?).max(1);
    Ok(Exhibit {
        image: rows::image(row)?,
        children: children.split_whitespace().filter_map(ImageId::parse).collect(),
        price: cost.map(|cost| Usd::from_micros(cost.micros() / images)),
        sandbox: row.try_get("sandbox")?,
    })
}
