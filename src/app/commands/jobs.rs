//! `jobs`: the newest calls, or one of them whole.
//!
//! Whoever runs the program sees the jobs of every owner. What a job that brought nothing may
//! have cost is said in the words that its caller reads.

mod one;

use std::io::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::print::print;
use super::table::{WIDTH, aligned, minute, one_line};
use crate::app::App;
use crate::app::cli::{DONE, FAILED};
use crate::codec::ImageError;
use crate::domain::{Billed, CallerState, JobId, JobStatus, Problem, Usd};
use crate::store::{JobRecord, Store};

/// `jobs`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Show this job whole: its arguments, its requests, its images
    #[arg(value_name = "ID", conflicts_with_all = ["limit", "state"], value_parser = id)]
    id: Option<JobId>,
    /// How many to list
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Only jobs that stand so; a lost one was left unfinished by a process that is gone
    #[arg(long, value_enum)]
    state: Option<Wanted>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn id(text: &str) -> Result<JobId, String> {
    JobId::parse(text.trim()).ok_or_else(|| "not the id of a job; such an id begins with job_".to_owned())
}

/// The status of a job, as the command line spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    Queued,
    Rendering,
    Lost,
    Done,
    Failed,
    Dropped,
}

impl Wanted {
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

/// Prints the list, or the one.
pub async fn run(arguments: &Arguments, app: &App) -> Result<u8, String> {
    let code = show(arguments, app).await;
    app.manager.store().close().await;
    code
}

async fn show(arguments: &Arguments, app: &App) -> Result<u8, String> {
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
            Ok(jobs) if jobs.is_empty() && arguments.state.is_none() => {
                "No call is on record yet.\n".to_owned()
            }
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

async fn list(arguments: &Arguments, store: &Store) -> Result<Vec<JobRecord>, ImageError> {
    if !store.has_record() {
        return Ok(Vec::new());
    }
    let most = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    store.jobs_seen(arguments.state.map(Wanted::status), most).await
}

fn table(jobs: &[JobRecord]) -> String {
    if jobs.is_empty() {
        return "There is no such job.\n".to_owned();
    }
    let head = ["JOB", "WHEN", "STATE", "TOOL", "N", "COST", "SERVED"].map(str::to_owned);
    let row = |job: &JobRecord| {
        [
            job.id.to_string(),
            minute(job.created_at),
            job.seen(Timestamp::now()).name().to_owned(),
            job.operation.name().to_owned(),
            job.n.to_string(),
            cost(job),
            served(job).to_owned(),
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

/// What it cost, or may cost.
fn cost(job: &JobRecord) -> String {
    let problem = job.report.as_deref().and_then(|report| serde_json::from_str::<Problem>(report).ok());
    match (job.sandbox, job.cost, job.estimate) {
        (true, ..) => "sandbox".to_owned(),
        (_, Some(cost), _) if problem.is_some_and(|problem| problem.billed == Billed::Maybe) => {
            format!("≤ {cost}")
        }
        (_, Some(cost), _) => cost.to_string(),
        (_, None, Some((_, high))) => format!("≤ {high}"),
        (_, None, None) => "unknown".to_owned(),
    }
}

/// Whether its images were handed over.
fn served(job: &JobRecord) -> &'static str {
    match job.caller {
        _ if matches!(job.status, JobStatus::Failed | JobStatus::Dropped) => "-",
        CallerState::Delivered => "yes",
        CallerState::Waiting if job.is_alive(Timestamp::now()) => "awaited",
        CallerState::Waiting | CallerState::Detached | CallerState::Cancelled => "no",
    }
}

fn prompt(job: &JobRecord) -> Option<String> {
    let arguments: Value = serde_json::from_str(&job.arguments).ok()?;
    arguments.get("prompt")?.as_str().map(str::to_owned)
}

fn json(job: &JobRecord) -> Value {
    let estimate = job.estimate.map(|(low, high)| json!({ "low": low.dollars(), "high": high.dollars() }));
    json!({
        "job": job.id,
        "created_at": job.created_at,
        "sent_at": job.sent_at,
        "finished_at": job.finished_at,
        "state": job.seen(Timestamp::now()).name(),
        "tool": job.operation.tool(),
        "model": job.model.model,
        "provider": job.model.provider,
        "n": job.n,
        "cost_usd": job.cost.map(Usd::dollars),
        "estimate_usd": estimate,
        "sandbox": job.sandbox,
        "served": job.caller == CallerState::Delivered,
        "owner": job.owner,
        "prompt": prompt(job),
    })
}
