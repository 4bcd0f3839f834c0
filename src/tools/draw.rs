//! What the three drawing tools share: from read arguments to an answer, with progress on
//! the way and the caller free to hang up.

use std::time::{Duration, Instant};

use rmcp::RoleServer;
use rmcp::model::{CallToolResult, JsonObject, ProgressNotificationParam, ToolAnnotations};
use rmcp::service::RequestContext;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::args::{OutputForm, SharedArguments};
use super::list::Read;
use super::reply;
use super::server::ImageServer;
use crate::domain::{ImageRequest, Problem, ProblemKind, Usd};
use crate::images::ImageReference;
use crate::jobs::{Commission, MaskInput, Stage};

/// Clients that reset their clock on progress give up after 60 s without any.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// Drawing costs money, changes nothing that is there, and twice is two pictures.
pub(super) fn annotations() -> ToolAnnotations {
    ToolAnnotations::new().read_only(false).destructive(false).idempotent(false).open_world(true)
}

/// A call of a drawing tool, its arguments read.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What is to be drawn.
    pub commission: Commission,
    /// How the pictures come back; `None` for the configured form.
    pub output: Option<OutputForm>,
    /// Whether only the plan is wanted.
    pub dry_run: bool,
}

/// The call that these parts make.
pub(super) fn asked(
    request: ImageRequest,
    shared: &SharedArguments,
    images: Vec<ImageReference>,
    mask: Option<MaskInput>,
    arguments: Value,
) -> Asked {
    let commission = Commission {
        request,
        images,
        mask,
        save_to: shared.save_to.clone(),
        max_cost: shared.max_cost_usd.map(Usd::from_dollars),
        arguments,
    };
    Asked { commission, output: shared.output, dry_run: shared.dry_run }
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

/// Both, or all the problems of either.
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

/// Makes the picture and answers with it.
pub(super) async fn draw(
    server: &ImageServer,
    read: Read,
    arguments: JsonObject,
    context: RequestContext<RoleServer>,
) -> CallToolResult {
    let Asked { commission, output, dry_run } = match read(arguments) {
        Ok(asked) => asked,
        Err(problems) => return reply::problems(&problems),
    };
    if dry_run {
        return match server.manager().plan(&commission) {
            Ok(route) => reply::dry_run(&commission.request, &route),
            Err(problem) => reply::problems(&[problem]),
        };
    }
    let (stage, watched) = watch::channel(Stage::Preparing);
    let work = server.manager().run(commission, stage);
    tokio::select! {
        biased;
        outcome = work => match outcome {
            Ok(outcome) => reply::outcome(&outcome, server.reply_options(), output).await,
            Err(problem) => reply::problems(&[problem]),
        },
        // What has been sent goes on and is stored; only the answer is dropped.
        () = context.ct.cancelled() => reply::problems(&[cancelled()]),
        () = tell(&context, watched) => reply::problems(&[cancelled()]),
    }
}

fn cancelled() -> Problem {
    Problem::new(ProblemKind::Cancelled, "the call was cancelled", "")
}

/// Notifies of progress for as long as the call lasts, where the caller asked for it.
async fn tell(context: &RequestContext<RoleServer>, watched: watch::Receiver<Stage>) {
    let Some(token) = context.meta.get_progress_token() else { return std::future::pending().await };
    let started = Instant::now();
    let mut ticks = interval(PROGRESS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = -1.0_f64;
    let mut seen = watched.clone();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            changed = seen.changed() => if changed.is_err() { return std::future::pending().await },
        }
        let stage = watched.borrow().clone();
        let elapsed = started.elapsed();
        let progress = stage.fraction(elapsed.as_secs_f64());
        // The protocol wants every value above the one before.
        if progress <= last {
            continue;
        }
        last = progress;
        let notice = ProgressNotificationParam::new(token.clone(), progress)
            .with_total(1.0)
            .with_message(stage.words(elapsed.as_secs()));
        // A caller that cannot be told any more is noticed by its cancellation.
        let _ = context.peer.notify_progress(notice).await;
    }
}
