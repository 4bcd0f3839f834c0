//! One attempt: waits for its turn, is written to the ledger, sends one request, and records how that ended.

use std::time::Instant;

use super::deferred_writes::DeferredWrites;
use super::exchange::{Received, exchange};
use super::failover::Target;
use crate::domain::{Billed, Problem};
use crate::jobs::context::JobContext;
use crate::jobs::observer::Requested;
use crate::jobs::outcome::Cost;
use crate::jobs::owner;
use crate::jobs::pricing::cost;
use crate::jobs::queue::Permit;
use crate::store::{AttemptEnd, BegunAttempt, PlannedAttempt};
use crate::upstream::Failure;

/// How an attempt ended.
pub(super) enum Attempt {
    /// It was not sent.
    Refused(Problem),
    /// At least one image came.
    Received { received: Received, charge: Option<Cost> },
    /// It was sent, or could not be, and brought no image.
    Failed { failure: Failure, charge: Option<Cost> },
}

/// Sends one request for the image at this position, with the permit if it is for this provider.
pub(super) async fn attempt(
    context: &JobContext,
    target: Target<'_>,
    position: u32,
    permit: Option<Permit>,
    on_partial: &(dyn Fn() + Sync),
    deferred: &mut DeferredWrites,
) -> Attempt {
    let permit = turn(context, target, permit).await;
    let number = match begin(context, target, position).await {
        Ok(number) => number,
        Err(refusal) => return Attempt::Refused(refusal),
    };
    let started = Instant::now();
    let result = exchange(context, target, on_partial).await;
    drop(permit);
    let charge = charge(context, target, result.as_ref());
    observe(context, target, started, result.as_ref(), charge.as_ref());
    deferred.end_attempt(context, number, ending(result.as_ref(), charge.as_ref())).await;
    match result {
        Ok(received) => Attempt::Received { received, charge },
        Err(failure) => Attempt::Failed { failure, charge },
    }
}

/// Waits for permission to send to this target.
async fn turn(context: &JobContext, target: Target<'_>, permit: Option<Permit>) -> Permit {
    let provider = &target.choice.model.name.provider;
    match permit {
        Some(permit) if *provider == context.record.model.provider => permit,
        // Released first: to wait for one permit while holding another could wait for ever.
        other => {
            drop(other);
            context.services.queue.enter(provider, |_| {}).await
        }
    }
}

/// Writes the attempt to the ledger and returns its number.
async fn begin(context: &JobContext, target: Target<'_>, position: u32) -> Result<i64, Problem> {
    let plan = PlannedAttempt {
        position,
        model: target.choice.model.name.clone(),
        endpoint: target.endpoint.name(),
        estimate: context.price_of_one(target.choice),
    };
    let begun = context.services.store.begin_attempt(&context.record, &plan, &context.caps).await;
    match begun.map_err(|error| error.in_store())? {
        BegunAttempt::Recorded(number) => Ok(number),
        BegunAttempt::OverCap(hit) => Err(owner::over(&hit, plan.estimate.unwrap_or_default())),
    }
}

fn charge(context: &JobContext, target: Target<'_>, result: Result<&Received, &Failure>) -> Option<Cost> {
    let (usage, images) = match result {
        Ok(received) => (received.usage.as_ref(), received.images.len()),
        Err(failure) if failure.kind.billed() == Billed::No => return None,
        Err(_) => (None, 1),
    };
    Some(cost(context, target.choice, usage, u32::try_from(images).unwrap_or(u32::MAX)))
}

/// How the attempt ended, for the ledger. A cost that is not certain is left to the estimate.
fn ending(result: Result<&Received, &Failure>, charge: Option<&Cost>) -> AttemptEnd {
    let (outcome, billed, request_id) = match result {
        Ok(received) => ("made", Billed::Yes, received.request_id.clone()),
        Err(failure) => (failure.kind.name(), failure.kind.billed(), failure.request_id.clone()),
    };
    let cost = charge.filter(|_| billed == Billed::Yes).map(|charge| charge.usd);
    AttemptEnd { outcome, billed, cost, request_id }
}

/// Logs the request and passes it to the observer.
fn observe(
    context: &JobContext,
    target: Target<'_>,
    started: Instant,
    result: Result<&Received, &Failure>,
    charge: Option<&Cost>,
) {
    let elapsed = started.elapsed();
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let (outcome, request_id, bytes) = match result {
        Ok(received) => {
            let bytes = received.images.iter().map(|(staged, _)| staged.bytes).sum::<u64>();
            ("made", received.request_id.as_deref(), bytes)
        }
        Err(failure) => (failure.kind.name(), failure.request_id.as_deref(), 0),
    };
    let (record, model, endpoint) = (&context.record, &target.choice.model.name, target.endpoint.name());
    let request_id = request_id.unwrap_or("none");
    tracing::info!(job = %record.id, %model, endpoint, outcome, milliseconds, request_id, bytes, "attempt");
    if let Some(observer) = &context.services.options.observer {
        let cost = charge.filter(|_| !record.sandbox).map(|charge| charge.usd);
        observer.observe(Requested { model, outcome, seconds: elapsed.as_secs_f64(), bytes, cost });
    }
}
