//! `inpaint_image`: an image with a marked part repainted.

use futures_util::future::FutureExt as _;
use rmcp::model::{JsonObject, Tool};

use super::args::InpaintArguments;
use super::regions::masking;
use super::request::request;
use super::tool::{DrawRequest, ToolEntry, read};
use super::{draw, schema};
use crate::domain::{Moderation, Operation, Problem};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "inpaint_image",
    description: "Repaint a part of an image, marked by regions or a mask; every other pixel stays as it is. \
         dry_run shows the part on the image. Takes 30 to 300 s and costs money.",
    definition,
    call: |tools, arguments, context| draw::draw(tools, asked, arguments, context).boxed(),
    asked: Some(asked),
};

fn definition(models: &[String]) -> Tool {
    Tool::new(ENTRY.name, ENTRY.description, schema::input_schema::<InpaintArguments>(models))
        .with_title("Inpaint image")
        .with_annotations(draw::annotations())
}

fn asked(arguments: JsonObject) -> Result<DrawRequest, Vec<Problem>> {
    let given = arguments.clone().into();
    let arguments: InpaintArguments = read(arguments)?;
    let image = draw::references(std::slice::from_ref(&arguments.image), |_| "image".to_owned());
    let request = request(Operation::Inpaint, &arguments.shared, Moderation::Auto, 1);
    let ((image, masking), request) = draw::both(draw::both(image, masking(&arguments)), request)?;
    Ok(draw::asked(request, &arguments.shared, image, Some(masking), given))
}
