//! Waits for jobs of any process, through the record they all share.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::sleep;

use super::call::left;
use super::manager::Shared;
use super::{Outcome, Partials, Presence, Stage, recovery};
use crate::codec::ImageError;
use crate::domain::{Billed, Caller, JobId, Problem, ProblemKind, Standing};
use crate::store::{Claimed, JobRecord, ParentRole, StoredImage};

/// How often the record is looked at for a job that somebody waits for. One row by its key: some
/// tens of microseconds.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(100);

/// How a job stands, for whoever asks.
#[derive(Debug)]
pub enum Found {
    /// Its images.
    Made {
        /// They, and what is to be said of them.
        outcome: Box<Outcome>,
        /// Whether somebody had them before.
        handed_over: bool,
    },
    /// It has ended without an image.
    Nothing(Problem),
    /// Not yet.
    UnderWay {
        /// How far it is.
        stage: Stage,
        /// Since when, in seconds.
        seconds: u64,
    },
}

/// Which job is looked for.
pub(super) struct Wanted<'a> {
    pub like: &'a JobRecord,
    /// How old it may be.
    pub within: SignedDuration,
    /// Whether this call is begun anew by us: what may have been charged is said to its caller then,
    /// and not paid once more.
    pub again: bool,
}

/// What came of looking for an equal job.
pub(super) enum Joined {
    /// There is one, and it has ended.
    Ended(JobId, Box<Result<Outcome, Problem>>),
    /// There is one, and the caller left it again.
    Left,
    /// There is none.
    None,
}

/// Waits for the end of a job that is equal to this one and that nobody waits for, if there is
/// one, for as long as the caller stays.
pub(super) async fn equal_left(
    shared: &Arc<Shared>,
    wanted: Wanted<'_>,
    stage: &watch::Sender<Stage>,
    presence: &mut watch::Receiver<Presence>,
) -> Result<Joined, ImageError> {
    while let Some(Claimed { job, orphaned }) = shared.store.claim_left(wanted.like, wanted.within).await? {
        tracing::info!(job = %job.id, orphaned, "taken over from a caller that left");
        if orphaned && !shared.store.is_at_work(&job).await {
            recovery::keep_left_behind(shared, &job).await?;
        }
        loop {
            match look(shared, &job.id, &job.owner, Caller::Waiting).await? {
                Found::UnderWay { stage: now, .. } => {
                    stage.send_if_modified(|stage| std::mem::replace(stage, now.clone()) != now);
                }
                Found::Made { outcome, .. } => return Ok(Joined::Ended(job.id, Box::new(Ok(*outcome)))),
                // What was lost, given up or deleted is made anew; what failed is said.
                Found::Nothing(problem)
                    if matches!(
                        problem.kind,
                        ProblemKind::Lost | ProblemKind::Cancelled | ProblemKind::NotFound
                    ) =>
                {
                    shared.store.set_caller(&job.id, Caller::Served).await?;
                    if wanted.again && problem.billed != Billed::No {
                        return Ok(Joined::Ended(job.id, Box::new(Err(problem))));
                    }
                    break;
                }
                Found::Nothing(problem) => return Ok(Joined::Ended(job.id, Box::new(Err(problem)))),
            }
            tokio::select! {
                () = sleep(LOOKED_AT_EVERY) => {}
                _ = left(presence) => {
                    shared.store.set_caller(&job.id, Caller::Left).await?;
                    return Ok(Joined::Left);
                }
            }
        }
    }
    Ok(Joined::None)
}

/// How a job stands now. Where its process is gone, what it left behind is kept first, for a caller
/// who waits or for whoever asks next.
pub(super) async fn look(
    shared: &Arc<Shared>,
    id: &JobId,
    owner: &str,
    caller: Caller,
) -> Result<Found, ImageError> {
    let mut job = shared.store.job(id, owner).await?;
    let mut standing = job.standing(Timestamp::now());
    if matches!(standing, Standing::Lost { .. }) && recovery::recover(shared, &job, caller).await? {
        job = shared.store.job(id, owner).await?;
        standing = job.standing(Timestamp::now());
    }
    let now = Timestamp::now();
    let mut images = shared.store.images_of(id, owner).await?;
    keep_results(&mut images);
    let found = match standing {
        Standing::Queued | Standing::Rendering => {
            let seconds = now.duration_since(job.created_at).as_secs();
            let (job_id, usual_seconds) = (job.id.clone(), job.usual_seconds);
            let stage = if standing == Standing::Queued {
                Stage::Queued { job: job_id, place: 0, usual_seconds }
            } else {
                let done = u32::try_from(images.len()).unwrap_or(u32::MAX);
                let partials = Partials::default(); // only the process that draws knows
                Stage::Rendering { job: job_id, done, of: job.n, usual_seconds, partials }
            };
            Found::UnderWay { stage, seconds: u64::try_from(seconds).unwrap_or(0) }
        }
        Standing::Done if !images.is_empty() => Found::Made {
            outcome: Box::new(Outcome::recorded(&job, images)),
            // One who waits has them in this very moment.
            handed_over: match job.caller {
                Caller::Served => true,
                Caller::Waiting => job.is_alive(now),
                Caller::Left => false,
            },
        },
        Standing::Done => Found::Nothing(pruned(&job)),
        Standing::Failed => Found::Nothing(failed(&job)),
        Standing::Dropped => Found::Nothing(dropped(&job)),
        Standing::Lost { sent } => Found::Nothing(lost(&job, sent)),
    };
    Ok(found)
}

/// Leaves out what a model sent where there is an image with the original put back around it.
fn keep_results(images: &mut Vec<StoredImage>) {
    let parents = images.iter().flat_map(|image| &image.parents);
    let raw = parents.filter(|parent| parent.role == ParentRole::Raw).map(|parent| parent.id.clone());
    let raw: Vec<_> = raw.collect();
    images.retain(|image| !raw.contains(&image.id));
}

fn pruned(job: &JobRecord) -> Problem {
    let what = format!("{} made images that are no longer in the store", job.id);
    Problem::new(ProblemKind::NotFound, what, "Call again to make new ones; that is paid anew.")
}

fn failed(job: &JobRecord) -> Problem {
    let recorded = job.report.as_deref().and_then(|report| serde_json::from_str::<Problem>(report).ok());
    let problem = recorded.unwrap_or_else(|| {
        let why = job.problem.clone().unwrap_or_else(|| "nobody noted why".to_owned());
        Problem { billed: Billed::Maybe, ..Problem::new(ProblemKind::Upstream, why, "") }
    });
    Problem { what: format!("{} failed: {}", job.id, problem.what), ..problem }
}

fn dropped(job: &JobRecord) -> Problem {
    let what = format!("{} was given up, because its caller left", job.id);
    let billed = if job.sent_at.is_some() { Billed::Maybe } else { Billed::No };
    Problem { billed, ..Problem::new(ProblemKind::Cancelled, what, "Call again to make the image.") }
}

fn lost(job: &JobRecord, sent: bool) -> Problem {
    let (what, billed) = if sent {
        let most = job.estimate.map_or_else(String::new, |(_, high)| format!(" up to {high}"));
        let sent_at = job.sent_at.unwrap_or(job.created_at);
        let what = format!(
            "{} is lost: the process that worked on it was ended after its request went out at {sent_at:.0}, \
             which may be billed{most}, and no image had arrived",
            job.id
        );
        (what, Billed::Maybe)
    } else {
        (format!("{} is lost: its process was ended before anything was sent", job.id), Billed::No)
    };
    let remedy = "Call again to make the image.";
    Problem { billed, ..Problem::new(ProblemKind::Lost, what, remedy) }
}
