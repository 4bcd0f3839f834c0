//! Every fault, with all that can be logged: the keys are in none of it.

use std::fs;
use std::path::Path;

use gpt_image_mcp::sandbox::{Fault, SandboxOptions};
use gpt_image_mcp::upstream::FailureKind;
use serde_json::json;

use crate::support::{Sandbox, Setup};

const KEYS: [&str; 2] = ["sk-secret-one", "sk-secret-two"];

fn holds_no_key(place: &str, bytes: &[u8]) {
    for key in KEYS {
        let found = memchr::memmem::find(bytes, key.as_bytes());
        let around = found.map(|at| String::from_utf8_lossy(&bytes[at.saturating_sub(200)..at + key.len()]));
        assert!(around.is_none(), "{key} is in {place}: {around:?}");
    }
}

fn nothing_holds_a_key(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let count = |path: std::path::PathBuf| {
        if path.is_dir() {
            return nothing_holds_a_key(&path);
        }
        holds_no_key(&path.display().to_string(), &fs::read(&path).unwrap());
        1
    };
    entries.map(count).sum()
}

#[tokio::test]
async fn no_fault_brings_a_key_into_the_log_the_answers_or_the_store() {
    let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
    // One provider and the official model's own key; silence is not waited out for minutes.
    let timeout =
        |id| format!("[[model]]\nprovider = \"apiyi\"\nid = \"{id}\"\ntimeouts = {{ auto = 15 }}\n");
    let setup = Setup::bare()
        .variable("APIYI_API_KEY", KEYS[0])
        .variable("APIYI_OFFICIAL_API_KEY", KEYS[1])
        .variable("APIYI_BASE_URL", &sandbox.base_url())
        .variable("GPT_IMAGE_MCP_LOG", "trace")
        .settings(&format!("{}{}", timeout("gpt-image-2"), timeout("gpt-image-2-all")))
        .once();
    let mut app = setup.start().await;
    let mut calls = Vec::new();
    // All at once: the time is that of the slowest, a download that stalls.
    for fault in Fault::ALL {
        for model in ["gpt-image-2-all", "gpt-image-2"] {
            let prompt = format!("a kite sandbox:fault={}", fault.name());
            calls.push(
                app.begin("generate_image", json!({ "prompt": prompt, "model": model, "output": "file" }))
                    .await,
            );
        }
    }
    let mut failed = 0;
    for call in calls {
        failed += usize::from(app.result_of(call).await.is_error());
    }
    assert!(failed > Fault::ALL.len(), "{failed} calls failed");
    let ran = app.end().await;
    for kind in FailureKind::ALL.into_iter().filter(|kind| *kind != FailureKind::NotSent) {
        assert!(
            ran.stderr.contains(&format!("outcome=\"{}\"", kind.name())),
            "{} is not in the log",
            kind.name()
        );
    }
    assert!(ran.stderr.contains(" TRACE "), "all is logged");
    holds_no_key("stdout", ran.stdout.as_bytes());
    holds_no_key("the log", ran.stderr.as_bytes());
    assert!(nothing_holds_a_key(&setup.home.store()) > 1, "there are a record and images");
}
