//! The settings as users give them: flags over environment over the settings file.
//!
//! `--help`, the schema of the settings file and the table of settings in the documentation are
//! generated from this list. `config` decides what the values mean. This file only parses types.

use std::net::SocketAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::logs::LogFormat;
use crate::domain::Secret;
use crate::sandbox::FaultSpec;
use crate::tools::OutputForm;

/// Declares each setting once: a field becomes a flag, a variable and a key of the file.
macro_rules! settings {
    ($($(#[$attribute:meta])* $name:ident: $type:ty,)+) => {
        /// Every setting that was given.
        #[derive(Clone, Debug, Default, clap::Args, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct Settings {
            $($(#[$attribute])* pub $name: Option<$type>,)+
        }

        impl Settings {
            /// These settings, with gaps filled from `below`.
            #[must_use]
            pub fn over(self, below: Self) -> Self {
                Self { $($name: self.$name.or(below.$name),)+ }
            }
        }
    };
}

settings! {
    /// Key for the models at apiyi
    #[arg(long, env = "APIYI_API_KEY", value_name = "KEY", value_parser = key, hide_env_values = true, global = true, help_heading = "Keys")]
    #[schemars(with = "Option<String>")]
    apiyi_api_key: Secret,
    /// Key for the official models at apiyi, if they need another token type
    #[arg(long, env = "APIYI_OFFICIAL_API_KEY", value_name = "KEY", value_parser = key, hide_env_values = true, global = true, help_heading = "Keys")]
    #[schemars(with = "Option<String>")]
    apiyi_official_api_key: Secret,
    /// Key for OpenAI
    #[arg(long, env = "OPENAI_API_KEY", value_name = "KEY", value_parser = key, hide_env_values = true, global = true, help_heading = "Keys")]
    #[schemars(with = "Option<String>")]
    openai_api_key: Secret,
    /// Base URL of apiyi
    #[arg(long, env = "APIYI_BASE_URL", value_name = "URL", global = true, help_heading = "Providers")]
    apiyi_base_url: String,
    /// Base URL of OpenAI
    #[arg(long, env = "OPENAI_BASE_URL", value_name = "URL", global = true, help_heading = "Providers")]
    openai_base_url: String,
    /// Use this provider only; `sandbox` is the same as --sandbox
    #[arg(long, env = "GPT_IMAGE_MCP_PROVIDER", value_name = "ID", global = true, help_heading = "Providers")]
    provider: String,
    /// Draw with the built-in sandbox: no key, no cost, no network
    #[arg(long, env = "GPT_IMAGE_MCP_SANDBOX", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", global = true, help_heading = "Providers")]
    sandbox: bool,
    /// Seconds the sandbox takes for an image
    #[arg(long, env = "GPT_IMAGE_MCP_SANDBOX_DELAY_S", value_name = "SECONDS", global = true, help_heading = "Providers")]
    sandbox_delay_s: f64,
    /// Fault that the sandbox simulates, such as `rate_limited,times=2`; `sandbox --help` lists them
    #[arg(long, env = "GPT_IMAGE_MCP_SANDBOX_FAULT", value_name = "FAULT", global = true, help_heading = "Providers")]
    #[schemars(with = "Option<String>")]
    sandbox_fault: FaultSpec,
    /// A header for every provider, `Name: value`; separate several with ;
    #[arg(long = "header", env = "GPT_IMAGE_MCP_HEADERS", value_name = "HEADER", value_delimiter = ';', value_parser = key, hide_env_values = true, global = true, help_heading = "Providers")]
    #[schemars(with = "Option<Vec<String>>")]
    headers: Vec<Secret>,
    /// PEM file of certificates to trust in addition to the system's
    #[arg(long, env = "GPT_IMAGE_MCP_CA_FILE", value_name = "FILE", global = true, help_heading = "Providers")]
    ca_file: PathBuf,
    /// Folder for images and their database [default: gpt-image-mcp in the user's data folder]
    #[arg(long, env = "GPT_IMAGE_MCP_STORE", value_name = "FOLDER", global = true, help_heading = "Files")]
    store: PathBuf,
    /// Folders that calls may read from and save to [default: home, working and temporary folder]
    #[arg(long = "root", env = "GPT_IMAGE_MCP_ROOTS", value_name = "FOLDER", value_delimiter = LIST_SEPARATOR, global = true, help_heading = "Files")]
    roots: Vec<PathBuf>,
    /// Send the GPS positions and serial numbers in photos instead of removing them
    #[arg(long, env = "GPT_IMAGE_MCP_KEEP_METADATA", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", global = true, help_heading = "Files")]
    keep_metadata: bool,
    /// How results show images unless a call says otherwise [default: preview]
    #[arg(long, env = "GPT_IMAGE_MCP_OUTPUT", value_name = "FORM", global = true, help_heading = "Results")]
    output: OutputForm,
    /// Long edge of a preview, in pixels [default: 1568]
    #[arg(long, env = "GPT_IMAGE_MCP_PREVIEW_EDGE", value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(16..=8192), global = true, help_heading = "Results")]
    #[schemars(range(min = 16, max = 8192))]
    preview_edge: u32,
    /// Size of a preview in base64, in bytes [default: 700000]
    #[arg(long, env = "GPT_IMAGE_MCP_PREVIEW_BYTES", value_name = "BYTES", value_parser = clap::value_parser!(u32).range(4_096..=50_000_000), global = true, help_heading = "Results")]
    #[schemars(range(min = 4096, max = 50_000_000))]
    preview_bytes: u32,
    /// Maximum bytes of a result with whole images; a larger result shows previews [default: 1048576]
    #[arg(long, env = "GPT_IMAGE_MCP_INLINE_BYTES", value_name = "BYTES", value_parser = clap::value_parser!(u32).range(65_536..), global = true, help_heading = "Results")]
    #[schemars(range(min = 65_536))]
    inline_bytes: u32,
    /// Number of partial images to request from models that stream: they drive the progress, and the last one is kept if the finished image is lost; each adds 100 output tokens [default: 0]
    #[arg(long, env = "GPT_IMAGE_MCP_PARTIAL_IMAGES", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=3), global = true, help_heading = "Results")]
    #[schemars(range(min = 0, max = 3))]
    partial_images: u32,
    /// Add resource links to results
    #[arg(long, env = "GPT_IMAGE_MCP_RESOURCE_LINKS", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", global = true, help_heading = "Results")]
    resource_links: bool,
    /// Refuse calls that may cost more than this; a call's own cap can only be lower [default: none]
    #[arg(long, env = "GPT_IMAGE_MCP_MAX_COST_USD", value_name = "USD", global = true, help_heading = "Money")]
    #[schemars(range(min = 0))]
    max_cost_usd: f64,
    /// Refuse calls that may bring the day's spending above this [default: none]
    #[arg(long, env = "GPT_IMAGE_MCP_MAX_COST_USD_PER_DAY", value_name = "USD", global = true, help_heading = "Money")]
    #[schemars(range(min = 0))]
    max_cost_usd_per_day: f64,
    /// Refuse calls that may bring the month's spending above this [default: none]
    #[arg(long, env = "GPT_IMAGE_MCP_MAX_COST_USD_PER_MONTH", value_name = "USD", global = true, help_heading = "Money")]
    #[schemars(range(min = 0))]
    max_cost_usd_per_month: f64,
    /// Over HTTP, refuse calls that may bring the day's spending of their token above this [default: none]
    #[arg(long, env = "GPT_IMAGE_MCP_MAX_COST_USD_PER_DAY_PER_TOKEN", value_name = "USD", global = true, help_heading = "Money")]
    #[schemars(range(min = 0))]
    max_cost_usd_per_day_per_token: f64,
    /// Over HTTP, refuse calls that may bring the month's spending of their token above this [default: none]
    #[arg(long, env = "GPT_IMAGE_MCP_MAX_COST_USD_PER_MONTH_PER_TOKEN", value_name = "USD", global = true, help_heading = "Money")]
    #[schemars(range(min = 0))]
    max_cost_usd_per_month_per_token: f64,
    /// Seconds before a call is answered "still rendering" [default: a little less than the client's known timeout, else 50]
    #[arg(long, env = "GPT_IMAGE_MCP_WAIT_S", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400), global = true, help_heading = "Jobs")]
    #[schemars(range(min = 1, max = 86_400))]
    wait_s: u32,
    /// Do paid work in a separate process that outlives the client (stdio, Unix) [default: true]
    #[arg(long, env = "GPT_IMAGE_MCP_WORKER", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", global = true, help_heading = "Jobs")]
    worker: bool,
    /// Discard the image of a call that is cancelled after sending, instead of storing it [default: false]
    #[arg(long, env = "GPT_IMAGE_MCP_DROP_CANCELLED", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", global = true, help_heading = "Jobs")]
    drop_cancelled: bool,
    /// Maximum concurrent requests to image APIs [default: 100, over HTTP 1000]
    #[arg(long, env = "GPT_IMAGE_MCP_MAX_IN_FLIGHT", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000), global = true, help_heading = "Jobs")]
    #[schemars(range(min = 1, max = 10_000))]
    max_in_flight: u32,
    /// Maximum concurrent requests to one provider [default: 50, over HTTP 1000]
    #[arg(long, env = "GPT_IMAGE_MCP_MAX_IN_FLIGHT_PER_PROVIDER", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000), global = true, help_heading = "Jobs")]
    #[schemars(range(min = 1, max = 10_000))]
    max_in_flight_per_provider: u32,
    /// Maximum retries per endpoint [default: 2]
    #[arg(long, env = "GPT_IMAGE_MCP_RETRIES", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=10), global = true, help_heading = "Failures")]
    #[schemars(range(min = 0, max = 10))]
    retries: u32,
    /// Try other endpoints, models and providers that can do the same [default: true]
    #[arg(long, env = "GPT_IMAGE_MCP_FAIL_OVER", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", global = true, help_heading = "Failures")]
    fail_over: bool,
    /// After a failure that may have been charged, retry only if that costs at most this [default: 0.05]
    #[arg(long, env = "GPT_IMAGE_MCP_RETRY_TIMEOUT_UP_TO_USD", value_name = "USD", global = true, help_heading = "Failures")]
    #[schemars(range(min = 0))]
    retry_timeout_up_to_usd: f64,
    /// Address and port that `http` listens on; an address other than loopback needs tokens [default: 127.0.0.1:8787]
    #[arg(long, env = "GPT_IMAGE_MCP_LISTEN", value_name = "ADDRESS", global = true, help_heading = "HTTP")]
    #[schemars(with = "Option<String>")]
    listen: SocketAddr,
    /// Tokens that may call over HTTP, each `NAME=TOKEN`; separate several with ;
    #[arg(long = "token", env = "GPT_IMAGE_MCP_TOKENS", value_name = "NAME=TOKEN", value_delimiter = ';', value_parser = key, hide_env_values = true, global = true, help_heading = "HTTP")]
    #[schemars(with = "Option<Vec<String>>")]
    tokens: Vec<Secret>,
    /// File with such tokens, one per line; reloaded on SIGHUP
    #[arg(long, env = "GPT_IMAGE_MCP_TOKEN_FILE", value_name = "FILE", global = true, help_heading = "HTTP")]
    token_file: PathBuf,
    /// Host names that requests may use, in addition to loopback
    #[arg(long = "allowed-host", env = "GPT_IMAGE_MCP_ALLOWED_HOSTS", value_name = "HOST", value_delimiter = ',', global = true, help_heading = "HTTP")]
    allowed_hosts: Vec<String>,
    /// Origins of web pages that may call, such as `https://app.example.com`, in addition to loopback
    #[arg(long = "allowed-origin", env = "GPT_IMAGE_MCP_ALLOWED_ORIGINS", value_name = "ORIGIN", value_delimiter = ',', global = true, help_heading = "HTTP")]
    allowed_origins: Vec<String>,
    /// Address that clients use when the server is behind a reverse proxy; its host is allowed
    #[arg(long, env = "GPT_IMAGE_MCP_PUBLIC_URL", value_name = "URL", global = true, help_heading = "HTTP")]
    public_url: String,
    /// Maximum bytes of a request body [default: 67108864]
    #[arg(long, env = "GPT_IMAGE_MCP_MAX_BODY_BYTES", value_name = "BYTES", value_parser = clap::value_parser!(u32).range(65_536..), global = true, help_heading = "HTTP")]
    #[schemars(range(min = 65_536))]
    max_body_bytes: u32,
    /// Maximum open sessions [default: 1000]
    #[arg(long, env = "GPT_IMAGE_MCP_MAX_SESSIONS", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..), global = true, help_heading = "HTTP")]
    #[schemars(range(min = 1))]
    max_sessions: u32,
    /// Maximum concurrent calls [default: 2000]
    #[arg(long, env = "GPT_IMAGE_MCP_MAX_CALLS", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..), global = true, help_heading = "HTTP")]
    #[schemars(range(min = 1))]
    max_calls: u32,
    /// Maximum concurrent calls per token [default: the same as for all]
    #[arg(long, env = "GPT_IMAGE_MCP_MAX_CALLS_PER_TOKEN", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..), global = true, help_heading = "HTTP")]
    #[schemars(range(min = 1))]
    max_calls_per_token: u32,
    /// Maximum requests per minute and token [default: 6000]
    #[arg(long, env = "GPT_IMAGE_MCP_MAX_REQUESTS_PER_MINUTE", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..), global = true, help_heading = "HTTP")]
    #[schemars(range(min = 1))]
    max_requests_per_minute: u32,
    /// Idle timeout of a session, in seconds; a running call counts as activity [default: 3600]
    #[arg(long, env = "GPT_IMAGE_MCP_SESSION_IDLE_S", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..), global = true, help_heading = "HTTP")]
    #[schemars(range(min = 1))]
    session_idle_s: u32,
    /// Grace period for running calls on shutdown, in seconds [default: 300]
    #[arg(long, env = "GPT_IMAGE_MCP_STOP_WITHIN_S", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(0..), global = true, help_heading = "HTTP")]
    stop_within_s: u32,
    /// What to log to stderr: error, warn, info, debug, trace, or a filter [default: warn]
    #[arg(long, env = "GPT_IMAGE_MCP_LOG", value_name = "LEVEL", global = true, help_heading = "Logs")]
    log: String,
    /// Format of the log [default: text]
    #[arg(long, env = "GPT_IMAGE_MCP_LOG_FORMAT", value_name = "FORMAT", global = true, help_heading = "Logs")]
    log_format: LogFormat,
}

/// Separates the folders of a list in a variable, as in `PATH`.
const LIST_SEPARATOR: char = if cfg!(windows) { ';' } else { ':' };

#[expect(clippy::unnecessary_wraps, reason = "the form clap wants; an empty key means that none is set")]
fn key(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}
