//! The bundle's manifest and the registry's entry say what the code says: `UPDATE=1 cargo test`
//! writes those parts of them, a plain `cargo test` fails where they differ. What is written by
//! hand in them is held to the settings.

use std::collections::BTreeSet;
use std::process::Command;

use clap::CommandFactory as _;
use gpt_image_mcp::app::Cli;
use gpt_image_mcp::catalog::Catalog;
use gpt_image_mcp::tools::definitions;
use serde_json::{Value, json};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const MANIFEST: &str = "packaging/mcpb/manifest.json";
const SERVER: &str = "server.json";

fn text(file: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}/{file}")).unwrap()
}

fn document(file: &str) -> Value {
    serde_json::from_str(&text(file)).unwrap()
}

/// Holds a file to what it should be.
fn check(file: &str, expected: &Value) {
    let expected = format!("{expected:#}\n");
    if text(file) == expected {
        return;
    }
    assert!(
        std::env::var_os("UPDATE").is_some(),
        "{file} is not what the code says; run UPDATE=1 cargo test\n--- code\n{expected}"
    );
    std::fs::write(format!("{ROOT}/{file}"), expected).unwrap();
}

/// The variables that may hold a key, in the order of the catalogue, and whose key it is.
fn key_variables() -> Vec<(String, String)> {
    let catalog = Catalog::builtin().unwrap();
    let settings = settings();
    let mut keys = Vec::<(String, String)>::new();
    for model in &catalog.models {
        for variable in &model.key_variables {
            if keys.iter().all(|(known, _)| known != variable) {
                let setting = settings.iter().find(|(known, _)| known == variable);
                let meaning = setting.map_or_else(
                    || format!("Key for {}", model.name.provider),
                    |(_, meaning)| meaning.clone(),
                );
                keys.push((variable.clone(), meaning));
            }
        }
    }
    keys
}

/// Every variable that is a setting, and its meaning.
fn settings() -> Vec<(String, String)> {
    let command = Cli::command();
    let variables = command.get_arguments().filter_map(|argument| {
        Some((argument.get_env()?.to_str()?.to_owned(), argument.get_help()?.to_string().replace('\n', " ")))
    });
    variables.collect()
}

#[test]
fn the_manifest_of_the_bundle_is_what_the_code_says() {
    let mut manifest = document(MANIFEST);
    let tools = definitions(&Catalog::builtin().unwrap());
    manifest["version"] = json!(env!("CARGO_PKG_VERSION"));
    manifest["description"] = json!(env!("CARGO_PKG_DESCRIPTION"));
    manifest["license"] = json!(env!("CARGO_PKG_LICENSE"));
    manifest["repository"]["url"] = json!(env!("CARGO_PKG_REPOSITORY"));
    manifest["tools"] =
        tools.iter().map(|tool| json!({ "name": tool.name, "description": tool.description })).collect();
    check(MANIFEST, &manifest);
}

#[test]
fn the_entry_in_the_registry_is_what_the_code_says() {
    let mut server = document(SERVER);
    server["version"] = json!(env!("CARGO_PKG_VERSION"));
    server["description"] = json!(env!("CARGO_PKG_DESCRIPTION"));
    server["repository"]["url"] = json!(env!("CARGO_PKG_REPOSITORY"));
    let package = &mut server["packages"][0];
    package["identifier"] = json!(env!("CARGO_PKG_NAME"));
    package["version"] = json!(env!("CARGO_PKG_VERSION"));
    package["environmentVariables"] = key_variables()
        .into_iter()
        .map(|(name, description)| json!({ "name": name, "description": description, "isRequired": false, "isSecret": true }))
        .collect();
    check(SERVER, &server);
    let description = env!("CARGO_PKG_DESCRIPTION");
    assert!(description.len() <= 100, "the registry takes at most 100 characters: {description}");
}

#[test]
fn the_readme_names_the_entry_as_the_registry_asks_of_a_crate() {
    let name = document(SERVER)["name"].as_str().unwrap().to_owned();
    assert!(text("README.md").lines().any(|line| line == format!("mcp-name: {name}")), "{name}");
}

#[test]
fn the_bundle_asks_for_every_key_that_is_a_setting_and_keeps_it_secret() {
    let manifest = document(MANIFEST);
    let settings = settings();
    let environment = &manifest["server"]["mcp_config"]["env"];
    for key in key_variables().iter().filter(|key| settings.contains(key)) {
        let variable = &key.0;
        let name = variable.to_lowercase();
        assert_eq!(environment[variable], format!("${{user_config.{name}}}"), "{variable}");
        assert_eq!(manifest["user_config"][&name]["sensitive"], true, "{variable}");
    }
}

#[test]
fn the_bundle_sets_variables_that_exist_from_settings_that_exist() {
    let manifest = document(MANIFEST);
    let known: Vec<_> = settings().into_iter().map(|(variable, _)| variable).collect();
    let environment = manifest["server"]["mcp_config"]["env"].as_object().unwrap();
    for variable in environment.keys() {
        assert!(known.contains(variable), "{variable} is no setting");
    }
    let used: BTreeSet<_> = environment.values().map(|value| value.as_str().unwrap().to_owned()).collect();
    let asked = manifest["user_config"].as_object().unwrap().keys();
    assert_eq!(used, asked.map(|name| format!("${{user_config.{name}}}")).collect());
}

#[test]
fn a_bundle_that_nobody_filled_in_starts_and_says_that_no_key_is_set() {
    let home = tempfile::tempdir().unwrap();
    let manifest = document(MANIFEST);
    let unfilled = manifest["server"]["mcp_config"]["env"].as_object().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_gpt-image-mcp"))
        .args(["route", "generate_image", r#"{"prompt": "a red kite"}"#])
        .current_dir(&home)
        .env_clear()
        .env("HOME", home.path())
        .envs(unfilled.iter().map(|(variable, value)| (variable, value.as_str().unwrap())))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(said.contains("no key is set"), "{said}");
}
