//! What a process leaves behind that is killed while it works: whole images without a name
//! are kept and recorded, the rest is deleted. Only jobs whose lease ran out, and of which no
//! process holds a file, are touched.

use std::sync::Arc;

use super::manager::Shared;
use super::outcome::{Cost, CostBasis, Report};
use crate::codec::ImageError;
use crate::domain::{Billed, Caller, JobState, Usd};
use crate::store::{JobEnd, JobRecord};

/// The most jobs that are looked through at a start.
const MOST_AT_ONCE: u32 = 100;

/// Keeps what a lost job left behind, for this caller. `true` where that ended it, with images.
pub(super) async fn recover(
    shared: &Arc<Shared>,
    job: &JobRecord,
    caller: Caller,
) -> Result<bool, ImageError> {
    if !shared.store.take_over(job, caller).await? {
        return Ok(true); // another process is at it: look again
    }
    keep_left_behind(shared, job).await
}

/// Keeps what a lost job left behind whose lease is ours. `true` where that ended it, with images.
pub(super) async fn keep_left_behind(shared: &Arc<Shared>, job: &JobRecord) -> Result<bool, ImageError> {
    let adopted = shared.store.adopt(job).await?;
    // Where all came, what was out brought one. Where some did, nobody can tell which.
    let all = usize::try_from(job.n).is_ok_and(|wanted| adopted >= wanted);
    let (ended_as, billed) = if all { ("made", Billed::Yes) } else { ("lost", Billed::Maybe) };
    shared.store.close_tries(&job.id, ended_as, billed).await?;
    if adopted == 0 {
        shared.store.give_up_lease(&job.id).await?;
        return Ok(false);
    }
    let tries = shared.store.tries_of(&job.id).await?;
    let cost: Usd = tries.iter().filter(|entry| entry.sent_at.is_some()).map(|entry| entry.counted).sum();
    let warning = format!(
        "the process that made this was ended before it could answer; {adopted} of {} images had arrived, \
         and what they cost to make is an estimate",
        job.n
    );
    let report = Report {
        why: String::new(),
        failures: Vec::new(),
        cost: Cost { usd: cost, basis: CostBasis::Estimate },
        seconds: 0.0,
        request_ids: Vec::new(),
        warnings: vec![warning],
        preserved: Vec::new(),
    };
    let end = JobEnd {
        state: JobState::Done,
        model: job.model.clone(),
        cost: Some(cost),
        problem: None,
        report: serde_json::to_string(&report).ok(),
    };
    shared.store.finish_job(&job.id, &end).await?;
    tracing::info!(job = %job.id, adopted, "recovered");
    Ok(true)
}

/// Looks through what killed processes left.
pub(super) async fn sweep(shared: Arc<Shared>) {
    let swept = async {
        for job in shared.store.lost_jobs(MOST_AT_ONCE).await? {
            if !shared.store.is_at_work(&job).await {
                recover(&shared, &job, Caller::Left).await?;
            }
        }
        shared.store.clear_processes();
        shared.store.clear_leftovers().await
    };
    if let Err(error) = swept.await {
        tracing::warn!(%error, "what killed processes left could not be looked through");
    }
}
