//! Faults of an answer that was made, and so is charged: what becomes of its head, its body and
//! its connection.

use std::future::pending;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::json;

use super::error_responses::page;
use super::kinds::Fault;
use super::spec::FaultSpec;
use crate::sandbox::connection::Line;

/// How often a slow body moves, per second.
const BEATS: u32 = 10;
/// Cloudflare's, shortened.
const TIMED_OUT: &str = "<!DOCTYPE html>\n<html lang=\"en-US\"><head><title>api.example | 524: A timeout \
    occurred</title></head><body><h1>A timeout occurred <span>Error code 524</span></h1></body></html>\n";
const APOLOGY: &str = "<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head>\
    <body><h1>Checking your browser</h1></body></html>\n";

/// The answer of a paid call as it is really given.
pub(in crate::sandbox) async fn spoilt(answer: Response, spec: &FaultSpec, line: &Line) -> Response {
    let amount = spec.amount();
    match spec.fault() {
        Fault::Hidden524 => {
            let error = json!({ "error": {
                "message": "", "type": "shell_api_error", "param": "524", "code": "bad_response_status_code",
            } });
            let (mut head, _) = answer.into_parts();
            head.status = StatusCode::INTERNAL_SERVER_ERROR;
            Response::from_parts(head, Body::from(error.to_string()))
        }
        Fault::Html => page(StatusCode::from_u16(524).unwrap_or(StatusCode::GATEWAY_TIMEOUT), TIMED_OUT),
        Fault::Empty => answer.map(|_| Body::empty()),
        Fault::Silent => pending().await,
        Fault::Reset => {
            line.cut();
            answer
        }
        Fault::Cut => answer.map(|body| ending(body, amount, line.clone())),
        Fault::Slow => answer.map(|body| slow(body, amount)),
        Fault::Endless => {
            answer.map(|body| Body::from_stream(body.into_data_stream().chain(stream::pending())))
        }
        _ => answer,
    }
}

/// A download as it is really given. Its head announces the whole length.
pub(in crate::sandbox) fn spoilt_download(answer: Response, spec: &FaultSpec, line: &Line) -> Response {
    let amount = spec.amount();
    match spec.fault() {
        Fault::CdnStall => answer.map(|body| Body::from_stream(first(body, amount).chain(stream::pending()))),
        Fault::CdnCut | Fault::CdnNoRange => answer.map(|body| ending(body, amount, line.clone())),
        Fault::CdnSlow => answer.map(|body| slow(body, amount)),
        Fault::CdnHtml => page(StatusCode::OK, APOLOGY),
        _ => answer,
    }
}

/// The first so many bytes of a body.
fn first(body: Body, bytes: u32) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    let left = usize::try_from(bytes).unwrap_or(usize::MAX);
    stream::try_unfold((body.into_data_stream(), left), |(mut data, left)| async move {
        let next = if left == 0 { None } else { data.next().await.transpose()? };
        Ok(next.map(|mut piece| {
            piece.truncate(left);
            let left = left - piece.len();
            (piece, (data, left))
        }))
    })
}

/// The first so many bytes of a body, then the end of the connection.
fn ending(body: Body, bytes: u32, line: Line) -> Body {
    let end = async move {
        // Else what is still in the server's buffer would be lost, and the cut come too early.
        line.flushed().await;
        Err(axum::Error::new(io::Error::from(io::ErrorKind::ConnectionAborted)))
    };
    Body::from_stream(first(body, bytes).chain(stream::once(end)))
}

fn slow(body: Body, bytes_per_second: u32) -> Body {
    let piece = (bytes_per_second / BEATS).max(1);
    let pause = Duration::from_secs(1) * piece / bytes_per_second.max(1);
    let piece = usize::try_from(piece).unwrap_or(usize::MAX);
    let pieces = body.into_data_stream().flat_map(move |data| {
        stream::iter(match data {
            Ok(data) => {
                let slice = |from: usize| Ok(data.slice(from..data.len().min(from.saturating_add(piece))));
                (0..data.len()).step_by(piece).map(slice).collect()
            }
            Err(error) => vec![Err(error)],
        })
    });
    Body::from_stream(pieces.then(move |piece| async move {
        tokio::time::sleep(pause).await;
        piece
    }))
}
