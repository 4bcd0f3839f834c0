//! Every text that a person or an agent reads, in one file, so that a change of wording is seen as a diff.
//!
//! `UPDATE=1 cargo test` writes tests/texts.txt: errors, warnings, results, help, descriptions of tools and arguments.
//! It takes every string of the source that reads like a sentence, and the doc comments that become help or schemas.
//! Logs, SQL and the sandbox, which speaks the words of the APIs, are left out.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// Words that were replaced throughout, as they would stand in a text.
const OLD_WORDS: [&str; 12] = [
    "picture",
    "floor",
    "house",
    "way out",
    "handed over",
    "hands over",
    "the library",
    "whosoever",
    "nor told",
    "of which",
    "commission",
    "rehearsal",
];

/// Where an old word is a spelling that users depend on, or the word of somebody else.
const ALLOWED: [&str; 2] = ["terminal-pictures", "truncated_picture"];

/// Derives whose doc comments become help or schemas.
const DOCUMENTED: [&str; 6] = ["Args", "Parser", "Subcommand", "ValueEnum", "JsonSchema", "clap"];

#[derive(Default)]
struct Texts {
    /// In order of appearance, each once.
    found: Vec<String>,
}

impl Texts {
    fn add(&mut self, text: &str) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if is_sentence(&text) && !self.found.contains(&text) {
            self.found.push(text);
        }
    }

    fn add_docs(&mut self, attributes: &[syn::Attribute]) {
        let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        text.split("\n\n").for_each(|paragraph| self.add(paragraph));
    }

    fn add_tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        self.add(&text.value());
                    }
                }
                TokenTree::Group(group) => self.add_tokens(group.stream()),
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
}

/// Whether a text has two words and is neither SQL nor code.
fn is_sentence(text: &str) -> bool {
    let words =
        text.split(' ').filter(|word| word.chars().filter(char::is_ascii_lowercase).count() >= 2).count();
    let sql =
        ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ", "WHERE ", "PRAGMA ", "BEGIN ", "job_id ="];
    let code = text.starts_with(['<', '.', '{', '&']) && text.contains(['<', '>', ';']);
    words >= 2 && !sql.iter().any(|begin| text.starts_with(begin)) && !code
}

/// Whether doc comments on this item become help or part of a schema.
fn is_documented(attributes: &[syn::Attribute]) -> bool {
    let derives = attributes.iter().filter(|attribute| attribute.path().is_ident("derive"));
    let names = derives.flat_map(|attribute| match &attribute.meta {
        syn::Meta::List(list) => list.tokens.clone().into_iter().map(|token| token.to_string()).collect(),
        _ => Vec::new(),
    });
    names.into_iter().any(|name| DOCUMENTED.contains(&name.as_str()))
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) => attribute.path().is_ident("cfg") && list.tokens.to_string() == "test",
        _ => attribute.path().segments.last().is_some_and(|last| last.ident == "test"),
    })
}

impl<'ast> Visit<'ast> for Texts {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Struct(item) => &item.attrs,
            syn::Item::Enum(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if is_for_tests(attributes) {
            return;
        }
        if is_documented(attributes) {
            self.add_docs(attributes);
            let fields = |texts: &mut Self, fields: &syn::Fields| {
                fields.iter().for_each(|field| texts.add_docs(&field.attrs));
            };
            match item {
                syn::Item::Struct(item) => fields(self, &item.fields),
                syn::Item::Enum(item) => item.variants.iter().for_each(|variant| {
                    self.add_docs(&variant.attrs);
                    fields(self, &variant.fields);
                }),
                _ => {}
            }
        }
        visit::visit_item(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        // `reason = "…"` of lints and doc comments are for readers of the source.
        if let syn::Meta::List(list) = &attribute.meta
            && !["expect", "cfg", "cfg_attr", "derive"].iter().any(|name| list.path.is_ident(name))
        {
            self.add_tokens(list.tokens.clone());
        }
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let first = called.path.segments.first().map(|segment| segment.ident.to_string());
        let log = first.is_some_and(|first| first == "tracing");
        let internal = ["assert", "debug_assert", "concat", "select_jobs", "select_images", "include_str"];
        if !log && !internal.iter().any(|name| called.path.is_ident(name)) {
            self.add_tokens(called.tokens.clone());
        }
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.add(&text.value());
    }
}

/// All files of `src` with their texts.
fn texts() -> Vec<(String, Vec<String>)> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut files, mut folders) = (BTreeSet::<PathBuf>::new(), vec![top.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.extend((!["tests", "sandbox"].contains(&name.as_str())).then_some(path));
            } else if path.extension().is_some_and(|ending| ending == "rs") && name != "tests.rs" {
                files.insert(path);
            }
        }
    }
    let read = |path: PathBuf| {
        let mut texts = Texts::default();
        texts.visit_file(&syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap());
        let name = path.strip_prefix(&top).unwrap().to_string_lossy().replace('\\', "/");
        (name, texts.found)
    };
    files.into_iter().map(read).filter(|(_, texts)| !texts.is_empty()).collect()
}

#[test]
fn the_committed_list_has_every_text() {
    let mut list = String::from(
        "Every text that a person or an agent reads, by the file that has it.\nUPDATE=1 cargo test writes this list.\n",
    );
    for (file, texts) in texts() {
        writeln!(list, "\n== {file}\n").unwrap();
        for text in texts {
            writeln!(list, "{text}").unwrap();
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/texts.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &list).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == list,
        "tests/texts.txt is not what the source says; UPDATE=1 cargo test writes it anew"
    );
}

#[test]
fn no_text_has_a_word_that_was_replaced() {
    let mut faults = Vec::new();
    for (file, texts) in texts() {
        for text in texts {
            let mut plain = text.to_lowercase();
            for allowed in ALLOWED {
                plain = plain.replace(allowed, "");
            }
            if let Some(word) = OLD_WORDS.iter().find(|word| plain.contains(*word)) {
                faults.push(format!("{file}: {word:?} in {text:?}"));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "These words were replaced (CONTRIBUTING.md, rule 10):\n{}",
        faults.join("\n")
    );
}
