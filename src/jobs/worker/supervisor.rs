//! The server's side of the worker process: starts it when it is first needed and passes jobs to it.
//!
//! If the worker dies, a job for which nothing was sent is started again with another worker, once. For the others it
//! says what is known.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::messages::{FromWorker, JobNumber, ToWorker, read, write};
use crate::domain::{Billed, CallerState, JobId, Problem, ProblemKind};
use crate::jobs::handle::{CallerLink, left};
use crate::jobs::image_job::ImageJob;
use crate::jobs::outcome::Outcome;
use crate::jobs::progress::JobProgress;
use crate::jobs::services::WorkerCommand;

/// How long a server that ends waits for its worker to read the last messages.
const LAST_MESSAGES: Duration = Duration::from_secs(1);

/// Starts workers and passes jobs to them. Clones are one supervisor.
#[derive(Clone, Debug)]
pub(in crate::jobs) struct Supervisor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    command: WorkerCommand,
    link: Mutex<Option<Arc<WorkerLink>>>,
    next: AtomicU64,
    /// Tasks that tell the worker what became of a caller.
    telling: TaskTracker,
}

/// The link to a running worker.
struct WorkerLink {
    /// `None` once this process sends no more.
    outgoing: Mutex<Option<mpsc::UnboundedSender<ToWorker>>>,
    /// The task that writes to the worker.
    writing: TaskTracker,
    jobs: Mutex<HashMap<JobNumber, RemoteJob>>,
}

/// A job that a worker runs.
struct RemoteJob {
    progress: watch::Sender<JobProgress>,
    result: oneshot::Sender<Result<Outcome, Problem>>,
    /// The worker that has it.
    link: Arc<Mutex<Arc<WorkerLink>>>,
    /// The message that starts it again with another worker: until a request may have been sent, and only once.
    restart: Option<ToWorker>,
}

impl Supervisor {
    pub(in crate::jobs) fn new(command: WorkerCommand) -> Self {
        let telling = TaskTracker::new();
        Self(Arc::new(Inner { command, link: Mutex::default(), next: AtomicU64::new(0), telling }))
    }

    /// Passes a job to the worker. Returns both where no worker can be started.
    pub(in crate::jobs) fn start(
        &self,
        image_job: ImageJob,
        link: CallerLink,
    ) -> Result<(), Box<(io::Error, ImageJob, CallerLink)>> {
        let worker = match self.0.link() {
            Ok(worker) => worker,
            Err(error) => return Err(Box::new((error, image_job, link))),
        };
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let CallerLink { progress, result, mut caller, restarted } = link;
        let image_job = Box::new(image_job);
        let restart = Some(ToWorker::Start { number, image_job: image_job.clone(), restarted: true });
        let current = Arc::new(Mutex::new(Arc::clone(&worker)));
        let job = RemoteJob { progress, result, link: Arc::clone(&current), restart };
        worker.take_on(number, job, ToWorker::Start { number, image_job, restarted }, &self.0);
        self.0.telling.spawn(async move {
            let state = left(&mut caller).await;
            let worker = Arc::clone(&current.lock().unwrap_or_else(PoisonError::into_inner));
            if state != CallerState::Delivered {
                worker.lock().remove(&number);
            }
            worker.send(ToWorker::Caller { number, state });
        });
        Ok(())
    }

    /// Lets the worker know what became of the callers, before this process ends.
    pub(in crate::jobs) async fn finish(&self) {
        self.0.telling.close();
        let _ = timeout(LAST_MESSAGES, self.0.telling.wait()).await;
        let worker = self.0.link.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(worker) = worker {
            worker.close();
            let _ = timeout(LAST_MESSAGES, worker.writing.wait()).await;
        }
    }
}

impl Inner {
    /// The running worker, or a new one.
    fn link(self: &Arc<Self>) -> io::Result<Arc<WorkerLink>> {
        let mut current = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(link) = current.as_ref().filter(|link| !link.is_closed()) {
            return Ok(Arc::clone(link));
        }
        let (socket, child) = spawn(&self.command)?;
        let link = WorkerLink::new(socket, child, Arc::clone(self));
        *current = Some(Arc::clone(&link));
        Ok(link)
    }

    /// Starts a job again whose worker died before it reported a sent request. Returns it where that cannot be.
    fn restart(self: &Arc<Self>, number: JobNumber, mut job: RemoteJob) -> Option<RemoteJob> {
        let wanted = !job.result.is_closed() && !self.telling.is_closed();
        let Some(message) = job.restart.take().filter(|_| wanted) else { return Some(job) };
        let Ok(link) = self.link() else { return Some(job) };
        tracing::warn!(number, "the job is started again with another worker");
        *job.link.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&link);
        link.take_on(number, job, message, self);
        None
    }
}

