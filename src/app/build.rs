//! Wires the layers together: from a configuration to the server that a transport serves.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;

use super::clients;
use super::config::Config;
use crate::jobs::{JobOptions, Manager, Observer, StandIn, WorkerCommand};
use crate::sandbox::{Sandbox, SandboxOptions};
use crate::tools::{ImageServer, SoftDeadline};

/// The application, before anything has started.
#[derive(Debug)]
pub struct App {
    /// Runs the jobs.
    pub manager: Manager,
    /// Answers clients.
    pub server: ImageServer,
}

impl App {
    /// Builds the application. Opens nothing: a client may start the process only to list its tools.
    #[must_use]
    pub fn build(config: Config) -> Self {
        Self::assemble(config, None, None)
    }

    /// The same, with paid work in a separate process that this command starts.
    #[must_use]
    pub fn build_with_worker(config: Config, worker: WorkerCommand) -> Self {
        Self::assemble(config, Some(worker), None)
    }

    /// The same as `build`, with an observer of every request to an image API.
    #[must_use]
    pub fn build_watched(config: Config, observer: Observer) -> Self {
        Self::assemble(config, None, Some(observer))
    }

    fn assemble(config: Config, worker: Option<WorkerCommand>, observer: Option<Observer>) -> Self {
        let manager = Manager::new(JobOptions {
            catalog: config.catalog,
            keys: config.keys,
            client: config.client,
            store: config.store,
            roots: config.roots,
            keep_metadata: config.keep_metadata,
            max_cost: config.max_cost,
            spending: config.spending,
            in_flight: config.in_flight,
            drop_cancelled: config.drop_cancelled,
            retry: config.retry,
            worker,
            observer,
            stand_in: config.sandbox.then(|| {
                stand_in(SandboxOptions {
                    delay: config.sandbox_delay,
                    fault: config.sandbox_fault,
                    ..Default::default()
                })
            }),
        });
        let server = ImageServer::new(
            manager.clone(),
            config.reply,
            SoftDeadline { stated: config.wait, known: clients::soft_deadline },
        );
        Self { manager, server }
    }
}

/// The sandbox in place of every provider, started by the first call that needs it.
fn stand_in(options: SandboxOptions) -> StandIn {
    let running: Arc<Mutex<Option<Sandbox>>> = Arc::default();
    Box::new(move || {
        let (running, options) = (Arc::clone(&running), options.clone());
        async move {
            let sandbox = Sandbox::start(options).await.map_err(|error| error.to_string())?;
            let url = sandbox.base_url();
            // Kept for as long as the manager lives.
            running.lock().unwrap_or_else(PoisonError::into_inner).replace(sandbox);
            Ok(url)
        }
        .boxed()
    })
}
