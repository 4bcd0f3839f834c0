//! How the checks are told: aligned lines for people, an object for programs.

use std::fmt::Write as _;

use serde_json::json;

use super::checks::{Check, State};

/// The checks as they are printed.
pub(super) fn text(checks: &[Check], as_json: bool) -> String {
    if as_json {
        let fails = checks.iter().any(|check| check.state == State::Fails);
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
