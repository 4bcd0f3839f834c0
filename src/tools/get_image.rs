//! `get_image`: shows a stored image again, or waits for one that is still being made.

use std::time::Duration;

use futures_util::future::FutureExt as _;
use rmcp::RoleServer;
use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use rmcp::service::RequestContext;
use tokio::sync::watch;
use tokio::time::Instant;

use super::args::GetArguments;
use super::caller::ToolCaller;
use super::context::ToolContext;
use super::deferred::DeferredImages;
use super::delivery::once_written;
use super::lookup::{Retrieved, collect, ids};
use super::progress::tell;
use super::tool::{ToolEntry, read};
use super::{reply, schema};
use crate::jobs::JobProgress;

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "get_image",
    description: "Show a stored image again, or wait for one that is still rendering, by the id in its result. Free.",
    definition,
    call: |tools, arguments, context| get(tools, arguments, context).map(Into::into).boxed(),
    asked: None,
};

fn definition(models: &[String]) -> Tool {
    Tool::new(ENTRY.name, ENTRY.description, schema::input_schema::<GetArguments>(models))
        .with_title("Get image")
        .with_annotations(
            ToolAnnotations::new().read_only(true).destructive(false).idempotent(true).open_world(false),
        )
}

async fn get(
    tools: &ToolContext,
    arguments: JsonObject,
    context: RequestContext<RoleServer>,
) -> CallToolResult {
    let arguments: GetArguments = match read(arguments) {
        Ok(arguments) => arguments,
        Err(problems) => return reply::problems(&problems),
    };
    let ids = match ids(&arguments) {
        Ok(ids) => ids,
        Err(problems) => return reply::problems(&problems),
    };
    let caller = ToolCaller::of(&context);
    let owner = &caller.owner.name;
    let asked = arguments.wait_s.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let until = Instant::now() + tools.soft_deadline.of(&context, asked);
    let (stage, stages) = watch::channel(JobProgress::Preparing);
    let got = tokio::select! {
        biased;
        got = collect(&tools.manager, owner, &ids, until, &stage) => got,
        () = context.ct.cancelled() => return reply::problems(&[]),
        () = tell(&context, stages) => return reply::problems(&[]),
    };
    let made = got.iter().filter_map(|got| match got {
        Ok(Retrieved::Made { outcome, delivered: false }) => Some(outcome.job.clone()),
        _ => None,
    });
    let made: Vec<_> = made.collect();
    let deferred = context.extensions.get::<DeferredImages>();
    let answer = reply::got(&ids, got, &caller, &tools.options, arguments.output, deferred).await;
    if !made.is_empty() {
        let manager = tools.manager.clone();
        once_written(&context, move || manager.record_delivery(made));
    }
    answer
}
