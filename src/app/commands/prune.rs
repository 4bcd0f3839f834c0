//! `prune`: deletes old images, after listing them and the space that this frees.
//!
//! The record of spending stays. An image that was saved elsewhere keeps its file.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use jiff::{Span, Timestamp, Zoned};
use serde_json::{Value, json};

use super::console::{joined, print};
use super::table::{count, minute, size};
use crate::app::Config;
use crate::app::exit::{DONE, FAILED};
use crate::store::StoreError;
use crate::store::{FileFate, PrunePlan, Rule, Store};

/// Images that are listed one by one.
const NAMED: usize = 20;

/// `prune`
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("rule").required(true)))]
pub struct PruneArguments {
    /// Delete what is older than this: 30d, 2 weeks, 6 months, 1 year
    #[arg(long, value_name = "AGE", group = "rule", value_parser = before)]
    older_than: Option<Timestamp>,
    /// Delete the oldest until images and thumbnails in the store fit: 500MB, 5GB
    #[arg(long, value_name = "SIZE", group = "rule", value_parser = bytes)]
    to_size: Option<u64>,
    /// List what would be deleted; delete nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The moment this long ago.
fn before(age: &str) -> Result<Timestamp, String> {
    let wrong = |_| "not an age; pass for example 30d, 2 weeks, 6 months or 1 year".to_owned();
    let now = Zoned::now();
    let age: Span = age.trim().parse().map_err(wrong)?;
    let before = now.checked_sub(age).map_err(|_| "too long ago".to_owned())?;
    if before < now { Ok(before.timestamp()) } else { Err("an age must be positive".to_owned()) }
}

fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || "not a size; pass for example 500MB, 1.5 GB or 2GiB".to_owned();
    let text = text.trim();
    let unit_at = text.find(|character: char| character.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let unit: f64 = match unit.to_ascii_lowercase().as_str() {
        "b" => 1.0,
        "kb" | "k" => 1e3,
        "mb" | "m" => 1e6,
        "gb" | "g" => 1e9,
        "tb" | "t" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        "" if number.trim() == "0" => 0.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    let bytes = (number * unit).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range")]
    if (0.0..1e18).contains(&bytes) { Ok(bytes as u64) } else { Err(wrong()) }
}

/// Lists what would be deleted, and deletes it if the user agrees.
pub async fn run(arguments: &PruneArguments, config: &Config) -> Result<u8, String> {
    let store = Store::new(config.store.clone());
    let code = prune(arguments, &store).await;
    store.close().await;
    code
}

async fn prune(arguments: &PruneArguments, store: &Store) -> Result<u8, String> {
    let in_words = |error: StoreError| error.in_store().to_string();
    let rule = match (arguments.older_than, arguments.to_size) {
        (Some(before), _) => Rule::Before(before),
        (None, most) => Rule::ToSize(most.unwrap_or(u64::MAX)),
    };
    let plan = if store.has_record() {
        store.plan_prune(rule).await.map_err(in_words)?
    } else {
        PrunePlan::default()
    };
    let nothing = plan
        == PrunePlan {
            stay: plan.stay,
            stay_bytes: plan.stay_bytes,
            under_way: plan.under_way,
            ..PrunePlan::default()
        };
    if !arguments.json {
        print(&words(&plan, nothing))?;
    }
    let go = !nothing && !arguments.dry_run && (arguments.yes || agreed(arguments.json)?);
    let printed = arguments.json.then(|| json(&plan, go));
    let failures: Vec<_> = if go { store.prune(plan).await.map_err(in_words)? } else { Vec::new() };
    if let Some(printed) = printed {
        let failures: Vec<_> = failures.iter().map(ToString::to_string).collect();
        print(&format!("{:#}\n", joined(printed, json!({ "failures": failures }))))?;
    } else if go {
        print("Deleted.\n")?;
    }
    for failure in &failures {
        let _ = writeln!(std::io::stderr(), "{failure}");
    }
    let refused = !go && !nothing && !arguments.dry_run;
    Ok(if refused || !failures.is_empty() { FAILED } else { DONE })
}

/// Asks the user. Without a terminal the answer is no.
fn agreed(json: bool) -> Result<bool, String> {
    if json || !std::io::stdin().is_terminal() {
        let _ = writeln!(
            std::io::stderr(),
            "Nothing was deleted: add --yes to delete, or --dry-run to only list."
        );
        return Ok(false);
    }
    print("Delete? [y/N] ")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|error| error.to_string())?;
    let yes = ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str());
    if !yes {
        print("Nothing was deleted.\n")?;
    }
    Ok(yes)
}

