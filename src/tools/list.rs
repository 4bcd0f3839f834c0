//! The list of tools. A tool is one line here and one file next to this one.

use rmcp::model::{JsonObject, Tool};

use super::args::GetArguments;
use super::check::check;
use super::tool::{DrawRequest, ToolEntry, read};
use super::{edit_image, generate_image, get_image, inpaint_image};
use crate::catalog::Catalog;
use crate::domain::Problem;
use crate::jobs::ImageJob;

pub(super) const TOOLS: [ToolEntry; 4] =
    [generate_image::ENTRY, edit_image::ENTRY, inpaint_image::ENTRY, get_image::ENTRY];

/// The names of the tools, as listed.
pub const TOOL_NAMES: [&str; 4] = {
    let [generate, edit, inpaint, get] = TOOLS;
    [generate.name, edit.name, inpaint.name, get.name]
};

/// The description of a tool; empty for an unknown name.
#[must_use]
pub fn description(tool: &str) -> &'static str {
    TOOLS.iter().find(|entry| entry.name == tool).map_or("", |entry| entry.description)
}

/// The definitions of all tools, derived from the argument types, with the models of this catalogue as choices.
#[must_use]
pub fn definitions(catalog: &Catalog) -> Vec<Tool> {
    let models = model_choices(catalog);
    TOOLS.iter().map(|tool| (tool.definition)(&models)).collect()
}

/// A tool call with parsed arguments, for callers that are not MCP clients.
#[derive(Clone, Debug)]
pub enum ParsedCall {
    /// A call of a drawing tool.
    Draw(Box<DrawRequest>),
    /// A call of `get_image`.
    Get(GetArguments),
}

/// Parses a call without making it.
///
/// # Errors
/// A [`Problem`] for each wrong argument, or one for an unknown tool.
pub fn parse_call(tool: &str, arguments: JsonObject, catalog: &Catalog) -> Result<ParsedCall, Vec<Problem>> {
    let entry = TOOLS.iter().find(|entry| entry.name == tool);
    let entry = entry.ok_or_else(|| no_such(tool, |_| true))?;
    let definition = (entry.definition)(&model_choices(catalog));
    let arguments = check(tool, &definition.input_schema, arguments)?;
    match entry.asked {
        Some(asked) => Ok(ParsedCall::Draw(Box::new(asked(arguments)?))),
        None => read(arguments).map(ParsedCall::Get),
    }
}

/// Parses the arguments of a drawing tool.
///
/// # Errors
/// A [`Problem`] for each wrong argument, or one for a tool that does not draw.
pub fn image_job(tool: &str, arguments: JsonObject, catalog: &Catalog) -> Result<ImageJob, Vec<Problem>> {
    let draws = |entry: &ToolEntry| entry.asked.is_some();
    match parse_call(tool, arguments, catalog) {
        Ok(ParsedCall::Draw(asked)) => Ok(asked.image_job),
        Err(problems) if TOOLS.iter().any(|entry| entry.name == tool && draws(entry)) => Err(problems),
        Ok(ParsedCall::Get(_)) | Err(_) => Err(no_such(tool, draws)),
    }
}

fn no_such(tool: &str, accepted: impl Fn(&ToolEntry) -> bool) -> Vec<Problem> {
    let names: Vec<_> = TOOLS.iter().filter(|entry| accepted(entry)).map(|entry| entry.name).collect();
    let remedy = format!("Pass one of {}.", names.join(", "));
    vec![Problem::argument("TOOL", format!("{tool:?} was given"), remedy)]
}

/// `auto`, each model id once, and `provider/model` for the models that several providers have.
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
