//! The program as its users meet it: the real binary, over stdin and stdout, against an
//! upstream on loopback that answers as each test says.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod arguments;
mod certificates;
mod clients;
mod commands;
mod contract;
mod demo;
mod dialects;
mod doctor;
mod documents;
mod edit;
mod failures;
mod faults;
mod generate;
mod get;
mod history;
mod http;
mod inline;
mod inpaint;
mod inpainting;
mod jobs;
mod layers;
mod packaging;
mod partials;
mod preserve;
mod providers;
mod resources;
mod secrets;
mod settings;
mod shell;
mod stdio;
mod store;
mod support;
mod texts;
