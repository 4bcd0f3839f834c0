//! What commands print on stdout. A reader that has seen enough, such as `head`, is no failure.

use std::io::{self, ErrorKind, Write as _};

/// Prints the text, all of it at once.
///
/// # Errors
/// Why it cannot be written, in words; not that its reader is gone.
pub(super) fn print(text: &str) -> Result<(), String> {
    let mut stdout = io::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("stdout cannot be written: {error}"))
        }
        _ => Ok(()),
    }
}
