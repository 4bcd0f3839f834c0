//! The commands for people: the real binary, drawing with the sandbox.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use gpt_image_mcp::app::command_line;
use gpt_image_mcp::catalog::Catalog;
use serde_json::{Value, json};
use tempfile::TempDir;

const COMMANDS: [&str; 15] = [
    "generate",
    "edit",
    "inpaint",
    "get",
    "models",
    "demo",
    "route",
    "gallery",
    "jobs",
    "spend",
    "prune",
    "sandbox",
    "schemas",
    "completions",
    "man",
];

/// The program in a folder of its own, with no variable set that a setting could come from.
fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gpt-image-mcp"));
    command.env_clear().env("HOME", folder).env("TMPDIR", folder).current_dir(folder);
    command.args(["--store", "store"]).args(arguments).stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    program(folder, arguments).output().unwrap()
}

/// What it prints when it succeeds.
fn stdout(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&stdout(folder, arguments)).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The text of the answer that the tool itself gives, over stdio.
fn tool(folder: &Path, settings: &[&str], name: &str, arguments: &Value) -> String {
    let mut child = program(folder, settings).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": { "name": "commands", "version": "1" } });
    writeln!(stdin, "{}", json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello }))
        .unwrap();
    answers.next().unwrap().unwrap();
    writeln!(stdin, "{}", json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).unwrap();
    let call = json!({ "name": name, "arguments": arguments });
    writeln!(stdin, "{}", json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call }))
        .unwrap();
    let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
    drop(stdin);
    child.wait().unwrap();
    answer["result"]["content"][0]["text"].as_str().unwrap().to_owned()
}

fn names(fields: &Value) -> Vec<&String> {
    fields.as_object().unwrap().keys().collect()
}

#[test]
fn an_image_is_drawn_edited_inpainted_and_shown_again() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let printed = stdout(folder, &["--sandbox", "generate", "a red kite", "--size", "1536x1024"]);
    let path = PathBuf::from(printed.lines().next().unwrap());
    assert_eq!(image::image_dimensions(&path).unwrap(), (1536, 1024));
    let id = printed.split_whitespace().nth(1).unwrap().trim_end_matches(',');
    for line in ["model: gpt-image-2", "cost basis: reported usage", "warning: SANDBOX"] {
        assert!(printed.lines().any(|printed| printed.starts_with(line)), "{line:?} in {printed}");
    }

    let edited =
        json(folder, &["--sandbox", "edit", "at night", "--images", id, path.to_str().unwrap(), "--json"]);
    assert_eq!(edited["images"][0]["made_from"], json!([id]));

    let mask = folder.join("mask.png");
    let marked = |x, _| image::Rgba([0, 0, 0, if x < 768 { 0 } else { 255 }]);
    image::RgbaImage::from_fn(1536, 1024, marked).save(&mask).unwrap();
    let asked =
        ["inpaint", "a moon", "--image", id, "--mask", "mask.png", "--json", "--sandbox", "--dry-run"];
    let look = json(folder, &asked);
    assert_eq!(image::image_dimensions(look["part"]["look_at"].as_str().unwrap()).unwrap(), (1536, 1024));
    assert_eq!(look["part"]["repainted_percent"], 50.0);

    let inpainted = json(
        folder,
        &[
            "inpaint",
            "a moon",
            "--image",
            id,
            "--mask",
            "mask.png",
            "--output",
            "file",
            "--json",
            "--sandbox",
        ],
    );
    assert_eq!(inpainted["images"][0]["width"], 1536);

    let shown = json(folder, &["get", id, "--json"]);
    assert_eq!(shown["images"][0]["path"], json!(path));
    assert_eq!(shown["cost_usd"], 0.0);
    let several = ["get", "--ids", id, "img_0123456789ab", inpainted["job"].as_str().unwrap()];
    let several = run(folder, &several);
    assert_eq!(several.status.code(), Some(1), "one of them is unknown");
    let (given, missing) = (text(&several.stdout), text(&several.stderr));
    let first_lines: Vec<_> = given.split("\n\n").map(|given| given.lines().next()).collect();
    assert_eq!(first_lines, [path.to_str(), inpainted["images"][0]["path"].as_str()], "{given}");
    assert!(missing.contains("img_0123456789ab") && !given.contains("error"), "{missing}{given}");
    let job = stdout(folder, &["get", inpainted["job"].as_str().unwrap()]);
    assert_eq!(job.lines().next(), inpainted["images"][0]["path"].as_str());
}

