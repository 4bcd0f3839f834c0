//! The subcommands, one file each. A command returns its exit code, or an error text.

pub mod client;
mod console;
pub mod completions;
pub mod demo;
pub mod doctor;
pub mod gallery;
pub mod http;
pub mod jobs;
pub mod man;
pub mod models;
mod page;
pub mod prune;
pub mod route;
pub mod sandbox;
pub mod schemas;
pub mod serve;
pub mod spend;
mod table;
pub mod tool;
pub mod worker;
