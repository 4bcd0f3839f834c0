//! Reads what goes into a call: references to bytes, a mask to the form the model wants.
//! All of it before anything is paid.

use bytes::Bytes;

use super::Commission;
use super::manager::{LOCAL_OWNER, Shared};
use crate::catalog::{MaskKind, Model};
use crate::domain::{ImageId, Problem};
use crate::images::{
    ImageError, ImageReference, LocalReference, MaskForm, inspect_bytes, prepare_mask, read_image,
};
use crate::upstream::{FetchError, Upload};

/// The most bytes of a mask as given; what is sent is smaller.
const MOST_MASK_BYTES: u64 = 50_000_000;

/// What goes in.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    pub images: Vec<Upload>,
    /// The stored images among them.
    pub parents: Vec<ImageId>,
    pub mask: Option<Bytes>,
}

pub(super) async fn read(shared: &Shared, commission: &Commission, model: &Model) -> Result<Inputs, Problem> {
    let mut inputs = Inputs::default();
    let mut first_size = None;
    for (index, reference) in commission.images.iter().enumerate() {
        let argument = commission.image_argument(index);
        let (upload, id) = image(shared, reference, model.most_image_bytes, &argument).await?;
        let info = inspect_bytes(&upload.bytes).map_err(|error| error.at(&argument))?;
        first_size.get_or_insert(info.pixels);
        inputs.parents.extend(id);
        inputs.images.push(upload);
    }
    if let (Some(mask), Some(kind), Some(size)) = (&commission.mask, model.mask, first_size) {
        let (given, _) = image(shared, &mask.reference, MOST_MASK_BYTES, "mask").await?;
        let means = mask.means;
        let prepared =
            tokio::task::spawn_blocking(move || prepare_mask(&given.bytes, means, form(kind), size)).await;
        let prepared = prepared.map_err(|error| Problem::internal(error.to_string()))?;
        inputs.mask = Some(prepared.map_err(|error| error.at("mask"))?.into());
    }
    Ok(inputs)
}

async fn image(
    shared: &Shared,
    reference: &ImageReference,
    most_bytes: u64,
    argument: &str,
) -> Result<(Upload, Option<ImageId>), Problem> {
    let source = match reference {
        ImageReference::Local(local) => {
            read_image(local, &shared.options.roots, &shared.library, LOCAL_OWNER, most_bytes).await
        }
        ImageReference::Remote(url) => {
            let bytes = shared
                .client
                .fetch(url, most_bytes)
                .await
                .map_err(|error| unfetched(&error, url, argument))?;
            let local = LocalReference::Data(bytes);
            read_image(&local, &shared.options.roots, &shared.library, LOCAL_OWNER, most_bytes).await
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
