//! The binary: everything is in the store.

use std::process::ExitCode;

fn main() -> ExitCode {
    gpt_image_mcp::app::run(std::env::args_os())
}
