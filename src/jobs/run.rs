//! The order of the steps of a job, written here and nowhere else:
//!
//! 1. `prepare`: choose a model, read what goes in. An equal job that nobody waits for is reused instead (`lookup`).
//! 2. `open`: record the job with the most that it may cost, reserve disk space, keep its lease, wait for a turn.
//! 3. `execute`: send, receive, keep each image.
//! 4. `close`: record the end; then the caller is answered.
//!
//! All of it is one task. It ends with its caller until its first request is sent; after that it does not, unless the
//! setting `drop_cancelled` says so.

use std::sync::Arc;

use super::close::close;
use super::context::JobContext;
use super::execute::execute;
use super::handle::{CallerLink, cancelled, left};
use super::image_job::ImageJob;
use super::lookup::{EqualJob, equal_job};
use super::open::{keep_lease, open};
use super::outcome::Outcome;
use super::prepare::prepare;
use super::progress::JobProgress;
use super::recovery;
use super::services::JobServices;
use crate::domain::{CallerState, JobId, Problem};

/// Starts a job in this process.
pub(super) fn start(services: &Arc<JobServices>, image_job: ImageJob, link: CallerLink) {
    services.paid.spawn(run(Arc::clone(services), image_job, link));
}

async fn run(services: Arc<JobServices>, image_job: ImageJob, mut link: CallerLink) {
    let prepared = tokio::select! {
        biased;
        prepared = prepare(&services, image_job) => prepared,
        () = cancelled(&mut link.caller) => return,
    };
    let context = match prepared {
        Ok(context) => context,
        Err(problem) => return drop(link.answer(Err(problem))),
    };
    // Boxed: it has mostly ended at once, and would take space in the task for as long as the job runs.
    match Box::pin(equal_job(&context, &mut link)).await {
        Ok(EqualJob::None) => {}
        Ok(EqualJob::Ended(job, result)) => return deliver(&services, &job, *result, link).await,
        Ok(EqualJob::CallerLeft) => return,
        Err(error) => return drop(link.answer(Err(error.in_store()))),
    }
    if let Err(problem) = open(&context).await {
        return drop(link.answer(Err(problem)));
    }
    let job = &context.record.id;
    let lease = keep_lease(&services, job, link.caller.clone());
    let running = services.waiters.start(job, link.progress.subscribe());
    recovery::sweep_once(&services);
    let result = paid_part(&context, &mut link).await;
    drop((lease, running));
    let job = job.clone();
    drop(context); // and with it the space that was reserved and not used
    if let Some(result) = result {
        deliver(&services, &job, result, link).await;
    }
}

/// Waits for a turn, makes the images and records the end. `None` where the caller cancelled and the job is dropped.
async fn paid_part(context: &JobContext, link: &mut CallerLink) -> Option<Result<Outcome, Problem>> {
    let JobContext { services, record, .. } = context;
    let in_queue = |place| {
        let (job, usual_seconds) = (record.id.clone(), record.usual_seconds);
        link.progress.send_replace(JobProgress::Queued { job, place, usual_seconds });
    };
    let permit = tokio::select! {
        biased;
        permit = services.queue.enter(&record.model.provider, in_queue) => permit,
        () = cancelled(&mut link.caller) => {
            drop_job(services, &record.id).await;
            return None;
        }
    };
    let work = async { close(context, execute(context, permit, &link.progress).await).await };
    if !services.options.drop_cancelled {
        return Some(work.await);
    }
    tokio::select! {
        biased;
        result = work => Some(result),
        () = cancelled(&mut link.caller) => {
            drop_job(services, &record.id).await;
            None
        }
    }
}

/// Answers the caller, and records whether it received the images.
async fn deliver(services: &JobServices, job: &JobId, result: Result<Outcome, Problem>, link: CallerLink) {
    let has_images = result.is_ok();
    let mut caller = link.answer(result);
    if has_images {
        let state = match left(&mut caller).await {
            CallerState::Waiting => CallerState::Cancelled,
            state => state,
        };
        services.record_caller(job, state).await;
    }
}

async fn drop_job(services: &JobServices, job: &JobId) {
    if let Err(error) = services.store.drop_job(job).await {
        tracing::warn!(%job, %error, "the end of the job was not recorded");
    }
}
