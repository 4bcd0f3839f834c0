//! How the source is divided: floors name only floors below them, libraries stay where they
//! belong, every file says what it is for and is short.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The sandbox stands beside `upstream` and is there to test what is above it.
const BENEATH_THE_SANDBOX: [&str; 3] = ["domain", "catalog", "routing"];
const MOST_LINES: usize = 400;
const GOAL_LINES: usize = 300;

struct Source {
    /// Below `src`, with slashes.
    path: String,
    text: String,
}

impl Source {
    /// The floor it is on; `None` for `lib.rs` and `main.rs`.
    fn floor(&self) -> Option<&str> {
        self.path.split_once('/').map(|(floor, _)| floor)
    }

    /// A file that is compiled for tests only.
    fn is_for_tests(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// Lines of code with their numbers: without comments and without the tests at the end.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = self.text.find("#[cfg(test)]\nmod tests {").filter(|_| !self.is_for_tests());
        let text = tests.and_then(|end| self.text.get(..end)).unwrap_or(&self.text);
        let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn sources() -> Vec<Source> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![top.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() > 50, "the sources are found");
    let source = |path: &PathBuf| Source {
        path: path.strip_prefix(&top).unwrap().to_string_lossy().replace('\\', "/"),
        text: std::fs::read_to_string(path).unwrap(),
    };
    files.iter().map(source).collect()
}

/// The floors, bottom to top, as `lib.rs` lists them.
fn floors(sources: &[Source]) -> Vec<String> {
    let lib = sources.iter().find(|source| source.path == "lib.rs").unwrap();
    let names = lib.code().filter_map(|(_, line)| line.strip_prefix("pub mod ")?.split(';').next());
    names.map(str::to_owned).collect()
}

fn none(faults: &[String], what_to_do: &str) {
    assert!(faults.is_empty(), "{what_to_do}\n{}", faults.join("\n"));
}

#[test]
fn floors_name_only_floors_below_them() {
    let sources = sources();
    let floors = floors(&sources);
    assert_eq!(floors.first().map(String::as_str), Some("domain"));
    let height = |name: &str| floors.iter().position(|floor| floor == name);
    let mut faults = Vec::new();
    for source in &sources {
        let Some(floor) = source.floor() else { continue };
        let own = height(floor).unwrap_or_else(|| panic!("{floor} is not among the floors of lib.rs"));
        for (number, line) in source.code() {
            for (at, _) in line.match_indices("crate::") {
                let rest = &line[at + "crate::".len()..];
                let named = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap();
                if named == floor || line[..at].ends_with('$') {
                    continue;
                }
                let allowed = match (floor, named) {
                    ("sandbox", named) => BENEATH_THE_SANDBOX.contains(&named),
                    (floor, "sandbox") => floor == "app",
                    (_, named) => height(named).is_some_and(|height| height < own),
                };
                if !allowed {
                    faults.push(format!(
                        "src/{}:{number}: {floor} names {named}: {}",
                        source.path,
                        line.trim()
                    ));
                }
            }
            // As many `super`s as it takes to leave the floor.
            let levels = source.path.matches('/').count() + usize::from(!source.path.ends_with("/mod.rs"));
            if line.contains(&"super::".repeat(levels)) {
                faults.push(format!(
                    "src/{}:{number}: {floor} climbs out of its floor: {}",
                    source.path,
                    line.trim()
                ));
            }
        }
    }
    none(
        &faults,
        "A floor names only floors listed above it in lib.rs, each as crate::FLOOR:: on a line of its own (the sandbox only domain, catalog and routing, and only app names the sandbox). Move the code down, or pass what it needs in.",
    );
}

/// Where a library may be named; paths end in a slash or name one file.
const LIBRARIES: [(&str, &[&str]); 4] = [
    ("reqwest", &["upstream/client.rs", "upstream/client/", "sandbox/tests/"]),
    ("axum", &["transports/", "sandbox/"]),
    ("rmcp", &["tools/", "transports/", "app/commands/demo"]),
    ("sqlx", &["store/"]),
];

#[test]
fn libraries_are_named_only_where_they_belong() {
    let mut faults = Vec::new();
    for source in sources() {
        for (library, places) in LIBRARIES {
            if places.iter().any(|place| source.path.starts_with(place)) {
                continue;
            }
            for (number, line) in source.code() {
                let names = line.match_indices(library).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    let path = line[at + library.len()..].starts_with("::");
                    path && !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
                });
                let imports = line.trim_start() == format!("use {library};");
                if names || imports {
                    let mut fault = format!("src/{}:{number}: {library} belongs in ", source.path);
                    write!(fault, "{}: {}", places.join(", "), line.trim()).unwrap();
                    faults.push(fault);
                }
            }
        }
    }
    none(
        &faults,
        "Keep a library behind the module that owns it: give that module a function in our own words and call that.",
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent =
        sources().into_iter().filter(|source| !source.text.starts_with("//!") && !source.is_for_tests());
    let faults: Vec<_> = silent.map(|source| format!("src/{}", source.path)).collect();
    none(&faults, "Open these files with //!: what the module is for, and what it must not do.");
}

#[test]
fn lints_are_expected_and_never_allowed() {
    let mut faults = Vec::new();
    for source in sources() {
        for (number, line) in source.code() {
            if ["#[allow(", "#![allow("].iter().any(|allowed| line.contains(allowed)) {
                faults.push(format!("src/{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    none(
        &faults,
        "Write #[expect(lint, reason = \"…\")], which goes away by itself when it is no longer needed.",
    );
}

#[test]
fn files_are_short() {
    let lengths: Vec<_> = sources()
        .into_iter()
        .map(|source| (source.text.lines().count(), format!("src/{}", source.path)))
        .collect();
    if lengths.iter().any(|(lines, _)| *lines > MOST_LINES) {
        let mut long: Vec<_> = lengths.into_iter().filter(|(lines, _)| *lines > GOAL_LINES).collect();
        long.sort_unstable_by(|a, b| b.cmp(a));
        let list: Vec<_> = long.iter().map(|(lines, path)| format!("{lines} {path}")).collect();
        panic!(
            "Split what has more than {MOST_LINES} lines by what it does; the goal is {GOAL_LINES}, tests included.\n{}",
            list.join("\n")
        );
    }
}

#[test]
fn main_only_calls_the_library() {
    let sources = sources();
    let main = sources.iter().find(|source| source.path == "main.rs").unwrap();
    assert!(main.text.lines().count() <= 50, "main.rs has 50 lines at most: the rest belongs in app");
}
