//! The server's side: starts the worker when it is first needed, passes calls on to it, and if it
//! dies begins those anew for which nothing was sent, and says what is known of the others.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::WorkerCommand;
use super::messages::{CallNumber, FromWorker, ToWorker, read, write};
use crate::domain::{Billed, Problem, ProblemKind};
use crate::jobs::call::{Side, left};
use crate::jobs::{ImageJob, Presence, Stage};

/// How long a server that ends waits for its worker to take what it has to say.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The server's end of the link, made when it is first needed and again when the worker is gone.
#[derive(Debug)]
pub(in crate::jobs) struct Front(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    command: WorkerCommand,
    link: Mutex<Option<Arc<Link>>>,
    next: AtomicU64,
    /// What waits to tell the worker what became of a caller.
    telling: TaskTracker,
}

/// A worker that runs.
struct Link {
    /// Until this process has no more to say.
    outgoing: Mutex<Option<mpsc::UnboundedSender<ToWorker>>>,
    /// What writes to the worker.
    writing: TaskTracker,
    calls: Mutex<HashMap<CallNumber, Waiting>>,
}

/// What hears of a call.
struct Waiting {
    stage: tokio::sync::watch::Sender<Stage>,
    answer: tokio::sync::oneshot::Sender<Result<crate::jobs::Outcome, Problem>>,
    /// The worker that has it.
    home: Arc<Mutex<Arc<Link>>>,
    /// How it is begun with another, until anything may have been sent for it, and once only.
    begin: Option<ToWorker>,
}

impl Front {
    pub(in crate::jobs) fn new(command: WorkerCommand) -> Self {
        let telling = TaskTracker::new();
        Self(Arc::new(Inner { command, link: Mutex::default(), next: AtomicU64::new(0), telling }))
    }

    /// Passes a call on. Gives both back where no worker can be had.
    pub(in crate::jobs) fn begin(
        &self,
        image_job: ImageJob,
        side: Side,
    ) -> Result<(), Box<(io::Error, ImageJob, Side)>> {
        let link = match self.0.link() {
            Ok(link) => link,
            Err(error) => return Err(Box::new((error, image_job, side))),
        };
        let call = self.0.next.fetch_add(1, Ordering::Relaxed);
        let Side { stage, answer, mut presence, again } = side;
        let begin = |arguments, again| ToWorker::Begin {
            call,
            owner: image_job.owner.name.clone(),
            tool: image_job.request.operation.tool().to_owned(),
            arguments,
            again,
        };
        let anew = Some(begin(image_job.arguments.clone(), true));
        let home = Arc::new(Mutex::new(Arc::clone(&link)));
        let waiting = Waiting { stage, answer, home: Arc::clone(&home), begin: anew };
        link.take_on(call, waiting, begin(image_job.arguments, again), &self.0);
        self.0.telling.spawn(async move {
            let presence = left(&mut presence).await;
            let link = Arc::clone(&home.lock().unwrap_or_else(PoisonError::into_inner));
            if presence != Presence::Served {
                link.lock().remove(&call);
            }
            link.send(ToWorker::Caller { call, presence });
        });
        Ok(())
    }

    /// Sees to it that the worker hears what became of the callers, before the process ends.
    pub(in crate::jobs) async fn finish(&self) {
        self.0.telling.close();
        let _ = timeout(LAST_WORDS, self.0.telling.wait()).await;
        let link = self.0.link.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(link) = link {
            link.close();
            let _ = timeout(LAST_WORDS, link.writing.wait()).await;
        }
    }
}

impl Inner {
    /// The worker that runs, or a new one.
    fn link(self: &Arc<Self>) -> io::Result<Arc<Link>> {
        let mut current = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(link) = current.as_ref().filter(|link| !link.is_closed()) {
            return Ok(Arc::clone(link));
        }
        let (socket, child) = start(&self.command)?;
        let link = Link::over(socket, child, Arc::clone(self));
        *current = Some(Arc::clone(&link));
        Ok(link)
    }

    /// Begins a call anew whose worker died before anything was sent for it, as far as it said.
    /// Gives it back where that cannot be.
    fn begin_again(self: &Arc<Self>, call: CallNumber, mut waiting: Waiting) -> Option<Waiting> {
        let wanted = !waiting.answer.is_closed() && !self.telling.is_closed();
        let Some(begin) = waiting.begin.take().filter(|_| wanted) else { return Some(waiting) };
        let Ok(link) = self.link() else { return Some(waiting) };
        tracing::warn!(call, "begun anew with another worker");
        *waiting.home.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&link);
        link.take_on(call, waiting, begin, self);
        None
    }
}

