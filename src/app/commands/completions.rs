//! `completions`: the shell's completion of these very commands.

use std::io::Write as _;

use clap_complete::Shell;

use crate::app::cli::DONE;
use crate::app::command_line;

/// `completions SHELL`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The shell
    shell: Shell,
}

/// Prints the script that the shell loads.
pub fn run(arguments: &Arguments) -> Result<u8, String> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command_line(), env!("CARGO_PKG_NAME"), &mut script);
    std::io::stdout().write_all(&script).map_err(|error| error.to_string())?;
    Ok(DONE)
}
