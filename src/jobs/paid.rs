//! The paid part of a call: it sends, and what comes back it keeps, whoever is still waiting.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;

use super::budget::CallBudget;
use super::deferred_writes::DeferredWrite;
use super::failover::Target;
use super::image::{Charge, ImageWork};
use super::inputs::Inputs;
use super::manager::Shared;
use super::queue::Permit;
use super::{Cost, CostBasis, Outcome, Partials, Report, Stage, owner};
use crate::catalog::Price;
use crate::domain::{Billed, ImageRequest, JobState, Problem, Usd};
use crate::references::Destination;
use crate::routing::{Choice, Route, Usage, actual};
use crate::staging::Staging;
use crate::store::{AttemptEnd, Begun, Cap, JobEnd, JobRecord, Plan, StoredImage};
use crate::upstream::Failure;

/// All that the paid part needs, so that it depends on nobody who may leave.
pub(super) struct Paid {
    pub shared: Arc<Shared>,
    pub record: JobRecord,
    /// What may be spent by more than this call.
    pub caps: Vec<Cap>,
    pub request: ImageRequest,
    pub route: Route,
    pub inputs: Inputs,
    pub destination: Destination,
    pub staging: Staging,
    pub budget: CallBudget,
    pub started: Instant,
    /// The leave to send that the first request uses.
    pub turn: Mutex<Option<Permit>>,
}

