//! What a request needs of a model: one check for each argument that not every model honours.

use super::shape;
use crate::catalog::Model;
use crate::domain::{Background, ImageRequest, Moderation, Operation, Quality};

/// Something a request needs and a model does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// The argument that asks for it.
    pub argument: &'static str,
    /// What the model lacks; reads on after its name.
    pub reason: String,
    /// What the model accepts instead, the argument named.
    pub accepted: String,
    /// Whether the model has the control at all, so that another value would do.
    pub has_control: bool,
}

type Requirement = fn(&ImageRequest, &Model) -> Result<(), Unmet>;

/// In the order in which reasons are given.
const REQUIREMENTS: [Requirement; 7] =
    [operation, image_count, size, quality, background, output_format, moderation];

/// Everything the request needs and the model does not have; empty where it can do it all.
#[must_use]
pub fn unmet(request: &ImageRequest, model: &Model) -> Vec<Unmet> {
    REQUIREMENTS.iter().filter_map(|requirement| requirement(request, model).err()).collect()
}

fn operation(request: &ImageRequest, model: &Model) -> Result<(), Unmet> {
    if model.operations.contains(&request.operation) {
        return Ok(());
    }
    let (argument, reason) = match request.operation {
        Operation::Generate => ("images", "draws from images only"),
        Operation::Edit => ("images", "takes no images"),
        Operation::Inpaint => ("mask", "takes no mask or regions"),
    };
    let tools: Vec<_> = model.operations.iter().map(|operation| operation.tool()).collect();
    Err(Unmet { argument, reason: reason.to_owned(), accepted: tools.join(", "), has_control: false })
}

fn image_count(request: &ImageRequest, model: &Model) -> Result<(), Unmet> {
    let most = model.most_images;
    if request.references <= most {
        return Ok(());
    }
    let noun = if most == 1 { "image" } else { "images" };
    Err(Unmet {
        argument: "images",
        reason: format!("takes at most {most} {noun}, and {} were given", request.references),
        accepted: format!("up to {most} {noun}"),
        has_control: true,
    })
}

fn size(request: &ImageRequest, model: &Model) -> Result<(), Unmet> {
    match shape(model, request.size, request.aspect_ratio) {
        Ok(_) => Ok(()),
        Err(fault) => Err(Unmet {
            argument: fault.argument(),
            reason: fault.to_string(),
            accepted: fault.accepted(),
            has_control: fault.has_control(),
        }),
    }
}

fn quality(request: &ImageRequest, model: &Model) -> Result<(), Unmet> {
    let names = model.qualities.iter().map(|quality| quality.name());
    let asked = (request.quality != Quality::Auto).then_some(request.quality.name());
    listed("quality", asked, names)
}

fn background(request: &ImageRequest, model: &Model) -> Result<(), Unmet> {
    let names = model.backgrounds.iter().map(|background| background.name());
    let asked = (request.background != Background::Auto).then_some(request.background.name());
    listed("background", asked, names)
}

fn output_format(request: &ImageRequest, model: &Model) -> Result<(), Unmet> {
    let names = model.formats.iter().map(|format| format.name());
    listed("output_format", request.output_format.map(crate::domain::ImageFormat::name), names)
}

fn moderation(request: &ImageRequest, model: &Model) -> Result<(), Unmet> {
    let names = model.moderation.then_some(Moderation::Low.name());
    let asked = (request.moderation != Moderation::Auto).then_some(request.moderation.name());
    listed("moderation", asked, names.into_iter())
}

/// Whether the value asked for, if any, is among the model's.
fn listed(
    argument: &'static str,
    asked: Option<&str>,
    known: impl Iterator<Item = &'static str>,
) -> Result<(), Unmet> {
    let known: Vec<_> = known.collect();
    let Some(asked) = asked.filter(|asked| !known.contains(asked)) else {
        return Ok(());
    };
    let has_control = !known.is_empty();
    let (reason, accepted) = if has_control {
        (format!("has no {argument} {asked}"), format!("{argument} {}", known.join(", ")))
    } else {
        (format!("takes no {argument} (asked: {asked})"), format!("calls without {argument}"))
    };
    Err(Unmet { argument, reason, accepted, has_control })
}
