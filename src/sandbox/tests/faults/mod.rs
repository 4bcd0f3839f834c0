//! The faults over real sockets, as a client meets them.

mod matching;
mod downloads;
mod error_responses;
mod response_faults;

use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use super::Bench;
use crate::sandbox::SandboxOptions;

const PAINTED: &str = "gpt-image-2-all";

/// Long enough for an answer on loopback to come if it were to; short for one that never does.
const A_WHILE: Duration = Duration::from_millis(100);

fn with_setting(fault: &str) -> SandboxOptions {
    SandboxOptions { fault: Some(fault.parse().unwrap()), ..SandboxOptions::default() }
}

impl Bench {
    /// A generation whose header asks for a fault.
    fn provoke(&self, fault: &str, model: &str) -> RequestBuilder {
        let body = json!({ "model": model, "prompt": "a kite" });
        self.post("/images/generations").json(&body).header("x-sandbox-fault", fault)
    }

    /// A chat completion whose header asks for a fault.
    fn provoke_chat(&self, fault: &str) -> RequestBuilder {
        let message = json!({ "role": "user", "content": "a kite" });
        let body = json!({ "model": "gpt-image-2-all", "messages": [message] });
        self.post("/chat/completions").json(&body).header("x-sandbox-fault", fault)
    }

    async fn status(&self, request: RequestBuilder) -> u16 {
        request.send().await.unwrap().status().as_u16()
    }

    fn last_seen(&self) -> crate::sandbox::ReceivedRequest {
        self.received().pop().unwrap()
    }
}

/// What comes of a body until it ends or fails, and whether it ended well.
async fn what_comes(mut response: Response) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return (bytes, true),
            Err(_) => return (bytes, false),
        }
    }
}

/// Reads until so many bytes are there, and then makes sure that nothing follows.
async fn nothing_after(response: &mut Response, bytes: usize) -> Vec<u8> {
    let mut got = Vec::new();
    while got.len() < bytes {
        got.extend_from_slice(&response.chunk().await.unwrap().expect("it ended"));
    }
    let more = tokio::time::timeout(A_WHILE, response.chunk()).await;
    assert!(more.is_err(), "more came: {more:?}");
    got
}

async fn json_of(response: Response) -> Value {
    response.json().await.unwrap()
}
