//! `inpaint_image`: a picture with a marked part repainted.

use futures_util::future::FutureExt as _;
use rmcp::model::{JsonObject, Tool};

use super::args::InpaintArguments;
use super::draw::Asked;
use super::list::{Entry, read};
use super::request::request;
use super::{draw, schema};
use crate::domain::{Moderation, Operation, Problem};
use crate::jobs::MaskInput;

pub(super) const ENTRY: Entry = Entry {
    name: "inpaint_image",
    description: "Repaint the part of a picture that a mask marks. The mask is a soft guide: the model may change a \
         little outside it. Takes 30 to 300 s and costs money.",
    definition,
    committed: include_str!("../../schemas/inpaint_image.json"),
    call: |server, arguments, context| draw::draw(server, asked, arguments, context).boxed(),
    asked: Some(asked),
};

fn definition(models: &[String]) -> Tool {
    Tool::new(ENTRY.name, ENTRY.description, schema::input_schema::<InpaintArguments>(models))
        .with_title("Inpaint image")
        .with_annotations(draw::annotations())
}

fn asked(arguments: JsonObject) -> Result<Asked, Vec<Problem>> {
    let given = arguments.clone().into();
    let InpaintArguments { image, mask, mask_means, shared } = read(arguments)?;
    let image = draw::references(std::slice::from_ref(&image), |_| "image".to_owned());
    let mask = draw::references(std::slice::from_ref(&mask), |_| "mask".to_owned());
    let request = request(Operation::Inpaint, &shared, Moderation::Auto, 1);
    let ((images, masks), request) = draw::both(draw::both(image, mask), request)?;
    let mask = masks.into_iter().next().map(|reference| MaskInput { reference, means: mask_means });
    Ok(draw::asked(request, &shared, images, mask, given))
}
