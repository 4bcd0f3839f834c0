//! Layer 8: what is set, and what is done with it. Shared by `main` and the tests.
//!
//! Settings are read as stated (`settings`), then resolved into what they mean (`config`);
//! `App` wires the layers together; a file in `commands` for each subcommand.

mod build;
mod cli;
pub mod clients;
mod commands;
mod config;
mod environment;
mod exit;
mod logs;
mod settings;
mod settings_file;
mod usage_error;

pub use build::App;
pub use cli::{Cli, command_line, run};
pub use config::{Config, ConfigError, HttpConfig};
pub use environment::Environment;
pub use logs::LogFormat;
pub use settings::Settings;
pub use settings_file::SettingsFile;