fn words(plan: &PrunePlan, nothing: bool) -> String {
    let mut text = String::new();
    let stay = format!("{} of {} stay", count(plan.stay, "image"), size(plan.stay_bytes));
    let under_way = match plan.under_way {
        0 => String::new(),
        number => format!(", {number} of them only because their jobs are running"),
    };
    if nothing {
        let _ = writeln!(text, "There is nothing to delete: {stay}{under_way}.");
        return text;
    }
    let _ =
        writeln!(text, "To delete: {}, which frees {}:", count(plan.going.len(), "image"), size(plan.frees));
    for going in plan.going.iter().take(NAMED) {
        let why = match going.fate {
            FileFate::Deleted => size(going.frees),
            FileFate::Missing => "no file".to_owned(),
            FileFate::Elsewhere => "file kept: not in the store".to_owned(),
            FileFate::Changed => "file kept: changed since".to_owned(),
        };
        let unserved = if going.unserved { ", never delivered" } else { "" };
        let _ = writeln!(text, "  {}  {}  {why}{unserved}", going.id, minute(going.created_at));
        let _ = writeln!(text, "    {}", going.path.display());
    }
    if let Some(more) = plan.going.len().checked_sub(NAMED).filter(|more| *more > 0) {
        let _ = writeln!(text, "  and {more} more; --json names them all");
    }
    for (number, thing) in [
        (plan.stale_thumbnails.len(), "thumbnail without an image"),
        (plan.unfinished.len(), "unfinished file of a dead process"),
    ] {
        match number {
            0 => {}
            1 => _ = writeln!(text, "  1 {thing}"),
            _ => _ = writeln!(text, "  {number} times: {thing}"),
        }
    }
    let _ = writeln!(text, "{stay}{under_way}. The record of spending stays.");
    text
}

fn json(plan: &PrunePlan, deleted: bool) -> Value {
    let going = plan.going.iter().map(|going| {
        json!({
            "id": going.id,
            "path": going.path,
            "created_at": going.created_at,
            "file": going.fate.name(),
            "frees_bytes": going.frees,
            "handed_over": !going.unserved,
        })
    });
    json!({
        "deleted": deleted,
        "frees_bytes": plan.frees,
        "pictures": going.collect::<Vec<_>>(),
        "stale_thumbnails": plan.stale_thumbnails,
        "unfinished_files": plan.unfinished,
        "stay": { "pictures": plan.stay, "bytes": plan.stay_bytes, "under_way": plan.under_way },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let cases = [
            ("5GB", Some(5_000_000_000)),
            ("1.5 gb", Some(1_500_000_000)),
            ("2GiB", Some(2 << 30)),
            ("300 K", Some(300_000)),
            ("0", Some(0)),
            ("5", None),
            ("-1GB", None),
            ("GB", None),
            ("5 apples", None),
            ("1e30GB", None),
            ("nanGB", None),
        ];
        for (text, expected) in cases {
            assert_eq!(bytes(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn ages_are_read_as_people_write_them() {
        let days = |text| {
            let before: Timestamp = before(text).unwrap();
            Timestamp::now().duration_since(before).as_hours() / 24
        };
        assert_eq!(["30d", "2 weeks", "36h"].map(days), [30, 14, 1]);
        assert!((364..=366).contains(&days("1 year")));
        for text in ["30", "0d", "-3d", "soon", "99999999y", ""] {
            assert!(before(text).is_err(), "{text}");
        }
    }
}
