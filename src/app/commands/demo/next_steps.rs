//! The next steps: the server in your own client.

use std::fmt;
use std::path::Path;

use serde_json::json;

/// The name the server goes by in a client.
const NAME: &str = "gpt-image";
/// The key that reaches every model in the catalogue's first place.
const KEY: &str = "APIYI_API_KEY";
const PLACEHOLDER: &str = "YOUR_KEY";

/// What to paste, and where.
pub(super) struct NextSteps {
    /// A command for a shell.
    pub claude: String,
    /// For the settings file of nearly any other client.
    pub json: String,
}

impl NextSteps {
    /// The steps with the program at this path.
    pub fn with(program: &Path) -> Self {
        let path = program.display().to_string();
        let server = json!({ "command": path, "env": { KEY: PLACEHOLDER } });
        Self {
            claude: format!("claude mcp add {NAME} --env {KEY}={PLACEHOLDER} -- {}", quoted(&path)),
            json: format!("{:#}", json!({ "mcpServers": { NAME: server } })),
        }
    }

    /// What the key is, in a sentence.
    pub fn key() -> String {
        format!("{PLACEHOLDER} is your key from apiyi; with a key from OpenAI, set OPENAI_API_KEY instead.")
    }
}

impl fmt::Display for NextSteps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = self.json.replace('\n', "\n    ");
        writeln!(f, "What to do next")?;
        writeln!(f, "  Open the contact sheet, then give the server to your agent. With Claude Code:")?;
        writeln!(f, "    {}", self.claude)?;
        writeln!(f, "  With any other client, in its settings:")?;
        writeln!(f, "    {json}")?;
        writeln!(f, "  {}", Self::key())
    }
}

/// A path as one word of a shell.
fn quoted(path: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "/\\:._-+".contains(character);
    match path {
        path if path.chars().all(plain) && (cfg!(windows) || !path.contains('\\')) => path.to_owned(),
        path if cfg!(windows) => format!("\"{path}\""),
        path => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_path_is_one_word_of_the_shell_whatever_is_in_it() {
        let cases = [
            ("/usr/local/bin/gpt-image-mcp", "/usr/local/bin/gpt-image-mcp"),
            ("/home/me/my tools/gpt-image-mcp", "'/home/me/my tools/gpt-image-mcp'"),
            ("/home/o'neil/gpt-image-mcp", r"'/home/o'\''neil/gpt-image-mcp'"),
            ("/opt/$x/gpt-image-mcp", "'/opt/$x/gpt-image-mcp'"),
        ];
        for (path, word) in cases {
            let next = NextSteps::with(Path::new(path));
            assert!(next.claude.ends_with(&format!(" -- {word}")), "{}", next.claude);
            let json: serde_json::Value = serde_json::from_str(&next.json).unwrap();
            assert_eq!(json["mcpServers"]["gpt-image"]["command"], path);
        }
    }
}
