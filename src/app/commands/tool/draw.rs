//! Draws from a terminal, with progress. The first ^C loses no paid image.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::interval;

use super::answer;
use super::progress::CallProgress;
use crate::app::App;
use crate::app::commands::console::interrupts;
use crate::app::exit::FAILED;
use crate::codec::Preview;
use crate::domain::JobId;
use crate::jobs::{JobProgress, Outcome};
use crate::tools::{DrawRequest, drawn_fields, dry_run_fields};

/// Between two looks at how far the call is.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Makes the image, or shows the plan with `dry_run`.
pub(super) async fn draw(asked: DrawRequest, app: &App, json: bool) -> Result<u8, String> {
    let form = app.server.form(asked.output);
    let route = match app.manager.plan(&asked.image_job) {
        Ok(route) => route,
        Err(problem) => return answer::refuse(&[problem]),
    };
    if asked.dry_run {
        let budget = app.server.preview_budget();
        return match app.manager.dry_run(&asked.image_job, &route, budget).await {
            Ok(dry_run) => {
                let mut fields = dry_run_fields(&asked.image_job.request, &route, &dry_run);
                if let (Some(marked), Some(Value::Object(part))) = (dry_run.part, fields.get_mut("part")) {
                    let path = to_look_at(&marked.preview).map_err(|error| error.to_string())?;
                    part.insert("look_at".to_owned(), path.to_string_lossy().into());
                }
                answer::print(&fields, &[], form, json)
            }
            Err(problem) => answer::refuse(&[problem]),
        };
    }
    let price = route.first.estimate.map_or_else(String::new, |estimate| format!(", for {estimate}"));
    let mut interrupts = interrupts();
    let mut looks = interval(LOOK_EVERY);
    let mut call = app.manager.start(asked.image_job);
    let mut progress = CallProgress::new(call.progress());
    let mut interrupted = false;
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = call.ended() => break outcome,
            Some(()) = interrupts.recv() => match progress.stage() {
                _ if interrupted => return Ok(FAILED),
                JobProgress::Preparing | JobProgress::Queued { .. } => {
                    drop(call);
                    return stop(app, &progress, interrupts).await;
                }
                JobProgress::Rendering { job, .. } => {
                    interrupted = true;
                    progress.say(&waiting(&job, &price));
                }
            },
            _ = looks.tick() => progress.show(),
        }
    };
    drop(progress);
    match outcome {
        Ok(outcome) => {
            let code = answer::print(&drawn_fields(&outcome, Vec::new()), &outcome.images, form, json);
            call.delivered();
            // Waits until the database has recorded the delivery.
            app.manager.finish().await;
            if !interrupted {
                return code;
            }
            answer::say(&collected(&outcome));
            Ok(FAILED)
        }
        Err(problem) => answer::refuse(&[problem]),
    }
}

/// Writes the image of the part that would be repainted to a file, which a tool result shows inline.
fn to_look_at(preview: &Preview) -> io::Result<PathBuf> {
    let ending = format!(".{}", preview.format.extension());
    let mut file = tempfile::Builder::new().prefix("part-").suffix(&ending).tempfile()?;
    file.write_all(&preview.bytes)?;
    Ok(file.keep()?.1)
}

/// Stops a call that was still being prepared. If it was sent in the same moment, waits for its image.
async fn stop(app: &App, progress: &CallProgress, mut again: UnboundedReceiver<()>) -> Result<u8, String> {
    tokio::select! {
        () = app.manager.finish() => {}
        _ = again.recv() => return Ok(FAILED),
    }
    match progress.stage() {
        JobProgress::Preparing | JobProgress::Queued { .. } => {
            progress.say("Stopped before anything was sent. Nothing was charged.");
            Ok(FAILED)
        }
        JobProgress::Rendering { job, .. } => {
            progress.say(&format!("{job} was just sent and may have been charged. {}", get(&job)));
            Ok(FAILED)
        }
    }
}

fn waiting(job: &JobId, price: &str) -> String {
    format!(
        "{job} has been sent and may be charged{price}. Waiting until its image is stored.\n{}\n\
         Press ^C again to quit now: you lose the image and may still pay for it.",
        get(job)
    )
}

fn get(job: &JobId) -> String {
    format!("Show it later with: {} get {job}", env!("CARGO_PKG_NAME"))
}

fn collected(outcome: &Outcome) -> String {
    let (job, cost) = (&outcome.job, outcome.report.cost);
    format!("{job} is stored; it cost {} ({}). {}", cost.usd, cost.basis.name(), get(job))
}
