//! What waiting costs: 1,000 callers in one process wait for five seconds for a job of that process, as `get_image` does.
//!
//! Prints the processor time of the whole process and the statements sent to the database: for the first look of every
//! caller, and while they wait. Linux only. `cargo bench --bench waiting`

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use gpt_image_mcp::catalog::Catalog;
use gpt_image_mcp::domain::{ImageRequest, Prompt};
use gpt_image_mcp::jobs::{ImageJob, InFlight, JobOptions, JobProgress, Manager, Owner, SpendingCaps};
use gpt_image_mcp::references::Roots;
use gpt_image_mcp::tools::{RequestedId, collect};
use gpt_image_mcp::upstream::{ClientOptions, RetrySettings};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

const CALLERS: usize = 1_000;
const WAIT: Duration = Duration::from_secs(5);

static STATEMENTS: AtomicU64 = AtomicU64::new(0);

/// Counts the statements that sqlx logs.
struct CountStatements;

impl<S: tracing::Subscriber> Layer<S> for CountStatements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            STATEMENTS.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// User and system time of this process in seconds (`proc_pid_stat(5)`, in hundredths).
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    f64::from(u32::try_from(ticks.sum::<u64>()).unwrap_or(u32::MAX)) / 100.0
}

fn manager(catalog: Catalog, store: &std::path::Path, upstream: String) -> Manager {
    Manager::new(JobOptions {
        catalog,
        keys: BTreeMap::new(),
        client: ClientOptions::default(),
        store: store.to_owned(),
        roots: Roots {
            allowed: Vec::new(),
            store: store.to_owned(),
            store_by_path: true,
            base: store.to_owned(),
            home: None,
        },
        keep_metadata: false,
        max_cost: None,
        spending: SpendingCaps::default(),
        in_flight: InFlight::default(),
        drop_cancelled: false,
        retry: RetrySettings::default(),
        stand_in: Some(Box::new(move || std::future::ready(Ok(upstream.clone())).boxed())),
        worker: None,
        observer: None,
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let subscriber = tracing_subscriber::registry().with(CountStatements);
    tracing::subscriber::set_global_default(subscriber)?;
    let folder = tempfile::tempdir()?;
    // It accepts connections and never answers.
    let upstream = TcpListener::bind("127.0.0.1:0")?;
    let address = upstream.local_addr()?;
    let manager = manager(Catalog::builtin()?, folder.path(), format!("http://{address}/v1"));
    let prompt = Prompt::parse("a red kite").map_err(|error| format!("{error:?}"))?;
    let job = manager.start(ImageJob {
        owner: Owner::local(),
        request: ImageRequest::for_prompt(prompt),
        images: Vec::new(),
        masking: None,
        save_to: None,
        max_cost: None,
        arguments: serde_json::json!({ "prompt": "a red kite" }),
    });
    let mut progress = job.progress();
    let rendering = progress.wait_for(|progress| matches!(progress, JobProgress::Rendering { .. })).await;
    let id = rendering.map(|progress| progress.job().cloned()).ok().flatten();
    let ids = [RequestedId::Job(id.ok_or("the job ended")?)];

    let measured = || (processor_time(), STATEMENTS.load(Ordering::Relaxed));
    let start = measured();
    let until = Instant::now() + WAIT;
    let callers = join_all((0..CALLERS).map(|_| async {
        let (progress, _receiver) = watch::channel(JobProgress::Preparing);
        collect(&manager, "local", &ids, until, &progress).await
    }));
    let looked = async {
        sleep(WAIT / 5).await;
        measured()
    };
    let (_, looked) = tokio::join!(callers, looked);
    let end = measured();
    writeln!(
        std::io::stdout(),
        "{CALLERS} callers, {} s: first look {:.2} s of processor time and {} statements; \
         waiting {:.2} s and {} statements; in all {:.2} s",
        WAIT.as_secs(),
        looked.0 - start.0,
        looked.1 - start.1,
        end.0 - looked.0,
        end.1 - looked.1,
        end.0 - start.0,
    )?;
    Ok(())
}
