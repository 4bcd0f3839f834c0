//! What goes between a server and its worker: a JSON object a line, both ways.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

use crate::domain::Problem;
use crate::jobs::{Outcome, Presence, Stage};

/// The number of a call, which its server gives it.
pub(super) type CallNumber = u64;

/// From the server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum ToWorker {
    /// A call of a tool that draws.
    Begin {
        call: CallNumber,
        /// Whose it is.
        owner: String,
        tool: String,
        /// As the client gave them.
        arguments: Value,
        /// Whether another worker died with it.
        again: bool,
    },
    /// What became of the caller.
    Caller { call: CallNumber, presence: Presence },
}

/// From the worker.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FromWorker {
    /// How far a call is.
    Stage { call: CallNumber, stage: Stage },
    /// What it came to.
    Ended { call: CallNumber, outcome: Box<Result<Outcome, Problem>> },
}

/// Reads messages until the other side is gone. A line that is none ends it as well: both
/// sides are the same program.
pub(super) async fn read<M: DeserializeOwned>(input: OwnedReadHalf, mut each: impl FnMut(M)) {
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    loop {
        line.clear();
        match input.read_until(b'\n', &mut line).await {
            Ok(1..) => match serde_json::from_slice(&line) {
                Ok(message) => each(message),
                Err(error) => return tracing::error!(%error, "the worker's link carried nonsense"),
            },
            _ => return,
        }
        line.shrink_to(64 * 1024); // an image may have come along
    }
}

/// Writes messages until the other side is gone or nobody sends any more.
pub(super) async fn write<M: Serialize>(
    mut messages: mpsc::UnboundedReceiver<M>,
    mut output: OwnedWriteHalf,
) {
    while let Some(message) = messages.recv().await {
        let Ok(mut line) = serde_json::to_vec(&message) else { continue };
        line.push(b'\n');
        if output.write_all(&line).await.is_err() {
            return;
        }
    }
}
