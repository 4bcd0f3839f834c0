//! The store behind link answers: pictures under addresses that are signed, as a CDN's are.
//!
//! It shows the two mistakes clients make with such links: dropping the query string, and
//! sending the API key along.

use std::collections::VecDeque;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    ACCEPT_RANGES, AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, RANGE,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::api_error::Refusal;
use super::connection::Line;
use super::faults::{Befallen, Fault, FaultSpec, spoilt_download};
use super::models::Family;
use super::received::Seen;
use super::server::{Shared, request_id};
use crate::domain::ImageFormat;

/// How much is kept, in bytes; the oldest go first. Real links die after about a day.
const KEPT: usize = 256 * 1024 * 1024;

/// Pictures by name.
#[derive(Debug, Default)]
pub(super) struct Files {
    kept: VecDeque<Kept>,
}

/// A picture, and what will go wrong when it is fetched.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    name: String,
    pub file: Bytes,
    fault: Option<FaultSpec>,
}

impl Files {
    /// Keeps a picture; returns its path and query, which depend on its bytes and its fault only.
    /// The path ends in `.png` whatever the picture is, as seen at the gateway.
    pub(super) fn keep(&mut self, picture: Vec<u8>, fault: Option<&FaultSpec>) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&picture).update(fault.map(ToString::to_string).unwrap_or_default().as_bytes());
        let name: String = hasher.finalize().to_hex().chars().take(32).collect();
        if !self.kept.iter().any(|kept| kept.name == name) {
            let fault = fault.cloned();
            self.kept.push_back(Kept { name: name.clone(), file: picture.into(), fault });
        }
        while self.kept.len() > 1 && self.kept.iter().map(|kept| kept.file.len()).sum::<usize>() > KEPT {
            self.kept.pop_front();
        }
        format!("/files/{name}.png?{}", query(&name))
    }

    /// The picture at a path and query that [`Files::keep`] returned, or the store's refusal.
    pub(super) fn fetch(&self, path: &str, sent: Option<&str>) -> Result<Kept, (StatusCode, &'static str)> {
        let name = name_in(path);
        if sent != Some(&query(name)) {
            return Err((StatusCode::FORBIDDEN, "AccessDenied"));
        }
        let found = self.kept.iter().find(|kept| kept.name == name).cloned();
        found.ok_or(NO_SUCH_KEY)
    }
}

const NO_SUCH_KEY: (StatusCode, &str) = (StatusCode::NOT_FOUND, "NoSuchKey");

/// The name of the file in a path, with or without its query.
pub(super) fn name_in(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or_default();
    path.rsplit('/').next().and_then(|file| file.strip_suffix(".png")).unwrap_or_default()
}

/// The query string that opens a file.
fn query(name: &str) -> String {
    let signature = blake3::derive_key("gpt-image-mcp sandbox link signature", name.as_bytes());
    let signature = blake3::Hash::from_bytes(signature).to_hex();
    format!("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=86400&X-Amz-Signature={signature}")
}

/// `GET /files/NAME.png?X-Amz-Signature=…`: 403 unless the query string is whole, 400 where an
/// Authorization header comes along (S3 and its like allow one way of signing only).
pub(super) async fn download(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let mut seen = Seen::of(&request);
    let found = judge(&shared, &request);
    seen.fault =
        found.as_ref().ok().and_then(|(_, fault)| fault.as_ref()).map(|befallen| befallen.spec.to_string());
    shared.record(seen);
    match found {
        Ok((kept, None)) => part(&kept.file, request.headers()),
        Ok((_, Some(befallen))) if befallen.spec.fault() == Fault::Cdn404 => {
            let (status, code) = NO_SUCH_KEY;
            fault(status, code)
        }
        Ok((kept, Some(befallen))) => {
            let none = HeaderMap::new();
            let ignores_range = befallen.spec.fault() == Fault::CdnNoRange;
            let answer = part(&kept.file, if ignores_range { &none } else { request.headers() });
            if befallen.spent { answer } else { spoilt_download(answer, &befallen.spec, &line) }
        }
        Err(refusal) => *refusal,
    }
}

fn judge(shared: &Shared, request: &Request) -> Result<(Kept, Option<Befallen>), Box<Response>> {
    let refused = |(status, code)| Box::new(fault(status, code));
    if request.headers().contains_key(AUTHORIZATION) {
        return Err(refused((StatusCode::BAD_REQUEST, "InvalidArgument")));
    }
    let path = request.uri().path();
    let kept = shared.files().fetch(path, request.uri().query()).map_err(refused)?;
    let befallen = shared.faults().of_download(request.headers(), kept.fault.as_ref(), &kept.name);
    let befallen = befallen.map_err(|bad| {
        Box::new(Refusal::bad_fault(&bad).answer(Family::Official, &request_id(Family::Official)))
    })?;
    Ok((kept, befallen))
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
    // Said outright, because a body that is cut or slow has no length of its own.
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
