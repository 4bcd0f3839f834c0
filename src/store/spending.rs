//! Sums over the ledger, made in SQL, so that years of it are read in a moment.
//!
//! It reads and changes nothing; what counts as charged is for `ledger`.

use jiff::Timestamp;
use serde_json::json;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::Store;
use super::error::StoreError;
use super::rows::{time, unsigned, usd};
use crate::domain::{ModelName, Usd};

/// A stretch of time, such as a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
}

/// What was spent on a model in a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Which of the stretches, from 0.
    pub stretch: usize,
    /// Who was paid.
    pub model: ModelName,
    /// The sums.
    pub sums: Sums,
}

/// Sums over some of the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Requests that went out.
    pub tries: u64,
    /// Those that brought an image.
    pub images: u64,
    /// What was charged.
    pub charged: Usd,
    /// What may have been charged besides, because no verdict came.
    pub maybe: Usd,
    /// What the work under way may yet cost, planned requests included.
    pub in_flight: Usd,
}

impl std::ops::AddAssign for Sums {
    fn add_assign(&mut self, more: Self) {
        self.tries += more.tries;
        self.images += more.images;
        self.charged = self.charged + more.charged;
        self.maybe = self.maybe + more.maybe;
        self.in_flight = self.in_flight + more.in_flight;
    }
}

/// A job whose process is alive; the moment is bound as `?3`.
const UNDER_WAY: &str = "EXISTS (SELECT 1 FROM jobs WHERE jobs.id = tries.job_id AND state IN ('queued', 'sent') \
                         AND lease_until >= ?3)";

impl Store {
    /// What was spent in each of these stretches, by model: real money, or the sandbox's. A
    /// stretch belongs to what was planned in it, as with caps.
    pub async fn spent(&self, stretches: &[Stretch], sandbox: bool) -> Result<Vec<Spent>, StoreError> {
        // Stated, because the planner does not see it without statistics: for each stretch, its part
        // of the index by time.
        let sql = format!(
            "SELECT stretch, provider, model, count(sent_at) AS tries, sum(outcome IS 'made') AS pictures, \
             sum(iif(ended_at IS NOT NULL AND billed = 'yes', counted_micros, 0)) AS charged, \
             sum(iif(ended_at IS NOT NULL, billed = 'maybe', sent_at IS NOT NULL AND NOT alive) * counted_micros) \
             AS maybe, sum(iif(alive, counted_micros, 0)) AS in_flight \
             FROM (SELECT part.key AS stretch, tries.*, iif(ended_at IS NULL, {UNDER_WAY}, 0) AS alive \
             FROM json_each(?1) AS part CROSS JOIN tries INDEXED BY tries_by_time \
             WHERE planned_at >= part.value ->> 'from' \
             AND planned_at < part.value ->> 'until' AND sandbox = ?2) \
             GROUP BY stretch, provider, model"
        );
        let part = |part: &Stretch| json!({ "from": time(part.from), "until": time(part.until) });
        let parts: serde_json::Value = stretches.iter().map(part).collect();
        let query = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(parts.to_string())
            .bind(sandbox)
            .bind(time(Timestamp::now()));
        let rows = query.fetch_all(&mut *self.connection().await?).await;
        rows.and_then(|rows| rows.iter().map(spent).collect()).map_err(|error| self.failed(error))
    }

    /// When the ledger begins; `None` while it is empty.
    pub async fn first_planned(&self) -> Result<Option<Timestamp>, StoreError> {
        let query = sqlx::query("SELECT min(planned_at) AS first FROM tries");
        let row = query.fetch_one(&mut *self.connection().await?).await;
        row.and_then(|row| super::rows::optional_time(&row, "first")).map_err(|error| self.failed(error))
    }

    /// What caps count from some time on, all owners together, and how much of it has no end yet.
    pub async fn counted(&self, since: Timestamp, sandbox: bool) -> Result<(Usd, Usd), StoreError> {
        let query = sqlx::query(
            "SELECT coalesce(sum(counted_micros), 0), coalesce(sum(iif(ended_at IS NULL, counted_micros, 0)), 0) \
             FROM tries WHERE planned_at >= ? AND sandbox = ?",
        )
        .bind(time(since))
        .bind(sandbox);
        let row = query.fetch_one(&mut *self.connection().await?).await;
        let sums = row.and_then(|row| Ok((usd(row.try_get(0)?), usd(row.try_get(1)?))));
        sums.map_err(|error| self.failed(error))
    }
}

fn spent(row: &SqliteRow) -> Result<Spent, sqlx::Error> {
    let count = |column| Ok::<_, sqlx::Error>(unsigned(row.try_get(column)?));
    let amount = |column| Ok::<_, sqlx::Error>(usd(row.try_get(column)?));
    Ok(Spent {
        stretch: usize::try_from(count("stretch")?).unwrap_or(usize::MAX),
        model: super::rows::model(row)?,
        sums: Sums {
            tries: count("tries")?,
            images: count("pictures")?,
            charged: amount("charged")?,
            maybe: amount("maybe")?,
            in_flight: amount("in_flight")?,
        },
    })
}
