//! The handle through which everything above asks for paid work.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Once};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::WorkerCommand;
use super::call::Side;
use super::circuit_breaker::CircuitBreaker;
use super::dry_run::{DryRun, dry_run};
use super::queue::Queue;
#[cfg(unix)]
use super::worker::Front;
use super::{Call, Found, ImageJob, InFlight, Observer, SpendingCaps, follow, recovery, run};
use crate::catalog::{Catalog, Model, Provider};
use crate::codec::{ImageError, PreviewBudget};
use crate::domain::{Caller, JobId, Problem, ProblemKind, Secret, Usd};
use crate::references::Roots;
use crate::routing::{Route, route};
use crate::store::{Kept, Store};
use crate::upstream::{Client, ClientOptions, RetrySettings};

/// How long after it was kept an image is written to the disk itself.
const SYNCED_AFTER: Duration = Duration::from_millis(500);

/// Starts an upstream that stands in for every provider, the sandbox, and says its base URL.
pub type StandIn = Box<dyn Fn() -> BoxFuture<'static, Result<String, String>> + Send + Sync>;

/// What the work needs to know.
pub struct Options {
    /// Providers and models, base URLs final.
    pub catalog: Catalog,
    /// The keys that are set, by the variable they belong to.
    pub keys: BTreeMap<String, Secret>,
    /// How to reach the outside.
    pub client: ClientOptions,
    /// The store's folder.
    pub store: PathBuf,
    /// What may be read and written.
    pub roots: Roots,
    /// Whether places and serial numbers in photos are sent along.
    pub keep_metadata: bool,
    /// No call may cost more.
    pub max_cost: Option<Usd>,
    /// All calls together may cost no more.
    pub spending: SpendingCaps,
    /// How many requests may be out at once.
    pub in_flight: InFlight,
    /// Whether work whose caller leaves after it was sent is dropped instead of kept.
    pub drop_cancelled: bool,
    /// What may be tried again, and where.
    pub retry: RetrySettings,
    /// What answers instead of the providers.
    pub stand_in: Option<StandIn>,
    /// How to start a process for the work, on Unix; without one it is done in this.
    pub worker: Option<WorkerCommand>,
    /// Who is told of every request.
    pub observer: Option<Observer>,
}

/// Cheap to clone; all clones are one manager.
#[derive(Clone)]
pub struct Manager(Arc<Shared>);

pub(super) struct Shared {
    pub options: Options,
    pub client: Client,
    pub store: Store,
    pub circuit_breaker: CircuitBreaker,
    pub queue: Queue,
    #[cfg(unix)]
    front: Option<Front>,
    swept: Once,
    /// Paid work, which outlives the calls that asked for it.
    pub paid: TaskTracker,
    /// Set when only the paid work is waited for any more.
    finishing: CancellationToken,
    stand_in_url: OnceCell<String>,
    stand_in_key: Secret,
}

