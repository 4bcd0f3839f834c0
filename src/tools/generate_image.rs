//! `generate_image`: an image from a prompt.

use futures_util::future::FutureExt as _;
use rmcp::model::{JsonObject, Tool};

use super::args::GenerateArguments;
use super::request::request;
use super::tool::{DrawRequest, ToolEntry, read};
use super::{draw, schema};
use crate::domain::{Operation, Problem};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "generate_image",
    description: "Draw an image from a text prompt. Takes 30 to 300 s and costs money; the result names the saved file.",
    definition,
    call: |tools, arguments, context| draw::draw(tools, asked, arguments, context).boxed(),
    asked: Some(asked),
};

fn definition(models: &[String]) -> Tool {
    Tool::new(ENTRY.name, ENTRY.description, schema::input_schema::<GenerateArguments>(models))
        .with_title("Generate image")
        .with_annotations(draw::annotations())
}

fn asked(arguments: JsonObject) -> Result<DrawRequest, Vec<Problem>> {
    let given = arguments.clone().into();
    let GenerateArguments { shared, moderation } = read(arguments)?;
    let request = request(Operation::Generate, &shared, moderation, 0)?;
    Ok(draw::asked(request, &shared, Vec::new(), None, given))
}
