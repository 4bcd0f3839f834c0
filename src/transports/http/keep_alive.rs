//! Early headers and keep-alive comments for a call that sends nothing for minutes.
//!
//! In the newer protocol era rmcp sends no status line before the first message of a call. Clients
//! and proxies close such a silent connection after 60 to 300 seconds: undici waits 300 s for
//! headers, httpx 300 s for a byte, many proxies a minute.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::options::Clocks;

/// A comment, which clients ignore.
const COMMENT: &[u8] = b":\n\n";
const INTERNAL_ERROR: i32 = -32_603;

/// The response. If it takes long, its headers are sent first. Dropping the body drops the call.
pub(super) async fn early(mut answer: BoxFuture<'static, Response>, clocks: Clocks, id: Value) -> Response {
    if let Ok(response) = timeout(clocks.early_headers, &mut answer).await {
        return response;
    }
    let begun = stream::once(async { Bytes::from_static(COMMENT) });
    let rest =
        stream::unfold(LateAnswer::Silent(answer), move |stage| next(stage, clocks.keep_alive, id.clone()));
    let body = Body::from_stream(begun.chain(rest).map(Ok::<_, Infallible>));
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

enum LateAnswer {
    Silent(BoxFuture<'static, Response>),
    Streaming(BoxStream<'static, Bytes>),
}

async fn next(stage: LateAnswer, keep_alive: Duration, id: Value) -> Option<(Bytes, LateAnswer)> {
    let mut events = match stage {
        LateAnswer::Silent(mut answer) => match timeout(keep_alive, &mut answer).await {
            Err(_) => return Some((Bytes::from_static(COMMENT), LateAnswer::Silent(answer))),
            Ok(response) => events(response, &id).await,
        },
        LateAnswer::Streaming(events) => events,
    };
    let event = events.next().await?;
    Some((event, LateAnswer::Streaming(events)))
}

/// A late response as events: its own events, or its body as one event.
async fn events(response: Response, id: &Value) -> BoxStream<'static, Bytes> {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
        let data = response.into_body().into_data_stream();
        return data.filter_map(|part| async { part.ok() }).boxed();
    }
    let body = response.into_body().collect().await.map(http_body_util::Collected::to_bytes);
    let message = body.ok().and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    let message = message.filter(|message| message.get("jsonrpc").is_some()).unwrap_or_else(|| {
        let error = json!({ "code": INTERNAL_ERROR, "message": "the server could not answer the call" });
        json!({ "jsonrpc": "2.0", "id": id, "error": error })
    });
    stream::once(async move { Bytes::from(format!("data: {message}\n\n")) }).boxed()
}
