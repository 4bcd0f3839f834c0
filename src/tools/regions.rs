//! Parses the arguments that mark a part of an image.

use super::args::{InpaintArguments, RegionArgument, ShapeArgument, UnitsArgument};
use super::draw;
use crate::codec::{Extent, Region, Regions, Units};
use crate::domain::Problem;
use crate::jobs::{MaskSource, Masking};

/// The part to repaint.
///
/// # Errors
/// A [`Problem`] for each wrong argument, or one if no or two arguments mark the part.
pub(super) fn masking(arguments: &InpaintArguments) -> Result<Masking, Vec<Problem>> {
    let source = match (&arguments.mask, &arguments.regions) {
        (Some(mask), None) => {
            let references = draw::references(std::slice::from_ref(mask), |_| "mask".to_owned())?;
            let reference = references.into_iter().next().ok_or_else(Vec::new)?;
            MaskSource::Image { reference, means: arguments.mask_means }
        }
        (None, Some(given)) => MaskSource::Regions(regions(given, arguments.units)?),
        (given, _) => {
            let what =
                if given.is_some() { "mask and regions were both given" } else { "no part was marked" };
            let remedy = "Pass either regions, such as [{\"shape\":\"box\",\"x\":0.4,\"y\":0.2,\"width\":0.3,\"height\":0.5}] with \
                           units: fraction, or a mask image.";
            return Err(vec![Problem::argument("regions", what, remedy)]);
        }
    };
    Ok(Masking {
        source,
        invert: arguments.invert,
        feather: arguments.feather.and_then(|pixels| u32::try_from(pixels).ok()).unwrap_or(0),
        preserve: arguments.preserve.unwrap_or(true),
    })
}

fn regions(given: &[RegionArgument], units: UnitsArgument) -> Result<Regions, Vec<Problem>> {
    let (mut shapes, mut problems) = (Vec::new(), Vec::new());
    for (index, region) in given.iter().enumerate() {
        match shape(region) {
            Ok(shape) => shapes.push(shape),
            Err(missing) => {
                let shape = match region.shape {
                    ShapeArgument::Box => "box",
                    ShapeArgument::Ellipse => "ellipse",
                    ShapeArgument::Polygon => "polygon",
                };
                let remedy = match region.shape {
                    ShapeArgument::Polygon => "Pass its corners as points: [[x, y], [x, y], [x, y]].",
                    _ => "Pass x and y of its top left corner, width and height.",
                };
                let what = format!("a {shape} needs {missing}");
                problems.push(Problem::argument(format!("regions[{index}]"), what, remedy));
            }
        }
    }
    let units = match units {
        UnitsArgument::Pixels => Units::Pixels,
        UnitsArgument::Fraction => Units::Fraction,
    };
    if problems.is_empty() { Ok(Regions { shapes, units }) } else { Err(problems) }
}

/// The shape, or the names of its missing fields.
fn shape(region: &RegionArgument) -> Result<Region, String> {
    if region.shape == ShapeArgument::Polygon {
        let points = region.points.as_ref().ok_or("points")?;
        return Ok(Region::Polygon(points.iter().map(|[x, y]| (*x, *y)).collect()));
    }
    let RegionArgument { x, y, width, height, .. } = region;
    let (Some(x), Some(y), Some(width), Some(height)) = (*x, *y, *width, *height) else {
        let sides = [("x", x), ("y", y), ("width", width), ("height", height)];
        let missing = sides.into_iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name);
        return Err(missing.collect::<Vec<_>>().join(", "));
    };
    let extent = Extent { x, y, width, height };
    Ok(if region.shape == ShapeArgument::Ellipse { Region::Ellipse(extent) } else { Region::Box(extent) })
}
