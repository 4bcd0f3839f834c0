//! The environment of the process: variables and folders, read once.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The environment of the process, read once so that everything else is a function of it.
#[derive(Clone, Default)]
pub struct Environment {
    /// All variables whose name and value are Unicode.
    pub variables: BTreeMap<String, String>,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// The working folder.
    pub working: PathBuf,
    /// The folder for temporary files.
    pub temporary: PathBuf,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The variables hold keys.
        f.debug_struct("Environment").field("home", &self.home).finish_non_exhaustive()
    }
}

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self {
            variables: std::env::vars_os().filter_map(unicode).collect(),
            home: std::env::home_dir().filter(|home| home.is_absolute()),
            working: std::env::current_dir().unwrap_or_default(),
            temporary: std::env::temp_dir(),
        }
    }

    /// A variable that is set to something.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|value| value.trim()).filter(|value| !is_unset(value))
    }

    /// The user's folder for settings files.
    #[must_use]
    pub fn settings_folder(&self) -> Option<PathBuf> {
        self.folder("XDG_CONFIG_HOME", "APPDATA", "Library/Application Support", ".config")
    }

    /// The user's folder for the data of programs.
    pub(super) fn data_folder(&self) -> Option<PathBuf> {
        self.folder("XDG_DATA_HOME", "LOCALAPPDATA", "Library/Application Support", ".local/share")
    }

    /// A folder by the convention of the system: from a variable, else below home.
    fn folder(&self, unix: &str, windows: &str, macos: &str, below_home: &str) -> Option<PathBuf> {
        let variable = if cfg!(windows) { windows } else { unix };
        let stated = self.variable(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        let usual = if cfg!(target_os = "macos") { macos } else { below_home };
        stated.or_else(|| Some(self.home.as_ref()?.join(usual)))
    }
}

/// Whether a variable of this value counts as not set: it is blank, or the placeholder of a setting
/// that the user did not fill in. Claude Desktop passes `${user_config.NAME}` on as it stands in a bundle's
/// manifest (modelcontextprotocol/mcpb, issue 250), other clients their `${VARIABLE}`.
pub(super) fn is_unset(value: &str) -> bool {
    let value = value.trim();
    let placeholder = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    value.is_empty() || placeholder.is_some_and(|name| !name.contains(['$', '{', '}']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_unfilled_placeholders_count_as_unset() {
        let cases = [
            ("", true),
            (" \t", true),
            ("${user_config.openai_api_key}", true),
            (" ${OPENAI_API_KEY} ", true),
            ("sk-12345", false),
            ("${HOME}/pictures", false),
            ("${HOME}${NAME}", false),
            ("$HOME", false),
            ("{}", false),
        ];
        for (value, unset) in cases {
            assert_eq!(is_unset(value), unset, "{value:?}");
        }
    }
}
