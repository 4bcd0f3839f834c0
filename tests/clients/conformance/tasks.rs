//! Fixtures that become tasks for clients that know them.

use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ContentBlock,
    CreateTaskResult,
};
use rmcp::service::RequestContext;
use rmcp::task_manager::{TaskExit, TaskManager, TaskOptions};
use rmcp::{ErrorData, RoleServer};
use serde_json::Value;
use tokio::time::sleep;

use super::calls::text;
use super::inputs::{answer, field, form, required};

/// Their names.
pub(super) const NAMES: [&str; 7] = [
    "greet",
    "slow_compute",
    "failing_job",
    "protocol_error_job",
    "confirm_delete",
    "multi_input",
    "test_tool_with_task",
];

/// Those that cannot be answered without a task.
const NEED_A_TASK: [&str; 4] = ["failing_job", "test_tool_with_task", "confirm_delete", "multi_input"];

/// Answers a fixture, or with the task that will.
pub(super) async fn call(
    tasks: &TaskManager,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let name = request.name.as_ref();
    let knows_tasks = context.client_capabilities().is_some_and(|client| client.supports_tasks());
    if NEED_A_TASK.contains(&name) && !knows_tasks {
        let needed = ClientCapabilities::builder().enable_tasks().build();
        return Err(ErrorData::missing_required_client_capability(needed));
    }
    let argument = |name: &str| request.arguments.as_ref().and_then(|all| all.get(name));
    let words = |name: &str| argument(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let task = match name {
        "greet" => return Ok(text(format!("Hello, {}!", words("name"))).into()),
        "slow_compute" => {
            let seconds = argument("seconds").and_then(Value::as_f64).unwrap_or(1.0);
            let work = Duration::try_from_secs_f64(seconds).unwrap_or_default();
            let done = text(format!("slow_compute({}) done after {seconds}s", words("label")));
            if !knows_tasks {
                sleep(work).await;
                return Ok(done.into());
            }
            tasks.spawn(TaskOptions::default(), move |task| {
                Box::pin(async move {
                    tokio::select! {
                        () = task.cancelled() => Err(TaskExit::Cancelled),
                        () = sleep(work) => Ok(done),
                    }
                })
            })
        }
        "failing_job" => tasks.spawn(TaskOptions::default(), |_| {
            Box::pin(async {
                sleep(Duration::from_secs(1)).await;
                Ok(CallToolResult::error(vec![ContentBlock::text("it fails on purpose")]))
            })
        }),
        "protocol_error_job" if !knows_tasks => return Err(broken()),
        "protocol_error_job" => tasks.spawn(TaskOptions::default(), |_| {
            Box::pin(async {
                sleep(Duration::from_millis(200)).await;
                Err(TaskExit::Error(broken()))
            })
        }),
        "confirm_delete" => {
            let (file, asked) = (words("filename"), form("Delete it?", "confirm")?);
            tasks.spawn(TaskOptions::default(), move |task| {
                Box::pin(async move {
                    let said = task.request_input("confirm", asked).await?;
                    let confirmed = said.get("content").and_then(|content| content.get("confirm")).cloned();
                    Ok(text(format!("{file}: confirmed = {}", confirmed.unwrap_or_default())))
                })
            })
        }
        "multi_input" => {
            let (a, b) = (form("Provide value A", "value")?, form("Provide value B", "value")?);
            tasks.spawn(TaskOptions::default(), move |task| {
                Box::pin(async move {
                    // Both at once, so that they can be answered one by one.
                    let (a, b) =
                        tokio::join!(task.request_input("input-a", a), task.request_input("input-b", b));
                    Ok(text(format!("a = {:?}, b = {:?}", a?, b?)))
                })
            })
        }
        _ => {
            let said = request.input_responses.as_ref().and_then(|all| all.get("user_name"));
            let Some(said) = answer(said) else {
                return Ok(required([("user_name", form("What is your name?", "name")?)], None).into());
            };
            let done = text(format!("Hello, {}! (async)", field(said, "name")));
            tasks.spawn(TaskOptions::default(), move |_| {
                Box::pin(async move {
                    sleep(Duration::from_millis(200)).await;
                    Ok(done)
                })
            })
        }
    };
    Ok(CreateTaskResult::new(task).into())
}

fn broken() -> ErrorData {
    ErrorData::internal_error("it breaks on purpose", None)
}
