//! `man`: the manual, from the same definitions as `--help`.

use clap::Command;
use clap_mangen::Man;

use super::console::print;
use crate::app::exit::DONE;

/// `man [COMMAND]`
#[derive(Debug, clap::Args)]
pub struct ManArguments {
    /// The command to describe; omit for the program itself
    command: Option<String>,
}

/// Prints a page of this command line, for `man -l -` or a file such as `gpt-image-mcp-generate.1`.
pub fn run(arguments: &ManArguments, mut whole: Command) -> Result<u8, String> {
    whole.build();
    let page = match &arguments.command {
        None => whole,
        Some(name) => {
            let Some(found) = whole.find_subcommand(name).cloned() else {
                return Err(format!("unknown command {name:?}; pass one of {}", names(&whole).join(", ")));
            };
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
pub fn names(command_line: &Command) -> Vec<String> {
    let shown = command_line.get_subcommands().filter(|command| !command.is_hide_set());
    shown.map(|command| command.get_name().to_owned()).collect()
}
