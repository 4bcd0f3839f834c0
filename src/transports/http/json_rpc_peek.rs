//! What a JSON-RPC message says on its outside. What is inside is for the library to read.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::refusal::Refusal;

/// The outside of one message.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<'a> {
    /// What is asked; `None` for an answer.
    #[serde(borrow, default)]
    pub method: Option<Cow<'a, str>>,
    /// The request's number; null for a notification.
    #[serde(default)]
    pub id: Value,
    #[serde(default)]
    result: Option<IgnoredAny>,
    #[serde(default)]
    error: Option<IgnoredAny>,
}

impl<'a> Envelope<'a> {
    /// Reads it off a body.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Refusal> {
        if body.trim_ascii_start().first() == Some(&b'[') {
            let json = serde_json::from_slice::<IgnoredAny>(body);
            return Err(json.map_or_else(|error| Refusal::not_json(&error.to_string()), |_| Refusal::batch()));
        }
        let read = serde_json::from_slice::<Self>(body);
        let envelope = read.map_err(|error| {
            if error.is_data() { Refusal::no_message() } else { Refusal::not_json(&error.to_string()) }
        })?;
        let is_answer = envelope.result.is_some() || envelope.error.is_some();
        if envelope.method.is_none() && !is_answer { Err(Refusal::no_message()) } else { Ok(envelope) }
    }

    /// Whether it is a request of this method.
    pub(super) fn asks(&self, method: &str) -> bool {
        !self.id.is_null() && self.method.as_deref() == Some(method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_from_what_is_none() {
        let call = Envelope::read(br#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"x":[1]}}"#);
        let call = call.unwrap();
        assert!(call.asks("tools/call") && !call.asks("initialize"));
        assert_eq!(call.id, "a");
        assert!(!Envelope::read(br#"{"method":"tools/call"}"#).unwrap().asks("tools/call"));
        assert!(Envelope::read(br#"{"id":1,"result":{}}"#).is_ok());
        for (body, refusal) in [
            (&b" [{\"method\":\"ping\",\"id\":1}]"[..], Refusal::batch()),
            (b"[]", Refusal::batch()),
            (b"{}", Refusal::no_message()),
            (b"7", Refusal::no_message()),
            (br#"{"method":7}"#, Refusal::no_message()),
        ] {
            assert_eq!(Envelope::read(body).unwrap_err(), refusal);
        }
        for body in [&b""[..], b"{", b"[", b"{\"method\":\"ping\"", b"\xff", b"{\"a\":\"\xff\"}"] {
            let refusal = format!("{:?}", Envelope::read(body).unwrap_err());
            assert!(refusal.contains("the body is no JSON"), "{body:?}: {refusal}");
        }
    }
}
