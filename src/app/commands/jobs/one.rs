//! One job in full: its arguments, its requests with their charges, and its images.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::record::{self, cost, delivered};
use crate::app::App;
use crate::app::commands::console::joined;
use crate::app::commands::table::{WIDTH, aligned, folded, minute, one_line};
use crate::domain::{Billed, ImageId, JobId, Problem, Usd};
use crate::jobs::{JobLookup, Report};
use crate::store::StoreError;
use crate::store::{AttemptRecord, JobRecord, StoredImage};

/// A job and everything that belongs to it.
pub(super) struct JobDetails {
    job: JobRecord,
    tries: Vec<AttemptRecord>,
    images: Vec<ShownImage>,
    /// Why it has no image, and what that cost.
    problem: Option<Problem>,
    report: Option<Report>,
}

struct ShownImage {
    image: StoredImage,
    missing: bool,
    children: Vec<ImageId>,
}

/// Reads the job. First recovers what a dead process left behind, as when the caller asks for it.
pub(super) async fn read(id: &JobId, app: &App) -> Result<JobDetails, Problem> {
    let store = app.manager.store();
    let unknown = || Problem {
        remedy: format!("`{} jobs` lists the newest jobs.", env!("CARGO_PKG_NAME")),
        ..StoreError::UnknownId(id.to_string()).in_store()
    };
    if !store.has_record() {
        return Err(unknown());
    }
    let job = store.job_of_anybody(id).await.map_err(|error| error.in_store())?.ok_or_else(unknown)?;
    let found = app.manager.look(id, &job.owner).await.map_err(|error| error.in_store())?;
    let read = async {
        let job = store.job(id, &job.owner).await?;
        let mut images = Vec::new();
        for image in store.images_of(id, &job.owner).await? {
            let children = store.children_of(&image.id).await?;
            images.push(ShownImage { missing: !image.path.exists(), image, children });
        }
        let report = job.report.as_deref().and_then(|report| serde_json::from_str(report).ok());
        let problem = match found {
            JobLookup::Failed(problem) => Some(problem),
            JobLookup::Done { .. } | JobLookup::UnderWay { .. } => None,
        };
        Ok(JobDetails { tries: store.attempts_of(id).await?, job, images, problem, report })
    };
    read.await.map_err(|error: StoreError| error.in_store())
}

/// The job for people.
pub(super) fn words(whole: &JobDetails) -> String {
    let JobDetails { job, tries, images, problem, report } = whole;
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let lines = folded(value, WIDTH - 11).join(&format!("\n{:11}", ""));
        let _ = writeln!(text, "{name:<9}  {lines}");
    };
    line("job", &format!("{}, {}", job.id, job.seen(Timestamp::now()).name()));
    line("delivered", delivered(job));
    line("tool", job.operation.tool());
    line("model", &job.model.to_string());
    line("when", &times(job));
    let estimate = job.estimate.map_or_else(String::new, |(low, high)| {
        if low == high { format!(", expected {high}") } else { format!(", expected {low} to {high}") }
    });
    let basis = report.as_ref().map_or_else(String::new, |report| format!(" ({})", report.cost.basis.name()));
    let unpaid = if job.sandbox { ", free" } else { "" };
    line("cost", &format!("{}{unpaid}{basis}{estimate}", cost(job)));
    line("owner", &job.owner);
    for (name, value) in arguments(job) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        line("argument", &format!("{name}: {value}"));
    }
    if let Some(report) = report {
        line("why", &report.why);
        report.warnings.iter().for_each(|warning| line("warning", warning));
        report.failures.iter().for_each(|failure| line("failure", &failure.to_string()));
    }
    if let Some(problem) = problem {
        line("problem", &problem.to_string());
    }
    if !tries.is_empty() {
        let head = ["", "IMAGE", "REQUEST TO", "OUTCOME", "CHARGED"].map(str::to_owned);
        let rows = tries.iter().map(|entry| {
            [
                String::new(),
                (entry.position + 1).to_string(),
                one_line(&format!("{} {}", entry.model, entry.endpoint), 40),
                outcome(entry).to_owned(),
                charged(entry),
            ]
        });
        let table = aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>(), 5);
        let mut lines = table.lines();
        let _ = writeln!(text, "\n{}", lines.next().unwrap_or_default());
        for (line, entry) in lines.zip(tries) {
            let _ = writeln!(text, "{line}");
            if let Some(request) = &entry.request_id {
                let _ = writeln!(text, "           request {}", one_line(request, 60));
            }
        }
    }
    for ShownImage { image, missing, children } in images {
        let missing = if *missing { " (the file is missing)" } else { "" };
        let _ = writeln!(text, "\n{}{missing}", image.path.display());
        let _ = writeln!(text, "  {}, {} {}, {} bytes", image.id, image.pixels, image.format, image.bytes);
        for parent in &image.parents {
            let _ = writeln!(text, "  made from {} ({})", parent.id, parent.role.name());
        }
        for child in children {
            let _ = writeln!(text, "  made into {child}");
        }
    }
    text
}

