//! Stored pictures as MCP resources, at `image://ID`.

use rmcp::ErrorData;
use rmcp::model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde_json::json;

use super::deferred::{DeferredImages, base64};
use super::reply::uri;
use crate::domain::ImageId;
use crate::images::{ImageError, Library, StoredImage};

/// How many of the newest images are listed.
const MOST_LISTED: u32 = 50;

/// The newest stored images of this owner.
pub(super) async fn list(library: &Library, owner: &str) -> Result<Vec<Resource>, ErrorData> {
    let images = library.recent(owner, None, MOST_LISTED).await.map_err(|error| internal(&error))?;
    Ok(images.iter().map(resource).collect())
}

/// The form of their addresses.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new("image://{id}", "image")
            .with_title("A stored image")
            .with_description("A picture made earlier, by the id in its result."),
    ]
}

/// One stored image of this owner's, whole.
pub(super) async fn read(
    library: &Library,
    address: &str,
    owner: &str,
    deferred: Option<&DeferredImages>,
) -> Result<ReadResourceResult, ErrorData> {
    let missing = || {
        ErrorData::resource_not_found(
            format!("{address} is no stored image"),
            Some(json!({ "uri": address })),
        )
    };
    let id = address.strip_prefix("image://").and_then(ImageId::parse).ok_or_else(missing)?;
    let image = library.image(&id, owner).await.map_err(|error| match error {
        ImageError::UnknownId(_) => missing(),
        other => internal(&other),
    })?;
    let mime = image.format.mime();
    let address = uri(&image);
    let deferred = deferred.cloned();
    let base64 = tokio::task::spawn_blocking(move || base64(&image, deferred.as_ref())).await;
    let base64 = base64.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    let base64 = base64.map_err(|error| ErrorData::resource_not_found(error.to_string(), None))?;
    let contents = ResourceContents::blob(base64, address).with_mime_type(mime);
    Ok(ReadResourceResult::new(vec![contents]))
}

fn resource(image: &StoredImage) -> Resource {
    let name = image.path.file_name().unwrap_or_default().to_string_lossy();
    Resource::new(uri(image), name)
        .with_description(image.prompt.chars().take(200).collect::<String>())
        .with_mime_type(image.format.mime())
        .with_size(image.bytes)
}

fn internal(error: &ImageError) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}
