//! Response faults: what happens to the head, the body and the connection of a reply that was made
//! and is charged.

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
use crate::sandbox::connection::ClientConnection;

/// Pieces per second of a slow body.
const PIECES: u32 = 10;
/// The page of Cloudflare, shortened.
const TIMED_OUT: &str = "<!DOCTYPE html>\n<html lang=\"en-US\"><head><title>api.example | 524: A timeout \
    occurred</title></head><body><h1>A timeout occurred <span>Error code 524</span></h1></body></html>\n";
const APOLOGY: &str = "<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head>\
    <body><h1>Checking your browser</h1></body></html>\n";

/// Applies a fault to the reply of a paid call.
pub(in crate::sandbox) async fn apply_to_reply(
    response: Response,
    spec: &FaultSpec,
    connection: &ClientConnection,
) -> Response {
    let amount = spec.amount();
    match spec.fault() {
        Fault::Hidden524 => {
            let error = json!({ "error": {
                "message": "", "type": "shell_api_error", "param": "524", "code": "bad_response_status_code",
            } });
            let (mut head, _) = response.into_parts();
            head.status = StatusCode::INTERNAL_SERVER_ERROR;
            Response::from_parts(head, Body::from(error.to_string()))
        }
        Fault::Html => page(StatusCode::from_u16(524).unwrap_or(StatusCode::GATEWAY_TIMEOUT), TIMED_OUT),
        Fault::Empty => response.map(|_| Body::empty()),
        Fault::Silent => pending().await,
        Fault::Reset => {
            connection.cut();
            response
        }
        Fault::Cut => response.map(|body| ending(body, amount, connection.clone())),
        Fault::Slow => response.map(|body| slow(body, amount)),
        Fault::Endless => {
            response.map(|body| Body::from_stream(body.into_data_stream().chain(stream::pending())))
        }
        _ => response,
    }
}

/// Applies a fault to a download. Its head states the whole length.
pub(in crate::sandbox) fn apply_to_download(
    response: Response,
    spec: &FaultSpec,
    connection: &ClientConnection,
) -> Response {
    let amount = spec.amount();
    match spec.fault() {
        Fault::CdnStall => {
            response.map(|body| Body::from_stream(first(body, amount).chain(stream::pending())))
        }
        Fault::CdnCut | Fault::CdnNoRange => response.map(|body| ending(body, amount, connection.clone())),
        Fault::CdnSlow => response.map(|body| slow(body, amount)),
        Fault::CdnHtml => page(StatusCode::OK, APOLOGY),
        _ => response,
    }
}

/// The first bytes of a body.
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

/// The first bytes of a body, then the end of the connection.
fn ending(body: Body, bytes: u32, connection: ClientConnection) -> Body {
    let end = async move {
        // Otherwise the bytes in the server's buffer would be lost.
        connection.flushed().await;
        Err(axum::Error::new(io::Error::from(io::ErrorKind::ConnectionAborted)))
    };
    Body::from_stream(first(body, bytes).chain(stream::once(end)))
}

fn slow(body: Body, bytes_per_second: u32) -> Body {
    let piece = (bytes_per_second / PIECES).max(1);
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
