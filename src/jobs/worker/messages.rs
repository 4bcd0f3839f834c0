//! The messages between a server and its worker: one JSON object a line, in both directions.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

use crate::domain::{CallerState, Problem};
use crate::jobs::image_job::ImageJob;
use crate::jobs::outcome::Outcome;
use crate::jobs::progress::JobProgress;

/// The server's number of a job, on the link only.
pub(super) type JobNumber = u64;

/// From the server to the worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum ToWorker {
    /// Start a job.
    Start {
        number: JobNumber,
        image_job: Box<ImageJob>,
        /// Whether another worker died with it.
        restarted: bool,
    },
    /// What became of a job's caller.
    Caller { number: JobNumber, state: CallerState },
}

/// From the worker to the server.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FromWorker {
    /// How far a job has come.
    Progress { number: JobNumber, progress: JobProgress },
    /// What it came to.
    Ended { number: JobNumber, result: Box<Result<Outcome, Problem>> },
}

/// Reads messages until the other side is gone. A line that cannot be read ends the link too: both sides are the same
/// program.
pub(super) async fn read<M: DeserializeOwned>(input: OwnedReadHalf, mut each: impl FnMut(M)) {
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    loop {
        line.clear();
        match input.read_until(b'\n', &mut line).await {
            Ok(1..) => match serde_json::from_slice(&line) {
                Ok(message) => each(message),
                Err(error) => {
                    return tracing::error!(%error, "the link to the worker carried an unknown message");
                }
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
        let mut line = match serde_json::to_vec(&message) {
            Ok(line) => line,
            Err(error) => {
                tracing::error!(%error, "a message to the other process could not be written");
                continue;
            }
        };
        line.push(b'\n');
        if output.write_all(&line).await.is_err() {
            return;
        }
    }
}
