//! Step 1: from validated arguments to everything that the job needs.
//!
//! It chooses a model, reads what goes in, and finds where the images go. Nothing is recorded, reserved, sent or
//! paid here.

mod inputs;
mod source_image;

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::budget::CallBudget;
use super::context::JobContext;
use super::image_job::ImageJob;
use super::owner;
use super::services::JobServices;
use crate::domain::{CallerState, JobStatus, Problem, Usd};
use crate::references::Destination;
use crate::store::StoreError;
use crate::store::{JobRecord, LEASE, new_job_id};

pub(super) use inputs::{Inputs, Masked, read as read_inputs};

/// Prepares a job. Dropping the future costs nothing.
pub(super) async fn prepare(
    services: &Arc<JobServices>,
    image_job: ImageJob,
) -> Result<Box<JobContext>, Problem> {
    let started = Instant::now();
    let mut route = services.plan(&image_job)?;
    let inputs = read_inputs(services, &image_job, &route).await?;
    route.rest.retain(|choice| choice.model.most_image_bytes >= inputs.largest());
    let destination = Destination::parse(image_job.save_to.as_deref(), &services.options.roots)
        .map_err(|error| error.at("save_to"))?;
    let staging = services.store.staging(&destination).map_err(|error| unwritable(&error, &destination))?;
    let id = new_job_id();
    let choice = &route.first;
    let created_at = Timestamp::now();
    let record = JobRecord {
        id: id.clone(),
        owner: image_job.owner.name.clone(),
        operation: image_job.request.operation,
        arguments: image_job.recorded_arguments(),
        fingerprint: fingerprint(&image_job, &inputs),
        status: JobStatus::Queued,
        model: choice.model.name.clone(),
        estimate: choice.estimate.map(|estimate| (estimate.low, estimate.high)),
        created_at,
        finished_at: None,
        cost: None,
        problem: None,
        n: image_job.request.n,
        usual_seconds: choice.model.typical_seconds(image_job.request.quality),
        sandbox: services.sandbox(),
        folder: staging.folder().to_owned(),
        caller: CallerState::Waiting,
        process: services.store.process(),
        lease_until: Some(created_at + LEASE),
        sent_at: None,
        report: None,
    };
    let budget = CallBudget::new(
        services.cap(&image_job),
        choice.estimate.map_or(Usd::ZERO, |estimate| estimate.high),
    );
    Ok(Box::new(JobContext {
        caps: owner::caps(services.options.spending, &image_job.owner),
        services: Arc::clone(services),
        record,
        request: image_job.request,
        budget,
        route,
        inputs,
        destination,
        staging: staging.of(&id),
        started,
    }))
}

/// The problem of a destination that cannot be written. It is the fault of `save_to` where that names one.
pub(super) fn unwritable(error: &StoreError, destination: &Destination) -> Problem {
    match destination {
        Destination::Store => error.in_store(),
        Destination::Folder(_) | Destination::File(_) => error.at("save_to"),
    }
}

/// The hash that equal requests share: the request with its defaults filled in, where the images go, and every byte
/// that goes in.
fn fingerprint(image_job: &ImageJob, inputs: &Inputs) -> String {
    let mut hasher = blake3::Hasher::new();
    let preserve = image_job.masking.as_ref().map(|masking| masking.preserve);
    let asked = serde_json::json!([image_job.request, image_job.save_to, preserve]);
    hasher.update(asked.to_string().as_bytes());
    inputs.digest(&mut hasher);
    hasher.finalize().to_hex().to_string()
}
