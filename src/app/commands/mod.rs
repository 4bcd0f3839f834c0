//! The subcommands, a file each. A command answers with its exit code, or with the words of
//! what made it fail.

pub mod client;
pub mod completions;
pub mod demo;
pub mod doctor;
mod fields;
pub mod gallery;
pub mod http;
mod interrupts;
pub mod jobs;
pub mod man;
pub mod models;
mod page;
mod print;
pub mod prune;
pub mod route;
pub mod sandbox;
pub mod schemas;
pub mod serve;
pub mod spend;
mod suggested;
mod table;
pub mod tool;
pub mod worker;
