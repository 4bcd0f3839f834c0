//! `doctor`: whether a call would succeed, checked without paying; a line for each thing, with
//! the remedy.
//!
//! Knows nothing of MCP. What it cannot find out for free it says so, and does not guess.

mod checks;
mod report;

use std::path::PathBuf;

use super::print::print;
use crate::app::cli::{DONE, FAILED};
use crate::app::config::Config;
use crate::app::environment::Environment;

/// `doctor`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Checks and reports; the code says whether any call would fail.
pub async fn run(
    arguments: &Arguments,
    config: &Config,
    settings_file: Option<PathBuf>,
    environment: &Environment,
) -> Result<u8, String> {
    let checks = checks::all(config, settings_file, environment).await;
    print(&report::text(&checks, arguments.json))?;
    Ok(if checks.iter().any(|check| check.state == checks::State::Fails) { FAILED } else { DONE })
}
