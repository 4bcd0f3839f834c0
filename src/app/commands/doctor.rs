//! `doctor`: checks without paying whether a call would succeed, and prints one line per check with a
//! remedy.
//!
//! Knows nothing of MCP. Reports what it cannot find out for free, and does not guess.

mod checks;

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use self::checks::{Check, CheckState};
use super::console::print;
use crate::app::config::Config;
use crate::app::environment::Environment;
use crate::app::exit::{DONE, FAILED};

/// `doctor`
#[derive(Debug, clap::Args)]
pub struct DoctorArguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the checks and prints them. The exit code is 1 if a call would fail.
pub async fn run(
    arguments: &DoctorArguments,
    config: &Config,
    settings_file: Option<PathBuf>,
    environment: &Environment,
) -> Result<u8, String> {
    let checks = checks::all(config, settings_file, environment).await;
    print(&report(&checks, arguments.json))?;
    Ok(if checks.iter().any(|check| check.state == CheckState::Fails) { FAILED } else { DONE })
}

/// The checks as they are printed.
fn report(checks: &[Check], as_json: bool) -> String {
    if as_json {
        let fails = checks.iter().any(|check| check.state == CheckState::Fails);
        let checks: Vec<_> = checks
            .iter()
            .map(|check| {
                json!({
                    "subject": check.subject,
                    "state": check.state.name(),
                    "what": check.what,
                    "way_out": check.remedy,
                })
            })
            .collect();
        return format!("{:#}\n", json!({ "ok": !fails, "checks": checks }));
    }
    let mut text = String::new();
    let width = checks.iter().map(|check| check.subject.chars().count()).max().unwrap_or(0);
    for check in checks {
        let _ = writeln!(text, "{:<5}  {:<width$}  {}", check.state.name(), check.subject, check.what);
        if !check.remedy.is_empty() {
            let _ = writeln!(text, "{:<5}  {:<width$}  {}", "", "", check.remedy);
        }
    }
    text
}
