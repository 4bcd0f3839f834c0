//! The store behind link answers: pictures under addresses that are signed, as a CDN's are.
//!
//! It shows the two mistakes clients make with such links: dropping the query string, and
//! sending the API key along.

use std::collections::VecDeque;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_RANGES, AUTHORIZATION, CONTENT_RANGE, CONTENT_TYPE, ETAG, RANGE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::seen::Seen;
use super::server::Shared;
use crate::domain::ImageFormat;

/// How much is kept, in bytes; the oldest go first. Real links die after about a day.
const KEPT: usize = 256 * 1024 * 1024;

/// Pictures by name.
#[derive(Debug, Default)]
pub(super) struct Files {
    kept: VecDeque<(String, Bytes)>,
}

impl Files {
    /// Keeps a picture; returns its path and query, which depend on its bytes only. The path
    /// ends in `.png` whatever the picture is, as seen at the gateway.
    pub(super) fn keep(&mut self, picture: Vec<u8>) -> String {
        let name: String = blake3::hash(&picture).to_hex().chars().take(32).collect();
        if !self.kept.iter().any(|(kept, _)| *kept == name) {
            self.kept.push_back((name.clone(), picture.into()));
        }
        while self.kept.len() > 1 && self.kept.iter().map(|(_, file)| file.len()).sum::<usize>() > KEPT {
            self.kept.pop_front();
        }
        format!("/files/{name}.png?{}", query(&name))
    }

    /// The picture at a path and query that [`Files::keep`] returned, or the store's refusal.
    pub(super) fn fetch(&self, path: &str, sent: Option<&str>) -> Result<Bytes, (StatusCode, &'static str)> {
        let name = path.rsplit('/').next().and_then(|file| file.strip_suffix(".png")).unwrap_or_default();
        if sent != Some(&query(name)) {
            return Err((StatusCode::FORBIDDEN, "AccessDenied"));
        }
        let found = self.kept.iter().find(|(kept, _)| kept == name).map(|(_, file)| file.clone());
        found.ok_or((StatusCode::NOT_FOUND, "NoSuchKey"))
    }
}

/// The query string that opens a file.
fn query(name: &str) -> String {
    let signature = blake3::derive_key("gpt-image-mcp sandbox link signature", name.as_bytes());
    let signature = blake3::Hash::from_bytes(signature).to_hex();
    format!("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=86400&X-Amz-Signature={signature}")
}

/// `GET /files/NAME.png?X-Amz-Signature=…`: 403 unless the query string is whole, 400 where an
/// Authorization header comes along (S3 and its like allow one way of signing only).
pub(super) async fn download(State(shared): State<Shared>, request: Request) -> Response {
    shared.record(Seen::of(&request));
    if request.headers().contains_key(AUTHORIZATION) {
        return fault(StatusCode::BAD_REQUEST, "InvalidArgument");
    }
    match shared.files().fetch(request.uri().path(), request.uri().query()) {
        Ok(file) => part(&file, request.headers()),
        Err((status, code)) => fault(status, code),
    }
}

fn fault(status: StatusCode, code: &str) -> Response {
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
    let Some(from) = from else { return (common, file.clone()).into_response() };
    if from >= file.len() {
        return (StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, format!("bytes */{}", file.len()))])
            .into_response();
    }
    let range = format!("bytes {from}-{}/{}", file.len() - 1, file.len());
    (StatusCode::PARTIAL_CONTENT, common, [(CONTENT_RANGE, range)], file.slice(from..)).into_response()
}
