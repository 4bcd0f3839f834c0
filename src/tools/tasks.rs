//! Calls as tasks (extension `io.modelcontextprotocol/tasks` of 2026-07-28), for clients that
//! declare support: a task is a job, and its id is the job's.
//!
//! Cancelling a task is acknowledged and has no other effect: a request that was sent is charged
//! and its image is stored, as for any client that disconnects. No task ever requires input.

use rmcp::model::{
    CallToolResult, CreateTaskResult, DetailedTask, GetTaskResult, ProtocolVersion, Task, TaskPayload,
    TaskStatus,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::Value;

use super::args::OutputForm;
use super::caller::ToolCaller;
use super::context::ToolContext;
use super::delivery::once_written;
use super::lookup::{RequestedId, Retrieved};
use super::reply;
use crate::domain::JobId;
use crate::jobs::{JobLookup, JobProgress};
use crate::store::JobRecord;
use crate::store::StoreError;

/// An image takes about a minute, so polling more often gains nothing.
const POLL_INTERVAL_MS: u64 = 2_000;

/// Whether the caller accepts a task as an answer. Before 2026-07-28 the capability meant something else.
pub(super) fn are_known(context: &RequestContext<RoleServer>) -> bool {
    let knows = context.client_capabilities().is_some_and(|client| client.supports_tasks());
    knows && context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}

/// The task of a job that has just started.
pub(super) fn created(job: &JobId, stage: &JobProgress) -> CreateTaskResult {
    let now = jiff::Timestamp::now().to_string();
    let task = Task::new(job.as_str(), TaskStatus::Working, now.clone(), now);
    CreateTaskResult::new(task.with_poll_interval_ms(POLL_INTERVAL_MS).with_status_message(stage.words(0)))
}

/// `tasks/get`: the progress, or the result that the call would have had.
pub(super) async fn get(
    tools: &ToolContext,
    id: &str,
    context: &RequestContext<RoleServer>,
) -> Result<GetTaskResult, ErrorData> {
    let caller = ToolCaller::of(context);
    let (job, record) = record(tools, id, &caller).await?;
    let found = tools.manager.look(&job, &caller.owner.name).await.map_err(|error| refused(id, &error))?;
    let updated = record.finished_at.unwrap_or_else(jiff::Timestamp::now);
    let task =
        Task::new(job.as_str(), TaskStatus::Working, record.created_at.to_string(), updated.to_string());
    let task = task.with_poll_interval_ms(POLL_INTERVAL_MS);
    let got = match found {
        JobLookup::UnderWay { progress, seconds } => {
            let task = task.with_status_message(progress.words(seconds));
            return Ok(GetTaskResult::new(DetailedTask::new(task, TaskPayload::Working)));
        }
        JobLookup::Done { outcome, .. } => Ok(Retrieved::Made { outcome, delivered: false }),
        JobLookup::Failed(problem) => Err(problem),
    };
    let made = got.is_ok();
    let output = output(&record);
    let answer =
        reply::got(&[RequestedId::Job(job.clone())], vec![got], &caller, &tools.options, output, None).await;
    if made {
        let manager = tools.manager.clone();
        once_written(context, move || manager.record_delivery(vec![job]));
    }
    Ok(GetTaskResult::new(DetailedTask::new(task, TaskPayload::Completed { result: fields(&answer) })))
}

/// Checks that the task exists, for requests that change nothing.
pub(super) async fn exists(
    tools: &ToolContext,
    id: &str,
    context: &RequestContext<RoleServer>,
) -> Result<(), ErrorData> {
    record(tools, id, &ToolCaller::of(context)).await.map(drop)
}

async fn record(tools: &ToolContext, id: &str, caller: &ToolCaller) -> Result<(JobId, JobRecord), ErrorData> {
    let unknown = || ErrorData::invalid_params(format!("there is no task {id:?}"), None);
    let job = JobId::parse(id).ok_or_else(unknown)?;
    let record = tools.manager.store().job(&job, &caller.owner.name).await;
    record.map(|record| (job, record)).map_err(|error| refused(id, &error))
}

fn refused(id: &str, error: &StoreError) -> ErrorData {
    match error {
        StoreError::UnknownId(_) => ErrorData::invalid_params(format!("there is no task {id:?}"), None),
        other => ErrorData::internal_error(other.to_string(), None),
    }
}

/// The output form that the call asked for.
fn output(record: &JobRecord) -> Option<OutputForm> {
    let arguments: Value = serde_json::from_str(&record.arguments).ok()?;
    serde_json::from_value(arguments.get("output")?.clone()).ok()
}

fn fields(answer: &CallToolResult) -> rmcp::model::JsonObject {
    match serde_json::to_value(answer) {
        Ok(Value::Object(fields)) => fields,
        _ => rmcp::model::JsonObject::new(),
    }
}
