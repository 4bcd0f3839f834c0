//! Wakes callers that wait for jobs: at once for the jobs of this process, by polling for those of others.
//!
//! It reads no database. Whoever was woken looks there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::progress::JobProgress;
use crate::domain::JobId;

/// How often a job of another process is looked at. A look is one row by its key, some tens of microseconds.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The running jobs of this process.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiters(Arc<Mutex<HashMap<JobId, JobChanges>>>);

/// Registers a job of this process as running. Drop it once the end of the job is recorded: that wakes all who wait.
#[derive(Debug)]
pub(super) struct RunningJob {
    waiters: Waiters,
    job: JobId,
}

/// What a caller that waits for a job listens to. Take it before looking at the job, so that no change is missed.
#[derive(Clone, Debug)]
struct JobChanges {
    progress: watch::Receiver<JobProgress>,
    ended: CancellationToken,
}

/// The changes of several jobs, in whichever process each of them runs.
#[derive(Debug)]
pub struct Changes(Vec<Option<JobChanges>>);

impl Waiters {
    /// Registers a job that runs in this process.
    pub(super) fn start(&self, job: &JobId, progress: watch::Receiver<JobProgress>) -> RunningJob {
        let changes = JobChanges { progress, ended: CancellationToken::new() };
        self.lock().insert(job.clone(), changes);
        RunningJob { waiters: self.clone(), job: job.clone() }
    }

    /// The changes of these jobs from now on.
    pub(super) fn changes<'a>(&self, jobs: impl IntoIterator<Item = &'a JobId>) -> Changes {
        let running = self.lock();
        let changes = jobs.into_iter().map(|job| {
            let mut changes = running.get(job)?.clone();
            changes.progress.mark_unchanged();
            Some(changes)
        });
        Changes(changes.collect())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, JobChanges>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RunningJob {
    fn drop(&mut self) {
        if let Some(changes) = self.waiters.lock().remove(&self.job) {
            changes.ended.cancel();
        }
    }
}

impl Changes {
    /// Waits until one of the jobs may have changed.
    pub async fn any(&mut self) {
        let jobs = self.0.len();
        let mut watched: FuturesUnordered<_> = self.0.iter_mut().flatten().map(JobChanges::next).collect();
        // One poll covers all jobs of other processes.
        let polls = watched.is_empty() || watched.len() < jobs;
        tokio::select! {
            Some(()) = watched.next() => {}
            () = sleep(POLL_INTERVAL), if polls => {}
        }
    }
}

impl JobChanges {
    async fn next(&mut self) {
        tokio::select! {
            () = self.ended.cancelled() => {}
            changed = self.progress.changed() => {
                if changed.is_err() {
                    self.ended.cancelled().await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn callers_are_woken_by_progress_and_by_the_end_and_poll_only_for_other_processes() {
        let (waiters, job) = (Waiters::default(), JobId::from_entropy(1));
        let (progress, receiver) = watch::channel(JobProgress::Preparing);
        let running = waiters.start(&job, receiver);
        let started = tokio::time::Instant::now();

        let mut changes = waiters.changes([&job]);
        assert!(changes.any().now_or_never().is_none());
        progress.send_replace(JobProgress::Preparing);
        changes.any().await;

        let mut changes = waiters.changes([&job]);
        drop(running);
        changes.any().await;
        assert_eq!(started.elapsed(), Duration::ZERO, "nothing was polled");

        waiters.changes([&job]).any().await;
        assert_eq!(started.elapsed(), POLL_INTERVAL);
    }
}
