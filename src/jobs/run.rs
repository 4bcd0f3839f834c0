//! The order of steps of a paid call, written here and nowhere else.
//!
//! Everything that can be refused is refused before the job is marked as sent; from there on
//! the work is a task of its own that no caller can cancel.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::watch;

use super::allowance::Allowance;
use super::manager::{LOCAL_OWNER, Shared};
use super::paid::Paid;
use super::{Commission, Outcome, Stage, inputs};
use crate::domain::{JobId, Problem, Usd};
use crate::images::{Destination, ImageError, JobRecord, JobState, new_job_id};
use crate::routing::Route;

pub(super) async fn run(
    shared: Arc<Shared>,
    commission: Commission,
    stage: watch::Sender<Stage>,
) -> Result<Outcome, Problem> {
    let started = Instant::now();
    let mut route = shared.plan(&commission)?;
    let inputs = inputs::read(&shared, &commission, &route).await?;
    route.rest.retain(|choice| choice.model.most_image_bytes >= inputs.largest());
    let save_to = |error: ImageError| error.at("save_to");
    let destination =
        Destination::parse(commission.save_to.as_deref(), &shared.options.roots).map_err(save_to)?;
    let landing = shared.library.landing(&destination).map_err(save_to)?;
    let cap = shared.cap(&commission);
    let job = new_job_id();
    let record = record(&job, &commission, &route, &inputs);
    let paid = Paid {
        shared: Arc::clone(&shared),
        job,
        request: commission.request,
        allowance: Allowance::new(cap, route.first.estimate.map_or(Usd::ZERO, |estimate| estimate.high)),
        route,
        inputs,
        destination,
        landing,
        started,
    };
    // A caller that leaves before this line leaves nothing behind; after it the work goes on.
    let library = shared.library.clone();
    let work = shared.paid.spawn(async move {
        library.record_job(&record).await.map_err(|error| error.in_store())?;
        paid.run(stage).await
    });
    work.await.map_err(|error| Problem::internal(format!("the paid task ended early: {error}")))?
}

fn record(job: &JobId, commission: &Commission, route: &Route, inputs: &inputs::Inputs) -> JobRecord {
    let mut fingerprint = blake3::Hasher::new();
    fingerprint.update(commission.request.operation.tool().as_bytes());
    fingerprint.update(commission.arguments.to_string().as_bytes());
    inputs.digest(&mut fingerprint);
    let choice = &route.first;
    JobRecord {
        id: job.clone(),
        owner: LOCAL_OWNER.to_owned(),
        operation: commission.request.operation,
        arguments: commission.arguments.to_string(),
        fingerprint: fingerprint.finalize().to_hex().to_string(),
        state: JobState::Sent,
        model: choice.model.name.clone(),
        estimate: choice.estimate.map(|estimate| (estimate.low, estimate.high)),
        created_at: Timestamp::now(),
        finished_at: None,
        cost: None,
        problem: None,
    }
}
