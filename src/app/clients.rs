//! The MCP clients that people use, as data: how each is configured, when it gives up on a
//! call, what it can take. `clients.toml` is the one list; the `client` command, the files
//! under `examples/clients/` and the README's table are made from it. Touches no file.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

/// A client, as its entry in `clients.toml` states it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McpClient {
    /// What the `client` command calls it: lower case, words joined by hyphens.
    pub id: String,
    /// What its makers call it.
    pub name: String,
    /// What it sends as `clientInfo.name`. Some clients add a hyphen and the server's name.
    pub client_info: Vec<String>,
    /// The user's file that the configuration goes into.
    pub file: ConfigPath,
    /// The file in a project's folder that does the same for that project alone.
    pub project_file: Option<String>,
    /// A shell command that does the same, as a template.
    pub command: Option<String>,
    /// The language of the configuration.
    pub form: ConfigFormat,
    /// What goes into the file, as a template.
    pub configuration: String,
    /// When it gives up on a call.
    pub timeout: ClientTimeout,
    /// The largest result of a call that it takes, everything in it counted; `None` where nobody says.
    pub result_bytes: Option<u64>,
    /// What else a person should know, a sentence or two each, as templates.
    pub notes: Vec<String>,
}

/// A path, `~` for the home folder, variables in Windows' own notation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum ConfigPath {
    /// The same on every system.
    Everywhere(String),
    /// One for each system.
    BySystem {
        /// On Linux.
        linux: String,
        /// On macOS.
        macos: String,
        /// On Windows.
        windows: String,
    },
}

/// The language of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConfigFormat {
    /// JSON.
    Json,
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
}

/// When a client gives up on a call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientTimeout {
    /// How long it waits unless told otherwise.
    pub gives_up: GivesUp,
    /// Whether that comes from users' reports only, not from documents or source.
    #[serde(default)]
    pub reported: bool,
    /// Whether a progress notification starts the clock anew; `None` where that is not known.
    pub progress_resets: Option<bool>,
    /// How to make it wait longer; `None` where no way is known.
    pub raise: Option<String>,
}

/// How long a client waits for the result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GivesUp {
    /// This many seconds.
    Seconds(u32),
    /// Until the user cancels.
    Never,
    /// Nobody says.
    Unknown,
}

/// Every client, in the order of the file.
///
/// # Errors
/// What is wrong with the file that was built in.
pub fn clients() -> Result<Vec<McpClient>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        client: Vec<McpClient>,
    }
    let file: File = toml::from_str(include_str!("clients.toml")).map_err(|error| error.to_string())?;
    Ok(file.client)
}

/// How long a call can be waited for where the client says that it has this name: a little less
/// than it waits itself. `None` for clients that nobody knows.
#[must_use]
pub fn soft_deadline(name: &str) -> Option<Duration> {
    static KNOWN: OnceLock<Vec<McpClient>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| clients().unwrap_or_default());
    // Some add the server's name to their own.
    let is = |own: &str| name.get(..own.len()).is_some_and(|start| start.eq_ignore_ascii_case(own));
    let client = known.iter().find(|client| client.client_info.iter().any(|own| is(own)))?;
    match client.timeout.gives_up {
        GivesUp::Seconds(seconds) => {
            Some(Duration::from_secs((seconds - seconds / 20).saturating_sub(7).into()))
        }
        GivesUp::Never => Some(LONGEST_WAIT),
        GivesUp::Unknown => None,
    }
}

/// Names that are less alike than this (Jaro-Winkler) are no slips of each other.
const LIKE: f64 = 0.8;

/// Longer than any model takes, so that only a fault of ours ends such a wait.
const LONGEST_WAIT: Duration = Duration::from_mins(30);

impl McpClient {
    /// The client that a person means by this name: its id, its makers' name or what it sends,
    /// capitals, spaces and punctuation aside.
    ///
    /// # Errors
    /// For an unknown name, the client that is like it, if one is, and all there are, in words.
    pub fn named(asked: &str) -> Result<Self, String> {
        let clients = clients()?;
        let asked = letters(asked);
        if let Some(client) = clients.iter().find(|client| client.names().contains(&asked)) {
            return Ok(client.clone());
        }
        let known: Vec<_> = clients.iter().map(|client| client.id.as_str()).collect();
        let likeness = |id: &str| strsim::jaro_winkler(&letters(id), &asked);
        let nearest = known.iter().copied().max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
        let meant = nearest.filter(|id| likeness(id) >= LIKE);
        let meant = meant.map(|id| format!("did you mean {id}? ")).unwrap_or_default();
        Err(format!("no such client; {meant}known are {}", known.join(", ")))
    }

    fn names(&self) -> Vec<String> {
        [&self.id, &self.name].into_iter().chain(&self.client_info).map(|name| letters(name)).collect()
    }
}

/// What is compared of a name.
fn letters(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl ConfigPath {
    /// The path on the system that this was built for.
    #[must_use]
    pub fn here(&self) -> &str {
        match self {
            Self::Everywhere(path) => path,
            Self::BySystem { windows, .. } if cfg!(windows) => windows,
            Self::BySystem { macos, .. } if cfg!(target_os = "macos") => macos,
            Self::BySystem { linux, .. } => linux,
        }
    }
}

impl ConfigFormat {
    /// The name of the language, also the extension of its files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Toml => "toml",
            Self::Yaml => "yaml",
        }
    }
}

/// `after 4 minutes, as users report`, `never` or `not known`.
impl fmt::Display for ClientTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.gives_up {
            GivesUp::Unknown => return f.write_str("not known"),
            GivesUp::Never => f.write_str("never")?,
            GivesUp::Seconds(seconds) if seconds > 60 && seconds % 60 == 0 => {
                write!(f, "after {} minutes", seconds / 60)?;
            }
            GivesUp::Seconds(seconds) => write!(f, "after {seconds} seconds")?,
        }
        if self.progress_resets == Some(true) {
            f.write_str(" without progress")?;
        }
        if self.reported {
            f.write_str(", as users report")?;
        }
        Ok(())
    }
}

const COMMAND: &str = "{{command}}";
const VARIABLE: &str = "{{variable}}";

impl McpClient {
    /// What goes into the client's file: the binary at this path, its key under this variable.
    #[must_use]
    pub fn configuration(&self, binary: &str, variable: &str) -> String {
        let quoted = match self.form {
            // Every JSON string is a YAML one.
            ConfigFormat::Json | ConfigFormat::Yaml => Value::from(binary).to_string(),
            ConfigFormat::Toml => toml::Value::from(binary).to_string(),
        };
        // The path last: whatever it holds is not looked at again.
        self.configuration.replace(VARIABLE, variable).replace(COMMAND, &quoted)
    }

    /// The shell command that does the same, where there is one.
    #[must_use]
    pub fn command(&self, binary: &str, variable: &str) -> Option<String> {
        let quoted = for_shell(binary, cfg!(windows));
        Some(self.command.as_ref()?.replace(VARIABLE, variable).replace(COMMAND, &quoted))
    }

    /// What else a person should know.
    pub fn notes(&self, variable: &str) -> impl Iterator<Item = String> {
        self.notes.iter().map(move |note| note.replace(VARIABLE, variable))
    }
}

/// One word of a command line, for POSIX shells or for those of Windows.
fn for_shell(word: &str, windows: bool) -> String {
    let plain =
        |letter: char| letter.is_alphanumeric() || "/._-+:@".contains(letter) || (windows && letter == '\\');
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else if windows {
        // No path of Windows holds a double quote.
        format!("\"{word}\"")
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests;
