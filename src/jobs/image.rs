//! One of a call's images: tried again and elsewhere as the table of `upstream::retry`
//! says, and kept when it comes.

use std::time::Instant;

use base64_simd::STANDARD;
use jiff::Timestamp;
use tokio::time::sleep;

use super::attempt::{Brought, billed};
use super::deferred_writes::DeferredWrite;
use super::failover::{FailoverPlan, Target};
use super::paid::Paid;
use super::preserving::Preserved;
use super::{Cost, Requested, Unstored};
use crate::codec::ImageInfo;
use crate::domain::{Billed, Problem, Usd};
use crate::routing::Choice;
use crate::staging::{StagedBytes, StagedFile};
use crate::store::{NotKept, Parent, ParentRole, StoredImage, keep, new_image_id};
use crate::upstream::{Failure, FailureKind, Next, Skip, Tried, next};

/// What one of the `n` images came to.
#[derive(Default)]
pub(super) struct ImageWork {
    pub images: Vec<StoredImage>,
    /// Came, and could not be stored.
    pub unstored: Vec<Unstored>,
    pub problem: Option<Problem>,
    pub warnings: Vec<String>,
    /// What was put back around those of them that are inpainted.
    pub preserved: Vec<Preserved>,
    pub request_ids: Vec<String>,
    /// Every try that was or may have been charged.
    pub charges: Vec<Charge>,
    /// What the record did not take in time.
    pub deferred_writes: DeferredWrite,
}

/// A try that was or may have been charged.
pub(super) struct Charge {
    pub cost: Cost,
    pub request_id: Option<String>,
}

/// Said where a limit, and not the table, ends the tries.
const BEYOND_RETRY_LIMIT: &str =
    "It was not tried elsewhere, because that could be charged once more, above retry_timeout_up_to_usd.";
const BEYOND_CAP: &str = "It was not tried again, because that could go above max_cost_usd.";

impl Paid {
    /// Gets one image, wherever it can be had. `partial` is called for each image on its
    /// way that comes before.
    pub(super) async fn image(&self, position: u32, partial: &(dyn Fn() + Sync)) -> ImageWork {
        let mut work = ImageWork::default();
        let fail_over = self.shared.options.retry.fail_over;
        let passed_over =
            |target: &Target<'_>| fail_over && self.shared.circuit_breaker.is_passed_over(target);
        let mut failover = FailoverPlan::new(&self.route, passed_over);
        let mut tries = 0;
        let mut charged = Billed::No;
        while let Some(target) = failover.here() {
            tries += 1;
            let permit = self.turn(target).await;
            let number = match self.begin(target, position).await {
                Ok(number) => number,
                Err(refused) => {
                    not_begun(&mut work, refused);
                    break;
                }
            };
            let started = Instant::now();
            let result = self.attempt(target, partial).await;
            drop(permit);
            let charge = self.charge(target, result.as_ref());
            self.tell(target, started, result.as_ref(), charge.as_ref());
            self.note(number, result.as_ref().err(), charge.as_ref(), &mut work.deferred_writes).await;
            work.charges.extend(charge);
            let failure = match result {
                Ok(brought) => {
                    work.problem = None;
                    self.take(target, brought, position, &mut work).await;
                    return work;
                }
                Err(failure) => failure,
            };
            charged = charged.max(failure.kind.billed());
            work.request_ids.extend(failure.request_id.clone());
            work.problem = Some(failure.problem(&target.choice.model.name));
            match self.next_step(target, &failure, tries, &failover) {
                Ok(Next::Again(pause)) => sleep(pause).await,
                Ok(Next::MoveOn(skip)) => {
                    if !failover.move_on(skip) {
                        break;
                    }
                    tries = 0;
                    let problem = failure.problem(&target.choice.model.name).what;
                    let to = failover.here().map(|target| target.name()).unwrap_or_default();
                    work.warnings.push(format!("moved on to {to}, because {problem}"));
                }
                Ok(Next::Stop) => break,
                Err(limit) => {
                    if let Some(problem) = &mut work.problem {
                        problem.remedy = format!("{} {limit}", problem.remedy);
                    }
                    break;
                }
            }
        }
        // Nothing came: what was tried before is part of the failure, and so is its price.
        let before = std::mem::take(&mut work.warnings);
        if let Some(problem) = &mut work.problem {
            problem.billed = charged;
            for step in before {
                problem.what = format!("{}; {step}", problem.what);
            }
            if charged != Billed::No {
                if !problem.remedy.is_empty() {
                    problem.remedy.push(' ');
                }
                problem.remedy.push_str(&self.bill(&work.charges));
            }
        }
        work
    }

