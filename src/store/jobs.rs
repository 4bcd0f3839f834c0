//! Jobs in the record: written down before anything is sent, alive while their lease is
//! renewed, kept for whoever asks next.
//!
//! It moves jobs only as `domain::job` allows; who moves them when is for the `jobs` layer. How a job
//! comes to another process or caller is in `claims`.

use jiff::{SignedDuration, Timestamp};
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use super::database::BEGIN;
use super::ledger::{Cap, CapHit, Plan};
use super::record::known;
use super::rows::{self, micros, select_jobs, time};
use super::{JobEnd, JobRecord, Store, ledger};
use crate::codec::ImageError;
use crate::domain::{Caller, JobEvent, JobId, JobState};

/// How long a job counts as alive after its process last said so. It is renewed three times as
/// often, so that one late renewal costs nothing.
pub const LEASE: SignedDuration = SignedDuration::from_secs(15);

/// What became of the wish to open a job.
#[derive(Debug, PartialEq, Eq)]
pub enum Opened {
    /// It is recorded, and so is the money it may cost.
    Yes,
    /// It could go above this cap; nothing is recorded.
    OverCap(CapHit),
}

impl Store {
    /// Records a job and the first try of each of its images, before anything is sent, if
    /// the caps allow it; all of it at once, whatever other processes do.
    pub async fn open_job(
        &self,
        job: &JobRecord,
        plans: &[Plan],
        caps: &[Cap],
    ) -> Result<Opened, ImageError> {
        let mut connection = self.connection().await?;
        let open = async {
            if caps.is_empty() {
                return insert(&mut connection, job, plans).await.map(|()| Opened::Yes);
            }
            let mut transaction = connection.begin_with(BEGIN).await?;
            let more = plans.iter().map(|plan| plan.estimate.unwrap_or_default()).sum();
            if let Some(hit) = ledger::hit(&mut transaction, caps, job.sandbox, more).await? {
                return Ok(Opened::OverCap(hit));
            }
            insert(&mut transaction, job, plans).await?;
            transaction.commit().await?;
            Ok(Opened::Yes)
        };
        open.await.map_err(|error: sqlx::Error| self.failed(&error))
    }

    /// Moves a job to its next state. `false` where it is no longer in a state that allows it.
    pub async fn move_job(&self, id: &JobId, event: JobEvent) -> Result<bool, ImageError> {
        let now = time(Timestamp::now());
        let mut moved = false;
        for from in JobState::ALL {
            let Some(to) = from.after(event) else { continue };
            let query = sqlx::query(
                "UPDATE jobs SET state = ?1, sent_at = iif(?1 = 'sent', ?2, sent_at), \
                 finished_at = iif(?1 = 'sent', NULL, ?2) WHERE id = ?3 AND state = ?4",
            )
            .bind(to.name())
            .bind(&now)
            .bind(id.as_str())
            .bind(from.name());
            let done =
                query.execute(&mut *self.connection().await?).await.map_err(|error| self.failed(&error))?;
            moved = done.rows_affected() > 0;
            if moved {
                break;
            }
        }
        Ok(moved)
    }

    /// Ends a job that was sent, and notes what came of it. What is still open of its requests
    /// is lost.
    pub async fn finish_job(&self, id: &JobId, end: &JobEnd) -> Result<(), ImageError> {
        let query = sqlx::query(
            "UPDATE jobs SET state = ?, provider = ?, model = ?, cost_micros = ?, problem = ?, report = ?, \
             finished_at = ? WHERE id = ? AND state IN ('queued', 'sent')",
        )
        .bind(end.state.name())
        .bind(&end.model.provider)
        .bind(&end.model.model)
        .bind(end.cost.map(micros))
        .bind(&end.problem)
        .bind(&end.report)
        .bind(time(Timestamp::now()))
        .bind(id.as_str());
        let done =
            query.execute(&mut *self.connection().await?).await.map_err(|error| self.failed(&error))?;
        known(id, done.rows_affected())
    }

    /// Says that the job's process is alive.
    pub async fn renew_lease(&self, id: &JobId) -> Result<(), ImageError> {
        let until = time(Timestamp::now() + LEASE);
        let query = sqlx::query("UPDATE jobs SET lease_until = ? WHERE id = ?").bind(until).bind(id.as_str());
        query.execute(&mut *self.connection().await?).await.map_err(|error| self.failed(&error))?;
        Ok(())
    }

