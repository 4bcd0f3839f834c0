//! `GET /files/NAME.png`: the images behind links, as a CDN serves them.
//!
//! It shows the two mistakes that clients make with such links: dropping the query string, and
//! sending the API key along.

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    ACCEPT_RANGES, AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, RANGE,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::api_error::ApiError;
use super::connection::ClientConnection;
use super::faults::{DownloadFault, Fault, apply_to_download};
use super::files::{NO_SUCH_KEY, StoredFile};
use super::ids::request_id;
use super::models::ModelFamily;
use super::received::ReceivedRequest;
use super::state::SandboxState;
use crate::domain::ImageFormat;

/// Sends an image: 403 unless the query string is complete, 400 if an `Authorization` header comes
/// along (S3 allows one way of signing only).
pub(super) async fn download(
    State(state): State<SandboxState>,
    ConnectInfo(connection): ConnectInfo<ClientConnection>,
    request: Request,
) -> Response {
    let mut received = ReceivedRequest::of(&request);
    let found = find(&state, &request);
    if let Ok((_, Some(fault))) = &found {
        received.fault = Some(fault.spec.to_string());
    }
    state.record(received);
    let headers = request.headers();
    match found {
        Ok((stored, None)) => part(&stored.file, headers),
        Ok((stored, Some(fault))) => match fault.spec.fault() {
            Fault::Cdn404 => store_error(NO_SUCH_KEY),
            Fault::CdnNoRange if fault.spent => part(&stored.file, &HeaderMap::new()),
            Fault::CdnNoRange => {
                apply_to_download(part(&stored.file, &HeaderMap::new()), &fault.spec, &connection)
            }
            _ => apply_to_download(part(&stored.file, headers), &fault.spec, &connection),
        },
        Err(response) => *response,
    }
}

fn find(
    state: &SandboxState,
    request: &Request,
) -> Result<(StoredFile, Option<DownloadFault>), Box<Response>> {
    let refused = |error| Box::new(store_error(error));
    if request.headers().contains_key(AUTHORIZATION) {
        return Err(refused((StatusCode::BAD_REQUEST, "InvalidArgument")));
    }
    let uri = request.uri();
    let stored = state.files().fetch(uri.path(), uri.query()).map_err(refused)?;
    let fault = state.faults().for_download(request.headers(), stored.fault.as_ref(), &stored.name);
    let fault = fault.map_err(|invalid| {
        let family = ModelFamily::Official;
        Box::new(ApiError::invalid_fault(&invalid).response(family, &request_id(family)))
    })?;
    Ok((stored, fault))
}

fn store_error((status, code): (StatusCode, &str)) -> Response {
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code></Error>");
    (status, [(CONTENT_TYPE, "application/xml")], body).into_response()
}

/// The file, or its end from where a `Range: bytes=FROM-` begins.
fn part(file: &Bytes, headers: &HeaderMap) -> Response {
    let mime = ImageFormat::sniff(file).map_or("application/octet-stream", ImageFormat::mime);
    let etag = format!("\"{}\"", blake3::hash(file).to_hex());
    let common = [(CONTENT_TYPE, mime.to_owned()), (ACCEPT_RANGES, "bytes".to_owned()), (ETAG, etag)];
    let from = headers
        .get(RANGE)
        .and_then(|range| range.to_str().ok())
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    // Stated, because a body that is cut or slow has no length of its own.
    let length = |bytes: &Bytes| [(CONTENT_LENGTH, bytes.len().to_string())];
    let Some(from) = from else { return (common, length(file), file.clone()).into_response() };
    if from >= file.len() {
        return (StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, format!("bytes */{}", file.len()))])
            .into_response();
    }
    let range = format!("bytes {from}-{}/{}", file.len() - 1, file.len());
    let rest = file.slice(from..);
    (StatusCode::PARTIAL_CONTENT, common, [(CONTENT_RANGE, range)], length(&rest), rest).into_response()
}