fn times(job: &JobRecord) -> String {
    let took = |until: Timestamp| until.duration_since(job.created_at);
    let mut text = minute(job.created_at);
    if let Some(finished) = job.finished_at {
        let seconds = SignedDuration::as_secs_f64(&took(finished));
        let _ = write!(text, ", ended after {seconds:.1} s");
    }
    text
}

fn arguments(job: &JobRecord) -> Map<String, Value> {
    serde_json::from_str(&job.arguments).unwrap_or_default()
}

/// How a request ended, or its state.
fn outcome(entry: &AttemptRecord) -> &str {
    match (&entry.outcome, entry.sent_at) {
        (Some(outcome), _) => outcome,
        (None, Some(_)) => "sent",
        (None, None) => "planned",
    }
}

fn charged(entry: &AttemptRecord) -> String {
    let expected = entry.estimate.map_or_else(String::new, |estimate| format!(" up to {estimate}"));
    match (entry.billed, entry.cost) {
        _ if entry.ended_at.is_none() => format!("not yet,{expected}"),
        (Billed::No, _) => "no".to_owned(),
        (Billed::Yes, Some(cost)) => cost.to_string(),
        (Billed::Yes, None) => format!("yes,{expected}"),
        (Billed::Maybe, _) => format!("maybe,{expected}"),
    }
}

/// The job for programs.
pub(super) fn json(whole: &JobDetails) -> Value {
    let JobDetails { job, tries, images, problem, report } = whole;
    let problem = problem.as_ref().map(|problem| {
        json!({
            "kind": problem.kind.name(),
            "what": problem.to_string(),
            "billed": problem.billed.name(),
        })
    });
    let report = report.as_ref().map(|report| {
        json!({
            "why": report.why,
            "cost_usd": report.cost.usd.dollars(),
            "cost_basis": report.cost.basis.name(),
            "seconds": report.seconds,
            "request_ids": report.request_ids,
            "warnings": report.warnings,
            "failures": report.failures.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    });
    let more = json!({
        "arguments": arguments(job),
        "tries": tries.iter().map(try_json).collect::<Vec<_>>(),
        "images": images.iter().map(image_json).collect::<Vec<_>>(),
        "problem": problem,
        "report": report,
    });
    joined(record::json(job), more)
}

fn try_json(entry: &AttemptRecord) -> Value {
    json!({
        "picture": entry.position,
        "model": entry.model.model,
        "provider": entry.model.provider,
        "endpoint": entry.endpoint,
        "planned_at": entry.planned_at,
        "sent_at": entry.sent_at,
        "ended_at": entry.ended_at,
        "outcome": entry.outcome,
        "billed": entry.billed.name(),
        "estimate_usd": entry.estimate.map(Usd::dollars),
        "cost_usd": entry.cost.map(Usd::dollars),
        "counted_usd": entry.counted.dollars(),
        "request_id": entry.request_id,
    })
}

fn image_json(shown: &ShownImage) -> Value {
    let ShownImage { image, missing, children } = shown;
    let parents: Vec<_> =
        image.parents.iter().map(|parent| json!({ "id": parent.id, "role": parent.role.name() })).collect();
    json!({
        "id": image.id,
        "path": image.path,
        "missing": missing,
        "width": image.pixels.width,
        "height": image.pixels.height,
        "format": image.format.name(),
        "bytes": image.bytes,
        "made_from": parents,
        "made_into": children,
    })
}
