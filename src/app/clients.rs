//! The known MCP clients, as data: configuration, timeout and result limit. The `client` command, the
//! files in `examples/clients/` and the table in the documentation are generated from `clients.toml`.
//! Reads and writes no file.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

/// A client, as its entry in `clients.toml` states it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McpClient {
    /// The name for the `client` command: lower case, words joined by hyphens.
    pub id: String,
    /// Its official name.
    pub name: String,
    /// The `clientInfo.name` that it sends. Some clients add a hyphen and the server's name.
    pub client_info: Vec<String>,
    /// The configuration file of the user.
    pub file: ConfigPath,
    /// The configuration file of a project.
    pub project_file: Option<String>,
    /// A shell command that writes the configuration, as a template.
    pub command: Option<String>,
    /// The language of the configuration.
    pub form: ConfigFormat,
    /// The text for the file, as a template.
    pub configuration: String,
    /// Its timeout for tool calls.
    pub timeout: ClientTimeout,
    /// The largest result that it accepts, in bytes; `None` if unknown.
    pub result_bytes: Option<u64>,
    /// Notes for users, one or two sentences each, as templates.
    pub notes: Vec<String>,
}

/// A path, with `~` for the home folder and variables in the notation of Windows. `untagged`, because
/// the file is our own: the tests parse every entry, so an unclear error cannot reach a user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum ConfigPath {
    /// One path for every system.
    Everywhere(String),
    /// One path for each system.
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

/// The timeout of a client for tool calls.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientTimeout {
    /// The default timeout.
    pub gives_up: GivesUp,
    /// Whether only users report it, not documents or source code.
    #[serde(default)]
    pub reported: bool,
    /// Whether a progress notification resets the timeout; `None` if unknown.
    pub progress_resets: Option<bool>,
    /// How to raise the timeout; `None` if unknown.
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
    /// Unknown.
    Unknown,
}

/// Every client, in the order of the file.
///
/// # Errors
/// What is wrong with the built-in file.
pub fn clients() -> Result<Vec<McpClient>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        client: Vec<McpClient>,
    }
    let file: File = toml::from_str(include_str!("clients.toml")).map_err(|error| error.to_string())?;
    Ok(file.client)
}

/// The soft deadline for a client of this name: a little less than its timeout. `None` for unknown
/// clients.
#[must_use]
pub fn soft_deadline(name: &str) -> Option<Duration> {
    static KNOWN: OnceLock<Vec<McpClient>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| clients().unwrap_or_default());
    // Some clients append the name of the server to their own.
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

/// Names that are less alike than this (Jaro-Winkler) are not suggested.
const LIKE: f64 = 0.8;

/// Longer than any model takes, so that only a fault of the server ends such a wait.
const LONGEST_WAIT: Duration = Duration::from_mins(30);

impl McpClient {
    /// The client with this id, name or `clientInfo.name`; ignores case, spaces and punctuation.
    ///
    /// # Errors
    /// For an unknown name: the most similar client, or how to list them.
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
        Err(match meant {
            Some(id) => format!("unknown client; did you mean {id}?"),
            None => format!("unknown client; `{} client` lists the known ones", env!("CARGO_PKG_NAME")),
        })
    }

    fn names(&self) -> Vec<String> {
        [&self.id, &self.name].into_iter().chain(&self.client_info).map(|name| letters(name)).collect()
    }
}

/// The letters and digits of a name, in lower case.
fn letters(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl ConfigPath {
    /// The path on the system that this program was built for.
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
    /// The text for the configuration file, with the binary at this path and the key in this variable.
    #[must_use]
    pub fn configuration(&self, binary: &str, variable: &str) -> String {
        let quoted = match self.form {
            // Every JSON string is a YAML one.
            ConfigFormat::Json | ConfigFormat::Yaml => Value::from(binary).to_string(),
            ConfigFormat::Toml => toml::Value::from(binary).to_string(),
        };
        // The path comes last, so that placeholders in it are not replaced.
        self.configuration.replace(VARIABLE, variable).replace(COMMAND, &quoted)
    }

    /// The shell command that writes the configuration, if there is one.
    #[must_use]
    pub fn command(&self, binary: &str, variable: &str) -> Option<String> {
        let quoted = for_shell(binary, cfg!(windows));
        Some(self.command.as_ref()?.replace(VARIABLE, variable).replace(COMMAND, &quoted))
    }

    /// The notes for users.
    pub fn notes(&self, variable: &str) -> impl Iterator<Item = String> {
        self.notes.iter().map(move |note| note.replace(VARIABLE, variable))
    }
}

/// Quotes a word for a POSIX shell or a shell of Windows.
fn for_shell(word: &str, windows: bool) -> String {
    let plain =
        |letter: char| letter.is_alphanumeric() || "/._-+:@".contains(letter) || (windows && letter == '\\');
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else if windows {
        // Paths of Windows contain no double quotes.
        format!("\"{word}\"")
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests;
