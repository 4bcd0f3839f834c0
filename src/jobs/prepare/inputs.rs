//! Reads what goes into a call: references to bytes, images to what the model takes, a mask
//! or regions to the form it wants. All of it before anything is paid.

use std::sync::Arc;

use bytes::Bytes;

use super::source_image::{self, SourceImage};
use crate::catalog::MaskKind;
use crate::codec::{CodecError, Marks, MaskForm, Normalised, SendLimits, normalise};
use crate::domain::{ImageId, Problem};
use crate::jobs::cpu_pool::cpu_pool;
use crate::jobs::image_job::{ImageJob, MaskSource, Masking};
use crate::jobs::services::JobServices;
use crate::references::{ImageReference, LocalReference};
use crate::routing::Route;
use crate::store::StoreError;
use crate::upstream::{FetchError, Upload};

/// The most bytes of a file that is read; what is sent of it is what the model takes.
const MOST_BYTES_READ: u64 = 100_000_000;

/// What goes in.
#[derive(Debug, Default)]
pub(in crate::jobs) struct Inputs {
    pub images: Vec<Upload>,
    /// The stored images among them.
    pub parents: Vec<ImageId>,
    /// What is repainted, and of which image.
    pub masked: Option<Masked>,
    /// What had to be changed to fit, for the caller.
    pub changes: Vec<String>,
}

/// An image of which a part is repainted.
#[derive(Debug)]
pub(in crate::jobs) struct Masked {
    /// The image as it was given.
    pub original: Bytes,
    /// The part, in the original's size.
    pub marks: Arc<Marks>,
    /// Whether the rest is put back.
    pub preserve: bool,
    /// The mask in each form that a model of the route wants, in the size that is sent.
    files: Vec<(MaskKind, Bytes)>,
}

impl Inputs {
    /// The mask as models of this kind read it.
    pub(in crate::jobs) fn mask(&self, kind: MaskKind) -> Option<&Bytes> {
        let files = self.masked.iter().flat_map(|masked| &masked.files);
        files.into_iter().find(|(known, _)| *known == kind).map(|(_, mask)| mask)
    }

    /// Whether only a part is repainted.
    pub(in crate::jobs) fn is_masked(&self) -> bool {
        self.masked.is_some()
    }

    /// The size of the largest image, in bytes.
    pub(in crate::jobs) fn largest(&self) -> u64 {
        self.images.iter().map(|image| image.bytes.len() as u64).max().unwrap_or(0)
    }

    /// A digest of all that goes in.
    pub(in crate::jobs) fn digest(&self, hasher: &mut blake3::Hasher) {
        for image in &self.images {
            hasher.update(blake3::hash(&image.bytes).as_bytes());
        }
        for (_, mask) in self.masked.iter().flat_map(|masked| &masked.files) {
            hasher.update(mask);
        }
    }
}

/// A reference that was read: the same image named twice is read and made to fit once.
struct Seen<'a> {
    reference: &'a ImageReference,
    upload: Upload,
    id: Option<ImageId>,
    image: Normalised,
}

/// Reads what the first model of the route takes, and the mask for all of them.
pub(in crate::jobs) async fn read(
    services: &JobServices,
    image_job: &ImageJob,
    route: &Route,
) -> Result<Inputs, Problem> {
    let model = &route.first.model;
    let limits =
        SendLimits { most_bytes: model.most_image_bytes, keep_metadata: services.options.keep_metadata };
    let owner = &image_job.owner.name;
    let mut inputs = Inputs::default();
    let mut seen: Vec<Seen<'_>> = Vec::new();
    for (index, reference) in image_job.images.iter().enumerate() {
        let argument = image_job.image_argument(index);
        let known = seen.iter().position(|seen| seen.reference == reference);
        if known.is_none() {
            let one = fitted(services, owner, reference, &argument, limits).await?;
            inputs.changes.extend(one.image.changes.iter().map(|change| format!("{argument}: {change}")));
            seen.push(one);
        }
        let Some(seen) = known.map_or(seen.last(), |at| seen.get(at)) else { continue };
        inputs.parents.extend(seen.id.clone());
        inputs.images.push(seen.upload.clone());
    }
    if let (Some(masking), Some(first)) = (&image_job.masking, seen.first()) {
        let models = std::iter::once(model).chain(route.rest.iter().map(|choice| &choice.model));
        let mut kinds: Vec<_> = models.filter_map(|model| model.mask).collect();
        kinds.dedup();
        inputs.masked = Some(masked(services, owner, masking, &first.image, kinds).await?);
    }
    Ok(inputs)
}

