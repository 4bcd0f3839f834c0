//! What the three drawing tools share: from parsed arguments to a result, with progress
//! notifications. The caller may disconnect at any time.

use std::time::{Duration, Instant};

use rmcp::RoleServer;
use rmcp::model::{CallToolResponse, CallToolResult, JsonObject, ToolAnnotations};
use rmcp::service::RequestContext;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::sleep;

use super::args::SharedArguments;
use super::caller::ToolCaller;
use super::context::ToolContext;
use super::deferred::DeferredImages;
use super::delivery::once_written;
use super::progress::tell;
use super::tool::{DrawRequest, ReadArguments};
use super::{reply, tasks};
use crate::domain::{ImageRequest, Problem, ProblemKind, Usd};
use crate::jobs::{ImageJob, JobProgress, Masking, Owner};
use crate::references::ImageReference;

/// Drawing costs money, changes nothing that exists, and makes a new image each time.
pub(super) fn annotations() -> ToolAnnotations {
    ToolAnnotations::new().read_only(false).destructive(false).idempotent(false).open_world(true)
}

/// Builds the request for a job.
pub(super) fn asked(
    request: ImageRequest,
    shared: &SharedArguments,
    images: Vec<ImageReference>,
    masking: Option<Masking>,
    arguments: Value,
) -> DrawRequest {
    let image_job = ImageJob {
        owner: Owner::local(),
        request,
        images,
        masking,
        save_to: shared.save_to.clone(),
        max_cost: shared.max_cost_usd.map(Usd::from_dollars),
        arguments,
    };
    DrawRequest { image_job, output: shared.output, dry_run: shared.dry_run }
}

/// The image references in these texts.
pub(super) fn references(
    texts: &[String],
    argument: impl Fn(usize) -> String,
) -> Result<Vec<ImageReference>, Vec<Problem>> {
    let (mut references, mut problems) = (Vec::new(), Vec::new());
    for (index, text) in texts.iter().enumerate() {
        match ImageReference::parse(text) {
            Ok(reference) => references.push(reference),
            Err(error) => problems.push(error.at(&argument(index))),
        }
    }
    if problems.is_empty() { Ok(references) } else { Err(problems) }
}

/// Both values, or the problems of both.
pub(super) fn both<A, B>(
    a: Result<A, Vec<Problem>>,
    b: Result<B, Vec<Problem>>,
) -> Result<(A, B), Vec<Problem>> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(mut problems), Err(more)) => {
            problems.extend(more);
            Err(problems)
        }
        (Err(problems), Ok(_)) | (Ok(_), Err(problems)) => Err(problems),
    }
}

/// Runs the job and returns its result.
pub(super) async fn draw(
    tools: &ToolContext,
    read: ReadArguments,
    arguments: JsonObject,
    context: RequestContext<RoleServer>,
) -> CallToolResponse {
    let DrawRequest { mut image_job, output, dry_run } = match read(arguments) {
        Ok(asked) => asked,
        Err(problems) => return reply::problems(&problems).into(),
    };
    let caller = ToolCaller::of(&context);
    let refused = caller.forbidden_paths(&image_job);
    if !refused.is_empty() {
        return reply::problems(&refused).into();
    }
    image_job.owner.clone_from(&caller.owner);
    if dry_run {
        let looked = Box::pin(look(tools, &image_job)).await; // boxed: a paid call would otherwise reserve space for it
        return looked.unwrap_or_else(|problem| reply::problems(&[problem])).into();
    }
    let as_task = tasks::are_known(&context);
    let soft_deadline = if as_task { Duration::ZERO } else { tools.soft_deadline.of(&context, None) };
    let mut call = tools.manager.start(image_job);
    let stage = call.progress();
    let started = Instant::now();
    let deferred = context.extensions.get::<DeferredImages>();
    tokio::select! {
        biased;
        ended = call.ended() => match ended {
            Ok(outcome) => {
                let answer = reply::outcome(&outcome, &caller, &tools.options, output, deferred).await;
                once_written(&context, move || call.delivered());
                answer.into()
            }
            Err(problem) => reply::problems(&[problem]).into(),
        },
        // A request that was sent continues and its image is stored; only the answer is dropped.
        () = context.ct.cancelled() => reply::problems(&[cancelled()]).into(),
        stage = still_under_way(stage.clone(), soft_deadline) => {
            call.detached();
            match stage.job().filter(|_| as_task) {
                Some(job) => tasks::created(job, &stage).into(),
                None => reply::still_rendering(&stage, started.elapsed().as_secs()).into(),
            }
        }
        () = tell(&context, stage), if !as_task => reply::problems(&[cancelled()]).into(),
    }
}

/// Waits for the soft deadline, and until the job has an id.
async fn still_under_way(mut stage: watch::Receiver<JobProgress>, soft_deadline: Duration) -> JobProgress {
    sleep(soft_deadline).await;
    let named = stage.wait_for(|stage| stage.job().is_some()).await.map(|stage| stage.clone());
    match named {
        Ok(stage) => stage,
        // The job ended before it had an id; the other branch reports that.
        Err(_) => std::future::pending().await,
    }
}

/// Plans the call, and shows what it would repaint.
async fn look(tools: &ToolContext, image_job: &ImageJob) -> Result<CallToolResult, Problem> {
    let route = tools.manager.plan(image_job)?;
    let dry_run = tools.manager.dry_run(image_job, &route, tools.options.preview).await?;
    Ok(reply::dry_run(&image_job.request, &route, &dry_run))
}

fn cancelled() -> Problem {
    Problem::new(ProblemKind::Cancelled, "the call was cancelled", "")
}
