//! What all jobs of a process share: settings, the store, the HTTP client, the queue.
//!
//! It starts no job and knows no step of one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Once;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::circuit_breaker::CircuitBreaker;
use super::image_job::ImageJob;
use super::observer::Observer;
use super::owner::SpendingCaps;
use super::queue::{InFlight, Queue};
use super::waiters::Waiters;
use crate::catalog::{Catalog, Model, Provider};
use crate::domain::{CallerState, JobId, Problem, ProblemKind, Secret, Usd};
use crate::references::Roots;
use crate::routing::{Route, route};
use crate::store::{Kept, Store};
use crate::upstream::{Client, ClientOptions, RetrySettings};

/// How long after it was kept an image is synced to disk.
const SYNCED_AFTER: Duration = Duration::from_millis(500);

/// Starts an upstream that replaces every provider, the sandbox, and returns its base URL.
pub type StandIn = Box<dyn Fn() -> BoxFuture<'static, Result<String, String>> + Send + Sync>;

/// How to start a worker process: this program with the settings of the server.
#[derive(Clone, Debug)]
pub struct WorkerCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<std::ffi::OsString>,
}

/// The settings of jobs.
pub struct JobOptions {
    /// Providers and models, with their final base URLs.
    pub catalog: Catalog,
    /// The keys that are set, by the name of their environment variable.
    pub keys: BTreeMap<String, Secret>,
    /// How to reach the providers.
    pub client: ClientOptions,
    /// The store's folder.
    pub store: PathBuf,
    /// The folders that may be read and written.
    pub roots: Roots,
    /// Whether places and serial numbers in photos are sent along.
    pub keep_metadata: bool,
    /// The most that one call may cost.
    pub max_cost: Option<Usd>,
    /// The most that all calls together may cost.
    pub spending: SpendingCaps,
    /// How many requests may be in flight at once.
    pub in_flight: InFlight,
    /// Whether a cancelled job is dropped after it was sent, instead of kept.
    pub drop_cancelled: bool,
    /// What may be retried, and where.
    pub retry: RetrySettings,
    /// What answers instead of the providers.
    pub stand_in: Option<StandIn>,
    /// How to start a worker process, on Unix. Without one the server does the work itself.
    pub worker: Option<WorkerCommand>,
    /// Receives every finished upstream request.
    pub observer: Option<Observer>,
}

/// What all jobs of a process share.
pub(super) struct JobServices {
    pub options: JobOptions,
    pub client: Client,
    pub store: Store,
    pub circuit_breaker: CircuitBreaker,
    pub queue: Queue,
    pub waiters: Waiters,
    /// Whether this process has looked through what killed processes left.
    pub swept: Once,
    /// Paid work, which outlives the calls that asked for it.
    pub paid: TaskTracker,
    /// Cancelled once the process only waits for paid work to end.
    finishing: CancellationToken,
    stand_in_url: OnceCell<String>,
    stand_in_key: Secret,
}

impl JobServices {
    /// Opens, starts and checks nothing before it is needed.
    pub(super) fn new(options: JobOptions) -> Self {
        Self {
            client: Client::new(options.client.clone()),
            store: Store::new(options.store.clone()),
            circuit_breaker: CircuitBreaker::default(),
            queue: Queue::new(options.in_flight),
            waiters: Waiters::default(),
            swept: Once::new(),
            paid: TaskTracker::new(),
            finishing: CancellationToken::new(),
            stand_in_url: OnceCell::new(),
            stand_in_key: Secret::new("sk-sandbox"),
            options,
        }
    }

    /// Waits until all paid work has ended.
    pub(super) async fn finish(&self) {
        self.finishing.cancel();
        self.paid.close();
        self.paid.wait().await;
    }

    /// Syncs an image to disk a little later, because its answer needs the processors first. Until then it is as
    /// safe as the file system's own journal.
    pub(super) fn sync_soon(&self, kept: Kept) {
        let finishing = self.finishing.clone();
        self.paid.spawn(async move {
            let _ = timeout(SYNCED_AFTER, finishing.cancelled()).await;
            let synced = spawn_blocking(move || (kept.sync(), kept)).await;
            if let Ok((Err(error), kept)) = synced {
                tracing::warn!(path = %kept.path.display(), %error, "the image was not synced to disk");
            }
        });
    }

    /// Records what became of the caller of a job. An error is logged: the images are kept either way.
    pub(super) async fn record_caller(&self, job: &JobId, state: CallerState) {
        if let Err(error) = self.store.set_caller(job, state).await {
            tracing::warn!(%job, %error, "the state of the caller was not recorded");
        }
    }

    /// Chooses a model for the job.
    pub(super) fn plan(&self, image_job: &ImageJob) -> Result<Route, Problem> {
        let cap = self.cap(image_job);
        let has_key =
            |model: &Model| self.sandbox() || model.key_variables.is_empty() || self.key(model).is_some();
        route(&image_job.request, &self.options.catalog, &has_key, cap).map_err(Problem::from)
    }

    /// The most that the call may cost. A caller may lower the configured cap, not raise it.
    pub(super) fn cap(&self, image_job: &ImageJob) -> Option<Usd> {
        [image_job.max_cost, self.options.max_cost].into_iter().flatten().min()
    }

    /// The first key that is set among those a model takes. The sandbox never gets a real key.
    pub(super) fn key(&self, model: &Model) -> Option<&Secret> {
        if self.sandbox() {
            return Some(&self.stand_in_key);
        }
        model.key_variables.iter().find_map(|variable| self.options.keys.get(variable))
    }

    /// Whether the sandbox draws the images.
    pub(super) fn sandbox(&self) -> bool {
        self.options.stand_in.is_some()
    }

    /// The provider of a model, at the address where it answers.
    pub(super) async fn provider(&self, model: &Model) -> Result<Provider, Problem> {
        let provider = self.options.catalog.provider(&model.name.provider).cloned();
        let mut provider =
            provider.ok_or_else(|| Problem::internal(format!("{} has no provider", model.name)))?;
        if let Some(start) = &self.options.stand_in {
            let failed = |error| {
                Problem::new(ProblemKind::Internal, format!("the sandbox did not start: {error}"), "")
            };
            let url = self.stand_in_url.get_or_try_init(|| async { start().await.map_err(failed) }).await?;
            provider.base_url.clone_from(url);
        }
        Ok(provider)
    }
}

impl fmt::Debug for JobServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobServices").field("store", &self.options.store).finish_non_exhaustive()
    }
}

impl fmt::Debug for JobOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobOptions").field("store", &self.store).finish_non_exhaustive()
    }
}
