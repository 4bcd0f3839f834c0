//! Finds import cycles between the files of a layer, and describes them line by line.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use super::imports::{Import, layer};

/// File, imported file, and the lines that import it.
type Graph<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Vec<&'a Import>>>;

/// Names listed for each pair of files.
const MOST_NAMES: usize = 4;

/// Lists the groups of files that import each other, and the shortest cycle through each file.
/// Empty when the layer has no cycle.
pub fn describe(layer_name: &str, imports: &[Import]) -> String {
    let mut graph = Graph::new();
    for import in imports {
        if layer(&import.from) == Some(layer_name) && layer(&import.to) == Some(layer_name) {
            graph.entry(&import.from).or_default().entry(&import.to).or_default().push(import);
        }
    }
    let mut text = String::new();
    for group in groups(&graph) {
        let mut cycles: Vec<_> =
            group.iter().filter_map(|file| chain(&graph, file, file)).map(rotated).collect();
        cycles.sort_by_key(|cycle| (cycle.len(), cycle.clone()));
        cycles.dedup();
        writeln!(text, "{layer_name}: {} files import each other:", group.len()).unwrap();
        for cycle in cycles {
            for (index, from) in cycle.iter().enumerate() {
                let to = cycle[(index + 1) % cycle.len()];
                let lead = if index == 0 { "-" } else { " " };
                writeln!(text, "  {lead} src/{from} imports from src/{to}: {}", names(&graph[from][to]))
                    .unwrap();
            }
        }
    }
    text
}

fn names(imports: &[&Import]) -> String {
    let mut seen = BTreeSet::new();
    let mut names = Vec::new();
    for import in imports {
        if seen.insert(import.name.rsplit("::").next()) {
            names.push(format!("{} (line {})", import.name, import.line));
        }
    }
    let more = names.len().saturating_sub(MOST_NAMES);
    names.truncate(MOST_NAMES);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

/// The strongly connected components of more than one file.
fn groups<'a>(graph: &Graph<'a>) -> BTreeSet<BTreeSet<&'a str>> {
    let mutual = |a: &'a str| {
        let both = |b: &&'a str| chain(graph, a, b).is_some() && chain(graph, b, a).is_some();
        graph.keys().copied().filter(both).collect::<BTreeSet<_>>()
    };
    graph.keys().map(|file| mutual(file)).filter(|group| group.len() > 1).collect()
}

/// The files of the shortest chain of imports, without `to`. A file reaches itself only by a cycle.
fn chain<'a>(graph: &Graph<'a>, from: &'a str, to: &str) -> Option<Vec<&'a str>> {
    let mut chains = VecDeque::from([vec![from]]);
    let mut seen = BTreeSet::new();
    while let Some(chain) = chains.pop_front() {
        for next in graph.get(chain[chain.len() - 1]).into_iter().flat_map(BTreeMap::keys) {
            if *next == to {
                return Some(chain);
            }
            if seen.insert(*next) {
                chains.push_back([chain.as_slice(), &[next]].concat());
            }
        }
    }
    None
}

/// Starts a cycle at its first file by name, so that equal cycles are equal.
fn rotated(mut cycle: Vec<&str>) -> Vec<&str> {
    let first = cycle.iter().enumerate().min_by_key(|(_, file)| **file).map_or(0, |(index, _)| index);
    cycle.rotate_left(first);
    cycle
}
