//! The answer as server-sent events, for `stream: true` on the official models: for each picture
//! its partial ones, in coarse blocks, then the finished one with the usage.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};

use super::accepted::Order;
use super::endpoints::blocking;
use super::official::{self, Terms};
use crate::domain::Operation;
use crate::sandbox::api_error::Refusal;
use crate::sandbox::server::now;

/// One event to come: the picture, and the number of the partial one or `None` for the finished.
type Step = (u32, Option<u32>);

/// The stream; `delay` is spread evenly before its events.
pub(super) fn events(order: Order, terms: Terms, operation: Operation, delay: Duration) -> Response {
    let partials = terms.partials.unwrap_or(0);
    let steps: Vec<Step> = (0..order.pictures)
        .flat_map(|picture| (0..partials).map(Some).chain([None]).map(move |partial| (picture, partial)))
        .collect();
    let pause = delay / u32::try_from(steps.len()).unwrap_or(1).max(1);
    let kind = if operation == Operation::Generate { "image_generation" } else { "image_edit" };
    let work = Arc::new((order, terms));
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
    order: &Order,
    terms: &Terms,
    kind: &str,
    (picture, partial): Step,
) -> Result<(String, Value), Refusal> {
    let name = format!("{kind}.{}", if partial.is_some() { "partial_image" } else { "completed" });
    let bytes = if partial.is_some() { order.paint_unfinished(picture)? } else { order.paint(picture)? };
    let mut data = json!({ "type": name, "b64_json": order.base64(&bytes), "created_at": now() });
    if let (Some(data), Value::Object(mut echo)) = (data.as_object_mut(), official::echo(order, terms)) {
        data.append(&mut echo);
        match partial {
            Some(index) => data.insert("partial_image_index".to_owned(), json!(index)),
            None => data.insert("usage".to_owned(), official::usage(order)),
        };
    }
    Ok((name, data))
}
