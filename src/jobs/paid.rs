//! The paid part of a call: it sends, and what comes back it keeps, whoever is still waiting.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio::sync::watch;
use url::Url;

use super::inputs::Inputs;
use super::manager::Shared;
use super::{Cost, CostBasis, Outcome, Stage};
use crate::catalog::{Endpoint, Price, Provider};
use crate::domain::{Billed, ImageRequest, JobId, Problem, Usd};
use crate::images::{
    Destination, JobEnd, JobState, Parent, ParentRole, StoredImage, inspect, keep, new_image_id,
};
use crate::routing::{Choice, Route, Usage, actual};
use crate::upstream::{Failure, FailureKind, Landed, Landing, Lost, Made, Order, Step, Target, dialect};

/// All that the paid part needs, so that it depends on nobody who may leave.
pub(super) struct Paid {
    pub shared: Arc<Shared>,
    pub job: JobId,
    pub request: ImageRequest,
    pub masked: bool,
    pub route: Route,
    pub provider: Provider,
    pub inputs: Inputs,
    pub destination: Destination,
    pub landing: Landing,
    pub started: Instant,
}

/// What one of the `n` calls came to.
#[derive(Default)]
struct Try {
    images: Vec<StoredImage>,
    failures: Vec<Failure>,
    warnings: Vec<String>,
    usage: Option<Usage>,
    request_id: Option<String>,
    billed: Billed,
}

impl Paid {
    /// Makes the calls at once, and ends the job in the record.
    pub(super) async fn run(self, stage: watch::Sender<Stage>) -> Result<Outcome, Problem> {
        let model = &self.choice().model;
        let of = self.request.n;
        let usual_seconds = model.typical_seconds(self.request.quality);
        let mut done = 0;
        stage.send_replace(Stage::Rendering { done, of, usual_seconds });
        let mut calls: FuturesUnordered<_> = (0..of).map(|position| self.call(position)).collect();
        let mut tries = Vec::new();
        while let Some(one) = calls.next().await {
            done += 1;
            stage.send_replace(Stage::Rendering { done, of, usual_seconds });
            tries.push(one);
        }
        drop(calls);
        self.end(tries).await
    }

    fn choice(&self) -> &Choice {
        &self.route.first
    }