    /// A job, whosoever it is.
    pub async fn job_of_anybody(&self, id: &JobId) -> Result<Option<JobRecord>, ImageError> {
        let query = sqlx::query(select_jobs!("WHERE id = ?")).bind(id.as_str());
        let row = query.fetch_optional(&mut *self.connection().await?).await;
        let job = row.and_then(|row| row.map(|row| rows::job(&row)).transpose());
        job.map_err(|error| self.failed(&error))
    }

    /// Notes whether somebody waits for a job's images. What was handed over stays so.
    pub async fn set_caller(&self, id: &JobId, caller: Caller) -> Result<(), ImageError> {
        let query = sqlx::query("UPDATE jobs SET caller = ? WHERE id = ? AND caller <> 'served'")
            .bind(caller.name())
            .bind(id.as_str());
        query.execute(&mut *self.connection().await?).await.map_err(|error| self.failed(&error))?;
        Ok(())
    }

    /// A job of this owner's.
    pub async fn job(&self, id: &JobId, owner: &str) -> Result<JobRecord, ImageError> {
        let query = sqlx::query(select_jobs!("WHERE id = ? AND owner = ?")).bind(id.as_str()).bind(owner);
        let row = query
            .fetch_optional(&mut *self.connection().await?)
            .await
            .map_err(|error| self.failed(&error))?;
        let row = row.ok_or_else(|| ImageError::UnknownId(id.to_string()))?;
        let job = rows::job(&row).map_err(|error| self.failed(&error))?;
        self.end_lease_of_the_dead(&job).await?;
        Ok(self.as_it_is(job).await)
    }

    /// Jobs whose process is gone before they ended, oldest first.
    pub async fn lost_jobs(&self, most: u32) -> Result<Vec<JobRecord>, ImageError> {
        let query = sqlx::query(select_jobs!(
            "WHERE state IN ('queued', 'sent') AND (lease_until IS NULL OR lease_until < ?) ORDER BY created_at LIMIT ?"
        ))
        .bind(time(Timestamp::now()))
        .bind(most);
        let rows = query.fetch_all(&mut *self.connection().await?).await;
        let jobs = rows.and_then(|rows| rows.iter().map(rows::job).collect());
        jobs.map_err(|error| self.failed(&error))
    }
}

/// Writes a job down; the record makes its plans rows of the ledger.
async fn insert(
    connection: &mut SqliteConnection,
    job: &JobRecord,
    plans: &[Plan],
) -> Result<(), sqlx::Error> {
    let plan = |plan: &Plan| {
        serde_json::json!({
            "position": plan.position,
            "provider": plan.model.provider,
            "model": plan.model.model,
            "endpoint": plan.endpoint,
            "estimate": plan.estimate.map(micros),
        })
    };
    sqlx::query(
        "INSERT INTO jobs (id, owner, tool, arguments, fingerprint, state, provider, model, created_at, \
         finished_at, estimate_low_micros, estimate_high_micros, cost_micros, problem, n, usual_seconds, sandbox, \
         folder, caller, process, lease_until, sent_at, report, plans) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(job.id.as_str())
    .bind(&job.owner)
    .bind(job.operation.tool())
    .bind(&job.arguments)
    .bind(&job.fingerprint)
    .bind(job.state.name())
    .bind(&job.model.provider)
    .bind(&job.model.model)
    .bind(time(job.created_at))
    .bind(job.finished_at.map(time))
    .bind(job.estimate.map(|(low, _)| micros(low)))
    .bind(job.estimate.map(|(_, high)| micros(high)))
    .bind(job.cost.map(micros))
    .bind(&job.problem)
    .bind(job.n)
    .bind(job.usual_seconds)
    .bind(job.sandbox)
    .bind(job.folder.to_string_lossy())
    .bind(job.caller.name())
    .bind(&job.process)
    .bind(job.lease_until.map(time))
    .bind(job.sent_at.map(time))
    .bind(&job.report)
    .bind(plans.iter().map(plan).collect::<serde_json::Value>().to_string())
    .execute(connection)
    .await?;
    Ok(())
}
