//! Step 2: the job is recorded with the most that it may cost, disk space is reserved, its lease is kept.
//!
//! In this order, so that a file left behind by a killed process belongs to a recorded job. Nothing is sent here.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::watch;
use tokio::time::{Instant, interval_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::context::JobContext;
use super::handle::left;
use super::owner;
use super::prepare::unwritable;
use super::services::JobServices;
use crate::domain::{CallerState, JobEvent, JobId, Problem, Usd};
use crate::store::StoreError;
use crate::store::{JobEnd, LEASE, OpenedJob, PlannedAttempt};

/// How often a lease is renewed.
const RENEWED_EVERY: SignedDuration = SignedDuration::from_secs(LEASE.as_secs() / 3);

/// The space that is reserved for an image of unknown size, in bytes. Most of 1.5 megapixels have 2 to 3 MB.
const USUAL_BYTES: u64 = 8 * 1024 * 1024;

/// Records the job with a planned attempt for each image, and reserves disk space.
pub(super) async fn open(context: &JobContext) -> Result<(), Problem> {
    let JobContext { record, services, caps, .. } = context;
    let choice = &context.route.first;
    let endpoint = choice.model.endpoints.first().map_or("", |endpoint| endpoint.name());
    let estimate = context.price_of_one(choice);
    if estimate.is_none() && !caps.is_empty() {
        return Err(owner::unknown_price(&record.model));
    }
    let plan = |position| PlannedAttempt { position, model: record.model.clone(), endpoint, estimate };
    let plans: Vec<_> = (0..record.n).map(plan).collect();
    match services.store.open_job(record, &plans, caps).await.map_err(|error| error.in_store())? {
        OpenedJob::Recorded => {}
        OpenedJob::OverCap(hit) => return Err(owner::over(&hit, estimate.unwrap_or_default() * record.n)),
    }
    let bytes = choice.shape.pixels.map_or(USUAL_BYTES, |pixels| pixels.count() * 3);
    let Err(error) = context.staging.reserve(record.n, bytes) else { return Ok(()) };
    let problem = unwritable(&StoreError::NoRoom(error), &context.destination);
    let end = JobEnd {
        event: JobEvent::Fail,
        model: record.model.clone(),
        cost: Some(Usd::ZERO),
        problem: Some(problem.to_string()),
        report: serde_json::to_string(&problem).ok(),
    };
    if let Err(error) = services.store.end_job(&record.id, &end).await {
        tracing::warn!(job = %record.id, %error, "the end of the job was not recorded");
    }
    Err(problem)
}

/// Renews the job's lease, and records it when the caller leaves, until the guard is dropped.
pub(super) fn keep_lease(
    services: &Arc<JobServices>,
    job: &JobId,
    mut caller: watch::Receiver<CallerState>,
) -> DropGuard {
    let (ended, shared, job) = (CancellationToken::new(), Arc::clone(services), job.clone());
    let guard = ended.clone().drop_guard();
    let every = Duration::try_from(RENEWED_EVERY).unwrap_or_default();
    let keep = async move {
        let mut ticks = interval_at(Instant::now() + every, every);
        let mut waits = true;
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    if let Err(error) = shared.store.renew_lease(&job).await {
                        tracing::warn!(%job, %error, "the lease of the job was not renewed");
                    }
                }
                state = left(&mut caller), if waits => {
                    waits = false;
                    if matches!(state, CallerState::Cancelled | CallerState::Detached) {
                        shared.record_caller(&job, state).await;
                    }
                }
            }
        }
    };
    services.paid.spawn(async move { ended.run_until_cancelled(keep).await });
    guard
}
