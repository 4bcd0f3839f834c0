//! Regions: the parts of an image that a caller names in numbers, because an agent cannot
//! paint a mask. From shapes to outlines in pixels, with what is wrong with them.
//!
//! Pure. Coordinates count from the top left corner of the image as a person sees it.

use serde::{Deserialize, Serialize};

use crate::domain::{Pixels, Problem};

/// How far, in pixels, a shape may reach beyond the image: what rounding does to a fraction.
const SLACK: f64 = 1.0;

/// Where a shape beyond the image is said to end at the farthest: nobody reads longer numbers.
const FAR: f64 = 1e9;

/// Fewer corners enclose nothing.
const LEAST_POINTS: usize = 3;

/// A part of an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Region {
    /// A rectangle.
    Box(Extent),
    /// The ellipse that touches the four sides of a rectangle.
    Ellipse(Extent),
    /// The surface within these corners, the last joined to the first.
    Polygon(Vec<(f64, f64)>),
}

/// A rectangle by its top left corner.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extent {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// To the right of `x`.
    pub width: f64,
    /// Below `y`.
    pub height: f64,
}

/// What coordinates are counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Units {
    /// Pixels of the image.
    #[default]
    Pixels,
    /// Fractions of its width and height, 0 to 1.
    Fraction,
}

/// Several regions together are one part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regions {
    /// The shapes.
    pub shapes: Vec<Region>,
    /// What they are counted in.
    pub units: Units,
}

/// A shape's outline in pixels, closed.
pub(super) type Outline = Vec<(f64, f64)>;

/// What is wrong with a region.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RegionFault {
    /// Too few corners.
    #[error("a polygon of {0} points encloses nothing")]
    FewPoints(usize),
    /// It goes to the left or upwards: width and height.
    #[error("its width and height are {0} and {1}, and both must be above 0")]
    Backwards(f64, f64),
    /// It is thinner than a pixel.
    #[error("it is {0:.2} by {1:.2} pixels, less than one pixel")]
    Thin(f64, f64),
    /// It reaches beyond the image: left, top, right, bottom, in pixels.
    #[error("it reaches from ({0:.0}, {1:.0}) to ({2:.0}, {3:.0}) and the image is {4}")]
    Outside(f64, f64, f64, f64, Pixels),
}

impl RegionFault {
    /// The problem of the region at this place in the list.
    #[must_use]
    pub fn at(&self, index: usize, units: Units) -> Problem {
        let remedy = match (self, units) {
            (Self::FewPoints(_), _) => "Pass three points or more.".to_owned(),
            (Self::Backwards(..), _) => "x and y are its top left corner.".to_owned(),
            (Self::Thin(..), Units::Pixels) => {
                "Coordinates are pixels; if they are fractions of the image, pass units: fraction.".to_owned()
            }
            (Self::Thin(..), Units::Fraction) => "Make it larger.".to_owned(),
            (Self::Outside(.., image), Units::Pixels) => format!(
                "Count in pixels of the whole image, {image} as it is seen upright, or pass units: fraction. \
                 A preview is smaller than its image."
            ),
            (Self::Outside(..), Units::Fraction) => {
                "Fractions go from 0 to 1; for pixels pass units: pixels.".to_owned()
            }
        };
        Problem::argument(format!("regions[{index}]"), self.to_string(), remedy)
    }
}

impl Regions {
    /// The outlines in an image of this size, or all that is wrong.
    pub(super) fn outlines(&self, image: Pixels) -> Result<Vec<Outline>, Vec<Problem>> {
        let (mut outlines, mut problems) = (Vec::new(), Vec::new());
        for (index, shape) in self.shapes.iter().enumerate() {
            match self.outline(shape, image) {
                Ok(outline) => outlines.push(outline),
                Err(fault) => problems.push(fault.at(index, self.units)),
            }
        }
        if problems.is_empty() { Ok(outlines) } else { Err(problems) }
    }

    fn outline(&self, shape: &Region, image: Pixels) -> Result<Outline, RegionFault> {
        let (width, height) = (f64::from(image.width), f64::from(image.height));
        let (across, down) = match self.units {
            Units::Pixels => (1.0, 1.0),
            Units::Fraction => (width, height),
        };
        let scaled = |extent: &Extent| Extent {
            x: extent.x * across,
            y: extent.y * down,
            width: extent.width * across,
            height: extent.height * down,
        };
        if let Region::Box(extent) | Region::Ellipse(extent) = shape
            && (extent.width < 0.0 || extent.height < 0.0)
        {
            return Err(RegionFault::Backwards(extent.width, extent.height));
        }
        let mut outline = match shape {
            Region::Box(extent) => corners(&scaled(extent)),
            Region::Ellipse(extent) => ellipse(&scaled(extent)),
            Region::Polygon(points) if points.len() < LEAST_POINTS => {
                return Err(RegionFault::FewPoints(points.len()));
            }
            Region::Polygon(points) => points.iter().map(|(x, y)| (x * across, y * down)).collect(),
        };
        let (left, top, right, bottom) = bounds(&outline);
        if left < -SLACK || top < -SLACK || right > width + SLACK || bottom > height + SLACK {
            let [left, top, right, bottom] = [left, top, right, bottom].map(|edge| edge.clamp(-FAR, FAR));
            return Err(RegionFault::Outside(left, top, right, bottom, image));
        }
        for (x, y) in &mut outline {
            *x = x.clamp(0.0, width);
            *y = y.clamp(0.0, height);
        }
        let (left, top, right, bottom) = bounds(&outline);
        if right - left < 1.0 || bottom - top < 1.0 {
            return Err(RegionFault::Thin(right - left, bottom - top));
        }
        Ok(outline)
    }
}

