//! The binary with the fixtures of the public conformance suite: its commands are the same.

use std::process::ExitCode;

fn main() -> ExitCode {
    gpt_image_mcp::app::run(std::env::args_os())
}
