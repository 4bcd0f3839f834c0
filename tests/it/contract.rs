//! The public contract: what `tools/list` says, and that it is what is committed under
//! `schemas/`. `UPDATE=1 cargo test` writes the files anew.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Setup, modern};

const TOOLS: [&str; 4] = ["generate_image", "edit_image", "inpaint_image", "get_image"];

fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(format!("{name}.json"))
}

async fn listed() -> Vec<Value> {
    let answer = Setup::bare().start().await.request("tools/list", json!({})).await;
    answer["result"]["tools"].as_array().unwrap().clone()
}

/// Calls `look` with every schema inside this one, and where it is.
fn walk(schema: &Value, path: &str, look: &mut impl FnMut(&str, &Value)) {
    look(path, schema);
    match schema {
        Value::Object(fields) => {
            for (name, value) in fields {
                walk(value, &format!("{path}.{name}"), look);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                walk(value, &format!("{path}[{index}]"), look);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn what_is_committed_is_what_the_program_says() {
    let listed = listed().await;
    for name in TOOLS.into_iter().chain(["config"]) {
        let ran = Setup::bare().run(&["schemas", name]).await;
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let said: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(ran.stdout, format!("{said:#}\n"), "pretty, with a newline at its end");
        let path = committed(name);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &ran.stdout).unwrap();
        }
        let file =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(
            file == ran.stdout,
            "schemas/{name}.json is not what the program says; UPDATE=1 cargo test writes it anew"
        );
        if let Some(tool) = listed.iter().find(|tool| tool["name"] == name) {
            assert_eq!(tool, &said, "tools/list says something else of {name}");
        } else {
            assert_eq!(name, "config");
        }
    }
}

#[tokio::test]
async fn the_list_is_the_same_with_and_without_keys_and_in_both_eras() {
    let list = listed().await;
    assert_eq!(list.iter().map(|tool| tool["name"].as_str().unwrap()).collect::<Vec<_>>(), TOOLS);
    let mut keyed = Setup::sandbox().variable("OPENAI_API_KEY", "sk-test").start().await;
    assert_eq!(keyed.request("tools/list", json!({})).await["result"]["tools"], json!(list));
    let mut app = Setup::bare().launch();
    let answer = app.request("tools/list", modern(json!({}))).await;
    assert_eq!(answer["result"]["tools"], json!(list));
}

#[tokio::test]
async fn the_list_takes_less_than_12_kilobytes() {
    let bytes = json!({ "tools": listed().await }).to_string().len();
    assert!(bytes < 12 * 1024, "{bytes} bytes: shorten descriptions or leave model names out");
}

#[tokio::test]
async fn the_instructions_take_less_than_1000_characters() {
    let hello = Setup::bare().launch().initialize("2025-06-18").await;
    let instructions = hello["instructions"].as_str().unwrap();
    assert!((1..1_000).contains(&instructions.chars().count()), "{}", instructions.chars().count());
    for tool in TOOLS {
        assert!(instructions.contains(tool), "{tool} is not introduced");
    }
}

#[tokio::test]
async fn every_tool_has_a_title_a_description_and_all_four_hints() {
    for tool in listed().await {
        let name = tool["name"].as_str().unwrap();
        assert!(tool["title"].as_str().is_some_and(|title| !title.is_empty()), "{name}");
        assert!(tool["description"].as_str().is_some_and(|words| words.len() > 40), "{name}");
        let get = name == "get_image";
        assert_eq!(
            tool["annotations"],
            json!({ "readOnlyHint": get, "destructiveHint": false, "idempotentHint": get, "openWorldHint": !get }),
            "{name}"
        );
        assert!(tool.get("outputSchema").is_none(), "several clients drop the image beside it: {name}");
        let plain = |c: char| c.is_ascii_lowercase() || c == '_';
        assert!(name.len() <= 40 && name.chars().all(plain), "{name}");
    }
}

#[tokio::test]
async fn the_schemas_keep_to_what_every_client_understands() {
    for tool in listed().await {
        let name = tool["name"].as_str().unwrap();
        let schema = &tool["inputSchema"];
        assert_eq!(
            (&schema["type"], &schema["additionalProperties"]),
            (&json!("object"), &json!(false)),
            "{name}"
        );
        walk(schema, name, &mut |path, value| {
            let Some(fields) = value.as_object() else { return };
            for word in
                ["oneOf", "anyOf", "allOf", "$ref", "$defs", "$schema", "const", "not", "format", "default"]
            {
                assert!(!fields.contains_key(word), "{path} has {word}");
            }
            assert!(!fields.get("type").is_some_and(Value::is_array), "{path} is of several types");
            if let Some(choices) = fields.get("enum").and_then(Value::as_array) {
                assert!(choices.iter().all(Value::is_string), "{path}: {choices:?}");
            }
        });
        for (argument, property) in schema["properties"].as_object().unwrap() {
            assert!(property["type"].is_string(), "{name}.{argument} has no type");
            let words = property["description"].as_str().unwrap_or_default();
            assert!((10..200).contains(&words.len()), "{name}.{argument}: {words:?}");
        }
    }
}

#[tokio::test]
async fn the_arguments_are_those_of_the_contract() {
    let shared = [
        "prompt",
        "model",
        "size",
        "aspect_ratio",
        "quality",
        "n",
        "background",
        "output_format",
        "output_compression",
        "output",
        "save_to",
        "max_cost_usd",
        "dry_run",
    ];
    for tool in listed().await {
        let schema = &tool["inputSchema"];
        let (mut own, required): (Vec<&str>, Value) = match tool["name"].as_str().unwrap() {
            "generate_image" => (vec!["moderation"], json!(["prompt"])),
            "edit_image" => (vec!["images"], json!(["images", "prompt"])),
            "inpaint_image" => (
                vec!["image", "regions", "units", "mask", "mask_means", "invert", "feather", "preserve"],
                json!(["image", "prompt"]),
            ),
            _ => (vec!["id", "ids", "output", "wait_s"], json!([])),
        };
        if tool["name"] != "get_image" {
            own.extend(shared);
        }
        own.sort_unstable();
        let mut names: Vec<_> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, own, "{}", tool["name"]);
        let mut stated: Vec<_> =
            schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()).collect();
        stated.sort_unstable();
        assert_eq!(json!(stated), required, "{}", tool["name"]);
    }
    let generate = &listed().await[0]["inputSchema"]["properties"];
    assert_eq!((&generate["n"]["minimum"], &generate["n"]["maximum"]), (&json!(1), &json!(10)));
    assert_eq!(
        (&generate["prompt"]["minLength"], &generate["prompt"]["maxLength"]),
        (&json!(1), &json!(32_000))
    );
    let ratios = generate["aspect_ratio"]["enum"].as_array().unwrap();
    for ratio in ["auto", "1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "5:2", "2:5", "21:9", "9:21"] {
        assert!(ratios.contains(&json!(ratio)), "{ratio}");
    }
    let models = generate["model"]["enum"].as_array().unwrap();
    for model in ["auto", "gpt-image-2-all", "gpt-image-2", "openai/gpt-image-2"] {
        assert!(models.contains(&json!(model)), "{model}");
    }
}

