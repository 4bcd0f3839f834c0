//! `doctor`, against a sandbox that answers for the providers and against what is wrong.

use std::process::Output;

use gpt_image_mcp::sandbox::SandboxOptions;
use serde_json::Value;

use crate::support::{Sandbox, TestHome};

/// Runs `doctor` with these variables and flags, and nothing else set.
async fn doctor(home: &TestHome, variables: &[(&str, &str)], flags: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_gpt-image-mcp"));
    command.env_clear().env("HOME", home.user_home()).current_dir(home.work()).arg("doctor").args(flags);
    command.envs(variables.iter().copied()).output().await.unwrap()
}

fn lines(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test]
async fn a_provider_that_answers_and_takes_the_key_is_good() {
    let (sandbox, home) = (Sandbox::start(SandboxOptions::default()).await.unwrap(), TestHome::new());
    let url = sandbox.base_url();
    let output =
        doctor(&home, &[("OPENAI_API_KEY", "sk-good"), ("OPENAI_BASE_URL", &url)], &["--json"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", lines(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ok"], true);
    let state = |subject: &str| {
        let checks = report["checks"].as_array().unwrap();
        checks.iter().find(|check| check["subject"] == subject).map(|check| check["state"].clone())
    };
    for subject in
        ["settings", "store", "space", "proxy", "openai address", "openai OPENAI_API_KEY", "openai models"]
    {
        assert_eq!(state(subject), Some("ok".into()), "{subject}: {report:#}");
    }
    assert_eq!(state("apiyi"), Some("note".into()), "a provider without a key is not used");
    assert!(sandbox.seen().iter().all(|seen| seen.method == "GET"), "nothing is paid");
}

/// Variables, flags, and what the report must say.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], &'a str);

#[tokio::test]
async fn each_thing_that_would_fail_a_call_is_a_line_with_its_remedy_and_code_one() {
    let (sandbox, home) = (Sandbox::start(SandboxOptions::default()).await.unwrap(), TestHome::new());
    let url = sandbox.base_url();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nowhere = format!("http://{closed}/v1");
    let file = home.put("a-file", "not a folder");
    let under_a_file = file.join("store");
    let store = format!("--store={}", under_a_file.display());
    let cases: [Case<'_>; 4] = [
        (&[], &[], "Set one of APIYI_API_KEY, OPENAI_API_KEY"),
        (
            &[("OPENAI_API_KEY", "sk-invalid"), ("OPENAI_BASE_URL", &url)],
            &[],
            "the key is not accepted (HTTP 401)",
        ),
        (&[("OPENAI_API_KEY", "sk-good"), ("OPENAI_BASE_URL", &nowhere)], &[], "does not answer"),
        (&[("OPENAI_API_KEY", "sk-good"), ("OPENAI_BASE_URL", &url)], &[&store], "GPT_IMAGE_MCP_STORE"),
    ];
    for (variables, flags, words) in cases {
        let output = doctor(&home, variables, flags).await;
        assert_eq!(output.status.code(), Some(1), "{}", lines(&output));
        assert!(lines(&output).contains(words), "{words}: {}", lines(&output));
        assert!(
            !lines(&output).contains("sk-good") && !lines(&output).contains("sk-invalid"),
            "no key is shown"
        );
    }
}

#[tokio::test]
async fn a_gateway_known_to_end_calls_early_is_refused() {
    let home = TestHome::new();
    let variables = [("APIYI_API_KEY", "sk-good"), ("APIYI_BASE_URL", "https://api-cf.apiyi.com/v1")];
    // Nothing is reached: the proxy is nobody's address.
    let output =
        doctor(&home, &[variables[0], variables[1], ("HTTPS_PROXY", "http://127.0.0.1:9")], &[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(lines(&output).contains("ends every call after about 100 s"), "{}", lines(&output));
    assert!(lines(&output).contains("HTTPS_PROXY at 127.0.0.1"), "{}", lines(&output));
}
