//! The worker's side: does the calls that come over the link, and outlives it until they are
//! done.

use std::collections::HashMap;
use std::os::unix::net::UnixStream as StdStream;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};

use super::messages::{CallNumber, FromWorker, ToWorker, read, write};
use crate::domain::Problem;
use crate::jobs::{Call, ImageJob, Manager, Owner, Presence};

/// Reads a tool's arguments, as the server did.
pub type ReadCall = fn(&Manager, &str, Value) -> Result<ImageJob, Vec<Problem>>;

/// The callers whose calls are under way.
type Callers = Arc<Mutex<HashMap<CallNumber, watch::Sender<Presence>>>>;

/// Does what comes over this socket until the server is gone, then what is left to do.
///
/// # Errors
/// What the system says of the socket.
pub async fn serve(manager: &Manager, socket: StdStream, read_call: ReadCall) -> std::io::Result<()> {
    socket.set_nonblocking(true)?;
    let (input, output) = UnixStream::from_std(socket)?.into_split();
    let (outgoing, messages) = mpsc::unbounded_channel();
    let writing = tokio::spawn(write(messages, output));
    let callers = Callers::default();
    read(input, |message| match message {
        ToWorker::Begin { call, owner, tool, arguments, again } => {
            let (caller, presence) = watch::channel(Presence::Waiting);
            lock(&callers).insert(call, caller);
            let (callers, outgoing) = (Arc::clone(&callers), outgoing.clone());
            match read_call(manager, &tool, arguments) {
                Ok(image_job) => {
                    let owner = Owner { name: owner, ..Owner::local() };
                    let image_job = ImageJob { owner, ..image_job };
                    let begun = if again { manager.begin_again(image_job) } else { manager.begin(image_job) };
                    tokio::spawn(async move {
                        follow(call, begun, presence, &outgoing).await;
                        lock(&callers).remove(&call);
                    });
                }
                Err(problems) => {
                    // The server read them before; only an image of another program gets here.
                    let problem = problems.into_iter().next();
                    let problem = problem.unwrap_or_else(|| Problem::internal("arguments that are none"));
                    let _ = outgoing.send(FromWorker::Ended { call, outcome: Box::new(Err(problem)) });
                }
            }
        }
        ToWorker::Caller { call, presence } => {
            if let Some(caller) = lock(&callers).get(&call) {
                caller.send_replace(presence);
            }
        }
    })
    .await;
    // The server is gone, and with it everyone who waited.
    lock(&callers).clear();
    writing.abort();
    manager.finish().await;
    Ok(())
}

/// Tells the server of a call until it has ended or its caller left.
async fn follow(
    number: CallNumber,
    mut call: Call,
    mut presence: watch::Receiver<Presence>,
    outgoing: &mpsc::UnboundedSender<FromWorker>,
) {
    let mut stages = call.stage();
    let tell = |stage| outgoing.send(FromWorker::Stage { call: number, stage });
    loop {
        tokio::select! {
            biased;
            changed = presence.changed() => {
                let now = *presence.borrow();
                return settle(call, if changed.is_err() { Presence::Gone } else { now });
            }
            outcome = call.ended() => {
                let _ = outgoing.send(FromWorker::Ended { call: number, outcome: Box::new(outcome) });
                break;
            }
            Ok(()) = stages.changed() => {
                let _ = tell(stages.borrow_and_update().clone());
            }
        }
    }
    let settled = presence.wait_for(|presence| *presence != Presence::Waiting).await;
    let settled = settled.map_or(Presence::Gone, |presence| *presence);
    settle(call, settled);
}

fn settle(call: Call, presence: Presence) {
    match presence {
        Presence::Served => call.served(),
        Presence::Told => call.told_to_come_back(),
        Presence::Gone | Presence::Waiting => drop(call),
    }
}

fn lock(callers: &Callers) -> std::sync::MutexGuard<'_, HashMap<CallNumber, watch::Sender<Presence>>> {
    callers.lock().unwrap_or_else(PoisonError::into_inner)
}
