//! Looks for jobs in the database that all processes share: the state of one job, and jobs equal to a new one.
//!
//! It starts no job. Where the process of a job is gone, `recovery` first keeps what that process left.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::context::JobContext;
use super::handle::{CallerLink, left};
use super::outcome::Outcome;
use super::progress::{JobProgress, Partials};
use super::recovery;
use super::services::JobServices;
use crate::domain::{Billed, CallerState, JobId, JobStatus, Problem, ProblemKind};
use crate::store::StoreError;
use crate::store::{ClaimedJob, JobRecord, StoredImage};

/// How old an abandoned job may be that an equal call reuses.
const REUSED_WITHIN: SignedDuration = SignedDuration::from_mins(30);

/// What is known of a job.
#[derive(Debug)]
pub enum JobLookup {
    /// Its images are there.
    Done {
        /// The images and what the answer says about them.
        outcome: Box<Outcome>,
        /// Whether a caller has received them before.
        delivered: bool,
    },
    /// It ended without an image.
    Failed(Problem),
    /// It has not ended.
    UnderWay {
        /// How far it has come.
        progress: JobProgress,
        /// For how long, in seconds.
        seconds: u64,
    },
}

/// What the search for an equal job came to.
pub(super) enum EqualJob {
    /// There is one, and it has ended.
    Ended(JobId, Box<Result<Outcome, Problem>>),
    /// There is one, and the caller left while it waited for it.
    CallerLeft,
    /// There is none.
    None,
}

/// Waits for the end of an equal job that nobody waits for, if there is one, for as long as the caller stays.
pub(super) async fn equal_job(context: &JobContext, link: &mut CallerLink) -> Result<EqualJob, StoreError> {
    let services = &context.services;
    while let Some(ClaimedJob { job, orphaned }) =
        services.store.claim_abandoned(&context.record, REUSED_WITHIN).await?
    {
        tracing::info!(job = %job.id, orphaned, "reuses an abandoned equal job");
        if orphaned && !services.store.is_at_work(&job).await {
            recovery::adopt(services, &job).await?;
        }
        loop {
            let mut changes = services.waiters.changes([&job.id]);
            match look(services, &job.id, &job.owner, CallerState::Waiting).await? {
                JobLookup::UnderWay { progress: now, .. } => {
                    link.progress
                        .send_if_modified(|progress| std::mem::replace(progress, now.clone()) != now);
                }
                JobLookup::Done { outcome, .. } => {
                    return Ok(EqualJob::Ended(job.id, Box::new(Ok(*outcome))));
                }
                // A job that was lost, dropped or pruned is made again. A failure is the answer.
                JobLookup::Failed(problem) if can_be_made_again(&problem) => {
                    services.store.set_caller(&job.id, CallerState::Delivered).await?;
                    if link.restarted && problem.billed != Billed::No {
                        return Ok(EqualJob::Ended(job.id, Box::new(Err(problem))));
                    }
                    break;
                }
                JobLookup::Failed(problem) => {
                    return Ok(EqualJob::Ended(job.id, Box::new(Err(problem))));
                }
            }
            tokio::select! {
                () = changes.any() => {}
                state = left(&mut link.caller) => {
                    services.store.set_caller(&job.id, state).await?;
                    return Ok(EqualJob::CallerLeft);
                }
            }
        }
    }
    Ok(EqualJob::None)
}

fn can_be_made_again(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::Lost | ProblemKind::Cancelled | ProblemKind::NotFound)
}

/// What is known of a job of this owner. Where its process is gone, what that left is kept first, for a caller in this
/// state.
pub(super) async fn look(
    services: &Arc<JobServices>,
    id: &JobId,
    owner: &str,
    caller: CallerState,
) -> Result<JobLookup, StoreError> {
    let mut job = services.store.job(id, owner).await?;
    let mut status = job.seen(Timestamp::now());
    if status == JobStatus::Lost && recovery::recover(services, &job, caller).await? {
        job = services.store.job(id, owner).await?;
        status = job.seen(Timestamp::now());
    }
    let images = services.store.images_of(id, owner).await?;
    Ok(match status {
        JobStatus::Queued | JobStatus::Sent => under_way(&job, status, &images),
        JobStatus::Done if !images.is_empty() => JobLookup::Done {
            outcome: Box::new(Outcome::recorded(&job, images)),
            delivered: match job.caller {
                CallerState::Delivered => true,
                // A caller that waits receives them in this very moment.
                CallerState::Waiting => job.is_alive(Timestamp::now()),
                CallerState::Detached | CallerState::Cancelled => false,
            },
        },
        JobStatus::Done => JobLookup::Failed(pruned(&job)),
        JobStatus::Failed => JobLookup::Failed(failed(&job)),
        JobStatus::Dropped => JobLookup::Failed(dropped(&job)),
        JobStatus::Lost => JobLookup::Failed(lost(&job)),
    })
}

fn under_way(job: &JobRecord, status: JobStatus, images: &[StoredImage]) -> JobLookup {
    let (id, usual_seconds) = (job.id.clone(), job.usual_seconds);
    let progress = if status == JobStatus::Queued {
        JobProgress::Queued { job: id, place: 0, usual_seconds }
    } else {
        let done = u32::try_from(images.len()).unwrap_or(u32::MAX);
        let partials = Partials::default(); // only the process that runs the job knows
        JobProgress::Rendering { job: id, done, of: job.n, usual_seconds, partials }
    };
    let seconds = Timestamp::now().duration_since(job.created_at).as_secs();
    JobLookup::UnderWay { progress, seconds: u64::try_from(seconds).unwrap_or(0) }
}

fn pruned(job: &JobRecord) -> Problem {
    let what = format!("{} made images that are no longer in the store", job.id);
    Problem::new(ProblemKind::NotFound, what, "Call again to make new ones. That is charged again.")
}

fn failed(job: &JobRecord) -> Problem {
    let recorded = job.report.as_deref().and_then(|report| serde_json::from_str::<Problem>(report).ok());
    let problem = recorded.unwrap_or_else(|| {
        let why = job.problem.clone().unwrap_or_else(|| "the reason was not recorded".to_owned());
        Problem { billed: Billed::Maybe, ..Problem::new(ProblemKind::Upstream, why, "") }
    });
    Problem { what: format!("{} failed: {}", job.id, problem.what), ..problem }
}

fn dropped(job: &JobRecord) -> Problem {
    let what = format!("{} was dropped because its caller left", job.id);
    let billed = if job.sent_at.is_some() { Billed::Maybe } else { Billed::No };
    Problem { billed, ..Problem::new(ProblemKind::Cancelled, what, "Call again to make the image.") }
}

fn lost(job: &JobRecord) -> Problem {
    let (what, billed) = match (job.status, job.sent_at) {
        (JobStatus::Queued, _) => {
            (format!("{} is lost: its process was ended before anything was sent", job.id), Billed::No)
        }
        (_, sent_at) => {
            let most = job.estimate.map_or_else(String::new, |(_, high)| format!(" up to {high}"));
            let sent_at = sent_at.unwrap_or(job.created_at);
            let what = format!(
                "{} is lost: the process that worked on it was ended after its request went out at {sent_at:.0}, \
                 which may be billed{most}, and no image had arrived",
                job.id
            );
            (what, Billed::Maybe)
        }
    };
    Problem { billed, ..Problem::new(ProblemKind::Lost, what, "Call again to make the image.") }
}
