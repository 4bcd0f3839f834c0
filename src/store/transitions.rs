//! The only file that changes the status of a job, and the only one that closes open attempts.
//!
//! A status changes only as `JobStatus::after` allows, in one transaction with everything that follows from it.

use jiff::Timestamp;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use super::Store;
use super::error::StoreError;
use super::rows::BEGIN;
use super::rows::{JobEnd, micros, time};
use crate::domain::{Billed, JobEvent, JobId, JobStatus};

impl Store {
    /// Ends a job and records what it came to. Attempts that are still open are lost.
    ///
    /// # Errors
    /// A job that is unknown or in a status that does not allow it.
    pub async fn end_job(&self, id: &JobId, end: &JobEnd) -> Result<(), StoreError> {
        let mut connection = self.connection().await?;
        let ended = async {
            let mut transaction = connection.begin_with(BEGIN).await?;
            let changed = change(&mut transaction, id, end.event, Timestamp::now()).await?;
            if changed {
                close_attempts(&mut transaction, id, "lost", Billed::Maybe).await?;
                sqlx::query(
                    "UPDATE jobs SET provider = ?, model = ?, cost_micros = ?, problem = ?, report = ? WHERE id = ?",
                )
                .bind(&end.model.provider)
                .bind(&end.model.model)
                .bind(end.cost.map(micros))
                .bind(&end.problem)
                .bind(&end.report)
                .bind(id.as_str())
                .execute(&mut *transaction)
                .await?;
            }
            transaction.commit().await?;
            Ok(changed)
        };
        let changed = ended.await.map_err(|error: sqlx::Error| self.failed(error))?;
        if changed { Ok(()) } else { Err(StoreError::UnknownId(id.to_string())) }
    }

    /// Drops a job whose caller cancelled it. `false` where it has ended already.
    pub async fn drop_job(&self, id: &JobId) -> Result<bool, StoreError> {
        let mut connection = self.connection().await?;
        let dropped = async {
            let mut transaction = connection.begin_with(BEGIN).await?;
            let changed = change(&mut transaction, id, JobEvent::Drop, Timestamp::now()).await?;
            if changed {
                close_attempts(&mut transaction, id, "dropped", Billed::Maybe).await?;
            }
            transaction.commit().await?;
            Ok(changed)
        };
        dropped.await.map_err(|error: sqlx::Error| self.failed(error))
    }

    /// Closes the open attempts of a job whose process is gone.
    pub async fn close_attempts(
        &self,
        job: &JobId,
        outcome: &'static str,
        billed: Billed,
    ) -> Result<(), StoreError> {
        let mut connection = self.connection().await?;
        close_attempts(&mut connection, job, outcome, billed).await.map_err(|error| self.failed(error))
    }
}

/// Marks a job as sent, with its first request. Later requests change nothing.
pub(super) async fn mark_sent(connection: &mut SqliteConnection, job: &JobId) -> Result<(), sqlx::Error> {
    change(connection, job, JobEvent::Send, Timestamp::now()).await.map(drop)
}

/// Changes the status of a job. `false` where its status does not allow the event.
async fn change(
    connection: &mut SqliteConnection,
    job: &JobId,
    event: JobEvent,
    at: Timestamp,
) -> Result<bool, sqlx::Error> {
    for before in JobStatus::stored_before(event) {
        let Some(after) = before.after(event) else { continue };
        let (sent_at, finished_at) =
            if after == JobStatus::Sent { (Some(time(at)), None) } else { (None, Some(time(at))) };
        let changed = sqlx::query(
            "UPDATE jobs SET state = ?, sent_at = coalesce(?, sent_at), finished_at = ? WHERE id = ? AND state = ?",
        )
        .bind(after.stored_name())
        .bind(sent_at)
        .bind(finished_at)
        .bind(job.as_str())
        .bind(before.stored_name())
        .execute(&mut *connection)
        .await?;
        if changed.rows_affected() > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Closes the open attempts of a job. What was not sent costs nothing. What was sent keeps the amount that caps count,
/// with this outcome.
async fn close_attempts(
    connection: &mut SqliteConnection,
    job: &JobId,
    outcome: &'static str,
    billed: Billed,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE tries SET outcome = iif(sent_at IS NULL, 'never_sent', ?), billed = iif(sent_at IS NULL, 'no', ?), \
         counted_micros = iif(sent_at IS NULL, 0, counted_micros), ended_at = ? \
         WHERE job_id = ? AND ended_at IS NULL",
    )
    .bind(outcome)
    .bind(billed.name())
    .bind(time(Timestamp::now()))
    .bind(job.as_str())
    .execute(connection)
    .await
    .map(drop)
}

/// Closes what the jobs of killed processes had planned and never sent, so that caps do not count it.
pub(super) async fn close_plans_of_the_dead(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE tries SET outcome = 'never_sent', billed = 'no', counted_micros = 0, ended_at = ?1 \
         WHERE sent_at IS NULL AND ended_at IS NULL AND job_id IN (SELECT id FROM jobs \
         WHERE state IN ('queued', 'sent') AND (lease_until IS NULL OR lease_until < ?1))",
    )
    .bind(time(Timestamp::now()))
    .execute(connection)
    .await
    .map(drop)
}