#[tokio::test]
async fn the_schema_of_the_settings_file_names_every_setting() {
    let schema: Value =
        serde_json::from_str(&Setup::bare().run(&["schemas", "config"]).await.stdout).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    let help = Setup::bare().run(&["--help"]).await.stdout;
    let long_flag = |line: &str| {
        let flag = line.trim_start().strip_prefix("--")?;
        Some(flag.split(|c: char| !c.is_ascii_lowercase() && c != '-').next().unwrap().to_owned())
    };
    let flags: Vec<_> = help.lines().filter_map(long_flag).collect();
    assert!(flags.len() > 15, "{help}");
    for flag in flags.iter().filter(|flag| flag.as_str() != "config") {
        let name = match flag.as_str() {
            "header" => "headers".to_owned(),
            "root" | "token" | "allowed-host" | "allowed-origin" => format!("{}s", flag.replace('-', "_")),
            other => other.replace('-', "_"),
        };
        let property =
            properties.get(&name).unwrap_or_else(|| panic!("--{flag} has no setting {name} in the file"));
        assert!(property["description"].as_str().is_some_and(|words| !words.is_empty()), "{name}");
    }
    assert!(properties.contains_key("model") && properties.contains_key("provider"));
}

#[tokio::test]
async fn an_unknown_schema_is_refused_with_the_known_ones() {
    let ran = Setup::bare().run(&["schemas", "draw"]).await;
    assert_eq!(ran.code, 1);
    for name in TOOLS.into_iter().chain(["draw", "config"]) {
        assert!(ran.stderr.contains(name), "{}", ran.stderr);
    }
}