fn corners(Extent { x, y, width, height }: &Extent) -> Outline {
    vec![(*x, *y), (x + width, *y), (x + width, y + height), (*x, y + height)]
}

/// As many sides as keep it within a tenth of a pixel of the curve.
fn ellipse(extent: &Extent) -> Outline {
    let (across, down) = (extent.width / 2.0, extent.height / 2.0);
    let (x, y) = (extent.x + across, extent.y + down);
    let radius = across.abs().max(down.abs()).max(1.0);
    // A chord leaves its arc by `radius * (1 - cos(angle / 2))`, about `radius * angle² / 8`.
    let angle = (8.0 * 0.1 / radius).sqrt();
    let quarter = (std::f64::consts::FRAC_PI_2 / angle).ceil().clamp(4.0, 4096.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped, whole")]
    let sides = quarter as u32 * 4;
    (0..sides)
        .map(|side| {
            let (sine, cosine) = (std::f64::consts::TAU * f64::from(side) / f64::from(sides)).sin_cos();
            (x + across * cosine, y + down * sine)
        })
        .collect()
}

/// Left, top, right and bottom; a coordinate that is no number is beyond every image.
fn bounds(outline: &Outline) -> (f64, f64, f64, f64) {
    let mut bounds = (f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY);
    for (x, y) in outline {
        let (x, y) = if x.is_nan() || y.is_nan() { (f64::INFINITY, f64::INFINITY) } else { (*x, *y) };
        bounds = (bounds.0.min(x), bounds.1.min(y), bounds.2.max(x), bounds.3.max(y));
    }
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Pixels = Pixels::new(200, 100);

    fn outlined(shape: Region, units: Units) -> Result<Outline, String> {
        let regions = Regions { shapes: vec![shape], units };
        let told = |problems: Vec<Problem>| problems.iter().map(ToString::to_string).collect::<String>();
        regions.outlines(IMAGE).map(|mut outlines| outlines.remove(0)).map_err(told)
    }

    fn extent(x: f64, y: f64, width: f64, height: f64) -> Extent {
        Extent { x, y, width, height }
    }

    #[test]
    fn pixels_and_fractions_name_the_same_part() {
        let pixels = outlined(Region::Box(extent(20.0, 30.0, 100.0, 50.0)), Units::Pixels).unwrap();
        let fractions = outlined(Region::Box(extent(0.1, 0.3, 0.5, 0.5)), Units::Fraction).unwrap();
        assert_eq!(pixels, [(20.0, 30.0), (120.0, 30.0), (120.0, 80.0), (20.0, 80.0)]);
        for (a, b) in pixels.iter().zip(&fractions) {
            assert!((a.0 - b.0).abs() < 1e-9 && (a.1 - b.1).abs() < 1e-9, "{a:?} {b:?}");
        }
    }

    #[test]
    fn an_ellipse_touches_the_sides_of_its_rectangle() {
        let outline = outlined(Region::Ellipse(extent(20.0, 30.0, 100.0, 50.0)), Units::Pixels).unwrap();
        let (left, top, right, bottom) = bounds(&outline);
        for (is, should) in [(left, 20.0), (top, 30.0), (right, 120.0), (bottom, 80.0)] {
            assert!((is - should).abs() < 1e-9, "{is} {should}");
        }
        assert!(outline.len() >= 16);
    }

    #[test]
    fn what_is_not_in_the_image_is_refused_with_both_sizes() {
        let whole = Region::Polygon(vec![(0.0, 0.0), (1.004, 0.0), (1.0, 1.0)]);
        assert!(outlined(whole, Units::Fraction).is_ok(), "rounding is forgiven");
        let cases = [
            (
                Region::Box(extent(150.0, 10.0, 100.0, 20.0)),
                Units::Pixels,
                "from (150, 10) to (250, 30) and the image is 200x100",
            ),
            (Region::Box(extent(-20.0, 10.0, 50.0, 20.0)), Units::Pixels, "units: fraction"),
            (Region::Ellipse(extent(10.0, 20.0, 100.0, 50.0)), Units::Fraction, "pass units: pixels"),
            (
                Region::Box(extent(0.1, 0.2, 0.5, 0.5)),
                Units::Pixels,
                "less than one pixel. Coordinates are pixels",
            ),
            (Region::Box(extent(10.0, 10.0, 0.0, 20.0)), Units::Pixels, "0.00 by 20.00 pixels"),
            (Region::Box(extent(f64::NAN, 10.0, 5.0, 20.0)), Units::Pixels, "the image is 200x100"),
            (Region::Box(extent(50.0, 50.0, -20.0, 20.0)), Units::Pixels, "and both must be above 0"),
            (Region::Ellipse(extent(1e300, 10.0, 5.0, 20.0)), Units::Pixels, "from (1000000000, 10)"),
            (
                Region::Polygon(vec![(1.0, 1.0), (9.0, 9.0)]),
                Units::Pixels,
                "a polygon of 2 points encloses nothing",
            ),
        ];
        for (shape, units, said) in cases {
            let words = outlined(shape.clone(), units).unwrap_err();
            assert!(words.starts_with("regions[0]: ") && words.contains(said), "{shape:?}: {words}");
        }
    }

    #[test]
    fn every_wrong_region_is_told() {
        let bad = Region::Box(extent(0.0, 0.0, 900.0, 1.0));
        let good = Region::Box(extent(0.0, 0.0, 90.0, 10.0));
        let regions = Regions { shapes: vec![bad.clone(), good, bad], units: Units::Pixels };
        let problems = regions.outlines(IMAGE).unwrap_err();
        let at: Vec<_> = problems.iter().filter_map(|problem| problem.argument.as_deref()).collect();
        assert_eq!(at, ["regions[0]", "regions[2]"]);
    }
}
