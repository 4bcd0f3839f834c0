//! How the source is divided: a layer imports only layers below it, the files of a layer have no
//! import cycles, libraries stay where they belong, every file says what it is for and is short.

mod cycles;
mod imports;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use imports::{Crate, Source};

/// Rules that the order of the layers in `lib.rs` does not express.
const RULES: [Rule; 7] = [
    Rule::ImportsOnly("sandbox", &["domain"]), // it shares no code with what it is there to test
    Rule::ImportedOnlyBy("sandbox", &["app"]),
    Rule::DoesNotImport("upstream", "store"),
    Rule::Library("reqwest", &["upstream/client.rs", "upstream/client/", "sandbox/tests/"]),
    Rule::Library("axum", &["transports/", "sandbox/"]),
    Rule::Library("rmcp", &["tools/", "transports/", "app/commands/demo"]),
    Rule::Library("sqlx", &["store/"]),
];

/// Layers that still have import cycles. This list only gets shorter.
const KNOWN_CYCLES: &[&str] = &[];

const MOST_LINES: usize = 400;
const GOAL_LINES: usize = 300;

enum Rule {
    ImportsOnly(&'static str, &'static [&'static str]),
    ImportedOnlyBy(&'static str, &'static [&'static str]),
    DoesNotImport(&'static str, &'static str),
    /// Where a library may be named: paths of files, and of folders with a slash at the end.
    Library(&'static str, &'static [&'static str]),
}

static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![top.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
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
        text: fs::read_to_string(path).unwrap(),
    };
    files.iter().map(source).collect()
});

static CRATE: LazyLock<Crate> = LazyLock::new(|| Crate::read(&SOURCES));

/// The layers, bottom to top, as `lib.rs` lists them.
fn layers() -> Vec<&'static str> {
    let lib = SOURCES.iter().find(|source| source.path == "lib.rs").unwrap();
    let names = lib.text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.split(';').next());
    names.collect()
}

fn none(faults: &[String], what_to_do: &str) {
    assert!(faults.is_empty(), "{what_to_do}\n{}", faults.join("\n"));
}

fn may_import(layers: &[&str], layer: &str, named: &str) -> bool {
    let height = |name: &str| layers.iter().position(|layer| *layer == name);
    let forbidden = RULES.iter().any(|rule| match *rule {
        Rule::ImportsOnly(this, allowed) => this == layer && !allowed.contains(&named),
        Rule::ImportedOnlyBy(this, allowed) => this == named && !allowed.contains(&layer),
        Rule::DoesNotImport(this, other) => this == layer && other == named,
        Rule::Library(..) => false,
    });
    layer == named || (height(named).is_some_and(|named| Some(named) < height(layer)) && !forbidden)
}

#[test]
fn layers_import_only_layers_below_them() {
    let layers = layers();
    assert_eq!(layers.first(), Some(&"domain"));
    for rule in &RULES {
        if let Rule::ImportsOnly(layer, _) | Rule::ImportedOnlyBy(layer, _) | Rule::DoesNotImport(layer, _) =
            rule
        {
            assert!(layers.contains(layer), "{layer} is not among the layers of lib.rs");
        }
    }
    let mut faults = Vec::new();
    for mention in &CRATE.mentions {
        let (Some(layer), Some(named)) = (imports::layer(&mention.file), CRATE.layer_named(mention)) else {
            continue;
        };
        assert!(layers.contains(&layer), "{layer} is not among the layers of lib.rs");
        if !may_import(&layers, layer, named) {
            let path = mention.path.join("::");
            faults.push(format!("src/{}:{}: {layer} imports {named}: {path}", mention.file, mention.line));
        }
    }
    none(
        &faults,
        "A layer imports only layers listed above it in lib.rs, within the rules at the top of tests/it/layers.rs. Move the code to a lower layer, or pass what it needs as an argument.",
    );
}

#[test]
fn the_files_of_a_layer_have_no_import_cycles() {
    let imports = CRATE.imports();
    let mut faults = Vec::new();
    for layer in layers() {
        let cycles = cycles::describe(layer, &imports);
        let known = KNOWN_CYCLES.contains(&layer);
        if known && cycles.is_empty() {
            faults.push(format!("{layer} has no import cycle any more. Remove it from KNOWN_CYCLES."));
        } else if !known && !cycles.is_empty() {
            faults.push(cycles);
        }
    }
    none(
        &faults,
        "Remove one import of each cycle: move the item to the file that uses it or to a file of its own, or pass it as an argument. A mod.rs only declares and re-exports.",
    );
}

#[test]
fn libraries_are_named_only_where_they_belong() {
    let mut faults = Vec::new();
    for rule in &RULES {
        let Rule::Library(library, places) = rule else { continue };
        for mention in &CRATE.mentions {
            let belongs = places.iter().any(|place| mention.file.starts_with(place));
            if !belongs && CRATE.library_named(mention) == Some(library) {
                faults.push(format!(
                    "src/{}:{}: {library} belongs in {}: {}",
                    mention.file,
                    mention.line,
                    places.join(", "),
                    mention.path.join("::")
                ));
            }
        }
    }
    none(
        &faults,
        "Keep a library behind the module that owns it: give that module a function in our own words and call that.",
    );
}

/// A file that is compiled for tests only.
fn is_for_tests(source: &Source) -> bool {
    source.path.ends_with("/tests.rs") || source.path.contains("/tests/")
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = SOURCES.iter().filter(|source| !source.text.starts_with("//!") && !is_for_tests(source));
    let faults: Vec<_> = silent.map(|source| format!("src/{}", source.path)).collect();
    none(&faults, "Open these files with //!: what the module is for, and what it must not do.");
}

#[test]
fn lints_are_expected_and_never_allowed() {
    let mut faults = Vec::new();
    for source in SOURCES.iter() {
        for (number, line) in source.text.lines().enumerate() {
            let comment = line.trim_start().starts_with("//");
            if !comment && ["#[allow(", "#![allow("].iter().any(|allowed| line.contains(allowed)) {
                faults.push(format!("src/{}:{}: {}", source.path, number + 1, line.trim()));
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
    let lengths: Vec<_> =
        SOURCES.iter().map(|source| (source.text.lines().count(), format!("src/{}", source.path))).collect();
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
    let main = SOURCES.iter().find(|source| source.path == "main.rs").unwrap();
    assert!(main.text.lines().count() <= 50, "main.rs has 50 lines at most: the rest belongs in app");
}
