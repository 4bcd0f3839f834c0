//! The library as its users see it: files, the record, both together, several at once.

mod files;
mod record;

use std::collections::HashSet;
use std::path::Path;

use crate::upstream::{Landed, Landing};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest";

fn land(landing: &Landing, bytes: &[u8]) -> Landed {
    let mut arrival = landing.begin().unwrap();
    arrival.write(bytes).unwrap();
    arrival.finish()
}

fn names(folder: &Path) -> HashSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
