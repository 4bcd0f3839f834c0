//! `client`: prints how to set this server up in an MCP client. Edits no files and shows no keys.

use std::fmt::Write as _;

use clap::builder::TypedValueParser as _;

use super::console::{Suggested, print};
use crate::app::Config;
use crate::app::clients::{ClientTimeout, GivesUp, McpClient, clients};
use crate::app::exit::DONE;

/// `client [NAME]`
#[derive(Debug, clap::Args)]
pub struct ClientArguments {
    /// The client, such as `claude-code` or "VS Code"; omit to list all
    #[arg(value_parser = Suggested(ids).try_map(|name| McpClient::named(&name).map(Box::new)), hide_possible_values = true)]
    name: Option<Box<McpClient>>,
}

/// Prints the set-up of one client, or the list of all.
pub fn run(arguments: &ClientArguments, config: &Config) -> Result<u8, String> {
    let text = match &arguments.name {
        None => list(&clients()?),
        Some(client) => set_up(client, &binary()?, &key_variables(config)),
    };
    print(&text)?;
    Ok(DONE)
}

fn ids() -> Vec<String> {
    clients().unwrap_or_default().into_iter().map(|client| client.id).collect()
}

/// A variable that may hold a key, and whether it is set.
struct KeyVariable<'a> {
    name: &'a str,
    set: bool,
}

/// The variables that the catalogue's models take their keys from, those that are set first.
fn key_variables(config: &Config) -> Vec<KeyVariable<'_>> {
    let mut variables = Vec::<KeyVariable<'_>>::new();
    for name in config.catalog.models.iter().flat_map(|model| &model.key_variables) {
        if !variables.iter().any(|known| known.name == name) {
            variables.push(KeyVariable { name, set: config.keys.contains_key(name) });
        }
    }
    variables.sort_by_key(|variable| !variable.set);
    variables
}

/// The real path of this binary, links followed.
fn binary() -> Result<String, String> {
    let path = std::env::current_exe()
        .and_then(|path| path.canonicalize())
        .map_err(|error| format!("cannot determine the path of this program: {error}"))?;
    let path = path.to_str().ok_or_else(|| {
        format!("the path of this program, {}, is not Unicode; move the program", path.display())
    })?;
    Ok(without_verbatim_prefix(path).to_owned())
}

/// The path without the `\\?\` that Windows puts before a real path and few programs can read.
fn without_verbatim_prefix(path: &str) -> &str {
    let drive = |rest: &&str| rest.chars().nth(1) == Some(':');
    path.strip_prefix(r"\\?\").filter(drive).unwrap_or(path)
}

fn list(clients: &[McpClient]) -> String {
    let width = clients.iter().map(|client| client.id.len()).max().unwrap_or_default();
    let mut text = String::new();
    for client in clients {
        let _ = writeln!(text, "{:width$}  {}", client.id, client.file.here());
    }
    let _ = writeln!(text, "\n`{} client NAME` prints what to put there.", env!("CARGO_PKG_NAME"));
    text
}

fn set_up(client: &McpClient, binary: &str, variables: &[KeyVariable<'_>]) -> String {
    // If no model takes a key, the variable is an example to delete.
    let variable = variables.first().map_or("OPENAI_API_KEY", |variable| variable.name);
    let mut lines = vec![format!("{}\n", client.name)];
    if let Some(command) = client.command(binary, variable) {
        lines.push(format!("Run this, with your key in place of sk-…:\n\n{command}\n"));
    }
    let or_else = if client.command.is_some() { "Or put" } else { "Put" };
    let project = client.project_file.as_ref();
    let project = project.map(|file| format!(", or for one project into {file}")).unwrap_or_default();
    let place = client.file.here();
    let configuration = client.configuration(binary, variable);
    lines.push(format!(
        "{or_else} this into {place}{project}, next to what is already there:\n\n{configuration}"
    ));
    lines.push(keys(variables) + "\n");
    lines.push(soft_deadline(&client.timeout));
    lines.push(match client.result_bytes {
        Some(bytes) => format!("- The largest result it accepts is {bytes} bytes."),
        None => "- The largest result it accepts is not known.".to_owned(),
    });
    lines.push(format!("- It identifies itself as {}.", client.client_info.join(" or ")));
    lines.extend(client.notes(variable).map(|note| format!("- {note}")));
    lines.join("\n") + "\n"
}

/// Its timeout, and how to raise it.
fn soft_deadline(timeout: &ClientTimeout) -> String {
    let gives_up = match timeout.gives_up {
        GivesUp::Never => return "- Its tool calls have no timeout.".to_owned(),
        GivesUp::Unknown => "The timeout of its tool calls is not known".to_owned(),
        GivesUp::Seconds(_) => format!("Its tool calls time out {timeout}"),
    };
    let progress = match timeout.progress_resets {
        Some(true) => "this server reports progress",
        Some(false) => "progress does not reset the timeout",
        None => "whether progress resets the timeout is not known",
    };
    let longer = match &timeout.raise {
        Some(raise) => format!("To raise it: {raise}."),
        None => "No way to raise it is known.".to_owned(),
    };
    format!(
        "- {gives_up}; {progress}. {longer}\n- An image takes 30 to 300 seconds. One that arrives \
         after the timeout is still charged, and is stored."
    )
}

fn keys(variables: &[KeyVariable<'_>]) -> String {
    let named: Vec<_> = variables
        .iter()
        .map(|variable| format!("{}{}", variable.name, if variable.set { " (set here)" } else { "" }))
        .collect();
    match named.as_slice() {
        [] => "No configured model needs a key: leave the variable out.".to_owned(),
        [only] => format!("Set the key in {only}."),
        several => format!("Set the key in one of {}; one is enough.", several.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_paths_lose_the_prefix_that_few_programs_read() {
        let cases = [
            (r"\\?\C:\Tools\a.exe", r"C:\Tools\a.exe"),
            (r"\\?\UNC\server\share\a.exe", r"\\?\UNC\server\share\a.exe"),
            ("/usr/bin/a", "/usr/bin/a"),
        ];
        for (path, expected) in cases {
            assert_eq!(without_verbatim_prefix(path), expected);
        }
    }
}
