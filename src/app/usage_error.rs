//! Completes the usage errors of clap: names the variable that a wrong value came from, and shows the
//! usage of the command without the variables that are set.

use std::ffi::{OsStr, OsString};

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue};
use clap::{Command, Error};

/// The completed error. `command` is the built command line that raised it.
pub(super) fn complete(mut error: Error, command: &mut Command, arguments: &[OsString]) -> Error {
    if let Some(variable) = variable(&error, command, arguments) {
        let tip = StyledStr::from(format!("the value comes from the variable {variable}"));
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    if let Some(usage) = usage(&error, command) {
        error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    }
    error
}

/// The variable that the wrong value came from, if no flag gave it.
fn variable(error: &Error, command: &Command, arguments: &[OsString]) -> Option<String> {
    let Some(ContextValue::String(wrong)) = error.get(ContextKind::InvalidArg) else { return None };
    let setting = command.get_arguments().find(|argument| argument.to_string() == *wrong)?;
    let flag = format!("--{}", setting.get_long()?);
    let states = |word: &OsString| word.to_str().is_some_and(|word| word.starts_with(&flag));
    let variable = setting.get_env().filter(|variable| std::env::var_os(variable).is_some());
    let variable = variable.filter(|_| !arguments.iter().any(states));
    variable.and_then(OsStr::to_str).map(str::to_owned)
}

/// The usage of the command that the error names, if the error has a usage.
fn usage(error: &Error, command: &mut Command) -> Option<StyledStr> {
    let Some(ContextValue::StyledStr(made)) = error.get(ContextKind::Usage) else { return None };
    let made = made.to_string();
    let named = made.split_whitespace().nth(2).unwrap_or_default();
    if let Some(named) = command.find_subcommand_mut(named) {
        return Some(named.render_usage());
    }
    Some(command.render_usage())
}
