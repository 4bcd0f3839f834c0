//! Reads what goes into a call: references to bytes, a mask to the form the model wants.
//! All of it before anything is paid.

use bytes::Bytes;

use super::Commission;
use super::manager::Shared;
use crate::catalog::MaskKind;
use crate::domain::{ImageId, Pixels, Problem};
use crate::images::{
    ImageError, ImageReference, LocalReference, MaskForm, MaskMeans, Marks, inspect_bytes, read_image,
};
use crate::routing::Route;
use crate::upstream::{FetchError, Upload};

/// The most bytes of a mask as given; what is sent is smaller.
const MOST_MASK_BYTES: u64 = 50_000_000;

/// What goes in.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    pub images: Vec<Upload>,
    /// The stored images among them.
    pub parents: Vec<ImageId>,
    /// The mask in each form that a model of the route wants.
    masks: Vec<(MaskKind, Bytes)>,
}

impl Inputs {
    /// The mask as models of this kind read it.
    pub(super) fn mask(&self, kind: MaskKind) -> Option<&Bytes> {
        self.masks.iter().find(|(known, _)| *known == kind).map(|(_, mask)| mask)
    }

    /// Whether only a part is repainted.
    pub(super) fn is_masked(&self) -> bool {
        !self.masks.is_empty()
    }

    /// The size of the largest picture, in bytes.
    pub(super) fn largest(&self) -> u64 {
        self.images.iter().map(|image| image.bytes.len() as u64).max().unwrap_or(0)
    }

    /// A digest of all that goes in.
    pub(super) fn digest(&self, hasher: &mut blake3::Hasher) {
        for image in &self.images {
            hasher.update(blake3::hash(&image.bytes).as_bytes());
        }
        for (_, mask) in &self.masks {
            hasher.update(mask);
        }
    }
}

/// Reads what the first model of the route takes, and the mask for all of them.
pub(super) async fn read(shared: &Shared, commission: &Commission, route: &Route) -> Result<Inputs, Problem> {
    let model = &route.first.model;
    let mut inputs = Inputs::default();
    let mut first_size = None;
    for (index, reference) in commission.images.iter().enumerate() {
        let argument = commission.image_argument(index);
        let owner = &commission.owner.name;
        let (upload, id) = image(shared, owner, reference, model.most_image_bytes, &argument).await?;
        let info = inspect_bytes(&upload.bytes).map_err(|error| error.at(&argument))?;
        first_size.get_or_insert(info.pixels);
        inputs.parents.extend(id);
        inputs.images.push(upload);
    }
    if let (Some(mask), Some(size)) = (&commission.mask, first_size) {
        let owner = &commission.owner.name;
        let (given, _) = image(shared, owner, &mask.reference, MOST_MASK_BYTES, "mask").await?;
        let models = std::iter::once(model).chain(route.rest.iter().map(|choice| &choice.model));
        for kind in models.filter_map(|model| model.mask) {
            if inputs.mask(kind).is_none() {
                inputs.masks.push((kind, prepared(given.bytes.clone(), mask.means, kind, size).await?));
            }
        }
    }
    Ok(inputs)
}

async fn prepared(mask: Bytes, means: MaskMeans, kind: MaskKind, size: Pixels) -> Result<Bytes, Problem> {
    let prepared = tokio::task::spawn_blocking(move || Marks::of_picture(&mask, means, size)?.checked()?.file(form(kind), size)).await;
    let prepared = prepared.map_err(|error| Problem::internal(error.to_string()))?;
    prepared.map_err(|error| error.at("mask"))
}

async fn image(
    shared: &Shared,
    owner: &str,
    reference: &ImageReference,
    most_bytes: u64,
    argument: &str,
) -> Result<(Upload, Option<ImageId>), Problem> {
    let source = match reference {
        ImageReference::Local(local) => {
            read_image(local, &shared.options.roots, &shared.library, owner, most_bytes).await
        }
        ImageReference::Remote(url) => {
            let bytes = shared
                .client
                .fetch(url, most_bytes)
                .await
                .map_err(|error| unfetched(&error, url, argument))?;
            let local = LocalReference::Data(bytes);
            read_image(&local, &shared.options.roots, &shared.library, owner, most_bytes).await
        }
    };
    let source = source.map_err(|error: ImageError| error.at(argument))?;
    Ok((Upload { name: source.name, format: source.format, bytes: source.bytes }, source.id))
}

fn unfetched(error: &FetchError, url: &url::Url, argument: &str) -> Problem {
    let host = url.host_str().unwrap_or_default();
    let way_out = match error {
        FetchError::Private(_) => "Only public https addresses are fetched. Pass the path of a file instead.",
        FetchError::NotHttps(_) => "Pass an https address, or the path of a file.",
        FetchError::TooLarge(_) => "Pass a smaller version of the picture.",
        FetchError::Failed(_) => {
            "Check that the address leads to a picture that anyone may fetch, or pass a file."
        }
    };
    Problem::argument(argument, format!("the picture at {host} was not fetched: {error}"), way_out)
}

const fn form(kind: MaskKind) -> MaskForm {
    match kind {
        MaskKind::Alpha => MaskForm::TransparentRepaints,
        MaskKind::White => MaskForm::WhiteRepaints,
    }
}
