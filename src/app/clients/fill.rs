//! Fills in the templates of `clients.toml`, each path quoted as its language wants it.

use serde_json::Value;

use super::{Client, Form};

const COMMAND: &str = "{{command}}";
const VARIABLE: &str = "{{variable}}";

impl Client {
    /// What goes into the client's file: the binary at this path, its key under this variable.
    #[must_use]
    pub fn configuration(&self, binary: &str, variable: &str) -> String {
        let quoted = match self.form {
            // Every JSON string is a YAML one.
            Form::Json | Form::Yaml => Value::from(binary).to_string(),
            Form::Toml => toml::Value::from(binary).to_string(),
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
pub(super) fn for_shell(word: &str, windows: bool) -> String {
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
