//! What counts as an import, on small crates in memory.

use super::super::cycles;
use super::{Crate, Source};

fn read(files: &[(&str, &str)]) -> Crate {
    let source = |(path, text): &(&str, &str)| Source { path: (*path).to_owned(), text: (*text).to_owned() };
    Crate::read(&files.iter().map(source).collect::<Vec<_>>())
}

/// The imports within a crate of one layer with this `mod.rs` and these files, one a line.
fn imports(module: &str, files: &[(&str, &str)]) -> Vec<String> {
    let found = layer(module, files).imports();
    found
        .iter()
        .map(|import| format!("{}:{} {} {}", import.from, import.line, import.name, import.to))
        .collect()
}

fn cycles(module: &str, files: &[(&str, &str)]) -> String {
    cycles::describe("layer", &layer(module, files).imports())
}

fn layer(module: &str, files: &[(&str, &str)]) -> Crate {
    let mut all = vec![("lib.rs", "pub mod layer;"), ("layer/mod.rs", module)];
    all.extend(files);
    read(&all)
}

#[test]
fn a_facade_is_no_cycle() {
    let files = [("layer/a.rs", "use super::B; pub struct A(B);"), ("layer/b.rs", "pub struct B;")];
    assert_eq!(cycles("mod a; mod b; pub use a::A; pub use b::B;", &files), "");
    assert_eq!(imports("mod a; mod b; pub use a::A; pub use b::B;", &files).len(), 2);
}

#[test]
fn a_parent_that_calls_a_child_that_names_the_parent_is_a_cycle() {
    let files = [("layer/a.rs", "pub fn f() {\n    super::g();\n}")];
    assert_eq!(
        cycles("mod a;\npub fn g() {\n    a::f();\n}", &files),
        "layer: 2 files import each other:
  - src/layer/a.rs imports from src/layer/mod.rs: super::g (line 2)
    src/layer/mod.rs imports from src/layer/a.rs: a::f (line 3)
"
    );
}

#[test]
fn re_exports_are_followed_to_the_file_that_defines() {
    let files = [
        ("layer/a/mod.rs", "mod deep; pub(super) use deep::Deep as Renamed;"),
        ("layer/a/deep.rs", "use crate::layer::b::B; pub struct Deep(B);"),
        ("layer/b.rs", "use super::{\n    Again,\n};\npub struct B(Again);"),
    ];
    let found = cycles("mod a; mod b; pub use a::Renamed as Again;", &files);
    assert_eq!(
        found,
        "layer: 2 files import each other:
  - src/layer/a/deep.rs imports from src/layer/b.rs: crate::layer::b::B (line 1)
    src/layer/b.rs imports from src/layer/a/deep.rs: super::Again (line 2)
"
    );
}

#[test]
fn names_from_a_glob_count_where_they_are_used() {
    let files = [
        ("layer/a.rs", "use super::*;\npub fn f(_: B) {}"),
        ("layer/b.rs", "use super::a::*;\npub struct B;\nfn g() { f(B) }"),
    ];
    let module = "mod a; mod b; pub use b::*;";
    let expected = ["layer/a.rs:2 B layer/b.rs", "layer/b.rs:3 f layer/a.rs"];
    let mut found = imports(module, &files);
    found.dedup();
    assert_eq!(found, expected);
    let unused = [("layer/a.rs", "use super::*; pub fn f() {}"), files[1]];
    assert_eq!(cycles(module, &unused), "");
}

#[test]
fn paths_in_expressions_types_macros_and_attributes_count() {
    let a = "
        fn call() { super::b::f(1) }
        fn turbofish() { super::b::g::<u8>() }
        type Alias = Vec<super::b::B>;
        impl super::b::B {}
        fn log() { log!(\"{}\", super::b::C); }
        #[serde(with = \"super::b::words\")] struct Words;
        fn variant(b: super::b::Kind) { if let super::b::Kind::One = b {} }
        fn made(_: super::b::MadeByMacro) {}
        mod inline { fn f() { super::super::b::h() } }
        fn within() { use super::b::i; i() }
    ";
    let b = "
        pub fn f() {} pub fn g() {} pub struct B; pub const C: u8 = 1; pub mod words {}
        pub enum Kind { One } make!(MadeByMacro); pub fn h() {} pub fn i() {}";
    let found = imports("mod a; mod b;", &[("layer/a.rs", a), ("layer/b.rs", b)]);
    let lines: Vec<_> = found.iter().filter_map(|found| found.split(' ').next()).collect();
    let line = |number: usize| format!("layer/a.rs:{number}");
    let expected: Vec<_> = [2, 3, 4, 5, 6, 8, 8, 9, 10, 11, 11].map(line).to_vec();
    assert_eq!(lines, expected, "{found:#?}");
}

#[test]
fn modules_fields_and_local_names_are_no_imports() {
    let a = "
        use super::{b, b::inner};
        use super::b::*;
        fn f(size: u8) { let b = size; g!(x.size, size = 1, size); b }
        fn g() {}";
    let b = "pub mod inner {} pub fn size() {}";
    assert_eq!(imports("mod a; mod b;", &[("layer/a.rs", a), ("layer/b.rs", b)]), [""; 0]);
}

#[test]
fn imports_of_unit_tests_do_not_count() {
    let a = "
        pub struct A;
        #[cfg(test)] use super::b::B;
        #[cfg(test)] mod tests { use super::super::b::B; fn f(_: B) {} }
        #[cfg(all(test, unix))] fn g(_: super::b::B) {}
        impl A { #[cfg(test)] fn h(_: super::b::B) {} }";
    let files = [
        ("layer/a.rs", a),
        ("layer/b.rs", "pub struct B(super::a::A); #[cfg(test)] mod tests;"),
        ("layer/b/tests.rs", "use crate::layer::a::A;"),
    ];
    assert_eq!(imports("mod a; mod b;", &files), ["layer/b.rs:1 super::a::A layer/a.rs"]);
}

#[test]
fn a_cycle_of_three_is_described_once() {
    let files = [
        ("layer/a.rs", "pub struct A(super::b::B);"),
        ("layer/b.rs", "pub struct B(super::c::C, super::d::D);"),
        ("layer/c.rs", "pub struct C(Box<super::a::A>);"),
        ("layer/d.rs", "pub struct D;"),
    ];
    let found = cycles("mod a; mod b; mod c; mod d;", &files);
    assert!(found.starts_with("layer: 3 files import each other:\n  - src/layer/a.rs"), "{found}");
    assert_eq!(found.lines().count(), 4, "{found}");
}

#[test]
fn other_layers_and_libraries_are_recognised_by_the_start_of_a_path() {
    let all = read(&[
        ("lib.rs", "pub mod low; pub mod high;"),
        ("low/mod.rs", "use crate::high::H; use super::high; mod axum {} use axum::f; use sqlx as database;"),
        ("high/mod.rs", "use ::axum::Router; pub struct H; fn f() { reqwest::get() }"),
    ]);
    let layers: Vec<_> = all.mentions.iter().filter_map(|mention| all.layer_named(mention)).collect();
    assert_eq!(layers, ["high", "high"]);
    let libraries: Vec<_> = all.mentions.iter().filter_map(|mention| all.library_named(mention)).collect();
    assert_eq!(libraries, ["sqlx", "axum", "reqwest"]);
}