    /// What may have been spent without an image, and under which id it is on record.
    fn bill(&self, charges: &[Charge]) -> String {
        let sum: Usd = charges.iter().map(|charge| charge.cost.usd).sum();
        match charges.len() {
            0 | 1 => format!("On record as {}.", self.record.id),
            requests => format!(
                "{requests} requests went out that may have been charged, {sum} in all; on record as {}.",
                self.record.id
            ),
        }
    }

    /// What a try cost, where it was or may have been charged.
    fn charge(&self, target: Target<'_>, result: Result<&Brought, &Failure>) -> Option<Charge> {
        if billed(result) == Billed::No {
            return None;
        }
        let (usage, images, request_id) = match result {
            Ok(brought) => (brought.usage.as_ref(), brought.images.len(), &brought.request_id),
            Err(failure) => (None, 1, &failure.request_id),
        };
        let images = u32::try_from(images).unwrap_or(u32::MAX);
        Some(Charge { cost: self.cost(target.choice, usage, images), request_id: request_id.clone() })
    }

    /// What the table says, or the limit of spending that forbids it.
    fn next_step(
        &self,
        target: Target<'_>,
        failure: &Failure,
        tries: u32,
        failover: &FailoverPlan<'_>,
    ) -> Result<Next, &'static str> {
        self.shared.circuit_breaker.note(target, failure);
        let jitter = f64::from(u8::try_from(getrandom::u32().unwrap_or(0) % 100).unwrap_or(0)) / 100.0;
        let here = self.price_of_one(target.choice);
        let last = Tried { failure, tries, endpoint: target.endpoint, price: here, jitter };
        let step = next(last, self.shared.options.retry);
        let price = match step {
            Next::Stop => return Ok(Next::Stop),
            Next::Again(_) => here,
            Next::MoveOn(skip) => {
                let mut ahead = failover.clone();
                match ahead.move_on(skip).then(|| ahead.here()).flatten() {
                    Some(target) => self.price_of_one(target.choice),
                    None => return Ok(Next::Stop),
                }
            }
        };
        // A try that cannot have been charged gives back what it was promised.
        let more = match failure.kind.billed() {
            Billed::No => price.map(|price| price.saturating_sub(here.unwrap_or_default())),
            Billed::Yes | Billed::Maybe => price,
        };
        let beyond_limit = matches!(step, Next::MoveOn(Skip::Endpoint))
            && failure.kind.billed() != Billed::No
            && price.is_none_or(|price| price > self.shared.options.retry.timeout_up_to);
        if beyond_limit {
            return Err(BEYOND_RETRY_LIMIT);
        }
        if self.budget.grant(more) { Ok(step) } else { Err(BEYOND_CAP) }
    }

    /// Tells the log, and whoever counts.
    fn tell(
        &self,
        target: Target<'_>,
        started: Instant,
        result: Result<&Brought, &Failure>,
        charge: Option<&Charge>,
    ) {
        let elapsed = started.elapsed();
        let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let (outcome, request_id, bytes) = match result {
            Ok(brought) => {
                let bytes = brought.images.iter().map(|(staged, _)| staged.bytes).sum::<u64>();
                ("made", brought.request_id.as_deref(), bytes)
            }
            Err(failure) => (failure.kind.name(), failure.request_id.as_deref(), 0),
        };
        let (model, endpoint) = (&target.choice.model.name, target.endpoint.name());
        let request_id = request_id.unwrap_or("none");
        tracing::info!(job = %self.record.id, %model, endpoint, outcome, milliseconds, request_id, bytes, "try");
        if let Some(observer) = &self.shared.options.observer {
            let cost = charge.filter(|_| !self.record.sandbox).map(|charge| charge.cost.usd);
            observer.tell(Requested { model, outcome, seconds: elapsed.as_secs_f64(), bytes, cost });
        }
    }

    /// Keeps what a try brought.
    async fn take(&self, target: Target<'_>, brought: Brought, position: u32, work: &mut ImageWork) {
        work.request_ids.extend(brought.request_id.clone());
        work.warnings.extend(brought.warnings);
        for (staged, info) in brought.images {
            if let Err(failure) = self.keep(target.choice, staged, info, position, work).await {
                let failure = Failure { request_id: brought.request_id.clone(), ..failure };
                work.problem = Some(failure.problem(&target.choice.model.name));
            }
        }
    }

    /// Gives an image its name and writes it down. Whatever goes wrong here, the bytes stay.
    async fn keep(
        &self,
        choice: &Choice,
        staged: StagedFile,
        info: ImageInfo,
        position: u32,
        work: &mut ImageWork,
    ) -> Result<(), Failure> {
        let id = new_image_id();
        let prompt = self.request.prompt.as_str();
        let mut kept = match keep(staged, &self.first_destination(), &self.first_words(), &id) {
            Ok(kept) => kept,
            Err(not_kept) => {
                let unstored = unstored(*not_kept, info)?;
                tracing::error!(job = %self.record.id, why = unstored.why, "an image was not stored");
                work.unstored.push(unstored);
                return Ok(());
            }
        };
        if let Some(asked) = choice.shape.pixels.filter(|asked| *asked != info.pixels) {
            work.warnings.push(format!("{asked} was asked for and {} came", info.pixels));
        }
        let ratio = self.request.aspect_ratio;
        if choice.shape.pixels.is_none() && !ratio.is_near(info.pixels) {
            work.warnings.push(format!("{ratio} was asked for and {} came", info.pixels));
        }
        if let Some(asked) = self.request.output_format.filter(|asked| *asked != kept.format) {
            work.warnings.push(format!("{asked} was asked for and {} came", kept.format));
        }
        if let Some(asked) = &kept.instead_of {
            work.warnings.push(format!(
                "save_to named {}; it was taken, or its ending did not fit, so the image is in {}",
                asked.display(),
                kept.path.display()
            ));
        }
        let role = if self.inputs.is_masked() { ParentRole::Masked } else { ParentRole::Reference };
        let image = StoredImage {
            id,
            job: Some(self.record.id.clone()),
            position,
            path: kept.path.clone(),
            format: kept.format,
            pixels: info.pixels,
            bytes: kept.bytes,
            hash: kept.hash,
            model: choice.model.name.clone(),
            prompt: prompt.to_owned(),
            created_at: Timestamp::now(),
            parents: self.inputs.parents.iter().map(|id| Parent { id: id.clone(), role }).collect(),
        };
        self.record_image(&image, &mut work.deferred_writes).await;
        kept.settle();
        work.images.push(image);
        self.shared.sync_soon(kept);
        self.finish_kept(work).await;
        Ok(())
    }

    /// What one image of this choice may cost at most.
    pub(super) fn price_of_one(&self, choice: &Choice) -> Option<Usd> {
        let whole = choice.estimate?.high.micros();
        Some(Usd::from_micros(whole.div_ceil(u64::from(self.request.n.max(1)))))
    }
}

/// Says why a request did not go out: alone where it would have been the first, else beside what
/// the ones before came to.
fn not_begun(work: &mut ImageWork, refused: Problem) {
    match &mut work.problem {
        Some(problem) => {
            problem.remedy = format!("{} It was not tried again, because {}.", problem.remedy, refused.what);
        }
        none => *none = Some(refused),
    }
}

/// An image that has no file under a name: its bytes, to be shown inline, for it is paid. The
/// file it arrived in is left where it is, unless its folder is gone.
fn unstored(not_kept: NotKept, info: ImageInfo) -> Result<Unstored, Failure> {
    let NotKept { error, staged } = not_kept;
    let cut_short = |error: std::io::Error| Failure::new(FailureKind::CutShort, error.to_string());
    let bytes = staged.read().map_err(cut_short)?;
    let mut why = error.to_string();
    if let StagedBytes::File(file) = staged.place
        && let Ok((_, path)) = file.keep()
        && path.exists()
    {
        why = format!("{why}; it is whole in {}", path.display());
    }
    Ok(Unstored { base64: STANDARD.encode_to_string(bytes), format: info.format, pixels: info.pixels, why })
}
