//! Each fault of the sandbox, as our own client reads it: the kind it says it stands for.

use std::collections::HashSet;
use std::time::Duration;

use gpt_image_mcp::catalog::{Catalog, Endpoint, Provider};
use gpt_image_mcp::domain::{Billed, Secret};
use gpt_image_mcp::sandbox::{Fault, SandboxOptions};
use gpt_image_mcp::staging::Staging;
use gpt_image_mcp::upstream::{
    Call, CallBody, Client, ClientOptions, FailureKind, ModelAddress, Path, Step, dialect,
};
use serde_json::json;

use crate::support::Sandbox;

/// The kind of failure that one call ends in; `none` where it brings an image or a link.
async fn kind(client: &Client, provider: &Provider, fault: Fault) -> &'static str {
    let chat = fault == Fault::Words;
    let model = if fault == Fault::TokenType { "gpt-image-2" } else { "gpt-image-2-all" };
    let (path, endpoint, body) = if chat {
        let message = json!({ "role": "user", "content": "a kite" });
        (Path::Chat, Endpoint::Chat, json!({ "model": model, "messages": [message] }))
    } else {
        (Path::Generations, Endpoint::Images, json!({ "model": model, "prompt": "a kite" }))
    };
    let mut provider = provider.clone();
    provider.headers.insert("x-sandbox-fault".to_owned(), Secret::new(fault.name()));
    let key = Secret::new("sk-sandbox");
    let target = ModelAddress { provider: &provider, wire_id: model, key: Some(&key) };
    let folder = tempfile::tempdir().unwrap();
    // Only silence is waited out.
    let timeout = if fault == Fault::Silent { Duration::from_millis(300) } else { Duration::from_mins(1) };
    let call = Call { path, body: CallBody::Json(body.to_string().into()) };
    match client.send(target, call, &Staging::new(folder.path()), timeout).await {
        Err(lost) => lost.failure.kind.name(),
        Ok(reply) => match dialect(endpoint).decode(reply) {
            Step::Failed(lost) => lost.failure.kind.name(),
            Step::Made(_) => "none",
        },
    }
}

/// A cut file in good base64 shows when the image is inspected, layers above the client.
const READ_OTHERWISE: [Fault; 1] = [Fault::TruncatedImage];

#[tokio::test]
async fn every_fault_of_a_paid_call_is_read_as_the_kind_it_stands_for_and_charged_as_that_is() {
    let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let mut provider = Catalog::builtin().unwrap().provider("apiyi").unwrap().clone();
    provider.base_url = sandbox.base_url();
    let client = Client::new(ClientOptions { direct: true, ..ClientOptions::default() });
    for fault in Fault::ALL.iter().copied().filter(|fault| fault.stands_for() != "download_failed") {
        let read_as = kind(&client, &provider, fault).await;
        if READ_OTHERWISE.contains(&fault) {
            continue;
        }
        assert_eq!(read_as, fault.stands_for(), "{}", fault.name());
        let kind = FailureKind::ALL.into_iter().find(|kind| kind.name() == read_as);
        let may_be_charged = kind.is_none_or(|kind| kind.billed() != Billed::No);
        let charged = sandbox.seen().last().unwrap().billed > 0;
        assert_eq!(charged, may_be_charged, "{}", fault.name());
    }
    let reached: HashSet<_> = Fault::ALL.iter().map(|fault| fault.stands_for()).collect();
    let missing = FailureKind::ALL.into_iter().filter(|kind| !reached.contains(kind.name()));
    assert_eq!(missing.collect::<Vec<_>>(), [FailureKind::NotSent], "no fault can befall what is not sent");
}
