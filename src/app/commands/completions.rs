//! `completions`: completion scripts for shells.

use clap::Command;
use clap_complete::Shell;

use super::console::print;
use crate::app::exit::DONE;

const NAME: &str = env!("CARGO_PKG_NAME");

/// `completions SHELL`
#[derive(Debug, clap::Args)]
pub struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

/// Prints the script that the shell loads.
pub fn run(arguments: &CompletionsArguments, command_line: &Command) -> Result<u8, String> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut for_people(command_line), NAME, &mut script);
    let script = String::from_utf8(script).map_err(|error| error.to_string())?;
    print(&if arguments.shell == Shell::Bash { in_one_spelling(&script) } else { script })?;
    Ok(DONE)
}

/// The command line without hidden commands, which the generators would list.
fn for_people(whole: &Command) -> Command {
    let shown = whole.get_subcommands().filter(|command| !command.is_hide_set());
    Command::new(NAME)
        .version(env!("CARGO_PKG_VERSION"))
        .args(whole.get_arguments())
        .subcommands(shown.cloned().collect::<Vec<_>>())
}

/// The script for bash with one spelling of the program's name. `clap_complete` 4.6 spells its
/// hyphens in one way where a command's state is set and in another where it is looked up, so that
/// nothing is found after the first word.
fn in_one_spelling(script: &str) -> String {
    script.replace(&NAME.replace('-', "__subcmd__"), &NAME.replace('-', "__"))
}
