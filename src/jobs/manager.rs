//! The handle through which the layers above ask for paid work.

use std::fmt;
use std::sync::Arc;

use super::dry_run::{DryRun, dry_run};
use super::handle::{CallerLink, JobHandle};
use super::image_job::ImageJob;
use super::lookup::{JobLookup, look};
use super::run;
use super::services::{JobOptions, JobServices};
use super::waiters::Changes;
#[cfg(unix)]
use super::worker::Supervisor;
use crate::catalog::Catalog;
use crate::codec::PreviewBudget;
use crate::domain::{CallerState, JobId, Problem};
use crate::routing::Route;
use crate::store::Store;
use crate::store::StoreError;

/// Cheap to clone. All clones are one manager.
#[derive(Clone)]
pub struct Manager {
    services: Arc<JobServices>,
    #[cfg(unix)]
    supervisor: Option<Supervisor>,
}

impl Manager {
    /// Opens, starts and checks nothing before it is needed.
    #[must_use]
    pub fn new(options: JobOptions) -> Self {
        Self {
            #[cfg(unix)]
            supervisor: options.worker.clone().map(Supervisor::new),
            services: Arc::new(JobServices::new(options)),
        }
    }

    /// Chooses a model for a job, with the reason and the price. Sends nothing.
    ///
    /// # Errors
    /// The router's refusal.
    pub fn plan(&self, image_job: &ImageJob) -> Result<Route, Problem> {
        self.services.plan(image_job)
    }

    /// Starts a job, in the worker process if there is one.
    #[must_use]
    pub fn start(&self, image_job: ImageJob) -> JobHandle {
        let (handle, link) = JobHandle::new();
        self.start_linked(image_job, link);
        handle
    }

    /// Starts a job again whose worker process died.
    #[cfg(unix)]
    pub(super) fn restart(&self, image_job: ImageJob) -> JobHandle {
        let (handle, link) = JobHandle::new();
        self.start_linked(image_job, CallerLink { restarted: true, ..link });
        handle
    }

    #[cfg(unix)]
    fn start_linked(&self, image_job: ImageJob, link: CallerLink) {
        let Some(supervisor) = &self.supervisor else {
            return run::start(&self.services, image_job, link);
        };
        if let Err(not_started) = supervisor.start(image_job, link) {
            let (error, image_job, link) = *not_started;
            tracing::warn!(%error, "no worker could be started; the server does the work itself");
            run::start(&self.services, image_job, link);
        }
    }

    #[cfg(not(unix))]
    fn start_linked(&self, image_job: ImageJob, link: CallerLink) {
        run::start(&self.services, image_job, link);
    }

    /// What a job would do and what it would repaint. Reads what the job would read, and sends nothing.
    ///
    /// # Errors
    /// What is wrong with the images, the mask, the regions or the destination.
    pub async fn dry_run(
        &self,
        image_job: &ImageJob,
        route: &Route,
        budget: PreviewBudget,
    ) -> Result<DryRun, Problem> {
        dry_run(&self.services, image_job, route, budget).await
    }

    /// What is known of a job of this owner, in whichever process it runs.
    ///
    /// # Errors
    /// An unknown id, or a database that cannot be read.
    pub async fn look(&self, job: &JobId, owner: &str) -> Result<JobLookup, StoreError> {
        look(&self.services, job, owner, CallerState::Detached).await
    }

    /// The changes of these jobs from now on. Take them before [`Manager::look`], so that no change is missed.
    #[must_use]
    pub fn changes<'a>(&self, jobs: impl IntoIterator<Item = &'a JobId>) -> Changes {
        self.services.waiters.changes(jobs)
    }

    /// Records in the background that a caller that asked by id has received the images of these jobs.
    pub fn record_delivery(&self, jobs: Vec<JobId>) {
        let services = Arc::clone(&self.services);
        self.services.paid.spawn(async move {
            for job in jobs {
                services.record_caller(&job, CallerState::Delivered).await;
            }
        });
    }

    /// The stored images and jobs.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.services.store
    }

    /// The catalogue in use.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.services.options.catalog
    }

    /// How many requests wait for their turn.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.services.queue.waiting()
    }

    /// Waits until all paid work has ended, for the end of the process.
    pub async fn finish(&self) {
        #[cfg(unix)]
        if let Some(supervisor) = &self.supervisor {
            supervisor.finish().await;
        }
        self.services.finish().await;
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("sandbox", &self.services.sandbox()).finish_non_exhaustive()
    }
}
