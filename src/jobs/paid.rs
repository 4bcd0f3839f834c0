//! The paid part of a call: it sends, and what comes back it keeps, whoever is still waiting.

use std::sync::Arc;
use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;

use super::allowance::Allowance;
use super::inputs::Inputs;
use super::manager::Shared;
use super::picture::{Charge, Picture};
use super::{Cost, CostBasis, Outcome, Stage};
use crate::catalog::Price;
use crate::domain::{ImageRequest, JobId, Problem, Usd};
use crate::images::{Destination, JobEnd, JobState, StoredImage};
use crate::routing::{Choice, Route, actual};
use crate::upstream::Landing;

/// All that the paid part needs, so that it depends on nobody who may leave.
pub(super) struct Paid {
    pub shared: Arc<Shared>,
    pub job: JobId,
    pub request: ImageRequest,
    pub route: Route,
    pub inputs: Inputs,
    pub destination: Destination,
    pub landing: Landing,
    pub allowance: Allowance,
    pub started: Instant,
}

impl Paid {
    /// Gets the pictures all at once, and ends the job in the record.
    pub(super) async fn run(self, stage: watch::Sender<Stage>) -> Result<Outcome, Problem> {
        let of = self.request.n;
        let usual_seconds = self.route.first.model.typical_seconds(self.request.quality);
        let mut done = 0;
        stage.send_replace(Stage::Rendering { job: self.job.clone(), done, of, usual_seconds });
        let mut calls: FuturesUnordered<_> = (0..of).map(|position| self.picture(position)).collect();
        let mut pictures = Vec::new();
        while let Some(picture) = calls.next().await {
            done += 1;
            stage.send_replace(Stage::Rendering { job: self.job.clone(), done, of, usual_seconds });
            pictures.push(picture);
        }
        drop(calls);
        self.end(pictures).await
    }

    async fn end(&self, pictures: Vec<Picture>) -> Result<Outcome, Problem> {
        let cost = self.cost(pictures.iter().flat_map(|picture| &picture.charges));
        let (mut images, mut problems) = (Vec::<StoredImage>::new(), Vec::new());
        let (mut warnings, mut request_ids) = (Vec::new(), Vec::new());
        for picture in pictures {
            images.extend(picture.images);
            problems.extend(picture.problem);
            request_ids.extend(picture.request_ids);
            for warning in picture.warnings {
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
        }
        images.sort_by_key(|image| image.position);
        let drew = images.first().map_or(&self.route.first.model.name, |image| &image.model).clone();
        let end = JobEnd {
            state: if images.is_empty() { JobState::Failed } else { JobState::Done },
            model: drew.clone(),
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
            model: drew,
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

    /// What all charged tries cost together, and how that is known.
    fn cost<'a>(&self, charges: impl Iterator<Item = &'a Charge>) -> Cost {
        let costs: Vec<_> = charges.filter_map(|charge| self.cost_of(charge)).collect();
        Cost {
            usd: costs.iter().map(|(usd, _)| *usd).sum(),
            basis: costs.iter().map(|(_, basis)| *basis).max().unwrap_or(CostBasis::FlatPrice),
        }
    }

    fn cost_of(&self, charge: &Charge) -> Option<(Usd, CostBasis)> {
        let mut choices = std::iter::once(&self.route.first).chain(&self.route.rest);
        let choice: &Choice = choices.find(|choice| choice.model.name == charge.model)?;
        let model = &choice.model;
        let provider = self.shared.options.catalog.provider(&model.name.provider)?;
        Some(
            match (actual(model, provider.price_factor, charge.usage.as_ref(), charge.pictures), &model.price)
            {
                (Some(usd), Price::Tokens(_)) => (usd, CostBasis::ReportedUsage),
                (Some(usd), _) => (usd, CostBasis::FlatPrice),
                (None, Price::Unknown) => (Usd::ZERO, CostBasis::Unknown),
                (None, _) => (self.price_of_one(choice).unwrap_or_default(), CostBasis::Estimate),
            },
        )
    }
}
