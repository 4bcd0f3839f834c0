//! Jobs in the database: recorded before anything is sent, alive while their lease is renewed, kept for later callers.
//!
//! `transitions` alone changes a status. `claims` passes a job to another caller or process.

use jiff::Timestamp;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use super::attempts::{self, Cap, CapHit, PlannedAttempt};
use super::error::StoreError;
use super::rows::BEGIN;
use super::rows::{self, LEASE, micros, select_jobs, time};
use super::{JobRecord, Store};
use crate::domain::{CallerState, JobId};

/// The result of [`Store::open_job`].
#[derive(Debug, PartialEq, Eq)]
pub enum OpenedJob {
    /// The job is recorded, and so is the money that it may cost.
    Recorded,
    /// It could exceed this cap. Nothing is recorded.
    OverCap(CapHit),
}

impl Store {
    /// Records a job and a planned attempt for each of its images, before anything is sent, if the caps allow it. One
    /// transaction, whatever other processes do.
    pub async fn open_job(
        &self,
        job: &JobRecord,
        plans: &[PlannedAttempt],
        caps: &[Cap],
    ) -> Result<OpenedJob, StoreError> {
        self.require_current_schema().await?;
        let mut connection = self.connection().await?;
        let open = async {
            let mut transaction = connection.begin_with(BEGIN).await?;
            let more = plans.iter().map(|plan| plan.estimate.unwrap_or_default()).sum();
            if let Some(hit) = attempts::cap_hit(&mut transaction, caps, job.sandbox, more).await? {
                return Ok(OpenedJob::OverCap(hit));
            }
            insert(&mut transaction, job).await?;
            attempts::insert_planned(&mut transaction, job, plans).await?;
            transaction.commit().await?;
            Ok(OpenedJob::Recorded)
        };
        open.await.map_err(|error: sqlx::Error| self.failed(error))
    }

    /// Renews the lease of a job: its process is alive.
    pub async fn renew_lease(&self, id: &JobId) -> Result<(), StoreError> {
        let until = time(Timestamp::now() + LEASE);
        let query = sqlx::query("UPDATE jobs SET lease_until = ? WHERE id = ?").bind(until).bind(id.as_str());
        query.execute(&mut *self.connection().await?).await.map_err(|error| self.failed(error))?;
        Ok(())
    }

    /// A job of any owner.
    pub async fn job_of_anybody(&self, id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        let query = sqlx::query(select_jobs!("WHERE id = ?")).bind(id.as_str());
        let row = query.fetch_optional(&mut *self.connection().await?).await;
        let job = row.and_then(|row| row.map(|row| rows::job(&row)).transpose());
        job.map_err(|error| self.failed(error))
    }

    /// Records what became of a job's caller. A delivery is final.
    pub async fn set_caller(&self, id: &JobId, caller: CallerState) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE jobs SET caller = ? WHERE id = ? AND caller <> 'served'")
            .bind(caller.stored_name())
            .bind(id.as_str());
        query.execute(&mut *self.connection().await?).await.map_err(|error| self.failed(error))?;
        Ok(())
    }

    /// A job of this owner's.
    pub async fn job(&self, id: &JobId, owner: &str) -> Result<JobRecord, StoreError> {
        let query = sqlx::query(select_jobs!("WHERE id = ? AND owner = ?")).bind(id.as_str()).bind(owner);
        let row =
            query.fetch_optional(&mut *self.connection().await?).await.map_err(|error| self.failed(error))?;
        let row = row.ok_or_else(|| StoreError::UnknownId(id.to_string()))?;
        let job = rows::job(&row).map_err(|error| self.failed(error))?;
        self.end_lease_of_the_dead(&job).await?;
        Ok(self.as_it_is(job).await)
    }

    /// Jobs whose process is gone before they ended, oldest first.
    pub async fn lost_jobs(&self, most: u32) -> Result<Vec<JobRecord>, StoreError> {
        let query = sqlx::query(select_jobs!(
            "WHERE state IN ('queued', 'sent') AND (lease_until IS NULL OR lease_until < ?) ORDER BY created_at LIMIT ?"
        ))
        .bind(time(Timestamp::now()))
        .bind(most);
        let rows = query.fetch_all(&mut *self.connection().await?).await;
        let jobs = rows.and_then(|rows| rows.iter().map(rows::job).collect());
        jobs.map_err(|error| self.failed(error))
    }
}

async fn insert(connection: &mut SqliteConnection, job: &JobRecord) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO jobs (id, owner, tool, arguments, fingerprint, state, provider, model, created_at, \
         finished_at, estimate_low_micros, estimate_high_micros, cost_micros, problem, n, usual_seconds, sandbox, \
         folder, caller, process, lease_until, sent_at, report) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(job.id.as_str())
    .bind(&job.owner)
    .bind(job.operation.tool())
    .bind(&job.arguments)
    .bind(&job.fingerprint)
    .bind(job.status.stored_name())
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
    .bind(job.caller.stored_name())
    .bind(&job.process)
    .bind(job.lease_until.map(time))
    .bind(job.sent_at.map(time))
    .bind(&job.report)
    .execute(connection)
    .await?;
    Ok(())
}
