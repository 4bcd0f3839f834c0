//! Makes one image: attempts at one target after the other, as the table in `upstream::retry` says.
//!
//! It decides what a failure leads to. It sends nothing itself.

use tokio::time::sleep;

use super::attempt::{Attempt, attempt};
use super::failover::{FailoverPlan, Target};
use super::keep::keep_images;
use super::result::ImageResult;
use crate::domain::{Billed, JobId, Problem};
use crate::jobs::context::JobContext;
use crate::jobs::outcome::Cost;
use crate::jobs::pricing::total;
use crate::jobs::queue::Permit;
use crate::upstream::{Failure, Next, Skip, Tried, next};

/// Why a limit, and not the retry table, ends the attempts.
const BEYOND_RETRY_LIMIT: &str =
    "It was not tried elsewhere, because that could be charged once more, above retry_timeout_up_to_usd.";
const BEYOND_CAP: &str = "It was not tried again, because that could go above max_cost_usd.";

/// Makes the image at this position of the job. `on_partial` is called for each partial image.
pub(super) async fn make_image(
    context: &JobContext,
    position: u32,
    mut permit: Option<Permit>,
    on_partial: &(dyn Fn() + Sync),
) -> ImageResult {
    let mut result = ImageResult::default();
    let JobContext { services, .. } = context;
    let passed_over = |target: &Target<'_>| {
        let Target { choice, endpoint } = target;
        services.options.retry.fail_over && services.circuit_breaker.is_open(&choice.model.name, *endpoint)
    };
    let mut failover = FailoverPlan::new(&context.route, passed_over);
    let (mut attempts, mut charged) = (0, Billed::No);
    while let Some(target) = failover.here() {
        attempts += 1;
        let model = &target.choice.model.name;
        let made =
            attempt(context, target, position, permit.take(), on_partial, &mut result.deferred_writes).await;
        let failure = match made {
            Attempt::Refused(refusal) => {
                add_refusal(&mut result, refusal);
                break;
            }
            Attempt::Received { received, charge } => {
                result.charges.extend(charge);
                result.problem = None;
                keep_images(context, target.choice, received, position, &mut result).await;
                return result;
            }
            Attempt::Failed { failure, charge } => {
                result.charges.extend(charge);
                failure
            }
        };
        charged = charged.max(failure.kind.billed());
        result.request_ids.extend(failure.request_id.clone());
        result.problem = Some(failure.problem(model));
        services.circuit_breaker.note(model, target.endpoint, &failure);
        match next_step(context, target, &failure, attempts, &failover) {
            Ok(Next::Again(pause)) => sleep(pause).await,
            Ok(Next::MoveOn(skip)) => {
                if !failover.move_on(skip) {
                    break;
                }
                attempts = 0;
                let to = failover.here().map(|target| target.name()).unwrap_or_default();
                result.warnings.push(format!("moved on to {to}, because {}", failure.problem(model).what));
            }
            Ok(Next::Stop) => break,
            Err(limit) => {
                if let Some(problem) = &mut result.problem {
                    problem.remedy = format!("{} {limit}", problem.remedy);
                }
                break;
            }
        }
    }
    let before = std::mem::take(&mut result.warnings);
    if let Some(problem) = &mut result.problem {
        problem.billed = charged;
        for step in before {
            problem.what = format!("{}; {step}", problem.what);
        }
        if charged != Billed::No {
            if !problem.remedy.is_empty() {
                problem.remedy.push(' ');
            }
            problem.remedy.push_str(&bill(&result.charges, &context.record.id));
        }
    }
    result
}

/// What the retry table says, or the spending limit that forbids it.
fn next_step(
    context: &JobContext,
    target: Target<'_>,
    failure: &Failure,
    attempts: u32,
    failover: &FailoverPlan<'_>,
) -> Result<Next, &'static str> {
    let retry = context.services.options.retry;
    let jitter = f64::from(u8::try_from(getrandom::u32().unwrap_or(0) % 100).unwrap_or(0)) / 100.0;
    let here = context.price_of_one(target.choice);
    let last = Tried { failure, tries: attempts, endpoint: target.endpoint, price: here, jitter };
    let step = next(last, retry);
    let price = match step {
        Next::Stop => return Ok(Next::Stop),
        Next::Again(_) => here,
        Next::MoveOn(skip) => {
            let mut ahead = failover.clone();
            match ahead.move_on(skip).then(|| ahead.here()).flatten() {
                Some(target) => context.price_of_one(target.choice),
                None => return Ok(Next::Stop),
            }
        }
    };
    // An attempt that cannot have been charged gives back its share of the budget.
    let more = match failure.kind.billed() {
        Billed::No => price.map(|price| price.saturating_sub(here.unwrap_or_default())),
        Billed::Yes | Billed::Maybe => price,
    };
    let beyond_limit = matches!(step, Next::MoveOn(Skip::Endpoint))
        && failure.kind.billed() != Billed::No
        && price.is_none_or(|price| price > retry.timeout_up_to);
    if beyond_limit {
        return Err(BEYOND_RETRY_LIMIT);
    }
    if context.budget.grant(more) { Ok(step) } else { Err(BEYOND_CAP) }
}

/// Adds why an attempt was refused: alone where it would have been the first, else beside the failure before.
fn add_refusal(result: &mut ImageResult, refusal: Problem) {
    match &mut result.problem {
        Some(problem) => {
            problem.remedy = format!("{} It was not tried again, because {}.", problem.remedy, refusal.what);
        }
        none => *none = Some(refusal),
    }
}

/// What may have been spent without an image, and the job that records it.
fn bill(charges: &[Cost], job: &JobId) -> String {
    match charges.len() {
        0 | 1 => format!("Recorded as {job}."),
        requests => format!(
            "{requests} requests went out that may have been charged, {} in all; recorded as {job}.",
            total(charges).usd
        ),
    }
}
