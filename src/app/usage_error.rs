//! What a complaint about the command line lacks as clap makes it: which variable a wrong value
//! came from, and a usage that shows the command and not the variables that happen to be set.

use std::ffi::{OsStr, OsString};

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue};
use clap::{Command, Error};

/// The complaint, made whole. The command line is the one that made it, built.
pub(super) fn complete(mut error: Error, command: &mut Command, arguments: &[OsString]) -> Error {
    if let Some(variable) = variable(&error, command, arguments) {
        let tip = StyledStr::from(format!("the value is that of the variable {variable}"));
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    if let Some(usage) = usage(&error, command) {
        error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    }
    error
}

/// The variable that the wrong value came from, where no flag states it.
fn variable(error: &Error, command: &Command, arguments: &[OsString]) -> Option<String> {
    let Some(ContextValue::String(wrong)) = error.get(ContextKind::InvalidArg) else { return None };
    let setting = command.get_arguments().find(|argument| argument.to_string() == *wrong)?;
    let flag = format!("--{}", setting.get_long()?);
    let states = |word: &OsString| word.to_str().is_some_and(|word| word.starts_with(&flag));
    let variable = setting.get_env().filter(|variable| std::env::var_os(variable).is_some());
    let variable = variable.filter(|_| !arguments.iter().any(states));
    variable.and_then(OsStr::to_str).map(str::to_owned)
}

/// The usage of the command that it names, where it has one at all.
fn usage(error: &Error, command: &mut Command) -> Option<StyledStr> {
    let Some(ContextValue::StyledStr(made)) = error.get(ContextKind::Usage) else { return None };
    let made = made.to_string();
    let named = made.split_whitespace().nth(2).unwrap_or_default();
    if let Some(named) = command.find_subcommand_mut(named) {
        return Some(named.render_usage());
    }
    Some(command.render_usage())
}
