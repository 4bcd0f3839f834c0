//! Builds the results of tool calls.
//!
//! The first block is one compact JSON object as text, because several clients drop images next to
//! structured content. Image blocks follow. A result stays under 1 MiB, the limit of the strictest
//! known client. A problem that the caller can solve is a result marked as an error.

use base64_simd::STANDARD;
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value, json};

use super::args::OutputForm;
use super::caller::ToolCaller;
use super::deferred::DeferredImages;
use super::lookup::{RequestedId, Retrieved};
use super::show::{ReplyOptions, image_blocks};
use crate::domain::{Billed, ImageRequest, Problem};
use crate::jobs::{DryRun, JobProgress, Outcome, Preserved};
use crate::routing::{Estimate, Route};
use crate::store::{ParentRole, StoredImage};

/// The warning for images that the sandbox drew.
const SANDBOX: &str = "SANDBOX: drawn by the built-in sandbox, not by a model; nothing was charged, and cost_usd is \
    what the real call would cost";

/// The result of a call that made images.
pub(super) async fn outcome(
    outcome: &Outcome,
    caller: &ToolCaller,
    options: &ReplyOptions,
    output: Option<OutputForm>,
    deferred: Option<&DeferredImages>,
) -> CallToolResult {
    let (mut blocks, mut warnings) = image_blocks(&outcome.images, options, output, deferred).await;
    for unstored in &outcome.unstored {
        warnings.push(format!(
            "an image could not be stored ({}) and is only in this answer: save it now",
            unstored.why
        ));
        blocks.push(ContentBlock::image(unstored.base64.clone(), unstored.format.mime()));
    }
    success(&caller.result_for(drawn_fields(outcome, warnings)), blocks)
}

/// The result of a call that is still running.
pub(super) fn still_rendering(stage: &JobProgress, seconds: u64) -> CallToolResult {
    success(&under_way_fields(stage, seconds), Vec::new())
}

/// The fields for a job that has not ended.
fn under_way_fields(stage: &JobProgress, seconds: u64) -> Value {
    let job = stage.job().map_or_else(String::new, ToString::to_string);
    let (status, usual_seconds) = match stage {
        JobProgress::Preparing => ("preparing", None),
        JobProgress::Queued { usual_seconds, .. } => ("queued", Some(*usual_seconds)),
        JobProgress::Rendering { usual_seconds, .. } => ("rendering", Some(*usual_seconds)),
    };
    let mut fields = json!({
        "status": status,
        "job": job,
        "seconds": seconds,
        "usual_seconds": usual_seconds,
        "next": format!(
            "The image is being made; this is not a failure. Call get_image with id {job} and wait_s to wait \
             for it. Do not repeat the call: every call is charged."
        ),
    });
    if let (JobProgress::Queued { place: place @ 1.., .. }, Some(fields)) = (stage, fields.as_object_mut()) {
        fields.insert("place_in_line".to_owned(), json!(place));
    }
    fields
}

/// The fields for a job that made images; `shown` are warnings about how they are shown.
#[must_use]
pub fn drawn_fields(outcome: &Outcome, shown: Vec<String>) -> Value {
    let mut fields = Map::new();
    let report = &outcome.report;
    let mut warnings = report.warnings.clone();
    fields.insert("job".to_owned(), json!(outcome.job.as_str()));
    fields.insert("model".to_owned(), json!(outcome.model.model));
    fields.insert("provider".to_owned(), json!(outcome.model.provider));
    fields.insert("why".to_owned(), json!(report.why));
    if outcome.sandbox {
        fields.insert("sandbox".to_owned(), json!(true));
        warnings.insert(0, SANDBOX.to_owned());
    }
    warnings.extend(shown);
    let drawn = outcome.images.iter().map(|image| drawn(image, &report.preserved));
    fields.insert("images".to_owned(), drawn.collect());
    fields.insert("cost_usd".to_owned(), json!(report.cost.usd.dollars()));
    fields.insert("cost_basis".to_owned(), json!(report.cost.basis.name()));
    fields.insert("seconds".to_owned(), json!(tenths(report.seconds)));
    if let Some(ids) = one_or_list(&report.request_ids) {
        fields.insert("request_id".to_owned(), ids);
    }
    if !report.failures.is_empty() {
        fields.insert("failed".to_owned(), report.failures.iter().map(ToString::to_string).collect());
    }
    if !warnings.is_empty() {
        fields.insert("warnings".to_owned(), json!(warnings));
    }
    Value::Object(fields)
}

