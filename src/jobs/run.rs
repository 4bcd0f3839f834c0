//! The order of steps of a paid call, written here and nowhere else.
//!
//! Plan, read what goes in, take over an equal job that nobody waits for, or else: set room
//! aside, record the job and what it may cost, wait for a turn, send, keep, end the record, answer.
//! The whole is a task of its own. Until its first request is sent it ends with its caller; from
//! there on it does not, unless the setting `drop_cancelled` says so.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::budget::CallBudget;
use super::call::{Side, gone, left};
use super::follow::Joined;
use super::manager::Shared;
use super::paid::Paid;
use super::{ImageJob, Outcome, Presence, Stage, follow, inputs, owner};
use crate::codec::ImageError;
use crate::domain::{Billed, Caller, JobEvent, JobId, JobState, Problem, Usd};
use crate::references::Destination;
use crate::staging::Staging;
use crate::store::{JobEnd, JobRecord, LEASE, Opened, Plan, Store, new_job_id};

/// How long after a call was left an equal one takes its job over.
const JOINED_WITHIN: SignedDuration = SignedDuration::from_mins(30);

/// How often a lease is renewed.
const RENEWED_EVERY: SignedDuration = SignedDuration::from_secs(LEASE.as_secs() / 3);

/// Bytes of an image of which nobody knows the size: some 1.5 megapixels, mostly 2 to 3 MB.
const USUAL_BYTES: u64 = 8 * 1024 * 1024;

/// Begins a call in this process.
pub(super) fn begin(shared: &Arc<Shared>, image_job: ImageJob, side: Side) {
    shared.paid.spawn(run(Arc::clone(shared), image_job, side));
}

async fn run(shared: Arc<Shared>, image_job: ImageJob, side: Side) {
    let Side { stage, answer, mut presence, again } = side;
    let started = Instant::now();
    let prepared = tokio::select! {
        biased;
        prepared = prepare(&shared, &image_job) => prepared,
        () = gone(&mut presence) => return,
    };
    let paid = match prepared {
        Ok(prepared) => prepared.into_paid(Arc::clone(&shared), image_job, started),
        Err(problem) => return say(answer, Err(problem)),
    };
    // Boxed, as it is mostly over at once and would take room for as long as the call lasts.
    let wanted = follow::Wanted { like: &paid.record, within: JOINED_WITHIN, again };
    let equal = Box::pin(follow::equal_left(&shared, wanted, &stage, &mut presence));
    match equal.await {
        Ok(Joined::Ended(job, outcome)) => {
            return deliver(&shared.store, &job, *outcome, answer, presence).await;
        }
        Ok(Joined::Left) => return,
        Ok(Joined::None) => {}
        Err(error) => return say(answer, Err(error.in_store())),
    }
    if let Err(problem) = open(&shared, &paid).await {
        return say(answer, Err(problem));
    }
    let job = paid.record.id.clone();
    let alive = keep_alive(&shared, &job, presence.clone());
    shared.sweep_once();
    let usual_seconds = paid.record.usual_seconds;
    let in_line = |place| {
        stage.send_replace(Stage::Queued { job: job.clone(), place, usual_seconds });
    };
    let permit = tokio::select! {
        biased;
        permit = shared.queue.enter(&paid.record.model.provider, in_line) => permit,
        () = gone(&mut presence) => return give_up(&shared.store, &job).await,
    };
    let work = paid.run(permit, &stage);
    let outcome = if shared.options.drop_cancelled {
        tokio::select! {
            biased;
            outcome = work => outcome,
            () = gone(&mut presence) => return give_up(&shared.store, &job).await,
        }
    } else {
        work.await
    };
    drop(alive);
    deliver(&shared.store, &job, outcome, answer, presence).await;
}

/// All that is needed before anything is recorded or paid.
struct Prepared {
    route: crate::routing::Route,
    inputs: inputs::Inputs,
    destination: Destination,
    staging: Staging,
    cap: Option<Usd>,
}

async fn prepare(shared: &Shared, image_job: &ImageJob) -> Result<Prepared, Problem> {
    let mut route = shared.plan(image_job)?;
    let inputs = inputs::read(shared, image_job, &route).await?;
    route.rest.retain(|choice| choice.model.most_image_bytes >= inputs.largest());
    let destination = Destination::parse(image_job.save_to.as_deref(), &shared.options.roots)
        .map_err(|error| error.at("save_to"))?;
    let staging = shared.store.staging(&destination).map_err(|error| no_place(&error, &destination))?;
    Ok(Prepared { route, inputs, destination, staging, cap: shared.cap(image_job) })
}

/// The problem of a place that cannot be written: the argument's fault where one named it.
fn no_place(error: &ImageError, destination: &Destination) -> Problem {
    match destination {
        Destination::Store => error.in_store(),
        Destination::Folder(_) | Destination::File(_) => error.at("save_to"),
    }
}

