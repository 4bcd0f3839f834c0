//! The list of tools. A tool is one line here and one file beside this one.

use futures_util::future::BoxFuture;
use rmcp::RoleServer;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use rmcp::service::RequestContext;
use serde_json::Value;

use super::check::check;
use super::draw::Asked;
use super::server::ImageServer;
use super::{edit_image, generate_image, get_image, inpaint_image};
use crate::catalog::Catalog;
use crate::domain::Problem;
use crate::jobs::Commission;

/// Reads arguments that passed the schema.
pub(super) type Read = fn(JsonObject) -> Result<Asked, Vec<Problem>>;

/// One tool: what it is and what it does.
pub(super) struct Entry {
    pub name: &'static str,
    /// The definition clients see, for these model choices.
    pub definition: fn(&[String]) -> Tool,
    /// Answers a call whose arguments passed the schema.
    pub call:
        for<'a> fn(&'a ImageServer, JsonObject, RequestContext<RoleServer>) -> BoxFuture<'a, CallToolResult>,
    /// Reads the arguments of a tool that draws, without drawing.
    pub asked: Option<Read>,
}

pub(super) const TOOLS: [Entry; 4] =
    [generate_image::ENTRY, edit_image::ENTRY, inpaint_image::ENTRY, get_image::ENTRY];

/// The names of the tools, as listed.
pub const TOOL_NAMES: [&str; 4] = {
    let [generate, edit, inpaint, get] = TOOLS;
    [generate.name, edit.name, inpaint.name, get.name]
};

/// The definitions of all tools, with the models of this catalogue as choices.
#[must_use]
pub fn definitions(catalog: &Catalog) -> Vec<Tool> {
    let models = model_choices(catalog);
    TOOLS.iter().map(|tool| (tool.definition)(&models)).collect()
}

/// Reads the arguments of a call without making it.
///
/// # Errors
/// A [`Problem`] for each wrong argument, or one for a tool that does not draw.
pub fn commission(tool: &str, arguments: JsonObject, catalog: &Catalog) -> Result<Commission, Vec<Problem>> {
    let entry = TOOLS.iter().find(|entry| entry.name == tool);
    let Some((entry, read)) = entry.and_then(|entry| Some((entry, entry.asked?))) else {
        let drawing = TOOLS.iter().filter(|entry| entry.asked.is_some()).map(|entry| entry.name);
        let accepted = format!("Accepted are {}.", drawing.collect::<Vec<_>>().join(", "));
        return Err(vec![Problem::argument("TOOL", format!("{tool:?} was given"), accepted)]);
    };
    let definition = (entry.definition)(&model_choices(catalog));
    Ok(read(check(tool, &definition.input_schema, arguments)?)?.commission)
}

/// `auto`, every model's id once, and with their provider those that several have.
fn model_choices(catalog: &Catalog) -> Vec<String> {
    let mut choices = vec!["auto".to_owned()];
    for model in &catalog.models {
        if !choices.contains(&model.name.model) {
            choices.push(model.name.model.clone());
        }
    }
    for model in &catalog.models {
        if catalog.named(None, &model.name.model).count() > 1 {
            choices.push(model.name.to_string());
        }
    }
    choices
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
