//! `demo`: three pictures as an agent would have them drawn.

use crate::app::cli::DONE;

/// `demo`
#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// Runs it.
pub async fn run(_: Arguments) -> Result<u8, String> {
    Ok(DONE)
}