impl Paid {
    /// Gets the images all at once, and ends the job in the record.
    pub(super) async fn run(
        self: Box<Self>,
        permit: Permit,
        stage: &watch::Sender<Stage>,
    ) -> Result<Outcome, Problem> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner).replace(permit);
        let of = self.request.n;
        let usual_seconds = self.record.usual_seconds;
        let partials = Partials { here: 0, each: self.route.first.model.partial_images.unwrap_or_default() };
        let job = self.record.id.clone();
        stage.send_replace(Stage::Rendering { job, done: 0, of, usual_seconds, partials });
        let partial = || {
            stage.send_if_modified(|stage| match stage {
                Stage::Rendering { partials, .. } => {
                    partials.here += 1;
                    true
                }
                _ => false,
            });
        };
        let mut calls: FuturesUnordered<_> = (0..of).map(|position| self.image(position, &partial)).collect();
        let mut works = Vec::new();
        while let Some(work) = calls.next().await {
            stage.send_modify(|stage| {
                if let Stage::Rendering { done, .. } = stage {
                    *done += 1;
                }
            });
            works.push(work);
        }
        drop(calls);
        self.end(works).await
    }

    /// Waits for leave to send to a place.
    pub(super) async fn turn(&self, target: Target<'_>) -> Permit {
        let provider = &target.choice.model.name.provider;
        let first = self.turn.lock().unwrap_or_else(PoisonError::into_inner).take();
        match first {
            Some(permit) if *provider == self.record.model.provider => permit,
            // Given back first: waiting for one while holding another could wait for ever.
            other => {
                drop(other);
                self.shared.queue.enter(provider, |_| {}).await
            }
        }
    }

    /// Writes down that a request goes out, and returns its number in the ledger.
    pub(super) async fn begin(&self, target: Target<'_>, position: u32) -> Result<i64, Problem> {
        let plan = Plan {
            position,
            model: target.choice.model.name.clone(),
            endpoint: target.endpoint.name(),
            estimate: self.price_of_one(target.choice),
        };
        let begun = self.shared.store.begin_try(&self.record, &plan, &self.caps).await;
        match begun.map_err(|error| error.in_store())? {
            Begun::Yes(number) => Ok(number),
            Begun::OverCap(hit) => Err(owner::over(&hit, plan.estimate.unwrap_or_default())),
        }
    }

    /// Writes down how a request ended.
    pub(super) async fn note(
        &self,
        number: i64,
        failure: Option<&Failure>,
        charge: Option<&Charge>,
        deferred_writes: &mut DeferredWrite,
    ) {
        let billed = failure.map_or(Billed::Yes, |failure| failure.kind.billed());
        let end = AttemptEnd {
            outcome: failure.map_or("made", |failure| failure.kind.name()),
            billed,
            cost: charge.filter(|_| billed == Billed::Yes).map(|charge| charge.cost.usd),
            request_id: failure.map_or_else(
                || charge.and_then(|charge| charge.request_id.clone()),
                |failure| failure.request_id.clone(),
            ),
        };
        self.record_end(number, end, deferred_writes).await;
    }

    async fn end(&self, works: Vec<ImageWork>) -> Result<Outcome, Problem> {
        let cost = total(works.iter().flat_map(|work| &work.charges));
        let (mut images, mut unstored, mut failures) = (Vec::<StoredImage>::new(), Vec::new(), Vec::new());
        let (mut warnings, mut request_ids) = (self.inputs.changes.clone(), Vec::new());
        let (mut preserved, mut deferred_writes) = (Vec::new(), DeferredWrite::default());
        for work in works {
            images.extend(work.images);
            preserved.extend(work.preserved);
            deferred_writes.extend(work.deferred_writes);
            unstored.extend(work.unstored);
            failures.extend(work.problem);
            request_ids.extend(work.request_ids);
            for warning in work.warnings {
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
        }
        warnings.extend(self.catch_up(deferred_writes).await);
        images.sort_by_key(|image| image.position);
        let drew = images.first().map_or(&self.route.first.model.name, |image| &image.model).clone();
        let mut report = Report {
            why: self.route.why.clone(),
            preserved,
            failures,
            cost,
            seconds: self.started.elapsed().as_secs_f64(),
            request_ids,
            warnings,
        };
        let brought = !images.is_empty() || !unstored.is_empty();
        if let Err(error) = self.close(brought, &report, &drew).await {
            tracing::error!(job = %self.record.id, %error, "the end of the job was not recorded");
            report.warnings.push(error.to_string());
        }
        if !brought {
            let first = report.failures.into_iter().next();
            return Err(first.unwrap_or_else(|| Problem::internal("no image came and nothing failed")));
        }
        let (job, sandbox) = (self.record.id.clone(), self.record.sandbox);
        Ok(Outcome { job, model: drew, images, unstored, report, sandbox })
    }

    /// Ends the job in the record, with what whoever asks later is to be told.
    async fn close(
        &self,
        brought: bool,
        report: &Report,
        drew: &crate::domain::ModelName,
    ) -> Result<(), crate::codec::ImageError> {
        let problem = report.failures.first();
        let (state, report_text) = if brought {
            (JobState::Done, Some(serde_json::to_string(report)))
        } else {
            (JobState::Failed, problem.map(serde_json::to_string))
        };
        let end = JobEnd {
            state,
            model: drew.clone(),
            cost: Some(report.cost.usd),
            problem: problem.map(ToString::to_string),
            report: report_text.and_then(Result::ok),
        };
        self.shared.store.finish_job(&self.record.id, &end).await
    }

    /// What a try that was or may have been charged cost, and how that is known.
    pub(super) fn cost(&self, choice: &Choice, usage: Option<&Usage>, images: u32) -> Cost {
        let model = &choice.model;
        let factor =
            self.shared.options.catalog.provider(&model.name.provider).map(|provider| provider.price_factor);
        let actual = factor.and_then(|factor| actual(model, factor, usage, images));
        match (actual, &model.price) {
            (Some(usd), Price::Tokens(_)) => Cost { usd, basis: CostBasis::ReportedUsage },
            (Some(usd), _) => Cost { usd, basis: CostBasis::FlatPrice },
            (None, Price::Unknown) => Cost { usd: Usd::ZERO, basis: CostBasis::Unknown },
            (None, _) => {
                Cost { usd: self.price_of_one(choice).unwrap_or_default(), basis: CostBasis::Estimate }
            }
        }
    }
}

/// What all charged tries cost together, known as well as the weakest of them.
fn total<'a>(charges: impl Iterator<Item = &'a Charge>) -> Cost {
    let mut total = Cost { usd: Usd::ZERO, basis: CostBasis::FlatPrice };
    for Charge { cost, .. } in charges {
        total.usd = total.usd + cost.usd;
        total.basis = total.basis.max(cost.basis);
    }
    total
}