/// An image read and made to fit.
async fn fitted<'a>(
    services: &JobServices,
    owner: &str,
    reference: &'a ImageReference,
    argument: &str,
    limits: SendLimits,
) -> Result<Seen<'a>, Problem> {
    let source = source(services, owner, reference, argument).await?;
    let bytes = source.bytes.clone();
    let image = cpu_pool(move || normalise(bytes, &limits)).await?.map_err(|error| error.at(argument))?;
    let upload = Upload { name: source.name(image.format), format: image.format, bytes: image.bytes.clone() };
    Ok(Seen { reference, upload, id: source.id, image })
}

/// The part that is marked, checked, and in the forms that models want.
async fn masked(
    services: &JobServices,
    owner: &str,
    masking: &Masking,
    image: &Normalised,
    kinds: Vec<MaskKind>,
) -> Result<Masked, Problem> {
    let given = match &masking.source {
        MaskSource::Image { reference, .. } => source(services, owner, reference, "mask").await?.bytes,
        MaskSource::Regions(_) => Bytes::new(),
    };
    let (masking, original) = (masking.clone(), image.original.clone());
    let (size, sent) = (image.original_pixels, image.pixels);
    let made = cpu_pool(move || -> Result<Masked, Vec<Problem>> {
        let argument = masking.source.argument();
        let at = |error: CodecError| vec![error.at(argument)];
        let marks = match &masking.source {
            MaskSource::Image { means, .. } => Marks::of_image(&given, *means, size).map_err(at)?,
            MaskSource::Regions(regions) => Marks::of_regions(regions, size)?,
        };
        let marks = if masking.invert { marks.inverted() } else { marks };
        let marks = marks.checked().map_err(at)?;
        let marks = match masking.feather {
            0 => marks,
            feather => {
                let too_wide = |_| vec![CodecError::FeatherTooWide(feather).at("feather")];
                marks.feathered(feather).checked().map_err(too_wide)?
            }
        };
        let mut files = Vec::new();
        for kind in kinds {
            files.push((kind, marks.file(form(kind), sent).map_err(at)?));
        }
        Ok(Masked { original, marks: Arc::new(marks), preserve: masking.preserve, files })
    });
    made.await?.map_err(together)
}

/// Several problems as one: the first, with the others' words after its own.
fn together(problems: Vec<Problem>) -> Problem {
    let mut problems = problems.into_iter();
    let Some(mut first) = problems.next() else { return Problem::internal("nothing was wrong") };
    for problem in problems {
        let argument = problem.argument.unwrap_or_default();
        first.what = format!("{}; {argument}: {}", first.what, problem.what);
    }
    first
}

async fn source(
    services: &JobServices,
    owner: &str,
    reference: &ImageReference,
    argument: &str,
) -> Result<SourceImage, Problem> {
    let fetched;
    let local = match reference {
        ImageReference::Local(local) => local,
        ImageReference::Remote(url) => {
            let bytes = services.client.fetch(url, MOST_BYTES_READ).await;
            fetched = LocalReference::Data(bytes.map_err(|error| unfetched(&error, url, argument))?);
            &fetched
        }
    };
    let read =
        source_image::read(local, &services.options.roots, &services.store, owner, MOST_BYTES_READ).await;
    read.map_err(|error: StoreError| error.at(argument))
}

fn unfetched(error: &FetchError, url: &url::Url, argument: &str) -> Problem {
    let host = url.host_str().unwrap_or_default();
    let remedy = match error {
        FetchError::Private(_) => "Only public https addresses are fetched. Pass the path of a file instead.",
        FetchError::NotHttps(_) => "Pass an https address, or the path of a file.",
        FetchError::TooLarge(_) => "Pass a smaller version of the image.",
        FetchError::Failed(_) => {
            "Check that the address leads to an image that anyone may fetch, or pass a file."
        }
    };
    Problem::argument(argument, format!("the image at {host} was not fetched: {error}"), remedy)
}

const fn form(kind: MaskKind) -> MaskForm {
    match kind {
        MaskKind::Alpha => MaskForm::TransparentRepaints,
        MaskKind::White => MaskForm::WhiteRepaints,
    }
}