impl Manager {
    /// A manager; nothing is opened, started or checked before it is needed.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Shared {
            client: Client::new(options.client.clone()),
            store: Store::new(options.store.clone()),
            circuit_breaker: CircuitBreaker::default(),
            queue: Queue::new(options.in_flight),
            #[cfg(unix)]
            front: options.worker.clone().map(Front::new),
            swept: Once::new(),
            paid: TaskTracker::new(),
            finishing: CancellationToken::new(),
            stand_in_url: OnceCell::new(),
            stand_in_key: Secret::new("sk-sandbox"),
            options,
        }))
    }

    /// Which model would do it, why, and for how much. Sends nothing.
    ///
    /// # Errors
    /// The router's refusal.
    pub fn plan(&self, image_job: &ImageJob) -> Result<Route, Problem> {
        self.0.plan(image_job)
    }

    /// Begins a call, in the worker where there is one.
    #[must_use]
    pub fn begin(&self, image_job: ImageJob) -> Call {
        let (call, side) = Call::new();
        self.0.begin(image_job, side);
        call
    }

    /// Begins a call that another worker died with.
    #[cfg(unix)]
    pub(super) fn begin_again(&self, image_job: ImageJob) -> Call {
        let (call, side) = Call::new();
        self.0.begin(image_job, Side { again: true, ..side });
        call
    }

    /// What the call would do, and what it would repaint. Reads what the call would read, and
    /// sends nothing.
    ///
    /// # Errors
    /// What is wrong with the images, the mask, the regions or the place for the result.
    pub async fn dry_run(
        &self,
        image_job: &ImageJob,
        route: &Route,
        budget: PreviewBudget,
    ) -> Result<DryRun, Problem> {
        dry_run(&self.0, image_job, route, budget).await
    }

    /// How a job of this owner's stands, in whichever process it is.
    ///
    /// # Errors
    /// An id that nobody knows, or a record that cannot be read.
    pub async fn look(&self, job: &JobId, owner: &str) -> Result<Found, ImageError> {
        follow::look(&self.0, job, owner, Caller::Left).await
    }

    /// Notes, in the background, that the images of these jobs were handed over to one who
    /// asked for them by id.
    pub fn note_handed_over(&self, jobs: Vec<JobId>) {
        let store = self.0.store.clone();
        self.0.paid.spawn(async move {
            for job in jobs {
                if let Err(error) = store.set_caller(&job, Caller::Served).await {
                    tracing::warn!(%job, %error, "the record could not be told who has the images");
                }
            }
        });
    }

    /// Stored images.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The catalogue in use.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.0.options.catalog
    }

    /// How many requests wait for their turn.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.queue.waiting()
    }

    /// Waits until all paid work is done, for the end of the process.
    pub async fn finish(&self) {
        #[cfg(unix)]
        if let Some(front) = &self.0.front {
            front.finish().await;
        }
        self.0.finishing.cancel();
        self.0.paid.close();
        self.0.paid.wait().await;
    }
}

impl Shared {
    /// Has an image written to the disk itself, a little later: its answer, which may hold all of
    /// it, needs the processors first. Its record is as safe as the disk's own log until then.
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

    #[cfg(unix)]
    fn begin(self: &Arc<Self>, image_job: ImageJob, side: Side) {
        let Some(front) = &self.front else { return run::begin(self, image_job, side) };
        if let Err(not_begun) = front.begin(image_job, side) {
            let (error, image_job, side) = *not_begun;
            tracing::warn!(%error, "no worker could be started; the work is done in the server");
            run::begin(self, image_job, side);
        }
    }

    #[cfg(not(unix))]
    fn begin(self: &Arc<Self>, image_job: ImageJob, side: Side) {
        run::begin(self, image_job, side);
    }

    /// Looks, once, through what killed processes left.
    pub(super) fn sweep_once(self: &Arc<Self>) {
        self.swept.call_once(|| {
            self.paid.spawn(recovery::sweep(Arc::clone(self)));
        });
    }

    pub(super) fn plan(&self, image_job: &ImageJob) -> Result<Route, Problem> {
        let cap = self.cap(image_job);
        let has_key =
            |model: &Model| self.sandbox() || model.key_variables.is_empty() || self.key(model).is_some();
        route(&image_job.request, &self.options.catalog, &has_key, cap).map_err(Problem::from)
    }

    /// The most a call may cost: a caller may lower the configured cap, not raise it.
    pub(super) fn cap(&self, image_job: &ImageJob) -> Option<Usd> {
        [image_job.max_cost, self.options.max_cost].into_iter().flatten().min()
    }

    /// The first key set among those a model takes. Real keys never go to a stand-in.
    pub(super) fn key(&self, model: &Model) -> Option<&Secret> {
        if self.sandbox() {
            return Some(&self.stand_in_key);
        }
        model.key_variables.iter().find_map(|variable| self.options.keys.get(variable))
    }

    /// Whether images are the sandbox's.
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

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("sandbox", &self.0.sandbox()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("store", &self.store).finish_non_exhaustive()
    }
}
