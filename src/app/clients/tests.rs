use std::collections::BTreeSet;

use proptest::prelude::*;
use saphyr::{LoadableYamlNode as _, Yaml};

use super::*;

/// The strings of a configuration, wherever they stand.
fn strings(form: ConfigFormat, configuration: &str) -> Vec<String> {
    let value: serde_json::Value = match form {
        ConfigFormat::Json => serde_json::from_str(configuration).unwrap(),
        ConfigFormat::Toml => {
            let table: toml::Table = toml::from_str(configuration).unwrap();
            serde_json::to_value(table).unwrap()
        }
        ConfigFormat::Yaml => {
            let documents = Yaml::load_from_str(configuration).unwrap();
            let extension = &documents[0]["extensions"]["gpt-image"];
            return vec![extension["cmd"].as_str().unwrap().to_owned()];
        }
    };
    let (mut found, mut left) = (Vec::new(), vec![value]);
    while let Some(value) = left.pop() {
        match value {
            serde_json::Value::String(text) => found.push(text),
            serde_json::Value::Array(values) => left.extend(values),
            serde_json::Value::Object(fields) => left.extend(fields.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    found
}

#[test]
fn every_client_has_a_name_of_its_own() {
    let clients = clients().unwrap();
    let mut seen = BTreeSet::new();
    for client in &clients {
        for name in BTreeSet::from_iter(client.names()) {
            assert!(seen.insert(name.clone()), "{name} is stated by two clients");
        }
    }
}

#[test]
fn templates_hold_no_placeholder_that_nobody_fills_in() {
    for client in clients().unwrap() {
        let filled = [client.configuration("gpt-image-mcp", "SOME_KEY")];
        let command = client.command("gpt-image-mcp", "SOME_KEY");
        for text in filled.into_iter().chain(command).chain(client.notes("SOME_KEY")) {
            assert!(!text.contains("{{"), "{}: {text}", client.id);
        }
        assert!(client.configuration("gpt-image-mcp", "SOME_KEY").contains("SOME_KEY"), "{}", client.id);
        assert!(client.configuration.contains("gpt-image"), "{}", client.id);
    }
}

#[test]
fn names_are_read_leniently() {
    let cases = [
        ("claude-code", "claude-code"),
        ("Claude Code", "claude-code"),
        ("claude_code", "claude-code"),
        ("vscode", "vs-code"),
        ("vs-code", "vs-code"),
        ("VS Code", "vs-code"),
        ("Codex CLI", "codex"),
        ("codex", "codex"),
        ("GEMINI.cli", "gemini-cli"),
        ("visual studio code", "vs-code"),
    ];
    for (asked, id) in cases {
        assert_eq!(McpClient::named(asked).unwrap().id, id, "{asked}");
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let cases = [
        ("claude", "claude-code"),
        ("claude-dekstop", "claude-desktop"),
        ("cursr", "cursor"),
        ("gemini", "gemini-cli"),
        ("windsurfer", "windsurf"),
        ("open-codes", "opencode"),
        ("claud", "claude-code"),
    ];
    for (asked, nearest) in cases {
        let error = McpClient::named(asked).unwrap_err();
        assert!(error.contains(&format!("did you mean {nearest}?")), "{asked}: {error}");
    }
    for asked in ["foo", "emacs", "", "chatgpt"] {
        let error = McpClient::named(asked).unwrap_err();
        assert!(
            !error.contains("did you mean") && error.contains("lists the known ones"),
            "{asked}: {error}"
        );
    }
}

#[test]
fn words_are_quoted_for_the_shell() {
    let cases = [
        ("/usr/bin/gpt-image-mcp", false, "/usr/bin/gpt-image-mcp"),
        ("/home/me/my tools/it's", false, r"'/home/me/my tools/it'\''s'"),
        ("/home/$me", false, "'/home/$me'"),
        (r"C:\Tools\gpt-image-mcp.exe", true, r"C:\Tools\gpt-image-mcp.exe"),
        (r"C:\Program Files\it.exe", true, r#""C:\Program Files\it.exe""#),
    ];
    for (word, windows, expected) in cases {
        assert_eq!(for_shell(word, windows), expected);
    }
}

#[test]
fn a_windows_path_survives_every_form() {
    let path = r#"C:\Users\new "x"\tools\gpt-image-mcp.exe"#;
    for client in clients().unwrap() {
        let configuration = client.configuration(path, "SOME_KEY");
        assert!(strings(client.form, &configuration).contains(&path.to_owned()), "{configuration}");
    }
}

#[test]
fn a_timeout_is_said_in_words() {
    let timeout = |gives_up, reported, progress_resets| ClientTimeout {
        gives_up,
        reported,
        progress_resets,
        raise: None,
    };
    let cases = [
        (timeout(GivesUp::Seconds(60), false, None), "after 60 seconds"),
        (timeout(GivesUp::Seconds(240), true, Some(false)), "after 4 minutes, as users report"),
        (timeout(GivesUp::Seconds(1800), false, Some(true)), "after 30 minutes without progress"),
        (timeout(GivesUp::Never, false, None), "never"),
        (timeout(GivesUp::Unknown, false, None), "not known"),
    ];
    for (timeout, words) in cases {
        assert_eq!(timeout.to_string(), words);
    }
}

proptest! {
    #[test]
    fn any_printable_path_survives_every_form(path in "[ -~äß界{}]{1,40}") {
        for client in clients().unwrap() {
            let configuration = client.configuration(&path, "SOME_KEY");
            prop_assert!(strings(client.form, &configuration).contains(&path), "{}", configuration);
        }
    }
}

#[test]
fn a_known_client_is_waited_for_a_little_less_than_it_waits() {
    let cases = [
        ("claude-ai", Some(221)),
        ("cursor-vscode", Some(50)),
        ("codex-mcp-client", Some(278)),
        ("gemini-cli-mcp-client-gpt-image", Some(563)),
        ("ZED", Some(50)),
        ("Visual Studio Code", Some(1800)),
        ("windsurf-client", None),
        ("somebody", None),
        ("", None),
    ];
    for (name, seconds) in cases {
        assert_eq!(soft_deadline(name), seconds.map(std::time::Duration::from_secs), "{name}");
    }
    for client in clients().unwrap() {
        let GivesUp::Seconds(seconds) = client.timeout.gives_up else { continue };
        let waited = soft_deadline(&client.client_info[0]).unwrap();
        assert!(waited.as_secs() + 10 <= seconds.into(), "{}: {waited:?} of {seconds} s", client.id);
    }
}
