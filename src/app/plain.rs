//! The starts that need no command line: of the server by a client, and of its worker, with
//! nothing stated but what variables state as plain text. They are nearly all there are, and
//! building the command line takes a millisecond and half a megabyte of code.

use std::ffi::OsString;

use super::cli::{Cli, Command};
use super::environment::is_unset;
use super::settings::Settings;
use crate::domain::Secret;

/// What the variables of settings begin with, but for those of keys and base URLs.
const PREFIX: &str = "GPT_IMAGE_MCP_";

/// What such a start states; `None` where anything else is stated, which the command line
/// then reads: it knows the bounds and the words of every setting.
pub(super) fn read(
    arguments: &[OsString],
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Option<Cli> {
    let command = match arguments {
        [] | [_] => None,
        [_, worker] if worker == "worker" => Some(Command::Worker),
        _ => return None,
    };
    let mut cli = Cli { config: None, settings: Settings::default(), command };
    let settings = &mut cli.settings;
    for (name, value) in variables {
        let Some(name) = name.to_str() else { continue };
        if value.to_str().is_some_and(is_unset) {
            continue;
        }
        match name {
            "APIYI_API_KEY" => settings.apiyi_api_key = Some(Secret::new(value.to_str()?)),
            "APIYI_OFFICIAL_API_KEY" => settings.apiyi_official_api_key = Some(Secret::new(value.to_str()?)),
            "OPENAI_API_KEY" => settings.openai_api_key = Some(Secret::new(value.to_str()?)),
            "APIYI_BASE_URL" => settings.apiyi_base_url = Some(value.into_string().ok()?),
            "OPENAI_BASE_URL" => settings.openai_base_url = Some(value.into_string().ok()?),
            "GPT_IMAGE_MCP_CONFIG" => cli.config = Some(value.into()),
            "GPT_IMAGE_MCP_STORE" => settings.store = Some(value.into()),
            name if name.starts_with(PREFIX) => return None,
            _ => {}
        }
    }
    Some(cli)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::app::command_line;

    fn with(arguments: &[&str], variables: &[(&str, &str)]) -> Option<Cli> {
        let arguments: Vec<_> = arguments.iter().map(Into::into).collect();
        read(&arguments, variables.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn what_a_client_sets_is_read() {
        let variables = [
            ("OPENAI_API_KEY", " sk-1 "),
            ("GPT_IMAGE_MCP_STORE", "/s"),
            ("APIYI_API_KEY", "${APIYI_API_KEY}"),
        ];
        let cli = with(&["program"], &variables).unwrap();
        assert_eq!(cli.settings.openai_api_key.unwrap().expose(), "sk-1");
        assert_eq!(cli.settings.store.as_deref(), Some(Path::new("/s")));
        assert!(cli.settings.apiyi_api_key.is_none() && cli.config.is_none() && cli.command.is_none());
        let cli = with(&["program", "worker"], &[("GPT_IMAGE_MCP_CONFIG", "/c"), ("OTHER", "x")]).unwrap();
        assert_eq!(cli.config.as_deref(), Some(Path::new("/c")));
        assert!(matches!(cli.command, Some(Command::Worker)));
    }

    #[test]
    fn whatever_else_is_stated_is_left_to_the_command_line() {
        assert!(with(&["program", "demo"], &[]).is_none());
        assert!(with(&["program", "--sandbox"], &[]).is_none());
        assert!(with(&["program", "--sandbox", "worker"], &[]).is_none());
        for argument in command_line().get_arguments() {
            let Some(variable) = argument.get_env().and_then(|name| name.to_str()) else { continue };
            let read = with(&["program"], &[(variable, "7")]);
            let known = read.is_some_and(|cli| {
                cli.config.is_some() || format!("{:?}", cli.settings) != format!("{:?}", Settings::default())
            });
            assert!(known || variable.starts_with(PREFIX), "{variable} would be passed over");
            assert!(with(&["program"], &[(variable, "")]).is_some(), "{variable} is not filled in");
        }
    }
}
