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

/// Reads arguments that passed the schema.
pub(super) type ReadArguments = fn(JsonObject) -> Result<DrawRequest, Vec<Problem>>;

/// One tool: what it is and what it does.
pub(super) struct ToolEntry {
    pub name: &'static str,
    /// What agents and people read of it; the first sentence stands for itself.
    pub description: &'static str,
    /// The definition clients see, for these model choices, made of the argument types.
    pub definition: fn(&[String]) -> Tool,
    /// Answers a call whose arguments passed the schema.
    pub call: for<'a> fn(
        &'a ToolContext,
        JsonObject,
        RequestContext<RoleServer>,
    ) -> BoxFuture<'a, CallToolResponse>,
    /// Reads the arguments of a tool that draws, without drawing.
    pub asked: Option<ReadArguments>,
}

/// A call of a drawing tool, its arguments read.
#[derive(Clone, Debug)]
pub struct DrawRequest {
    /// What is to be drawn.
    pub image_job: ImageJob,
    /// How the images come back; `None` for the configured form.
    pub output: Option<OutputForm>,
    /// Whether only the plan is wanted.
    pub dry_run: bool,
}

/// Reads arguments that passed the schema into their type.
///
/// # Errors
/// What serde says, where the schema let something through that the type refuses.
pub(super) fn read<Arguments: serde::de::DeserializeOwned>(
    arguments: JsonObject,
) -> Result<Arguments, Vec<Problem>> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|error| vec![Problem::argument("arguments", error.to_string(), String::new())])
}
