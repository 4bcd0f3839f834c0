//! Stored images as MCP resources, at `image://ID`.

use rmcp::ErrorData;
use rmcp::model::{
    Annotations, ListResourcesResult, ReadResourceResult, Resource, ResourceContents, ResourceTemplate,
};
use serde_json::json;

use super::deferred::{DeferredImages, base64};
use super::show::uri;
use crate::domain::ImageId;
use crate::store::StoreError;
use crate::store::{Store, StoredImage};

/// Images on a page of the list.
const PAGE: usize = 50;
/// Longest title.
const TITLE_CHARACTERS: usize = 60;

/// A page of the stored images, newest first: the first page, or the one after this cursor. A cursor
/// contains the time and id of the last image of a page, so it stays valid when images are added or
/// deleted.
pub(super) async fn list(
    store: &Store,
    owner: &str,
    cursor: Option<&str>,
) -> Result<ListResourcesResult, ErrorData> {
    let last = cursor.map(|cursor| {
        let place = cursor.split_once(' ').and_then(|(at, id)| Some((at.parse().ok()?, ImageId::parse(id)?)));
        place.ok_or_else(|| {
            ErrorData::invalid_params(format!("{cursor:?} is not a cursor of this list"), None)
        })
    });
    let last = last.transpose()?;
    if !store.has_record() {
        return Ok(ListResourcesResult::with_all_items(Vec::new()));
    }
    let one_more = u32::try_from(PAGE + 1).unwrap_or(u32::MAX);
    let images = store.recent(owner, last.as_ref(), one_more).await;
    let images = images.map_err(|error| internal(&error))?;
    let page = images.get(..PAGE).unwrap_or(&images);
    let mut listed = ListResourcesResult::with_all_items(page.iter().map(resource).collect());
    if images.len() > PAGE {
        listed.next_cursor = page.last().map(|last| format!("{:.6} {}", last.created_at, last.id));
    }
    Ok(listed)
}

/// The address template of stored images.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new("image://{id}", "image")
            .with_title("A stored image")
            .with_description("An image made earlier, by the id in its result."),
    ]
}

/// One whole stored image of this owner.
pub(super) async fn read(
    store: &Store,
    address: &str,
    owner: &str,
    deferred: Option<&DeferredImages>,
) -> Result<ReadResourceResult, ErrorData> {
    let missing = || {
        ErrorData::resource_not_found(
            format!("there is no stored image at {address}"),
            Some(json!({ "uri": address })),
        )
    };
    let id = address.strip_prefix("image://").and_then(ImageId::parse).ok_or_else(missing)?;
    let image = store.image(&id, owner).await.map_err(|error| match error {
        StoreError::UnknownId(_) => missing(),
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
    let mut annotations = Annotations::default();
    annotations.last_modified = Some(image.created_at.to_string());
    Resource::new(uri(image), name)
        .with_title(title(&image.prompt))
        .with_annotations(annotations)
        .with_description(image.prompt.chars().take(200).collect::<String>())
        .with_mime_type(image.format.mime())
        .with_size(image.bytes)
}

/// The start of the prompt, on one line.
fn title(prompt: &str) -> String {
    let words = prompt.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(TITLE_CHARACTERS) {
        Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default()),
        None => words,
    }
}

fn internal(error: &StoreError) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}