impl Link {
    fn over(socket: UnixStream, child: Child, front: Arc<Inner>) -> Arc<Self> {
        let (input, output) = socket.into_split();
        let (outgoing, messages) = mpsc::unbounded_channel();
        let writing = TaskTracker::new();
        let writer = writing.spawn(write(messages, output));
        writing.close();
        let link = Arc::new(Self { outgoing: Mutex::new(Some(outgoing)), writing, calls: Mutex::default() });
        let reading = Arc::clone(&link);
        tokio::spawn(async move {
            read(input, |message| reading.hear(message)).await;
            writer.abort(); // closes the channel, so that the next call starts another
            let _ = writer.await;
            reading.abandon(&front);
            drop(front);
            report_end(child).await;
        });
        link
    }

    /// Passes a call on to the worker.
    fn take_on(&self, call: CallNumber, waiting: Waiting, begin: ToWorker, front: &Arc<Inner>) {
        self.lock().insert(call, waiting);
        if !self.send(begin) || self.is_closed() {
            self.abandon(front); // it went between the two lines above
        }
    }

    /// Whether it can still reach the worker.
    fn send(&self, message: ToWorker) -> bool {
        self.outgoing().as_ref().is_some_and(|outgoing| outgoing.send(message).is_ok())
    }

    fn is_closed(&self) -> bool {
        self.outgoing().as_ref().is_none_or(mpsc::UnboundedSender::is_closed)
    }

    /// Lets what is to be sent go out, and nothing after it.
    fn close(&self) {
        *self.outgoing() = None;
    }

    fn outgoing(&self) -> std::sync::MutexGuard<'_, Option<mpsc::UnboundedSender<ToWorker>>> {
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, message: FromWorker) {
        match message {
            FromWorker::Stage { call, stage } => {
                if let Some(waiting) = self.lock().get_mut(&call) {
                    if matches!(stage, Stage::Rendering { .. }) {
                        waiting.begin = None;
                    }
                    waiting.stage.send_replace(stage);
                }
            }
            FromWorker::Ended { call, outcome } => {
                if let Some(waiting) = self.lock().remove(&call) {
                    let _ = waiting.answer.send(*outcome);
                }
            }
        }
    }

    /// The worker is gone: another takes the calls on for which nothing was sent, and to the rest it
    /// is said.
    fn abandon(&self, front: &Arc<Inner>) {
        let calls: Vec<_> = self.lock().drain().collect();
        for (call, waiting) in calls {
            if let Some(waiting) = front.begin_again(call, waiting) {
                let problem = gone(&waiting.stage.borrow());
                let _ = waiting.answer.send(Err(problem));
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<CallNumber, Waiting>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link")
    }
}

/// What can be said of a call whose worker died.
fn gone(stage: &Stage) -> Problem {
    let what = "the worker process was ended before the call was";
    let remedy = |job: &crate::domain::JobId| {
        format!("Call get_image with id {job}: it says what came and what may have been charged.")
    };
    match stage {
        Stage::Preparing => Problem::new(ProblemKind::Lost, what, "Call again."),
        Stage::Queued { .. } => {
            Problem::new(ProblemKind::Lost, format!("{what}; nothing had been sent"), "Call again.")
        }
        Stage::Rendering { job, .. } => {
            Problem { billed: Billed::Maybe, ..Problem::new(ProblemKind::Lost, what, remedy(job)) }
        }
    }
}

/// Starts a worker at one end of a socket pair.
fn start(command: &WorkerCommand) -> io::Result<(UnixStream, Child)> {
    let (ours, its) = std::os::unix::net::UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let ours = UnixStream::from_std(ours)?;
    let mut child = Command::new(&command.program)
        .args(&command.arguments)
        .stdin(Stdio::from(OwnedFd::from(its)))
        .stdout(Stdio::null())
        // Not ours: a client may wait for our stderr to close after we are gone.
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut complaints) = child.stderr.take() {
        tokio::spawn(async move { tokio::io::copy(&mut complaints, &mut tokio::io::stderr()).await });
    }
    tracing::debug!(pid = child.id(), "a worker was started");
    Ok((ours, child))
}

async fn report_end(mut child: Child) {
    match child.wait().await {
        Ok(status) => tracing::warn!(%status, "the worker ended"),
        Err(error) => tracing::warn!(%error, "the worker's end could not be seen"),
    }
}
