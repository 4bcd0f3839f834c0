//! The fixtures among resources.

use rmcp::model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate};

use super::calls::{PNG, resource};

/// All that are listed.
pub(super) fn all() -> Vec<Resource> {
    let listed =
        |uri: &str, mime: &str| Resource::new(uri, uri).with_description("A fixture").with_mime_type(mime);
    vec![
        listed("test://static-text", "text/plain"),
        listed("test://static-binary", "image/png"),
        listed("test://watched-resource", "text/plain"),
    ]
}

/// The form of the others' addresses.
pub(super) fn template() -> ResourceTemplate {
    ResourceTemplate::new("test://template/{id}/data", "A template")
        .with_description("A fixture")
        .with_mime_type("application/json")
}

/// One of them.
pub(super) fn read(uri: &str) -> Option<ReadResourceResult> {
    let contents = match uri {
        "test://static-text" => {
            resource(uri, "text/plain", "This is the content of the static text resource.")
        }
        "test://watched-resource" => resource(uri, "text/plain", "Watched resource content"),
        "test://static-binary" => ResourceContents::blob(PNG, uri).with_mime_type("image/png"),
        _ => {
            let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
            let data =
                serde_json::json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
            resource(uri, "application/json", &data.to_string())
        }
    };
    Some(ReadResourceResult::new(vec![contents]))
}
