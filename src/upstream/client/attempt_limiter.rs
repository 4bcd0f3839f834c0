//! Takes turns among replies that come faster than they can be read.
//!
//! The library below reads ever larger blocks from a connection that is never empty, up to
//! 400 KB, and holds them until they are taken. With 50 replies at once that is 20 MB, while
//! no more of them get on than there are processors. So a reply waits for its turn before its
//! first block and after each large one, with the connection's flow control holding its sender
//! back; a slow one does not wait after that, because its blocks stay small.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Response;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// Replies that are read at full speed at a time.
const AT_ONCE: usize = 3;
/// Blocks from here on are those of a connection that is never empty.
const LARGE_BYTES: usize = 4 * 1024;
/// A reply that has nothing for so long gives its turn to another.
const PATIENCE: Duration = Duration::from_millis(2);

/// The turns of a client.
#[derive(Debug)]
pub(super) struct Turns(Semaphore);

impl Default for Turns {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

/// Reads the body of one reply.
pub(super) struct Chunks<'a> {
    response: Response,
    turns: &'a Turns,
    turn: Option<SemaphorePermit<'a>>,
    large: bool,
}

impl Turns {
    pub(super) fn chunks(&self, response: Response) -> Chunks<'_> {
        Chunks { response, turns: self, turn: None, large: true }
    }
}

impl Chunks<'_> {
    /// The next part; `None` at the end.
    pub(super) async fn next(&mut self) -> reqwest::Result<Option<Bytes>> {
        if self.large && self.turn.is_none() {
            self.turn = self.turns.0.acquire().await.ok();
        }
        let came =
            if self.turn.is_some() { timeout(PATIENCE, self.response.chunk()).await.ok() } else { None };
        let chunk = if let Some(chunk) = came {
            chunk?
        } else {
            self.turn = None;
            self.response.chunk().await?
        };
        self.large = chunk.as_ref().is_some_and(|chunk| chunk.len() >= LARGE_BYTES);
        if !self.large {
            self.turn = None;
        }
        Ok(chunk)
    }
}
