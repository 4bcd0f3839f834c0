//! What a tool is: an entry of the list, and the reader of its arguments.

use futures_util::future::BoxFuture;
use rmcp::RoleServer;
use rmcp::model::{CallToolResponse, JsonObject, Tool};
use rmcp::service::RequestContext;
use serde_json::Value;

use super::args::OutputForm;
use super::context::ToolContext;
use crate::domain::Problem;
use crate::jobs::ImageJob;

/// Parses arguments that passed the schema.
pub(super) type ReadArguments = fn(JsonObject) -> Result<DrawRequest, Vec<Problem>>;

/// One tool.
pub(super) struct ToolEntry {
    pub name: &'static str,
    /// The description for agents and people; the first sentence is also its summary.
    pub description: &'static str,
    /// Builds the definition that clients see, with these models as choices.
    pub definition: fn(&[String]) -> Tool,
    /// Answers a call whose arguments passed the schema.
    pub call: for<'a> fn(
        &'a ToolContext,
        JsonObject,
        RequestContext<RoleServer>,
    ) -> BoxFuture<'a, CallToolResponse>,
    /// Parses the arguments of a drawing tool; `None` for other tools.
    pub asked: Option<ReadArguments>,
}

/// The parsed arguments of a drawing tool.
#[derive(Clone, Debug)]
pub struct DrawRequest {
    /// The job.
    pub image_job: ImageJob,
    /// How the result shows images; `None` for the configured form.
    pub output: Option<OutputForm>,
    /// Whether the call only asks for the plan.
    pub dry_run: bool,
}

/// Parses arguments that passed the schema into their type.
///
/// # Errors
/// The message of serde, if the type refuses what the schema accepted.
pub(super) fn read<Arguments: serde::de::DeserializeOwned>(
    arguments: JsonObject,
) -> Result<Arguments, Vec<Problem>> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|error| vec![Problem::argument("arguments", error.to_string(), String::new())])
}
