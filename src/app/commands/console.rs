//! What several commands share: printing, joined JSON objects, suggested values, requests to stop.

use std::ffi::OsStr;
use std::io::{self, ErrorKind, Write as _};

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Prints the text. A reader that has closed the pipe, such as `head`, is not an error.
///
/// # Errors
/// Why stdout cannot be written.
pub(super) fn print(text: &str) -> Result<(), String> {
    let mut stdout = io::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot write to stdout: {error}"))
        }
        _ => Ok(()),
    }
}

/// The fields of the first object, then those of the second.
pub(super) fn joined(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut fields), Value::Object(more)) => {
            fields.extend(more);
            Value::Object(fields)
        }
        (first, _) => first,
    }
}

/// Accepts any text, so that the command can refuse it with its own error, and lists the known values for
/// completion.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suggested(pub fn() -> Vec<String>);

impl TypedValueParser for Suggested {
    type Value = String;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}

/// Every request to stop from now on: ^C, and on Unix SIGHUP and SIGTERM. None of them ends the process.
pub(super) fn interrupts() -> UnboundedReceiver<()> {
    let (sender, receiver) = unbounded_channel();
    #[cfg(unix)]
    {
        use tokio::signal::unix::SignalKind;
        for kind in [SignalKind::hangup(), SignalKind::terminate()] {
            tokio::spawn(forward(kind, sender.clone()));
        }
    }
    tokio::spawn(async move { while tokio::signal::ctrl_c().await.is_ok() && sender.send(()).is_ok() {} });
    receiver
}

#[cfg(unix)]
async fn forward(kind: tokio::signal::unix::SignalKind, sender: tokio::sync::mpsc::UnboundedSender<()>) {
    // A signal that cannot be received keeps its default effect.
    let Ok(mut signals) = tokio::signal::unix::signal(kind) else { return };
    while signals.recv().await.is_some() && sender.send(()).is_ok() {}
}