impl WorkerLink {
    fn new(socket: UnixStream, child: Child, supervisor: Arc<Inner>) -> Arc<Self> {
        let (input, output) = socket.into_split();
        let (outgoing, messages) = mpsc::unbounded_channel();
        let writing = TaskTracker::new();
        let writer = writing.spawn(write(messages, output));
        writing.close();
        let link = Arc::new(Self { outgoing: Mutex::new(Some(outgoing)), writing, jobs: Mutex::default() });
        let reading = Arc::clone(&link);
        tokio::spawn(async move {
            read(input, |message| reading.receive(message)).await;
            writer.abort(); // closes the channel, so that the next job starts another worker
            let _ = writer.await;
            reading.abandon(&supervisor);
            drop(supervisor);
            log_end(child).await;
        });
        link
    }

    /// Passes a job to the worker.
    fn take_on(&self, number: JobNumber, job: RemoteJob, start: ToWorker, supervisor: &Arc<Inner>) {
        self.lock().insert(number, job);
        if !self.send(start) || self.is_closed() {
            self.abandon(supervisor); // the worker died between the two lines above
        }
    }

    /// Whether the message can still reach the worker.
    fn send(&self, message: ToWorker) -> bool {
        self.outgoing().as_ref().is_some_and(|outgoing| outgoing.send(message).is_ok())
    }

    fn is_closed(&self) -> bool {
        self.outgoing().as_ref().is_none_or(mpsc::UnboundedSender::is_closed)
    }

    /// Sends what is queued, and nothing after it.
    fn close(&self) {
        *self.outgoing() = None;
    }

    fn outgoing(&self) -> MutexGuard<'_, Option<mpsc::UnboundedSender<ToWorker>>> {
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn receive(&self, message: FromWorker) {
        match message {
            FromWorker::Progress { number, progress } => {
                if let Some(job) = self.lock().get_mut(&number) {
                    if matches!(progress, JobProgress::Rendering { .. }) {
                        job.restart = None;
                    }
                    job.progress.send_replace(progress);
                }
            }
            FromWorker::Ended { number, result } => {
                if let Some(job) = self.lock().remove(&number) {
                    let _ = job.result.send(*result);
                }
            }
        }
    }

    /// The worker is gone: jobs for which nothing was sent go to another, the callers of the rest are told.
    fn abandon(&self, supervisor: &Arc<Inner>) {
        let jobs: Vec<_> = self.lock().drain().collect();
        for (number, job) in jobs {
            if let Some(job) = supervisor.restart(number, job) {
                let problem = lost(&job.progress.borrow());
                let _ = job.result.send(Err(problem));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobNumber, RemoteJob>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for WorkerLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WorkerLink")
    }
}

/// What is known of a job whose worker died.
fn lost(progress: &JobProgress) -> Problem {
    let what = "the worker process was ended before the call was";
    let remedy = |job: &JobId| {
        format!("Call get_image with id {job}: it says what came and what may have been charged.")
    };
    match progress {
        JobProgress::Preparing => Problem::new(ProblemKind::Lost, what, "Call again."),
        JobProgress::Queued { .. } => {
            Problem::new(ProblemKind::Lost, format!("{what}; nothing had been sent"), "Call again.")
        }
        JobProgress::Rendering { job, .. } => {
            Problem { billed: Billed::Maybe, ..Problem::new(ProblemKind::Lost, what, remedy(job)) }
        }
    }
}

/// Starts a worker at one end of a socket pair.
fn spawn(command: &WorkerCommand) -> io::Result<(UnixStream, Child)> {
    let (ours, its) = std::os::unix::net::UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let ours = UnixStream::from_std(ours)?;
    let mut child = Command::new(&command.program)
        .args(&command.arguments)
        .stdin(Stdio::from(OwnedFd::from(its)))
        .stdout(Stdio::null())
        // Not this process's own: a client may wait for its stderr to close after it ended.
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut complaints) = child.stderr.take() {
        tokio::spawn(async move { tokio::io::copy(&mut complaints, &mut tokio::io::stderr()).await });
    }
    tracing::debug!(pid = child.id(), "a worker was started");
    Ok((ours, child))
}

async fn log_end(mut child: Child) {
    match child.wait().await {
        Ok(status) => tracing::warn!(%status, "the worker ended"),
        Err(error) => tracing::warn!(%error, "the end of the worker was not seen"),
    }
}
