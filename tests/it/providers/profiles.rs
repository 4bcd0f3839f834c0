//! The same files against the built-in sandbox, with the profile of each server.

use gpt_image_mcp::sandbox::{SandboxOptions, ServerProfile};
use serde_json::json;

use super::servers::{Server, edit, generate, servers};
use crate::support::{Sandbox, Setup};

async fn sandbox(profile: ServerProfile) -> (Sandbox, String) {
    let sandbox = Sandbox::start(SandboxOptions { profile, ..SandboxOptions::default() }).await.unwrap();
    let base = sandbox.base_url();
    let origin = base.match_indices('/').nth(2).map_or(base.as_str(), |(path, _)| &base[..path]).to_owned();
    (sandbox, origin)
}

fn named(file: &str) -> Server {
    servers().into_iter().find(|server| server.file == file).unwrap()
}

#[tokio::test]
async fn every_file_draws_at_a_sandbox_with_its_server_profile() {
    for server in servers() {
        let (sandbox, origin) = sandbox(server.profile).await;
        let mut app = server.start_at(&origin, "my-key").await;
        for drawing in &server.drawings {
            let about = format!("{}: {} by {}", server.file, drawing.tool, drawing.model);
            let answer = app.call(drawing.tool, drawing.arguments()).await;
            assert!(!answer.is_error(), "{about}: {}", answer.text());
            assert!(image::load_from_memory(&answer.file()).is_ok(), "{about}");
            let seen = sandbox.seen();
            let last = seen.last().unwrap();
            let target =
                last.query.as_ref().map_or(last.path.clone(), |query| format!("{}?{query}", last.path));
            assert_eq!(target, drawing.target, "{about}");
            let texts = drawing.sent.iter().filter(|field| !field.contains("=@"));
            let names: Vec<_> = texts.map(|field| field.split_once('=').unwrap().0).collect();
            assert_eq!(last.parameters, names, "{about}");
            assert_eq!(last.mask, drawing.tool == "inpaint_image", "{about}");
            assert_eq!(last.billed, 1, "{about}");
        }
        assert_eq!(sandbox.seen().len(), server.drawings.len(), "{}: each is sent once", server.file);
    }
}

#[tokio::test]
async fn a_sandbox_without_the_key_it_wants_refuses_in_its_servers_words() {
    let cases = [
        ("azure.toml", "Access denied due to invalid subscription key"),
        ("azure-dated.toml", "Access denied due to invalid subscription key"),
        ("corporate-gateway.toml", "Invalid token"),
        ("openrouter.toml", "No auth credentials found"),
    ];
    for (file, words) in cases {
        let server = named(file);
        let (sandbox, origin) = sandbox(server.profile).await;
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::new();
        let target = server.drawings[0].target;
        let url = format!("{origin}{target}");
        let answer = client.post(url).json(&json!({ "prompt": "a kite" })).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{file}");
        assert!(answer.text().await.unwrap().contains(words), "{file}");
        assert_eq!(sandbox.seen()[0].billed, 0);
    }
}

#[tokio::test]
async fn a_configuration_for_another_server_is_refused() {
    // Each speaks to a server that wants something else of it.
    let cases = [
        ("azure.toml", ServerProfile::AzureDated, generate("azure/azure-image", json!({}))),
        ("azure-dated.toml", ServerProfile::Azure, generate("azure/azure-image", json!({}))),
        ("corporate-gateway.toml", ServerProfile::VllmOmni, generate("corp/gpt-image-2", json!({}))),
        ("corporate-gateway.toml", ServerProfile::Localai, edit("corp/gpt-image-2", &["cat.png"])),
        ("vllm-omni.toml", ServerProfile::Gateway, generate("omni/qwen-image", json!({}))),
        ("openrouter.toml", ServerProfile::Gateway, generate("openrouter/gemini-image", json!({}))),
    ];
    for (file, profile, drawing) in cases {
        let (sandbox, origin) = sandbox(profile).await;
        let answer =
            named(file).start_at(&origin, "my-key").await.call(drawing.tool, drawing.arguments()).await;
        assert!(answer.is_error(), "{file} at {profile:?}: {}", answer.text());
        assert!(sandbox.seen().iter().all(|seen| seen.billed == 0), "{file} at {profile:?}");
    }
}

#[tokio::test]
async fn the_command_starts_a_sandbox_with_a_profile_and_lists_the_profiles() {
    let ran = Setup::bare().run(&["sandbox", "--manner", "nobody"]).await;
    assert_eq!(ran.code, 2);
    for profile in
        ["openai", "gateway", "azure", "azure-dated", "localai", "stable-diffusion-cpp", "vllm-omni"]
    {
        assert!(ran.stderr.contains(profile), "{}", ran.stderr);
    }
}
