//! How a job comes to another caller or another process: its caller left it, or its process is gone.
//!
//! A process that is gone has lost its lock, which is known at once, or its lease ran out. Either is
//! an update that only one of those who want the job makes.

use jiff::{SignedDuration, Timestamp};

use super::error::StoreError;
use super::rows::{self, select_jobs, time};
use super::{JobRecord, LEASE, Store};
use crate::domain::{CallerState, JobId, JobStatus};

/// A job that was taken over.
#[derive(Debug, PartialEq)]
pub struct ClaimedJob {
    /// The job.
    pub job: JobRecord,
    /// Whether its process is gone before it ended, so that what it left is to be kept first.
    pub orphaned: bool,
}

impl Store {
    /// The name of this process, for the jobs it works on; empty where it cannot have one.
    #[must_use]
    pub fn process(&self) -> String {
        self.inner.processes.own()
    }

    /// Forgets the processes that were killed.
    pub fn clear_processes(&self) {
        self.inner.processes.clear();
    }

    /// The oldest job like this one that nobody waits for, at most so old, now the caller's:
    /// two callers at once never get the same. A job counts as left, too, where its process is
    /// gone before it handed the images over.
    pub async fn claim_abandoned(
        &self,
        wanted: &JobRecord,
        at_most: SignedDuration,
    ) -> Result<Option<ClaimedJob>, StoreError> {
        let now = Timestamp::now();
        self.end_leases_of_the_dead(wanted, now).await?;
        let lease = time(now + LEASE);
        // A job that is done, or that nobody is at work on, is this process's from here on.
        let query = sqlx::query(
            "UPDATE jobs SET caller = 'waiting', \
             process = iif(state = 'done' OR lease_until IS NULL OR lease_until < ?5, ?6, process), \
             lease_until = iif(state = 'done' OR lease_until IS NULL OR lease_until < ?5, ?7, lease_until) \
             WHERE id = (SELECT id FROM jobs WHERE fingerprint = ?1 \
             AND caller <> 'served' AND owner = ?2 AND sandbox = ?3 AND created_at >= ?4 \
             AND state IN ('queued', 'sent', 'done') \
             AND (caller = 'left' OR lease_until IS NULL OR lease_until < ?5) ORDER BY created_at LIMIT 1) \
             RETURNING id, lease_until = ?7 AND state <> 'done'",
        )
        .bind(&wanted.fingerprint)
        .bind(&wanted.owner)
        .bind(wanted.sandbox)
        .bind(time(now - at_most))
        .bind(time(now))
        .bind(self.process())
        .bind(&lease);
        let mut connection = self.connection().await?;
        let claimed = async {
            let Some(row) = query.fetch_optional(&mut *connection).await? else { return Ok(None) };
            let (id, orphaned): (&str, bool) = (sqlx::Row::try_get(&row, 0)?, sqlx::Row::try_get(&row, 1)?);
            let row = sqlx::query(select_jobs!("WHERE id = ?")).bind(id).fetch_one(&mut *connection).await?;
            rows::job(&row).map(|job| Some(ClaimedJob { job, orphaned }))
        };
        claimed.await.map_err(|error: sqlx::Error| self.failed(error))
    }

    /// Ends the leases of jobs like this one whose processes are gone. However many there are, it
    /// looks at each process once.
    async fn end_leases_of_the_dead(&self, wanted: &JobRecord, now: Timestamp) -> Result<(), StoreError> {
        for process in self.processes_with(&wanted.fingerprint).await? {
            if self.inner.processes.is_dead(&process) {
                for job in self.living_jobs_of(&process, wanted, now).await? {
                    self.end_lease_of_the_dead(&job).await?;
                }
            }
        }
        Ok(())
    }

