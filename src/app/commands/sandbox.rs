//! `sandbox`: the built-in sandbox alone, for any client of the image APIs.

use std::io::Write as _;
use std::time::Duration;

use crate::app::exit::DONE;
use crate::sandbox::{FaultSpec, Sandbox, SandboxOptions, ServerProfile, fault_help};

/// `sandbox`
#[derive(Debug, clap::Args)]
#[command(after_long_help = fault_help())]
pub struct SandboxArguments {
    /// The port on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = 8788)]
    port: u16,
    /// The server to imitate: its paths, key, parameters and answers
    #[arg(long = "manner", value_name = "MANNER", value_enum, default_value_t)]
    profile: ServerProfile,
}

/// Serves until interrupted. The base URL is the first line on stdout.
pub async fn run(
    arguments: SandboxArguments,
    delay: Duration,
    fault: Option<FaultSpec>,
) -> Result<u8, String> {
    let SandboxArguments { port, profile } = arguments;
    let options = SandboxOptions { port, profile, delay, fault, ..SandboxOptions::default() };
    let not_listening = |error| format!("cannot listen on port {port}: {error}");
    let sandbox = Sandbox::start(options).await.map_err(not_listening)?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", sandbox.base_url())
        .and_then(|()| stdout.flush())
        .map_err(|error| error.to_string())?;
    tokio::signal::ctrl_c().await.map_err(|error| error.to_string())?;
    Ok(DONE)
}
