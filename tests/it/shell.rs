//! The commands in a shell: completed by it, and read by what reads no further.

use std::process::{Command, Output, Stdio};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gpt-image-mcp"));
    command.env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR")).args(arguments).stdin(Stdio::null());
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What bash offers for the last of the words.
#[cfg(unix)]
fn offered(script: &std::path::Path, words: &[&str]) -> Vec<String> {
    let complete = r#"
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _gpt__image__mcp "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let output =
        Command::new("bash").args(["-c", complete, "bash"]).arg(script).args(words).output().unwrap();
    assert!(output.stderr.is_empty(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    text(&output).split_whitespace().map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_flags_and_values_at_every_depth() {
    let folder = tempfile::TempDir::new().unwrap();
    let script = folder.path().join("script");
    std::fs::write(&script, program(&["completions", "bash"]).output().unwrap().stdout).unwrap();
    let offered = |words: &[&str]| offered(&script, &[&["gpt-image-mcp"], words].concat());
    let cases: [(&[&str], &[&str]); 10] = [
        (&["gen"], &["generate"]),
        (&["w"], &[]),
        (&["generate", "--quality", ""], &["auto", "low", "medium", "high", "xhigh", "max"]),
        (&["--sandbox", "generate", "a kite", "--quality", "l"], &["low"]),
        (&["jobs", "--state", ""], &["queued", "rendering", "lost", "done", "failed", "dropped"]),
        (&["client", "c"], &["claude-code", "claude-desktop", "cursor", "codex"]),
        (&["inpaint", "--pres"], &["--preserve"]),
        (&["man", "gen"], &["generate"]),
        (&["schemas", "con"], &["config"]),
        (&["help", "gen"], &["generate"]),
    ];
    for (words, expected) in cases {
        assert_eq!(offered(words), expected, "{words:?}");
    }
    assert!(offered(&["inpaint", "--pre"]).contains(&"--preserve".to_owned()));
}

#[test]
fn what_is_not_for_people_is_neither_completed_nor_named() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = text(&program(&["completions", shell]).output().unwrap());
        assert!(script.contains("generate"), "{shell}");
        assert!(!script.contains("paid work for the server that started"), "{shell}");
        assert!(!script.contains("subcmd__worker"), "{shell}");
    }
    let refused = program(&["man", "generat"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(words.contains("generate, edit") && !words.contains("worker"), "{words}");
}

#[test]
fn a_complaint_names_the_variable_and_shows_the_usage_of_the_command() {
    let complaint = |arguments: &[&str], value: &str| {
        let mut command = program(arguments);
        let output = command.env("GPT_IMAGE_MCP_MAX_COST_USD", value).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(complaint(&["models"], "abc").contains("from the variable GPT_IMAGE_MCP_MAX_COST_USD"));
    let stated = complaint(&["models", "--max-cost-usd", "abc"], "1");
    assert!(stated.contains("invalid value 'abc'") && !stated.contains("variable"), "{stated}");
    let cases = [
        (&["prune"], "Usage: gpt-image-mcp prune [OPTIONS] <--older-than <AGE>|--to-size <SIZE>>\n"),
        (&["generate"], "Usage: gpt-image-mcp generate <PROMPT> [OPTIONS]\n"),
        (&["paint"], "Usage: gpt-image-mcp [OPTIONS] [COMMAND]\n"),
    ];
    for (arguments, usage) in cases {
        let said = complaint(arguments, "1");
        assert!(said.contains(usage), "{said}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let commands: [&[&str]; 9] = [
        &["schemas"],
        &["completions", "bash"],
        &["models"],
        &["man"],
        &["client"],
        &["--help"],
        &["route", "generate_image", r#"{"prompt":"a kite"}"#, "--sandbox"],
        &["--sandbox", "doctor"],
        &["jobs"],
    ];
    for command in commands {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = program(command).stdout(writer).output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{command:?}");
        assert!(ended.stderr.is_empty(), "{command:?}: {}", String::from_utf8_lossy(&ended.stderr));
    }
}
