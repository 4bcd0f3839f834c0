//! `man`: the manual, from the same definitions as `--help`.

use clap::CommandFactory as _;
use clap_mangen::Man;

use super::print::print;
use super::suggested::Suggested;
use crate::app::cli::{Cli, DONE};
use crate::app::command_line;

/// `man [COMMAND]`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The command whose page it is; the program's own without one
    #[arg(value_parser = Suggested(names), hide_possible_values = true)]
    command: Option<String>,
}

/// Prints a page, for `man -l -` or a file such as `gpt-image-mcp-generate.1`.
pub fn run(arguments: &Arguments) -> Result<u8, String> {
    let mut whole = command_line();
    whole.build();
    let page = match &arguments.command {
        None => whole,
        Some(name) => {
            let missing = || format!("there is no command {name:?}; there are {}", names().join(", "));
            let found = whole.find_subcommand(name).ok_or_else(missing)?.clone();
            let title = found.get_display_name().unwrap_or(name).to_owned();
            found.name(title)
        }
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text).map_err(|error| error.to_string())?;
    print(&String::from_utf8_lossy(&text))?;
    Ok(DONE)
}

/// The commands that are for people.
fn names() -> Vec<String> {
    let all = Cli::command();
    let shown = all.get_subcommands().filter(|command| !command.is_hide_set());
    shown.map(|command| command.get_name().to_owned()).collect()
}