/// The result of `get_image`: one object for one id, a list for several.
pub(super) async fn got(
    ids: &[RequestedId],
    got: Vec<Result<Retrieved, Problem>>,
    caller: &ToolCaller,
    options: &ReplyOptions,
    output: Option<OutputForm>,
    deferred: Option<&DeferredImages>,
) -> CallToolResult {
    if got.iter().all(Result::is_err) {
        let all: Vec<_> = got.into_iter().filter_map(Result::err).collect();
        return problems(&all);
    }
    let images: Vec<_> = got.iter().flatten().flat_map(|got| got.images().to_vec()).collect();
    let (blocks, shown) = image_blocks(&images, options, output, deferred).await;
    success(&caller.result_for(got_fields(ids, &got, shown)), blocks)
}

/// The fields of `get_image`; `shown` are warnings about how images are shown.
#[must_use]
pub fn got_fields(ids: &[RequestedId], got: &[Result<Retrieved, Problem>], mut shown: Vec<String>) -> Value {
    if let [Ok(one)] = got {
        return one_got(one, shown);
    }
    let results = ids.iter().zip(got).map(|(id, got)| {
        let mut fields = match got {
            Ok(got) => one_got(got, Vec::new()),
            Err(problem) => json!({ "error": problem.to_string() }),
        };
        if let Some(fields) = fields.as_object_mut() {
            fields.shift_insert(0, "id".to_owned(), json!(id.as_str()));
        }
        fields
    });
    let mut fields = json!({ "results": results.collect::<Vec<_>>() });
    if let (Some(fields), false) = (fields.as_object_mut(), shown.is_empty()) {
        fields.insert("warnings".to_owned(), json!(std::mem::take(&mut shown)));
    }
    fields
}

fn one_got(got: &Retrieved, shown: Vec<String>) -> Value {
    match got {
        Retrieved::Made { outcome, delivered: false } => drawn_fields(outcome, shown),
        Retrieved::Made { outcome, delivered: true } => {
            stored_fields(&outcome.images, &[outcome.report.warnings.clone(), shown].concat())
        }
        Retrieved::Image { image, ancestry } => {
            let mut fields = stored_fields(std::slice::from_ref(image), &shown);
            if let (Some(fields), false) = (fields.as_object_mut(), ancestry.is_empty()) {
                fields.insert("ancestry".to_owned(), ancestry.iter().map(ancestor).collect());
            }
            fields
        }
        Retrieved::UnderWay { progress, seconds } => under_way_fields(progress, *seconds),
    }
}

/// An image that another was made from.
fn ancestor(stored: &StoredImage) -> Value {
    let mut fields =
        json!({ "id": stored.id.as_str(), "prompt": stored.prompt, "model": stored.model.model });
    let made_from = image(stored).get("made_from").cloned();
    if let Some(fields) = fields.as_object_mut() {
        fields.extend(made_from.map(|parents| ("made_from".to_owned(), parents)));
    }
    fields
}

/// The fields for images that a client received before.
fn stored_fields(images: &[StoredImage], shown: &[String]) -> Value {
    let mut fields = Map::new();
    if let Some(first) = images.first() {
        if let Some(job) = &first.job {
            fields.insert("job".to_owned(), json!(job.as_str()));
        }
        fields.insert("model".to_owned(), json!(first.model.model));
        fields.insert("provider".to_owned(), json!(first.model.provider));
        fields.insert("prompt".to_owned(), json!(first.prompt));
        fields.insert("created_at".to_owned(), json!(format!("{:.0}", first.created_at)));
    }
    fields.insert("images".to_owned(), images.iter().map(image).collect());
    fields.insert("cost_usd".to_owned(), json!(0.0));
    if !shown.is_empty() {
        fields.insert("warnings".to_owned(), json!(shown));
    }
    Value::Object(fields)
}

/// The plan of a call, for `dry_run` and the `route` command.
#[must_use]
pub fn plan(request: &ImageRequest, route: &Route) -> Value {
    let choice = &route.first;
    let name = &choice.model.name;
    let dropped = route.dropped.iter().map(|dropped| {
        json!({ "model": dropped.model.to_string(), "argument": dropped.argument, "reason": dropped.reason })
    });
    let next = route.rest.iter().map(|choice| choice.model.name.to_string());
    json!({
        "model": name.model,
        "provider": name.provider,
        "endpoint": choice.model.endpoints.first().map(|endpoint| endpoint.name()),
        "why": route.why,
        "dropped": dropped.collect::<Vec<_>>(),
        "next": next.collect::<Vec<_>>(),
        "size": choice.shape.pixels.map_or_else(|| "auto".to_owned(), |pixels| pixels.to_string()),
        "prompt_prefix": choice.shape.prompt_prefix,
        "n": request.n,
        "estimate_usd": choice.estimate.as_ref().map(estimate),
        "estimate_approximate": choice.estimate.is_some_and(|estimate| estimate.approximate),
        "usual_seconds": choice.model.typical_seconds(request.quality),
    })
}