impl Prepared {
    fn into_paid(self, shared: Arc<Shared>, image_job: ImageJob, started: Instant) -> Box<Paid> {
        let Self { route, inputs, destination, staging, cap } = self;
        let id = new_job_id();
        let choice = &route.first;
        let created_at = Timestamp::now();
        let record = JobRecord {
            id: id.clone(),
            owner: image_job.owner.name.clone(),
            operation: image_job.request.operation,
            arguments: image_job.recorded_arguments(),
            fingerprint: fingerprint(&image_job, &inputs),
            state: JobState::Queued,
            model: choice.model.name.clone(),
            estimate: choice.estimate.map(|estimate| (estimate.low, estimate.high)),
            created_at,
            finished_at: None,
            cost: None,
            problem: None,
            n: image_job.request.n,
            usual_seconds: choice.model.typical_seconds(image_job.request.quality),
            sandbox: shared.sandbox(),
            folder: staging.folder().to_owned(),
            caller: Caller::Waiting,
            process: shared.store.process(),
            lease_until: Some(created_at + LEASE),
            sent_at: None,
            report: None,
        };
        let budget = CallBudget::new(cap, choice.estimate.map_or(Usd::ZERO, |estimate| estimate.high));
        Box::new(Paid {
            caps: owner::caps(shared.options.spending, &image_job.owner),
            shared,
            record,
            request: image_job.request,
            budget,
            route,
            inputs,
            destination,
            staging: staging.of(&id),
            started,
            turn: Mutex::default(),
        })
    }
}

/// What equal requests have in common, and only they: what is asked, with defaults filled in, where
/// it goes, and every byte that goes in.
fn fingerprint(image_job: &ImageJob, inputs: &inputs::Inputs) -> String {
    let mut hasher = blake3::Hasher::new();
    let preserve = image_job.masking.as_ref().map(|masking| masking.preserve);
    let asked = serde_json::json!([image_job.request, image_job.save_to, preserve]);
    hasher.update(asked.to_string().as_bytes());
    inputs.digest(&mut hasher);
    hasher.finalize().to_hex().to_string()
}

/// Records the job with a plan for each image, and sets room aside: in this order, so that a
/// file that is left behind is some job's.
async fn open(shared: &Shared, paid: &Paid) -> Result<(), Problem> {
    let record = &paid.record;
    let choice = &paid.route.first;
    let endpoint = choice.model.endpoints.first().map_or("", |endpoint| endpoint.name());
    let estimate = paid.price_of_one(choice);
    let plan = |position| Plan { position, model: record.model.clone(), endpoint, estimate };
    let plans: Vec<_> = (0..record.n).map(plan).collect();
    if estimate.is_none() && !paid.caps.is_empty() {
        return Err(owner::unknown_price(&record.model));
    }
    let opened = shared.store.open_job(record, &plans, &paid.caps).await;
    match opened.map_err(|error| error.in_store())? {
        Opened::Yes => {}
        Opened::OverCap(hit) => return Err(owner::over(&hit, estimate.unwrap_or_default() * record.n)),
    }
    let bytes = choice.shape.pixels.map_or(USUAL_BYTES, |pixels| pixels.count() * 3);
    if let Err(error) = paid.staging.reserve(record.n, bytes) {
        let problem = no_place(&ImageError::NoRoom(error.to_string()), &paid.destination);
        let end = JobEnd {
            state: JobState::Failed,
            model: record.model.clone(),
            cost: Some(Usd::ZERO),
            problem: Some(problem.to_string()),
            report: serde_json::to_string(&problem).ok(),
        };
        if let Err(error) = shared.store.finish_job(&record.id, &end).await {
            tracing::warn!(job = %record.id, %error, "the record could not be told that the job has ended");
        }
        return Err(problem);
    }
    Ok(())
}

/// Renews the lease and tells the record when the caller leaves, until the guard is dropped.
fn keep_alive(
    shared: &Arc<Shared>,
    job: &JobId,
    mut presence: tokio::sync::watch::Receiver<Presence>,
) -> DropGuard {
    let (ended, store, job) = (CancellationToken::new(), shared.store.clone(), job.clone());
    let guard = ended.clone().drop_guard();
    let every = std::time::Duration::try_from(RENEWED_EVERY).unwrap_or_default();
    let watch = async move {
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
        let mut told = false;
        loop {
            let noted = tokio::select! {
                _ = ticks.tick() => store.renew_lease(&job).await,
                how = left(&mut presence), if !told => {
                    told = true;
                    match how {
                        Presence::Gone | Presence::Told => store.set_caller(&job, Caller::Left).await,
                        Presence::Waiting | Presence::Served => Ok(()),
                    }
                }
            };
            if let Err(error) = noted {
                tracing::warn!(%job, %error, "the record could not be told that the job is alive");
            }
        }
    };
    shared.paid.spawn(async move { ended.run_until_cancelled(watch).await });
    guard
}

/// Answers the caller, and notes whether it got the images.
async fn deliver(
    store: &Store,
    job: &JobId,
    outcome: Result<Outcome, Problem>,
    answer: oneshot::Sender<Result<Outcome, Problem>>,
    mut presence: tokio::sync::watch::Receiver<Presence>,
) {
    let brought = outcome.is_ok();
    say(answer, outcome);
    if !brought {
        return;
    }
    let caller = match left(&mut presence).await {
        Presence::Served => Caller::Served,
        Presence::Gone | Presence::Told | Presence::Waiting => Caller::Left,
    };
    if let Err(error) = store.set_caller(job, caller).await {
        tracing::warn!(%job, %error, "the record could not be told who has the images");
    }
}

fn say(answer: oneshot::Sender<Result<Outcome, Problem>>, outcome: Result<Outcome, Problem>) {
    // A caller that left is in the record, or nothing was spent.
    let _ = answer.send(outcome);
}

/// Gives a job up.
async fn give_up(store: &Store, job: &JobId) {
    let ended = async {
        store.close_tries(job, "dropped", Billed::Maybe).await?;
        store.move_job(job, JobEvent::Drop).await
    };
    if let Err(error) = ended.await {
        tracing::warn!(%job, %error, "the record could not be told that the job has ended");
    }
}
