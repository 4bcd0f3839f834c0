//! Keeps what a killed process left: whole images without a name are kept and recorded, the rest is deleted.
//!
//! It touches only jobs whose lease has ended and whose files no process holds.

use std::sync::Arc;

use super::outcome::{Cost, CostBasis, Report};
use super::services::JobServices;
use crate::domain::{Billed, CallerState, JobEvent, Usd};
use crate::store::StoreError;
use crate::store::{JobEnd, JobRecord};

/// The most jobs that one sweep looks through.
const MOST_AT_ONCE: u32 = 100;

/// Keeps what a lost job left, for a caller in this state. `true` where the job may have ended with images.
pub(super) async fn recover(
    services: &JobServices,
    job: &JobRecord,
    caller: CallerState,
) -> Result<bool, StoreError> {
    if !services.store.take_over(job, caller).await? {
        return Ok(true); // another process is doing it: look again
    }
    adopt(services, job).await
}

/// Keeps what a lost job left whose lease this process holds. `true` where the job ended with images.
pub(super) async fn adopt(services: &JobServices, job: &JobRecord) -> Result<bool, StoreError> {
    let store = &services.store;
    let adopted = store.adopt(job).await?;
    // If all came, every attempt brought one. If some came, nobody can tell which attempts brought them.
    let all = usize::try_from(job.n).is_ok_and(|wanted| adopted >= wanted);
    let (outcome, billed) = if all { ("made", Billed::Yes) } else { ("lost", Billed::Maybe) };
    store.close_attempts(&job.id, outcome, billed).await?;
    if adopted == 0 {
        store.give_up_lease(&job.id).await?;
        return Ok(false);
    }
    let attempts = store.attempts_of(&job.id).await?;
    let sent = attempts.iter().filter(|attempt| attempt.sent_at.is_some());
    let cost: Usd = sent.map(|attempt| attempt.counted).sum();
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
        event: JobEvent::Finish,
        model: job.model.clone(),
        cost: Some(cost),
        problem: None,
        report: serde_json::to_string(&report).ok(),
    };
    store.end_job(&job.id, &end).await?;
    tracing::info!(job = %job.id, adopted, "recovered");
    Ok(true)
}

/// Looks through what killed processes left, once in a process and in the background.
pub(super) fn sweep_once(services: &Arc<JobServices>) {
    services.swept.call_once(|| {
        let shared = Arc::clone(services);
        services.paid.spawn(async move {
            if let Err(error) = sweep(&shared).await {
                tracing::warn!(%error, "what killed processes left was not looked through");
            }
        });
    });
}

async fn sweep(services: &JobServices) -> Result<(), StoreError> {
    for job in services.store.lost_jobs(MOST_AT_ONCE).await? {
        if !services.store.is_at_work(&job).await {
            recover(services, &job, CallerState::Detached).await?;
        }
    }
    services.store.clear_processes();
    services.store.clear_leftovers().await
}
