//! The words of every failure as one committed text, so that a change of words is seen.

use std::fmt::Write as _;
use std::time::Duration;

use crate::domain::ModelName;
use crate::upstream::{Failure, FailureKind};

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/upstream/tests/words.txt");

#[test]
fn the_words_of_every_failure_are_the_committed_ones() {
    let model = ModelName { provider: "apiyi".to_owned(), model: "gpt-image-2".to_owned() };
    let mut words = String::new();
    for kind in FailureKind::ALL {
        let bare = Failure::new(kind, "");
        let full = Failure {
            status: Some(500),
            wait: Some(Duration::from_secs(30)),
            request_id: Some("req_1".to_owned()),
            link: Some("https://cdn.example/u.png?signature=1".to_owned()),
            ..Failure::new(kind, "the upstream's own words")
        };
        let (bare, full) = (bare.problem(&model), full.problem(&model));
        writeln!(words, "{}\n  {bare}\n  {full}", kind.name()).unwrap();
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(SNAPSHOT, &words).unwrap();
    }
    let committed = std::fs::read_to_string(SNAPSHOT).unwrap_or_default();
    assert_eq!(words, committed, "run UPDATE=1 cargo test and read what changed");
}
