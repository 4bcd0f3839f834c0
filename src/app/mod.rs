//! The application: settings, wiring and commands. Used by `main` and the tests.
//!
//! `settings` parses the settings, `config` resolves them, `App` wires the layers together, and
//! `commands` has one file per subcommand.

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
