//! The `client` command, and what is made from the same list: the files under
//! `examples/clients/` and a part of the README. `UPDATE=1 cargo test` writes them, a plain
//! `cargo test` fails where they differ.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use gpt_image_mcp::app::clients::{ConfigFormat, ConfigPath, GivesUp, McpClient, clients};
use serde_json::Value;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/clients");
const BINARY: &str = env!("CARGO_BIN_EXE_gpt-image-mcp");

/// Runs `client` with these arguments in an environment of nothing but these variables.
fn client(binary: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(binary);
    command.arg("client").args(arguments).env_clear().env("HOME", folder.path());
    command.envs(variables.iter().copied()).current_dir(folder.path()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The part of what was printed that goes into the client's file.
fn configuration(printed: &str) -> &str {
    let (_, rest) = printed.split_once("next to what is already there:\n\n").unwrap();
    rest.split_once("\nSet the key in").unwrap().0
}

/// Every string in a value.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => vec![],
    }
}

#[test]
fn every_client_is_printed_with_the_real_path() {
    let path = Path::new(BINARY).canonicalize().unwrap();
    let path = path.to_str().unwrap();
    for known in clients().unwrap() {
        let output = client(BINARY, &[&known.name], &[]);
        let printed = stdout(&output);
        assert!(printed.contains(path) && printed.contains(known.file.here()), "{printed}");
        assert!(printed.contains("APIYI_API_KEY, APIYI_OFFICIAL_API_KEY, OPENAI_API_KEY"), "{printed}");
        let configuration = configuration(&printed);
        let value: Value = match known.form {
            ConfigFormat::Json => serde_json::from_str(configuration).unwrap(),
            ConfigFormat::Toml => toml::from_str(configuration).unwrap(),
            ConfigFormat::Yaml => continue,
        };
        assert!(strings(&value).contains(&path), "{configuration}");
    }
}

#[cfg(unix)]
#[test]
fn a_path_with_quotes_and_blanks_is_escaped_and_links_are_followed() {
    // On the binary's own file system, as a second name for it: to run a copy while another test
    // starts a process can fail with "text file busy".
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let odd = folder.join("my \"tools\" it's \\ here");
    std::fs::create_dir(&odd).unwrap();
    let (binary, link) = (odd.join("gpt-image-mcp"), folder.join("link"));
    std::fs::hard_link(BINARY, &binary).unwrap();
    std::os::unix::fs::symlink(&binary, &link).unwrap();
    for (name, form) in [("cursor", ConfigFormat::Json), ("codex", ConfigFormat::Toml)] {
        let printed = stdout(&client(link.to_str().unwrap(), &[name], &[]));
        let configuration = configuration(&printed);
        let value: Value = match form {
            ConfigFormat::Json => serde_json::from_str(configuration).unwrap(),
            _ => toml::from_str(configuration).unwrap(),
        };
        assert!(strings(&value).contains(&binary.to_str().unwrap()), "{configuration}");
    }
}

#[test]
fn the_variable_that_is_set_comes_first_and_its_value_is_never_shown() {
    let output = client(BINARY, &["vscode"], &[("OPENAI_API_KEY", "sk-secret-1234")]);
    let printed = stdout(&output);
    assert!(configuration(&printed).contains("\"OPENAI_API_KEY\""), "{printed}");
    assert!(printed.contains("OPENAI_API_KEY (set here), APIYI_API_KEY"), "{printed}");
    assert!(!printed.contains("secret"), "{printed}");
}

#[test]
fn without_a_name_all_are_listed() {
    let printed = stdout(&client(BINARY, &[], &[]));
    for known in clients().unwrap() {
        let line = printed.lines().find(|line| line.starts_with(&known.id)).unwrap();
        assert!(line.ends_with(known.file.here()), "{line}");
    }
}

#[test]
fn an_unknown_name_ends_with_2_and_the_nearest() {
    let output = client(BINARY, &["cursr"], &[]);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{complaint}");
    assert!(complaint.contains("did you mean cursor?"), "{complaint}");
    assert!(output.stdout.is_empty());
}

#[test]
fn the_examples_are_what_the_list_says() {
    let file = |known: &McpClient| format!("{}.{}", known.id, known.form.name());
    let expected: BTreeMap<_, _> = clients()
        .unwrap()
        .iter()
        .map(|known| (file(known), known.configuration("gpt-image-mcp", "APIYI_API_KEY")))
        .collect();
    let read = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, std::fs::read_to_string(entry.path()).unwrap())
    };
    let found: BTreeMap<_, _> = std::fs::read_dir(EXAMPLES)
        .map(|entries| entries.map(|entry| read(entry.unwrap())).collect())
        .unwrap_or_default();
    if found == expected {
        return;
    }
    assert!(
        std::env::var_os("UPDATE").is_some(),
        "examples/clients is not what src/app/clients.toml says; run UPDATE=1 cargo test"
    );
    std::fs::create_dir_all(EXAMPLES).unwrap();
    for name in found.keys().filter(|name| !expected.contains_key(*name)) {
        std::fs::remove_file(Path::new(EXAMPLES).join(name)).unwrap();
    }
    for (name, configuration) in expected {
        std::fs::write(Path::new(EXAMPLES).join(name), configuration).unwrap();
    }
}

/// What docs/clients.md says of clients; `documents.rs` holds it to that.
pub fn set_up() -> String {
    let clients = clients().unwrap();
    let mut text =
        "| client | where it goes | gives up on a call | how to raise it |\n| --- | --- | --- | --- |\n"
            .to_owned();
    for known in &clients {
        let McpClient { id, name, timeout, .. } = known;
        let raise = match (&timeout.raise, timeout.gives_up) {
            (Some(raise), _) => raise.as_str(),
            (None, GivesUp::Never) => "",
            (None, _) => "no way is known",
        };
        let example = format!("../examples/clients/{id}.{}", known.form.name());
        writeln!(text, "| [{name}]({example}) | {} | {timeout} | {raise} |", place(&known.file)).unwrap();
    }
    let shown = |id: &str| clients.iter().find(|known| known.id == id).unwrap();
    let command = shown("claude-code").command("gpt-image-mcp", "APIYI_API_KEY").unwrap();
    write!(text, "\nClaude Code:\n\n```sh\n{command}\n```\n").unwrap();
    let others =
        [("Cursor, Claude Desktop and Windsurf", "cursor"), ("VS Code", "vs-code"), ("Codex CLI", "codex")];
    for (names, id) in others {
        let known = shown(id);
        let configuration = known.configuration("gpt-image-mcp", "APIYI_API_KEY");
        write!(text, "\n{names}:\n\n```{}\n{configuration}```\n", known.form.name()).unwrap();
    }
    text
}

fn place(place: &ConfigPath) -> String {
    match place {
        ConfigPath::Everywhere(path) => format!("`{path}`"),
        ConfigPath::BySystem { linux, macos, windows } if linux == macos => {
            format!("`{linux}`, on Windows `{windows}`")
        }
        ConfigPath::BySystem { linux, macos, windows } => {
            format!("Linux `{linux}`, macOS `{macos}`, Windows `{windows}`")
        }
    }
}
