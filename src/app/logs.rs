//! Logs: to stderr only, because stdout belongs to the protocol.

use schemars::JsonSchema;
use serde::Deserialize;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The format of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging, with one level or with levels for parts of the program as in
/// `warn,gpt_image_mcp=info`. A second call in one process changes nothing.
///
/// # Errors
/// Why the filter cannot be parsed.
pub fn start(filter: &str, format: LogFormat) -> Result<(), String> {
    // The filter would take an unknown level for the name of a part.
    let mut words = filter.split(',').map(str::trim).filter(|part| !part.contains('='));
    if let Some(word) = words.find(|word| word.parse::<LevelFilter>().is_err()) {
        return Err(format!(
            "{word:?} is not a level; pass off, error, warn, info, debug or trace, and PART=LEVEL after a comma"
        ));
    }
    let filter: Targets = filter.parse().map_err(|error: ParseError| error.to_string())?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .log_internal_errors(false); // a client that closed stderr must not end the process
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    // Fails only if a subscriber is already set, as in tests.
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
    Ok(())
}
