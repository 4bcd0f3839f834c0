//! The command of a tool, from its definition to its exit code.

use clap::{ArgMatches, Command, Error, FromArgMatches, Subcommand};
use serde_json::{Map, Value};

use super::{answer, draw, flags, get};
use crate::app::App;
use crate::catalog::Catalog;
use crate::tools::{self, ParsedCall, TOOL_NAMES};

/// A tool call from the command line.
#[derive(Clone, Debug)]
pub struct ToolCall {
    tool: &'static str,
    arguments: Map<String, Value>,
    json: bool,
}

/// Makes the call and prints the result, or on stderr why it was refused.
pub async fn run(call: ToolCall, app: &App) -> Result<u8, String> {
    let ToolCall { tool, arguments, json } = call;
    match tools::parse_call(tool, arguments, app.manager.catalog()) {
        Ok(ParsedCall::Draw(asked)) => draw::draw(*asked, app, json).await,
        Ok(ParsedCall::Get(wanted)) => get::get(&wanted, app, json).await,
        Err(problems) => answer::refuse(&problems),
    }
}

/// The command of a tool: `generate` for `generate_image`.
fn name(tool: &str) -> &str {
    tool.split('_').next().unwrap_or(tool)
}

/// The commands without their flags, which only [`with_flags`] adds: the server reads the
/// same command line at every start.
fn commands() -> impl Iterator<Item = Command> {
    TOOL_NAMES.into_iter().map(|tool| {
        let mut description = tools::description(tool).to_owned();
        for tool in TOOL_NAMES {
            description = description.replace(tool, name(tool));
        }
        let summary = description.split_once(". ").map_or(description.as_str(), |(summary, _)| summary);
        let summary = summary.trim_end_matches('.').to_owned();
        Command::new(name(tool)).about(summary).long_about(description)
    })
}

/// The command line with the flags of those tools' commands that are wanted. The shipped
/// models are their choices: the user's own are known only once the settings file is, which a
/// flag may name.
pub fn with_flags(mut command: Command, wanted: impl Fn(&str) -> bool) -> Command {
    if !TOOL_NAMES.iter().any(|tool| wanted(name(tool))) {
        return command;
    }
    let none = Catalog { providers: Vec::new(), models: Vec::new() };
    for tool in tools::definitions(&Catalog::builtin().unwrap_or(none)) {
        if wanted(name(&tool.name)) {
            let name = name(&tool.name).to_owned();
            command = command.mut_subcommand(name, |command| flags::with_flags(command, &tool.input_schema));
        }
    }
    command
}

impl Subcommand for ToolCall {
    fn augment_subcommands(command: Command) -> Command {
        command.subcommands(commands())
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(command: &str) -> bool {
        TOOL_NAMES.iter().any(|tool| name(tool) == command)
    }
}

impl FromArgMatches for ToolCall {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let missing = || Error::new(clap::error::ErrorKind::MissingSubcommand);
        let (command, matches) = matches.subcommand().ok_or_else(missing)?;
        let tool = TOOL_NAMES.into_iter().find(|tool| name(tool) == command).ok_or_else(missing)?;
        Ok(Self { tool, arguments: flags::arguments(matches), json: matches.get_flag(flags::JSON) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tools_command_is_told_by_the_first_sentence_of_its_description() {
        let about: Vec<_> = commands().map(|command| command.get_about().unwrap().to_string()).collect();
        assert_eq!(about.first().map(String::as_str), Some("Draw an image from a text prompt"));
        assert!(about.iter().all(|about| !about.contains("_image")), "{about:?}");
    }
}