    /// The processes with jobs like this that were not delivered: from each to the next by the
    /// index, however many jobs it has.
    async fn processes_with(&self, fingerprint: &str) -> Result<Vec<String>, StoreError> {
        let query = sqlx::query(
            "WITH RECURSIVE of (process) AS ( \
             SELECT min(process) FROM jobs WHERE fingerprint = ?1 AND caller <> 'served' UNION ALL \
             SELECT (SELECT min(process) FROM jobs WHERE fingerprint = ?1 AND caller <> 'served' \
             AND process > of.process) FROM of WHERE of.process IS NOT NULL) \
             SELECT process FROM of WHERE process IS NOT NULL",
        )
        .bind(fingerprint);
        let rows = query.fetch_all(&mut *self.connection().await?).await;
        let names = rows.and_then(|rows| rows.iter().map(|row| sqlx::Row::try_get(row, 0)).collect());
        names.map_err(|error| self.failed(error))
    }

    async fn living_jobs_of(
        &self,
        process: &str,
        wanted: &JobRecord,
        now: Timestamp,
    ) -> Result<Vec<JobRecord>, StoreError> {
        let query = sqlx::query(select_jobs!(
            "WHERE fingerprint = ? AND caller <> 'served' AND process = ? AND owner = ? AND lease_until >= ?"
        ))
        .bind(&wanted.fingerprint)
        .bind(process)
        .bind(&wanted.owner)
        .bind(time(now));
        let rows = query.fetch_all(&mut *self.connection().await?).await;
        let jobs = rows.and_then(|rows| rows.iter().map(rows::job).collect());
        jobs.map_err(|error| self.failed(error))
    }

    /// Ends the lease of a job whose process is gone, unless another has it by now.
    pub(super) async fn end_lease_of_the_dead(&self, job: &JobRecord) -> Result<(), StoreError> {
        if !self.is_left_by_the_dead(job).await {
            return Ok(());
        }
        let query = sqlx::query("UPDATE jobs SET lease_until = NULL WHERE id = ? AND process = ?")
            .bind(job.id.as_str())
            .bind(&job.process);
        query.execute(&mut *self.connection().await?).await.map_err(|error| self.failed(error))?;
        Ok(())
    }

    /// A process whose lock was deleted under it may hold images on their way all the same.
    async fn is_left_by_the_dead(&self, job: &JobRecord) -> bool {
        job.caller != CallerState::Delivered
            && job.lease_until.is_some()
            && self.inner.processes.is_dead(&job.process)
            && !self.is_at_work(job).await
    }

    /// Takes over the lease of a job whose process is gone, unless somebody else just did. A caller
    /// that has its images keeps them.
    pub async fn take_over(&self, job: &JobRecord, caller: CallerState) -> Result<bool, StoreError> {
        let query = sqlx::query(
            "UPDATE jobs SET lease_until = ?, process = ?, caller = iif(caller = 'served', caller, ?) \
             WHERE id = ? AND lease_until IS ?",
        )
        .bind(time(Timestamp::now() + LEASE))
        .bind(self.process())
        .bind(caller.stored_name())
        .bind(job.id.as_str())
        .bind(job.lease_until.map(time));
        let done = query.execute(&mut *self.connection().await?).await.map_err(|error| self.failed(error))?;
        Ok(done.rows_affected() > 0)
    }

    /// Lets a lease that was taken over go again.
    pub async fn give_up_lease(&self, id: &JobId) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE jobs SET lease_until = NULL WHERE id = ?").bind(id.as_str());
        query.execute(&mut *self.connection().await?).await.map_err(|error| self.failed(error))?;
        Ok(())
    }

    /// The job with the lease that its process deserves: none where it is gone, and one where the
    /// lease ran out while it was at work: the machine slept, or the clock was set.
    pub(super) async fn as_it_is(&self, job: JobRecord) -> JobRecord {
        if self.is_left_by_the_dead(&job).await {
            return JobRecord { lease_until: None, ..job };
        }
        let now = Timestamp::now();
        let lost = job.seen(now) == JobStatus::Lost;
        if lost && self.is_at_work(&job).await {
            return JobRecord { lease_until: Some(now + LEASE), ..job };
        }
        job
    }
}