#[test]
fn json_is_the_object_that_the_tool_answers() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let arguments = json!({ "prompt": "a red kite", "aspect_ratio": "16:9", "quality": "low", "n": 2 });
    let answer: Value =
        serde_json::from_str(&tool(folder, &["--sandbox"], "generate_image", &arguments)).unwrap();
    let line = ["generate", "a red kite", "--aspect-ratio", "16:9", "--quality", "low", "--n", "2", "--json"];
    let printed = json(folder, &[&["--sandbox"], line.as_slice()].concat());
    assert_eq!(names(&printed), names(&answer));
    assert_eq!(names(&printed["images"][1]), names(&answer["images"][1]));
    for field in ["model", "provider", "why", "sandbox", "cost_usd", "cost_basis", "warnings"] {
        assert_eq!(printed[field], answer[field], "{field}");
    }

    let plan = json(folder, &[&["--sandbox", "--output", "file"], line.as_slice(), &["--dry-run"]].concat());
    let mut arguments = arguments;
    arguments["dry_run"] = json!(true);
    assert_eq!(plan.to_string(), tool(folder, &["--sandbox"], "generate_image", &arguments));
}

#[test]
fn a_refusal_has_the_tools_words_and_wrong_usage_the_code_two() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("words.txt"), "no image").unwrap();
    let prompt = "a red kite";
    let cases: [(&[&str], &str, Value); 7] = [
        (&["generate", prompt], "generate_image", json!({ "prompt": prompt })),
        (&["generate", prompt, "--n", "20"], "generate_image", json!({ "prompt": prompt, "n": 20 })),
        (&["generate", " "], "generate_image", json!({ "prompt": " " })),
        (
            &["generate", prompt, "--output", "paper", "--quality", "best"],
            "generate_image",
            json!({ "prompt": prompt, "output": "paper", "quality": "best" }),
        ),
        (
            &["edit", prompt, "--images", "[Image #1]", "--max-cost-usd", "0.01"],
            "edit_image",
            json!({ "prompt": prompt, "images": ["[Image #1]"], "max_cost_usd": 0.01 }),
        ),
        (
            &["inpaint", prompt, "--image", "words.txt", "--mask", "words.txt", "--sandbox"],
            "inpaint_image",
            json!({ "prompt": prompt, "image": "words.txt", "mask": "words.txt" }),
        ),
        (&["get", "img_0123456789ab"], "get_image", json!({ "id": "img_0123456789ab" })),
    ];
    for (line, name, arguments) in cases {
        let refused = run(folder, line);
        assert_eq!(refused.status.code(), Some(1), "{line:?}");
        assert!(refused.stdout.is_empty(), "{line:?}");
        let settings: &[&str] = if line.contains(&"--sandbox") { &["--sandbox"] } else { &[] };
        let agents_way = "list the stored images as resources";
        let persons_way = "see all images with `gpt-image-mcp gallery`";
        let words = tool(folder, settings, name, &arguments).replace(agents_way, persons_way);
        assert_eq!(words.contains(persons_way), line[0] == "get", "{words}");
        // A call that was being prepared has said so before.
        let said = text(&refused.stderr);
        assert_eq!(said.strip_prefix("preparing\n").unwrap_or(&said).trim_end(), words, "{line:?}");
    }
    assert!(text(&run(folder, &["generate", prompt]).stderr).contains("APIYI_API_KEY"));
    // The cap of the settings holds wherever it is stated, whatever the call itself allows.
    let capped: [&[&str]; 2] = [
        &["--max-cost-usd", "0.01", "generate", prompt, "--sandbox", "--max-cost-usd", "1"],
        &["generate", prompt, "--sandbox", "--max-cost-usd", "1", "--setting-max-cost-usd", "0.01"],
    ];
    for line in capped {
        let refused = text(&run(folder, line).stderr);
        assert!(refused.contains("at most $0.01 is allowed"), "{line:?}: {refused}");
    }

    let wrong: [&[&str]; 4] =
        [&["generate"], &["generate", prompt, "--colour", "red"], &["paint"], &["edit", "x"]];
    for line in wrong {
        assert_eq!(run(folder, line).status.code(), Some(2), "{line:?}");
    }
}

