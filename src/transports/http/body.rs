//! Reads request bodies within their limits, and wraps response bodies that keep something alive.

use std::time::Duration;

use axum::body::{Body, Bytes};
use bytes::BytesMut;
use futures_util::{StreamExt as _, stream};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::refusal::HttpRefusal;
use crate::tools::Delivery;
use crate::transports::lone_surrogates::replace_lone_surrogates;

/// The minimum rate of a body after its first seconds.
const LEAST_BYTES_PER_SECOND: usize = 32 * 1024;

/// How long the rest of a body that is too large is read and dropped.
const DISCARDING: Duration = Duration::from_secs(2);

/// The whole body, within the limits of size and time.
pub(super) async fn whole(
    body: Body,
    most: usize,
    first_bytes_within: Duration,
) -> Result<Bytes, HttpRefusal> {
    use axum::body::HttpBody as _;
    let announced = body.size_hint().lower();
    let mut body = body;
    if usize::try_from(announced).map_or(true, |bytes| bytes > most) {
        discard(body).await;
        return Err(HttpRefusal::body_too_large(most));
    }
    let started = Instant::now();
    let mut parts = Vec::new();
    let mut length = 0_usize;
    loop {
        let earned = Duration::from_secs((length / LEAST_BYTES_PER_SECOND) as u64);
        let frame = timeout_at(started + first_bytes_within + earned, body.frame()).await;
        let Some(frame) = frame.map_err(|_| HttpRefusal::body_too_slow())? else { break };
        let Ok(data) = frame.map_err(|_| HttpRefusal::body_cut())?.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length > most {
            discard(body).await;
            return Err(HttpRefusal::body_too_large(most));
        }
        parts.push(data);
    }
    // One part is the common case; it is not copied.
    Ok(match parts.as_mut_slice() {
        [only] => std::mem::take(only),
        _ => parts.concat().into(),
    })
}

/// The whole body as JSON, with lone surrogates replaced.
pub(super) async fn json(
    body: Body,
    most: usize,
    first_bytes_within: Duration,
) -> Result<Bytes, HttpRefusal> {
    let mut bytes = BytesMut::from(whole(body, most, first_bytes_within).await?);
    replace_lone_surrogates(&mut bytes);
    Ok(bytes.freeze())
}

/// Reads and drops the rest for a moment: a client that is still sending when the connection closes
/// would not see the response.
async fn discard(mut body: Body) {
    let end = Instant::now() + DISCARDING;
    while let Ok(Some(Ok(_))) = timeout_at(end, body.frame()).await {}
}

/// The same body, which holds `kept` until it is sent or dropped.
pub(super) fn keeping<Kept: Send + 'static>(body: Body, kept: Kept) -> Body {
    Body::from_stream(body.into_data_stream().map(move |data| {
        let _ = &kept;
        data
    }))
}

/// The same body, which confirms the delivery once all of it has been taken for sending.
pub(super) fn confirming(body: Body, delivery: Delivery) -> Body {
    let end = stream::once(async move {
        delivery.confirm();
        Ok(Bytes::new())
    });
    Body::from_stream(body.into_data_stream().chain(end).filter(|data| {
        let is_something = !matches!(data, Ok(data) if data.is_empty());
        async move { is_something }
    }))
}

/// The same body, which ends when the token is cancelled.
pub(super) fn ended_by(body: Body, end: CancellationToken) -> Body {
    Body::from_stream(body.into_data_stream().take_until(end.cancelled_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn half_of_a_surrogate_pair_does_not_make_a_message_unreadable() {
        let body = Body::from(r#"{"prompt":"a kite \ud83d"}"#);
        let read = json(body, 100, Duration::from_secs(1)).await.unwrap();
        assert_eq!(read, r#"{"prompt":"a kite \ufffd"}"#);
    }
}
