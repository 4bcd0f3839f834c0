//! `jobs`: lists the newest jobs, or shows one in full.
//!
//! Shows the jobs of every owner. A failed job has the same error text as its caller received.

mod one;
mod record;

use std::io::Write as _;

use jiff::Timestamp;
use serde_json::Value;

use self::record::{cost, delivered, json, prompt};
use super::console::print;
use super::table::{WIDTH, aligned, minute, one_line};
use crate::app::App;
use crate::app::exit::{DONE, FAILED};
use crate::domain::{JobId, JobStatus, Problem};
use crate::store::StoreError;
use crate::store::{JobRecord, Store};

/// `jobs`
#[derive(Debug, clap::Args)]
pub struct JobsArguments {
    /// Show this job in full: its arguments, requests and images
    #[arg(value_name = "ID", conflicts_with_all = ["limit", "state"], value_parser = id)]
    id: Option<JobId>,
    /// How many to list
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Only jobs in this state; lost: its process died
    #[arg(long, value_enum)]
    state: Option<StatusFilter>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn id(text: &str) -> Result<JobId, String> {
    JobId::parse(text.trim()).ok_or_else(|| "not a job id; job ids begin with job_".to_owned())
}

/// The status of a job, as the command line spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum StatusFilter {
    Queued,
    Rendering,
    Lost,
    Done,
    Failed,
    Dropped,
}

impl StatusFilter {
    const fn status(self) -> JobStatus {
        match self {
            Self::Queued => JobStatus::Queued,
            Self::Rendering => JobStatus::Sent,
            Self::Lost => JobStatus::Lost,
            Self::Done => JobStatus::Done,
            Self::Failed => JobStatus::Failed,
            Self::Dropped => JobStatus::Dropped,
        }
    }
}

/// Prints the list, or one job.
pub async fn run(arguments: &JobsArguments, app: &App) -> Result<u8, String> {
    let code = show(arguments, app).await;
    app.manager.store().close().await;
    code
}

async fn show(arguments: &JobsArguments, app: &App) -> Result<u8, String> {
    let store = app.manager.store();
    let text = match &arguments.id {
        Some(id) => match one::read(id, app).await {
            Ok(job) if arguments.json => format!("{:#}\n", one::json(&job)),
            Ok(job) => one::words(&job),
            Err(problem) => return refuse(&problem),
        },
        None => match list(arguments, store).await {
            Ok(jobs) if arguments.json => {
                format!("{:#}\n", jobs.iter().map(json).collect::<Value>())
            }
            Ok(jobs) if jobs.is_empty() && arguments.state.is_none() => "There are no jobs yet.\n".to_owned(),
            Ok(jobs) => table(&jobs),
            Err(error) => return refuse(&error.in_store()),
        },
    };
    print(&text)?;
    Ok(DONE)
}

#[expect(clippy::unnecessary_wraps, reason = "the form in which every command ends")]
fn refuse(problem: &Problem) -> Result<u8, String> {
    let _ = writeln!(std::io::stderr(), "{problem}");
    Ok(FAILED)
}

async fn list(arguments: &JobsArguments, store: &Store) -> Result<Vec<JobRecord>, StoreError> {
    if !store.has_record() {
        return Ok(Vec::new());
    }
    let most = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    store.jobs_seen(arguments.state.map(StatusFilter::status), most).await
}

fn table(jobs: &[JobRecord]) -> String {
    if jobs.is_empty() {
        return "No job matches.\n".to_owned();
    }
    let head = ["JOB", "WHEN", "STATE", "TOOL", "N", "COST", "DELIVERED"].map(str::to_owned);
    let row = |job: &JobRecord| {
        [
            job.id.to_string(),
            minute(job.created_at),
            job.seen(Timestamp::now()).name().to_owned(),
            job.operation.name().to_owned(),
            job.n.to_string(),
            cost(job),
            delivered(job).to_owned(),
        ]
    };
    let rows: Vec<_> = std::iter::once(head).chain(jobs.iter().map(row)).collect();
    let below = std::iter::once(String::new()).chain(jobs.iter().map(|job| {
        let prompt = prompt(job).unwrap_or_default();
        format!("  {}\n", one_line(&format!("{}: {prompt}", job.model), WIDTH - 2))
    }));
    let table = aligned(&rows, 4);
    table.lines().zip(below).flat_map(|(line, below)| [line.to_owned(), "\n".to_owned(), below]).collect()
}
