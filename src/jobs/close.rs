//! Step 4: the end of the job is recorded, and becomes the result of the call.
//!
//! It sends nothing and makes no image.

use super::context::JobContext;
use super::execute::{ImageResult, write_deferred};
use super::outcome::{Outcome, Report};
use super::pricing::total;
use crate::domain::{JobEvent, ModelName, Problem};
use crate::store::JobEnd;
use crate::store::StoreError;

/// Ends the job with what became of its images.
pub(super) async fn close(context: &JobContext, results: Vec<ImageResult>) -> Result<Outcome, Problem> {
    let mut all = ImageResult::default();
    let mut failures = Vec::new();
    let mut warnings = context.inputs.changes.clone();
    for mut result in results {
        failures.extend(result.problem.take());
        warnings.append(&mut result.warnings);
        all.append(result);
    }
    warnings.extend(write_deferred(context, all.deferred_writes).await);
    let mut seen = std::collections::HashSet::new();
    warnings.retain(|warning| seen.insert(warning.clone()));
    let (mut images, unstored) = (all.images, all.unstored);
    images.sort_by_key(|image| image.position);
    let model = images.first().map_or(&context.route.first.model.name, |image| &image.model).clone();
    let mut report = Report {
        why: context.route.why.clone(),
        preserved: all.preserved,
        failures,
        cost: total(&all.charges),
        seconds: context.started.elapsed().as_secs_f64(),
        request_ids: all.request_ids,
        warnings,
    };
    let received = !images.is_empty() || !unstored.is_empty();
    if let Err(error) = record_end(context, received, &report, &model).await {
        tracing::error!(job = %context.record.id, %error, "the end of the job was not recorded");
        report.warnings.push(error.to_string());
    }
    if !received {
        let first = report.failures.into_iter().next();
        return Err(first.unwrap_or_else(|| Problem::internal("no image came and nothing failed")));
    }
    let (job, sandbox) = (context.record.id.clone(), context.record.sandbox);
    Ok(Outcome { job, model, images, unstored, report, sandbox })
}

/// Records the end, with what a later caller is to be told.
async fn record_end(
    context: &JobContext,
    received: bool,
    report: &Report,
    model: &ModelName,
) -> Result<(), StoreError> {
    let problem = report.failures.first();
    let (event, text) = if received {
        (JobEvent::Finish, Some(serde_json::to_string(report)))
    } else {
        (JobEvent::Fail, problem.map(serde_json::to_string))
    };
    let end = JobEnd {
        event,
        model: model.clone(),
        cost: Some(report.cost.usd),
        problem: problem.map(ToString::to_string),
        report: text.and_then(Result::ok),
    };
    context.services.store.end_job(&context.record.id, &end).await
}
