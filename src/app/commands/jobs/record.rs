//! What the list of jobs and the view of one job both show.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::{Billed, CallerState, JobStatus, Problem, Usd};
use crate::store::JobRecord;

/// Its cost, or the most that it may come to.
pub(super) fn cost(job: &JobRecord) -> String {
    let problem = job.report.as_deref().and_then(|report| serde_json::from_str::<Problem>(report).ok());
    match (job.sandbox, job.cost, job.estimate) {
        (true, ..) => "sandbox".to_owned(),
        (_, Some(cost), _) if problem.is_some_and(|problem| problem.billed == Billed::Maybe) => {
            format!("≤ {cost}")
        }
        (_, Some(cost), _) => cost.to_string(),
        (_, None, Some((_, high))) => format!("≤ {high}"),
        (_, None, None) => "unknown".to_owned(),
    }
}

/// Whether the client received its images.
pub(super) fn delivered(job: &JobRecord) -> &'static str {
    match job.caller {
        _ if matches!(job.status, JobStatus::Failed | JobStatus::Dropped) => "-",
        CallerState::Delivered => "yes",
        CallerState::Waiting if job.is_alive(Timestamp::now()) => "awaited",
        CallerState::Waiting | CallerState::Detached | CallerState::Cancelled => "no",
    }
}

/// The prompt among its arguments.
pub(super) fn prompt(job: &JobRecord) -> Option<String> {
    let arguments: Value = serde_json::from_str(&job.arguments).ok()?;
    arguments.get("prompt")?.as_str().map(str::to_owned)
}

/// The job as `--json` lists it.
pub(super) fn json(job: &JobRecord) -> Value {
    let estimate = job.estimate.map(|(low, high)| json!({ "low": low.dollars(), "high": high.dollars() }));
    json!({
        "job": job.id,
        "created_at": job.created_at,
        "sent_at": job.sent_at,
        "finished_at": job.finished_at,
        "state": job.seen(Timestamp::now()).name(),
        "tool": job.operation.tool(),
        "model": job.model.model,
        "provider": job.model.provider,
        "n": job.n,
        "cost_usd": job.cost.map(Usd::dollars),
        "estimate_usd": estimate,
        "sandbox": job.sandbox,
        "served": job.caller == CallerState::Delivered,
        "owner": job.owner,
        "prompt": prompt(job),
    })
}