    async fn end(&self, tries: Vec<Try>) -> Result<Outcome, Problem> {
        let model = &self.choice().model.name;
        let cost = self.cost(&tries);
        let mut images = Vec::new();
        let mut problems = Vec::new();
        let mut warnings = Vec::new();
        let mut request_ids = Vec::new();
        for one in tries {
            images.extend(one.images);
            problems.extend(one.failures.iter().map(|failure| failure.problem(model)));
            request_ids.extend(one.request_id);
            for warning in one.warnings {
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
        }
        images.sort_by_key(|image| image.position);
        let end = JobEnd {
            state: if images.is_empty() { JobState::Failed } else { JobState::Done },
            model: model.clone(),
            cost: Some(cost.usd),
            problem: problems.first().map(ToString::to_string),
        };
        if let Err(error) = self.shared.library.finish_job(&self.job, &end).await {
            tracing::error!(job = %self.job, %error, "the end of the job was not recorded");
            warnings.push(error.to_string());
        }
        if images.is_empty() {
            let first = problems.into_iter().next();
            return Err(first.unwrap_or_else(|| Problem::internal("no picture came and nothing failed")));
        }
        Ok(Outcome {
            job: self.job.clone(),
            model: model.clone(),
            why: self.route.why.clone(),
            images,
            failures: problems,
            cost,
            seconds: self.started.elapsed().as_secs_f64(),
            request_ids,
            warnings,
            sandbox: self.shared.sandbox(),
        })
    }

    /// One call for one picture.
    async fn call(&self, position: u32) -> Try {
        let started = Instant::now();
        let mut one = Try::default();
        match self.send().await {
            Ok((made, broken)) => {
                if let Some(broken) = broken {
                    let words = broken.problem(&self.choice().model.name).what;
                    one.warnings.push(format!("the picture is whole, though {words}"));
                }
                one.usage = made.usage;
                one.request_id.clone_from(&made.request_id);
                one.billed = Billed::Yes;
                self.take(made, position, &mut one).await;
            }
            Err(failure) => {
                one.request_id.clone_from(&failure.request_id);
                one.billed = failure.kind.billed();
                one.failures.push(failure);
            }
        }
        let outcome = one.failures.first().map_or("made", |failure| failure.kind.name());
        let bytes: u64 = one.images.iter().map(|image| image.bytes).sum();
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let request_id = one.request_id.as_deref().unwrap_or("none");
        tracing::info!(job = %self.job, model = %self.choice().model.name, outcome, milliseconds, request_id, bytes);
        one
    }

    /// What one call made, and how its reply broke if it did.
    async fn send(&self) -> Result<(Made, Option<Failure>), Failure> {
        let Choice { model, shape, .. } = self.choice();
        let endpoint = model.endpoints.first().copied().unwrap_or(Endpoint::Images);
        let dialect = dialect(endpoint);
        let order = Order {
            request: &self.request,
            model,
            provider: &self.provider,
            shape,
            images: &self.inputs.images,
            mask: self.inputs.mask.as_ref(),
        };
        let key = self.shared.key(model);
        let target = Target { provider: &self.provider, wire_id: &model.wire_id, key };
        let timeout = Duration::from_secs(model.timeout_seconds(self.request.quality).into());
        let sent = self.shared.client.send(target, dialect.encode(&order), &self.landing, timeout).await;
        match sent.map(|reply| dialect.decode(reply)) {
            Ok(Step::Made(made)) => Ok((made, None)),
            Ok(Step::Failed(failure)) => Err(self.naming_the_key(*failure)),
            Err(lost) => rescue(lost).map(|(made, failure)| (made, Some(failure))),
        }
    }

    /// The failure with the variable of a refused key, and without the key itself.
    fn naming_the_key(&self, mut failure: Failure) -> Failure {
        let model = &self.choice().model;
        let variables = &model.key_variables;
        if let Some(key) = self.shared.key(model) {
            failure.words = key.struck_from(&failure.words);
        }
        if failure.kind == FailureKind::Unauthorised && failure.hint.is_none() && !variables.is_empty() {
            failure.hint = Some(format!("Check the key in {}.", variables.join(" or ")));
        }
        failure
    }

    /// Keeps what one reply brought, fetching what it only points at.
    async fn take(&self, made: Made, position: u32, one: &mut Try) {
        let mut landed = made.landed;
        for address in &made.addresses {
            match self.download(address, &made.words).await {
                Ok(picture) => landed.push(picture),
                Err(failure) => one.failures.push(failure),
            }
        }
        // A link that led nowhere beside a picture that came is no failure of the call.
        if !landed.is_empty() {
            one.failures.clear();
        }
        for failure in &mut one.failures {
            failure.request_id.clone_from(&made.request_id);
        }
        for picture in landed {
            if let Err(failure) = self.keep(picture, position, one).await {
                one.failures.push(Failure { request_id: made.request_id.clone(), ..failure });
            }
        }
    }

    async fn download(&self, address: &str, words: &str) -> Result<Landed, Failure> {
        let base = Url::parse(&self.provider.base_url);
        let url = Url::parse(address).or_else(|_| base.and_then(|base| base.join(address)));
        let url = url.map_err(|_| Failure::new(FailureKind::NoImage, format!("\"{words}\"")))?;
        let landed = self.shared.client.download(&url, &self.provider.base_url, &self.landing).await?;
        match landed.format {
            Some(_) => Ok(landed),
            None => Err(Failure {
                link: Some(url.to_string()),
                ..Failure::new(FailureKind::NoImage, format!("what it links to is no picture: \"{words}\""))
            }),
        }
    }

    /// Gives a picture its name and writes it down. Whatever goes wrong here, the bytes stay.
    async fn keep(&self, landed: Landed, position: u32, one: &mut Try) -> Result<(), Failure> {
        let id = new_image_id();
        let looked = inspect(landed.file.as_file());
        let prompt = self.request.prompt.as_str();
        let kept = keep(landed, &self.destination, prompt, &id).map_err(|not_kept| {
            let came_to = not_kept.landed.file.keep().map(|(_, path)| path);
            let hint = match came_to {
                Ok(path) => format!("The picture is whole in {}; give it a name yourself.", path.display()),
                Err(_) => "Make room and call again.".to_owned(),
            };
            Failure { hint: Some(hint), ..Failure::new(FailureKind::CutShort, not_kept.error.to_string()) }
        })?;
        let info = looked.map_err(|error| {
            let hint = format!("What came is kept in {}.", kept.path.display());
            Failure { hint: Some(hint), ..Failure::new(FailureKind::CutShort, error.to_string()) }
        })?;
        if let Some(asked) = self.choice().shape.pixels.filter(|asked| *asked != info.pixels) {
            one.warnings.push(format!("{asked} was asked for and {} came", info.pixels));
        }
        if let Some(asked) = self.request.output_format.filter(|asked| *asked != kept.format) {
            one.warnings.push(format!("{asked} was asked for and {} came", kept.format));
        }
        if let Some(asked) = &kept.instead_of {
            one.warnings.push(format!(
                "save_to named {}; it was taken, or its ending did not fit, so the picture is in {}",
                asked.display(),
                kept.path.display()
            ));
        }
        let role = if self.masked { ParentRole::Masked } else { ParentRole::Reference };
        let image = StoredImage {
            id,
            job: self.job.clone(),
            position,
            path: kept.path.clone(),
            format: kept.format,
            pixels: info.pixels,
            bytes: kept.bytes,
            hash: kept.hash,
            model: self.choice().model.name.clone(),
            prompt: prompt.to_owned(),
            created_at: Timestamp::now(),
            parents: self.inputs.parents.iter().map(|id| Parent { id: id.clone(), role }).collect(),
        };
        if let Err(error) = self.shared.library.record_image(&image).await {
            tracing::error!(job = %self.job, %error, "a picture was kept and not recorded");
            one.warnings.push(format!("{error}; the file is there, its id will not be found later"));
        }
        one.images.push(image);
        // The answer does not wait for the disk, and the disk is told right after it.
        self.shared.paid.spawn_blocking(move || {
            if let Err(error) = kept.sync() {
                tracing::warn!(path = %kept.path.display(), %error, "the picture was not synced to disk");
            }
        });
        Ok(())
    }

    fn cost(&self, tries: &[Try]) -> Cost {
        let Choice { model, estimate, .. } = self.choice();
        let most = estimate.map_or(Usd::ZERO, |estimate| estimate.high);
        let each = Usd::from_micros(most.micros() / u64::from(self.request.n.max(1)));
        let costs = tries.iter().filter(|one| one.billed != Billed::No).map(|one| {
            let pictures = u32::try_from(one.images.len()).unwrap_or(u32::MAX).max(1);
            match (actual(model, self.provider.price_factor, one.usage.as_ref(), pictures), &model.price) {
                (Some(usd), Price::Tokens(_)) => (usd, CostBasis::ReportedUsage),
                (Some(usd), _) => (usd, CostBasis::FlatPrice),
                (None, Price::Unknown) => (Usd::ZERO, CostBasis::Unknown),
                (None, _) => (each, CostBasis::Estimate),
            }
        });
        let costs: Vec<_> = costs.collect();
        Cost {
            usd: costs.iter().map(|(usd, _)| *usd).sum(),
            basis: costs.iter().map(|(_, basis)| *basis).max().unwrap_or(CostBasis::FlatPrice),
        }
    }
}

/// The whole pictures of a reply that broke: they are paid for, and the last of them may have
/// come just before the end.
fn rescue(lost: Lost) -> Result<(Made, Failure), Failure> {
    let Lost { failure, rescued } = lost;
    let landed: Vec<_> =
        rescued.into_iter().filter(|landed| inspect(landed.file.as_file()).is_ok()).collect();
    if landed.is_empty() {
        return Err(failure);
    }
    Ok((Made { landed, request_id: failure.request_id.clone(), ..Made::default() }, failure))
}
