//! Downloads of images by id, whole or in part, and uploads, for callers that share no disk with the
//! server.

use std::io::SeekFrom;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Path, Request, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, LOCATION, RANGE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::body;
use super::range::{RequestedRange, wanted};
use super::refusal::HttpRefusal;
use super::state::HttpState;
use crate::domain::ImageId;
use crate::store::StoreError;
use crate::store::StoredImage;
use crate::tools::ToolCaller;

/// `GET /images/ID`. The bytes behind an id never change.
pub(super) async fn fetch(
    State(state): State<Arc<HttpState>>,
    Extension(caller): Extension<ToolCaller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(id) = ImageId::parse(&id) else { return HttpRefusal::no_such_image().into_response() };
    match state.manager.store().image(&id, &caller.owner.name).await {
        Ok(image) => answer(&image, &headers).await.unwrap_or_else(|error| refuse(&error)),
        Err(error) => refuse(&error),
    }
}

async fn answer(image: &StoredImage, headers: &HeaderMap) -> Result<Response, StoreError> {
    let tag = format!("\"{}\"", image.hash.to_hex());
    let asked = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let mut response = Response::new(Body::empty());
    describe(response.headers_mut(), image, &tag);
    let is_known =
        |known: &str| known == "*" || known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag);
    if asked(IF_NONE_MATCH).is_some_and(is_known) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    // A range of another version is not a range of this image.
    let range = asked(RANGE).filter(|_| asked(IF_RANGE).is_none_or(|known| known == tag));
    let (start, length) = match wanted(range, image.bytes) {
        RequestedRange::Whole => (0, image.bytes),
        RequestedRange::Part { start, length } => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let part = format!("bytes {start}-{}/{}", start + length - 1, image.bytes);
            set(response.headers_mut(), CONTENT_RANGE, &part);
            (start, length)
        }
        RequestedRange::Nothing => {
            let mut response = HttpRefusal::no_such_range(image.bytes).into_response();
            set(response.headers_mut(), CONTENT_RANGE, &format!("bytes */{}", image.bytes));
            return Ok(response);
        }
    };
    let opened = image.clone();
    let failed = |error: std::io::Error| StoreError::reading(&image.path, error);
    let file = tokio::task::spawn_blocking(move || opened.open()).await;
    let file = file.map_err(|error| failed(std::io::Error::other(error)))??;
    let mut file = tokio::fs::File::from_std(file);
    file.seek(SeekFrom::Start(start)).await.map_err(failed)?;
    set(response.headers_mut(), CONTENT_LENGTH, &length.to_string());
    *response.body_mut() = Body::from_stream(ReaderStream::with_capacity(file.take(length), 64 * 1024));
    Ok(response)
}

/// Sets the headers of an image.
fn describe(headers: &mut HeaderMap, image: &StoredImage, tag: &str) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(image.format.mime()));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    set(headers, ETAG, tag);
    let name = format!("inline; filename=\"{}.{}\"", image.id, image.format.extension());
    set(headers, CONTENT_DISPOSITION, &name);
}

/// Sets a header to a text that the server built.
fn set(headers: &mut HeaderMap, name: axum::http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// `POST /images`: the body is the image; its declared type does not matter.
pub(super) async fn put(
    State(state): State<Arc<HttpState>>,
    Extension(caller): Extension<ToolCaller>,
    request: Request,
) -> Response {
    match take(&state, &caller, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

async fn take(state: &HttpState, caller: &ToolCaller, request: Request) -> Result<Response, HttpRefusal> {
    let (parts, body) = request.into_parts();
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // The boundary of a form would become part of the image.
    if kind.starts_with("multipart/") {
        return Err(HttpRefusal::wrong_content_type("the type of the image, and the body the image alone"));
    }
    let body = body::whole(body, state.options.limits.body_bytes, state.options.clocks.body).await?;
    let image = state.manager.store().record_upload(body, &caller.owner.name).await;
    let image = image.map_err(|error| HttpRefusal::no_image(&error))?;
    let url = caller.images_url.as_deref().map(|images| format!("{images}{}", image.id));
    let fields = json!({
        "id": image.id.as_str(),
        "url": url,
        "width": image.pixels.width,
        "height": image.pixels.height,
        "format": image.format.name(),
        "bytes": image.bytes,
    });
    let mut response = (StatusCode::CREATED, fields.to_string()).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    set(response.headers_mut(), LOCATION, &format!("{}/images/{}", state.path_prefix(), image.id));
    Ok(response)
}

fn refuse(error: &StoreError) -> Response {
    match error {
        StoreError::UnknownId(_) => HttpRefusal::no_such_image(),
        StoreError::Gone { .. } | StoreError::Exchanged { .. } => HttpRefusal::gone(),
        other => {
            tracing::error!(error = %other, "cannot send a stored image");
            HttpRefusal::store_failed()
        }
    }
    .into_response()
}
