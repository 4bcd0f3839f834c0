//! `demo`: what an agent does with this server, without a key and without cost.
//!
//! Starts the server as a child process, speaks MCP to it, and shows the results on one page. The page
//! contains only what was sent over MCP.
//!
//! - `agent`: the MCP client and the child
//! - `script`: the calls, each with the results of the earlier ones
//! - `mask`: a mask as an agent would draw it
//! - `progress`: progress on stderr
//! - `contact_sheet`: the page
//! - `next_steps`: how to set up a client

mod agent;
mod contact_sheet;
mod mask;
mod next_steps;
mod progress;
mod script;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use url::Url;

use self::agent::Agent;
use self::next_steps::NextSteps;
use self::script::DemoCall;
use super::console::print;
use crate::app::exit::{DONE, FAILED};

/// The page's name in the folder.
const SHEET: &str = "index.html";

/// `demo`
#[derive(Debug, clap::Args)]
pub struct DemoArguments {
    /// Folder for the images and the page, created if needed; no image in it is replaced
    #[arg(long, value_name = "FOLDER", default_value = "gpt-image-mcp-demo")]
    folder: PathBuf,
}

/// Makes the calls, writes the page and prints the paths. The exit code is 0 if every call made its
/// images.
pub async fn run(arguments: DemoArguments) -> Result<u8, String> {
    let folder = prepare(&arguments.folder)?;
    let program = std::env::current_exe()
        .map_err(|error| format!("cannot determine the path of this program: {error}"))?;
    print(&format!(
        "Drawing with the built-in sandbox: no key, no network, no cost.\nEverything goes to {}\n",
        folder.display()
    ))?;
    let agent = Agent::start(&program, &folder).await?;
    let calls = tokio::select! {
        calls = script::play(&agent, &folder) => Ok(calls),
        _ = tokio::signal::ctrl_c() => {
            Err(format!("interrupted; what was drawn so far is in {}", folder.display()))
        }
    };
    // Also after an interrupt, so that no server is left behind.
    agent.leave().await;
    let calls = calls?;
    let next = NextSteps::with(&program);
    let sheet = folder.join(SHEET);
    let page = contact_sheet::page(&calls, &folder, &next);
    std::fs::write(&sheet, page)
        .map_err(|error| format!("{} cannot be written: {error}", sheet.display()))?;
    print(&summary(&calls, &sheet, &next))?;
    let failures: Vec<_> = calls
        .iter()
        .filter_map(|call| Some(format!("{} failed: {}\n", call.tool, call.outcome.as_ref().err()?)))
        .collect();
    std::io::stderr().write_all(failures.concat().as_bytes()).map_err(|error| error.to_string())?;
    Ok(if failures.is_empty() { DONE } else { FAILED })
}

/// Creates the folder if needed, resolves links, and checks that it can be written and has no other
/// page of that name.
fn prepare(folder: &Path) -> Result<PathBuf, String> {
    let refused = |what: &str, error: &dyn std::fmt::Display| {
        format!("the folder {} {what}: {error}; name another with --folder", folder.display())
    };
    std::fs::create_dir_all(folder).map_err(|error| refused("cannot be created", &error))?;
    tempfile::tempfile_in(folder).map_err(|error| refused("cannot be written", &error))?;
    let resolved = folder.canonicalize().map_err(|error| refused("cannot be read", &error))?;
    if resolved.to_str().is_none() {
        return Err(refused("cannot be used", &"its path is not Unicode"));
    }
    let sheet = resolved.join(SHEET);
    let replaced = contact_sheet::KIND.may_replace(&sheet);
    replaced.map_err(|why| refused("cannot be used", &format!("its {SHEET} {why}")))?;
    Ok(resolved)
}

fn summary(calls: &[DemoCall], sheet: &Path, next: &NextSteps) -> String {
    let images = calls.iter().flat_map(DemoCall::images);
    let images: Vec<_> = images
        .map(|image| format!("  {}  {}x{}\n", image.path.display(), image.width, image.height))
        .collect();
    let images = images.concat();
    let url = Url::from_file_path(sheet).map(|url| format!("  {url}\n")).unwrap_or_default();
    format!("\nImages\n{images}\nContact sheet\n  {}\n{url}\n{next}", sheet.display())
}
