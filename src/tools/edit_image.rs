//! `edit_image`: an image from images and a prompt.

use futures_util::future::FutureExt as _;
use rmcp::model::{JsonObject, Tool};

use super::args::EditArguments;
use super::request::request;
use super::tool::{DrawRequest, ToolEntry, read};
use super::{draw, schema};
use crate::domain::{Moderation, Operation, Problem};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "edit_image",
    description: "Make an image from 1 to 16 images and a prompt: change one, combine several, copy a style. \
         Takes 30 to 300 s and costs money. To repaint only a marked part use inpaint_image.",
    definition,
    call: |tools, arguments, context| draw::draw(tools, asked, arguments, context).boxed(),
    asked: Some(asked),
};

fn definition(models: &[String]) -> Tool {
    Tool::new(ENTRY.name, ENTRY.description, schema::input_schema::<EditArguments>(models))
        .with_title("Edit image")
        .with_annotations(draw::annotations())
}

fn asked(arguments: JsonObject) -> Result<DrawRequest, Vec<Problem>> {
    let given = arguments.clone().into();
    let EditArguments { images, shared } = read(arguments)?;
    let images = draw::references(&images, |index| format!("images[{index}]"));
    let request = request(Operation::Edit, &shared, Moderation::Auto, images.as_ref().map_or(0, Vec::len));
    let (images, request) = draw::both(images, request)?;
    Ok(draw::asked(request, &shared, images, None, given))
}