#[test]
fn models_are_all_listed_with_their_price_and_whether_their_key_is_set() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let listed = program(folder, &["models"]).env("OPENAI_API_KEY", "sk-secret").output().unwrap();
    let listed = text(&listed.stdout);
    let catalog = Catalog::builtin().unwrap();
    for model in &catalog.models {
        let name = model.name.to_string();
        let row = listed.lines().find(|line| line.split_whitespace().next() == Some(&name)).unwrap();
        assert_eq!(row.contains("OPENAI_API_KEY is set"), name.starts_with("openai/"), "{row}");
        assert!(row.contains('$'), "{row}");
    }
    assert!(!listed.contains("sk-secret"));
    for line in listed.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let models = json(folder, &["models", "--json"]);
    assert_eq!(models.as_array().unwrap().len(), catalog.models.len());
    assert_eq!(models[0]["price_usd"]["high"], 0.03);
    assert_eq!(models[0]["key_set"], false);
}

#[test]
fn the_definitions_hold_and_give_help_completions_and_the_manual() {
    command_line().debug_assert();
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let short = stdout(folder, &["-h"]);
    let manual = stdout(folder, &["man"]);
    for command in COMMANDS {
        assert!(short.lines().any(|line| line.split_whitespace().next() == Some(command)), "{command}");
        assert!(manual.contains(&format!("gpt\\-image\\-mcp\\-{command}")), "{command} in {manual}");
        let page = stdout(folder, &["man", command]);
        assert!(page.contains(".SH OPTIONS"), "{page}");
        for help in ["-h", "--help"] {
            let help = stdout(folder, &[command, help]);
            assert!(help.contains("Usage: gpt-image-mcp"), "{help}");
            for line in help.lines().chain(short.lines()) {
                assert!(line.chars().count() <= 80, "{command}: {line}");
            }
        }
    }
    let (short, long) = (stdout(folder, &["generate", "-h"]), stdout(folder, &["generate", "--help"]));
    assert!(short.contains("--aspect-ratio") && !short.contains("--preview-edge"), "{short}");
    assert!(long.contains("--preview-edge") && long.contains("--setting-output"), "{long}");
    // PowerShell and Elvish complete flags and not their values.
    let flags = ["generate", "aspect-ratio", "save-to"];
    let values_of = ["gpt-image-2-vip", "transparent_is_repainted"];
    for (shell, values) in
        [("bash", true), ("zsh", true), ("fish", true), ("powershell", false), ("elvish", false)]
    {
        let script = stdout(folder, &["completions", shell]);
        for word in flags.iter().chain(values.then_some(&values_of).into_iter().flatten()) {
            assert!(script.contains(word), "{word} for {shell}");
        }
    }
}

/// A call that draws slowly, once it has been sent, and what it says after that.
#[cfg(unix)]
fn sent(folder: &Path, seconds: &str) -> (Child, BufReader<std::process::ChildStderr>) {
    let line = ["--sandbox", "--sandbox-delay-s", seconds, "generate", "a red kite"];
    let mut child = program(folder, &line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("rendering") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "it ended early");
    }
    (child, said)
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
}

#[cfg(unix)]
#[test]
fn an_interrupted_call_waits_for_its_image_and_says_how_to_see_it() {
    let folder = TempDir::new().unwrap();
    let (mut child, mut said) = sent(folder.path(), "2");
    interrupt(&child);
    let mut words = String::new();
    said.read_to_string(&mut words).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{words}");
    let job = words.split_whitespace().next().unwrap();
    assert!(job.starts_with("job_"), "{words}");
    for part in [
        format!("{job} has been sent and may be charged, for $0.03."),
        format!("gpt-image-mcp get {job}"),
        format!("{job} is stored; it cost $0.03 (flat price)."),
    ] {
        assert!(words.contains(&part), "{part:?} in {words}");
    }
    let shown = json(folder.path(), &["get", job, "--json"]);
    image::image_dimensions(shown["images"][0]["path"].as_str().unwrap()).unwrap();
}

#[cfg(unix)]
#[test]
fn a_second_interrupt_leaves_at_once() {
    let folder = TempDir::new().unwrap();
    let (mut child, mut said) = sent(folder.path(), "600");
    interrupt(&child);
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("has been sent"), "{line}");
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
