//! Reads the method and the id of a JSON-RPC message; rmcp parses the rest.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::refusal::HttpRefusal;

/// The outer fields of one message.
#[derive(Debug, Deserialize)]
pub(super) struct JsonRpcPeek<'a> {
    /// The method; `None` for a response.
    #[serde(borrow, default)]
    pub method: Option<Cow<'a, str>>,
    /// The id of the request; null for a notification.
    #[serde(default)]
    pub id: Value,
    #[serde(default)]
    result: Option<IgnoredAny>,
    #[serde(default)]
    error: Option<IgnoredAny>,
}

impl<'a> JsonRpcPeek<'a> {
    /// Reads the outer fields of a body.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, HttpRefusal> {
        if body.trim_ascii_start().first() == Some(&b'[') {
            let json = serde_json::from_slice::<IgnoredAny>(body);
            return Err(
                json.map_or_else(|error| HttpRefusal::not_json(&error.to_string()), |_| HttpRefusal::batch())
            );
        }
        let read = serde_json::from_slice::<Self>(body);
        let peek = read.map_err(|error| {
            if error.is_data() {
                HttpRefusal::no_message()
            } else {
                HttpRefusal::not_json(&error.to_string())
            }
        })?;
        let is_answer = peek.result.is_some() || peek.error.is_some();
        if peek.method.is_none() && !is_answer { Err(HttpRefusal::no_message()) } else { Ok(peek) }
    }

    /// Whether the message is a request of this method.
    pub(super) fn asks(&self, method: &str) -> bool {
        !self.id.is_null() && self.method.as_deref() == Some(method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_that_are_not_messages_are_refused() {
        let call =
            JsonRpcPeek::read(br#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"x":[1]}}"#);
        let call = call.unwrap();
        assert!(call.asks("tools/call") && !call.asks("initialize"));
        assert_eq!(call.id, "a");
        assert!(!JsonRpcPeek::read(br#"{"method":"tools/call"}"#).unwrap().asks("tools/call"));
        assert!(JsonRpcPeek::read(br#"{"id":1,"result":{}}"#).is_ok());
        for (body, refusal) in [
            (&b" [{\"method\":\"ping\",\"id\":1}]"[..], HttpRefusal::batch()),
            (b"[]", HttpRefusal::batch()),
            (b"{}", HttpRefusal::no_message()),
            (b"7", HttpRefusal::no_message()),
            (br#"{"method":7}"#, HttpRefusal::no_message()),
        ] {
            assert_eq!(JsonRpcPeek::read(body).unwrap_err(), refusal);
        }
        for body in [&b""[..], b"{", b"[", b"{\"method\":\"ping\"", b"\xff", b"{\"a\":\"\xff\"}"] {
            let refusal = format!("{:?}", JsonRpcPeek::read(body).unwrap_err());
            assert!(refusal.contains("the body is not "), "{body:?}: {refusal}");
        }
    }
}