/// The result of a dry run, with an image of the part that would be repainted.
pub(super) fn dry_run(request: &ImageRequest, route: &Route, dry_run: &DryRun) -> CallToolResult {
    let blocks = dry_run.part.as_ref().map(|marked| {
        ContentBlock::image(STANDARD.encode_to_string(&marked.preview.bytes), marked.preview.format.mime())
    });
    success(&dry_run_fields(request, route, dry_run), blocks.into_iter().collect())
}

/// The fields of a dry run.
#[must_use]
pub fn dry_run_fields(request: &ImageRequest, route: &Route, dry_run: &DryRun) -> Value {
    let mut plan = plan(request, route);
    if let Some(fields) = plan.as_object_mut() {
        fields.shift_insert(0, "dry_run".to_owned(), json!(true));
        if let Some(marked) = &dry_run.part {
            let part = json!({ "picture": marked.image.to_string(), "repainted_percent": tenths(marked.share * 100.0) });
            fields.insert("part".to_owned(), part);
        }
        if !dry_run.changes.is_empty() {
            fields.insert("warnings".to_owned(), json!(dry_run.changes));
        }
    }
    plan
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// The result of a call that failed.
pub(super) fn problems(problems: &[Problem]) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(words(problems))])
}

/// The problems as text, one line each.
#[must_use]
pub fn words(problems: &[Problem]) -> String {
    let several = problems.len() > 1 && problems.iter().all(|problem| problem.billed == Billed::No);
    if several {
        let lines = problems.iter().map(|problem| {
            let line = problem.to_string();
            line.strip_suffix(" Nothing was charged.").map_or(line.clone(), str::to_owned)
        });
        format!("{}\nNothing was charged.", lines.collect::<Vec<_>>().join("\n"))
    } else {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }
}

fn success(text: &Value, blocks: Vec<ContentBlock>) -> CallToolResult {
    let mut content = vec![ContentBlock::text(text.to_string())];
    content.extend(blocks);
    CallToolResult::success(content)
}

/// A number, or the two ends of a range.
fn estimate(estimate: &Estimate) -> Value {
    if estimate.low == estimate.high {
        json!(estimate.high.dollars())
    } else {
        json!({ "low": estimate.low.dollars(), "high": estimate.high.dollars() })
    }
}

fn one_or_list(texts: &[String]) -> Option<Value> {
    match texts {
        [] => None,
        [one] => Some(json!(one)),
        several => Some(json!(several)),
    }
}

/// An image, and how the original was restored around it.
fn drawn(stored: &StoredImage, preserved: &[Preserved]) -> Value {
    let mut fields = image(stored);
    let preserved = preserved.iter().find(|preserved| preserved.image == stored.id.as_str());
    if let (Some(preserved), Some(fields)) = (preserved, fields.as_object_mut()) {
        let mut details = json!({
            "raw_id": preserved.raw,
            "raw_path": preserved.raw_path,
            "model_changed_outside_percent": tenths(preserved.outside_percent),
            "mean_change_outside_of_255": tenths(preserved.outside_mean),
        });
        if let Some(details) = details.as_object_mut() {
            details
                .extend(preserved.fitted_from.as_ref().map(|size| ("fitted_from".to_owned(), json!(size))));
            details.extend(preserved.shift.map(|shift| ("model_shifted_by_px".to_owned(), json!(shift))));
        }
        fields.insert("preserved".to_owned(), details);
    }
    fields
}

fn image(image: &StoredImage) -> Value {
    let parents = image.parents.iter().filter(|parent| parent.role != ParentRole::Raw);
    let parents: Vec<_> = parents.map(|parent| parent.id.as_str()).collect();
    let mut fields = json!({
        "id": image.id.as_str(),
        "path": image.path,
        "width": image.pixels.width,
        "height": image.pixels.height,
        "format": image.format.name(),
        "bytes": image.bytes,
        "made_from": parents,
    });
    if let Some(fields) = fields.as_object_mut().filter(|_| parents.is_empty()) {
        fields.shift_remove("made_from");
    }
    fields
}
