//! The reply as server-sent events, for `stream: true` on the official models: for each image its
//! partial ones, which are coarser, then the finished one with the usage.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};

use super::accepted::AcceptedRequest;
use super::blocking::blocking;
use super::official::{self, Terms};
use crate::domain::Operation;
use crate::sandbox::api_error::ApiError;
use crate::sandbox::ids::now;

/// One event to come: the image, and the number of the partial one or `None` for the finished.
type StreamStep = (u32, Option<u32>);

/// The stream; `delay` is spread evenly before its events.
pub(super) fn events(
    request: AcceptedRequest,
    terms: Terms,
    operation: Operation,
    delay: Duration,
) -> Response {
    let partials = terms.partials.unwrap_or(0);
    let steps: Vec<StreamStep> = (0..request.count)
        .flat_map(|image| (0..partials).map(Some).chain([None]).map(move |partial| (image, partial)))
        .collect();
    let pause = delay / u32::try_from(steps.len()).unwrap_or(1).max(1);
    let kind = if operation == Operation::Generate { "image_generation" } else { "image_edit" };
    let work = Arc::new((request, terms));
    let body = stream::unfold(steps.into_iter(), move |mut steps| {
        let work = Arc::clone(&work);
        async move {
            let step = steps.next()?;
            tokio::time::sleep(pause).await;
            let event = blocking(move || event(&work.0, &work.1, kind, step)).await;
            let (name, data) = event.unwrap_or_else(|_| ("error".to_owned(), json!({ "type": "error" })));
            Some((Ok::<_, Infallible>(format!("event: {name}\ndata: {data}\n\n")), steps))
        }
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}

/// The name and data of one event.
fn event(
    request: &AcceptedRequest,
    terms: &Terms,
    kind: &str,
    (image, partial): StreamStep,
) -> Result<(String, Value), ApiError> {
    let name = format!("{kind}.{}", if partial.is_some() { "partial_image" } else { "completed" });
    let bytes = if partial.is_some() { request.paint_unfinished(image)? } else { request.paint(image)? };
    let mut data = json!({ "type": name, "b64_json": request.base64(&bytes), "created_at": now() });
    if let (Some(data), Value::Object(mut echo)) = (data.as_object_mut(), official::echo(request, terms)) {
        data.append(&mut echo);
        match partial {
            Some(index) => data.insert("partial_image_index".to_owned(), json!(index)),
            None => data.insert("usage".to_owned(), official::usage(request)),
        };
    }
    Ok((name, data))
}
