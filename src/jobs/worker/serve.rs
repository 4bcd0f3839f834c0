//! The worker's side of the link: runs the jobs that come over it, and outlives it until they have ended.

use std::collections::HashMap;
use std::os::unix::net::UnixStream as StdStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};

use super::messages::{FromWorker, JobNumber, ToWorker, read, write};
use crate::domain::CallerState;
use crate::jobs::handle::JobHandle;
use crate::jobs::manager::Manager;

/// The callers of the jobs that run.
type Callers = Arc<Mutex<HashMap<JobNumber, watch::Sender<CallerState>>>>;

/// Runs what comes over this socket until the server is gone, then finishes what is left.
///
/// # Errors
/// What the system says about the socket.
pub async fn serve(manager: &Manager, socket: StdStream) -> std::io::Result<()> {
    socket.set_nonblocking(true)?;
    let (input, output) = UnixStream::from_std(socket)?.into_split();
    let (outgoing, messages) = mpsc::unbounded_channel();
    let writing = tokio::spawn(write(messages, output));
    let callers = Callers::default();
    read(input, |message| match message {
        ToWorker::Start { number, image_job, restarted } => {
            let (sender, caller) = watch::channel(CallerState::Waiting);
            lock(&callers).insert(number, sender);
            let handle = if restarted { manager.restart(*image_job) } else { manager.start(*image_job) };
            let (callers, outgoing) = (Arc::clone(&callers), outgoing.clone());
            tokio::spawn(async move {
                report(number, handle, caller, &outgoing).await;
                lock(&callers).remove(&number);
            });
        }
        ToWorker::Caller { number, state } => {
            if let Some(caller) = lock(&callers).get(&number) {
                caller.send_replace(state);
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

/// Reports a job to the server until it has ended or its caller left.
async fn report(
    number: JobNumber,
    mut handle: JobHandle,
    mut caller: watch::Receiver<CallerState>,
    outgoing: &mpsc::UnboundedSender<FromWorker>,
) {
    let mut progress = handle.progress();
    loop {
        tokio::select! {
            biased;
            changed = caller.changed() => {
                let state = *caller.borrow();
                return settle(handle, if changed.is_err() { CallerState::Cancelled } else { state });
            }
            result = handle.ended() => {
                let _ = outgoing.send(FromWorker::Ended { number, result: Box::new(result) });
                break;
            }
            Ok(()) = progress.changed() => {
                let progress = progress.borrow_and_update().clone();
                let _ = outgoing.send(FromWorker::Progress { number, progress });
            }
        }
    }
    let state = caller.wait_for(|state| *state != CallerState::Waiting).await;
    let state = state.map_or(CallerState::Cancelled, |state| *state);
    settle(handle, state);
}

fn settle(handle: JobHandle, state: CallerState) {
    match state {
        CallerState::Delivered => handle.delivered(),
        CallerState::Detached => handle.detached(),
        CallerState::Cancelled | CallerState::Waiting => drop(handle),
    }
}

fn lock(callers: &Callers) -> MutexGuard<'_, HashMap<JobNumber, watch::Sender<CallerState>>> {
    callers.lock().unwrap_or_else(PoisonError::into_inner)
}
