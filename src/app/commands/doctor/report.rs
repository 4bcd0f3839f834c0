//! How the checks are told: aligned lines for people, an object for programs.

use std::io::{self, Write as _};

use serde_json::json;

use super::checks::{Check, State};

/// Prints the checks on stdout.
pub(super) fn print(checks: &[Check], as_json: bool) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    if as_json {
        let fails = checks.iter().any(|check| check.state == State::Fails);
        let checks: Vec<_> = checks
            .iter()
            .map(|check| {
                json!({
                    "subject": check.subject,
                    "state": check.state.name(),
                    "what": check.what,
                    "way_out": check.way_out,
                })
            })
            .collect();
        return writeln!(stdout, "{:#}", json!({ "ok": !fails, "checks": checks }));
    }
    let width = checks.iter().map(|check| check.subject.chars().count()).max().unwrap_or(0);
    for check in checks {
        writeln!(stdout, "{:<5}  {:<width$}  {}", check.state.name(), check.subject, check.what)?;
        if !check.way_out.is_empty() {
            writeln!(stdout, "{:<5}  {:<width$}  {}", "", "", check.way_out)?;
        }
    }
    Ok(())
}
