//! What the database holds, and how its rows are spelled.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::domain::{
    CallerState, ImageFormat, ImageId, JobEvent, JobId, JobStatus, ModelName, Operation, Pixels, Usd,
};

/// How long a job counts as alive after its process last renewed its lease. A process renews three times as often, so
/// that one late renewal does no harm.
pub const LEASE: SignedDuration = SignedDuration::from_secs(15);

/// A paid call.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRecord {
    /// Its id.
    pub id: JobId,
    /// Whose it is.
    pub owner: String,
    /// What is done.
    pub operation: Operation,
    /// The arguments as JSON: with the prompt, never with a key.
    pub arguments: String,
    /// Equal for equal requests of an owner.
    pub fingerprint: String,
    /// How far it has come.
    pub status: JobStatus,
    /// The model chosen, then the one that did it.
    pub model: ModelName,
    /// What it was expected to cost at least and at most, where that could be known.
    pub estimate: Option<(Usd, Usd)>,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When it was done or failed.
    pub finished_at: Option<Timestamp>,
    /// What it cost, where that is known.
    pub cost: Option<Usd>,
    /// What went wrong, in the words that the caller read.
    pub problem: Option<String>,
    /// How many images were asked for.
    pub n: u32,
    /// What its model usually takes, in seconds.
    pub usual_seconds: u32,
    /// The sandbox's: no money.
    pub sandbox: bool,
    /// The folder that its images land in.
    pub folder: PathBuf,
    /// Whom its images are for.
    pub caller: CallerState,
    /// The process that works on it or hands it over, by its name in the store; empty where that is
    /// not known.
    pub process: String,
    /// Until when its process is alive at least.
    pub lease_until: Option<Timestamp>,
    /// When its first request went out.
    pub sent_at: Option<Timestamp>,
    /// What its answer says beside the images, as JSON.
    pub report: Option<String>,
}

impl JobRecord {
    /// Whether its process is alive. A lease that ends further off than leases last was written
    /// by a clock that has since been set back, and says nothing.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.lease_until.is_some_and(|until| now <= until && until <= now + LEASE * 2)
    }

    /// Its status as a reader sees it.
    #[must_use]
    pub fn seen(&self, now: Timestamp) -> JobStatus {
        self.status.seen(self.is_alive(now))
    }
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq)]
pub struct JobEnd {
    /// [`JobEvent::Finish`], even where only some of its images came, or [`JobEvent::Fail`].
    pub event: JobEvent,
    /// The model that did it, or tried last.
    pub model: ModelName,
    /// What it cost, where that is known.
    pub cost: Option<Usd>,
    /// What went wrong, if anything, in the words that the caller reads.
    pub problem: Option<String>,
    /// What the answer says beside the images, as JSON.
    pub report: Option<String>,
}

/// What an image was to one made from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParentRole {
    /// Looked at.
    Reference,
    /// Repainted where a mask said so.
    Masked,
    /// What the model sent, before the original was put back around it.
    Raw,
}

impl ParentRole {
    /// The name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Masked => "masked",
            Self::Raw => "raw",
        }
    }
}

/// An image that another was made from. It may have been pruned since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The image.
    pub id: ImageId,
    /// What it was used for.
    pub role: ParentRole,
}

/// An image that was kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredImage {
    /// Its id.
    pub id: ImageId,
    /// The job that made it; `None` where its owner put it in.
    pub job: Option<JobId>,
    /// Which of the job's images it is, from 0.
    pub position: u32,
    /// Where it was kept. The file may be gone.
    pub path: PathBuf,
    /// Its format.
    pub format: ImageFormat,
    /// Its size.
    pub pixels: Pixels,
    /// How many bytes it has.
    pub bytes: u64,
    /// BLAKE3 of its bytes.
    pub hash: blake3::Hash,
    /// The model that made it.
    pub model: ModelName,
    /// The prompt.
    pub prompt: String,
    /// When it was kept.
    pub created_at: Timestamp,
    /// What it was made from, in the call's order.
    pub parents: Vec<Parent>,
}

/// Every column of a job, then what follows the table's name.
macro_rules! select_jobs {
    ($rest:literal) => {
        concat!(
            "SELECT id, owner, tool, arguments, fingerprint, state, provider, model, created_at, finished_at, \
             estimate_low_micros, estimate_high_micros, cost_micros, problem, n, usual_seconds, sandbox, folder, \
             caller, process, lease_until, sent_at, report FROM jobs ",
            $rest
        )
    };
}

/// Every column of an image and its parents, then what follows the table's name.
macro_rules! select_images {
    ($rest:literal) => {
        concat!(
            "SELECT id, job_id, position, path, format, width, height, bytes, hash, provider, model, prompt, \
             created_at, (SELECT group_concat(role || ':' || parent, ' ' ORDER BY lineage.position) FROM lineage \
             WHERE child = images.id) AS parents FROM images ",
            $rest
        )
    };
}

pub(super) use {select_images, select_jobs};

pub(super) fn job(row: &SqliteRow) -> Result<JobRecord, sqlx::Error> {
    let amount = |column| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)?.map(usd));
    Ok(JobRecord {
        id: parsed(row, "id", JobId::parse)?,
        owner: row.try_get("owner")?,
        operation: parsed(row, "tool", operation)?,
        arguments: row.try_get("arguments")?,
        fingerprint: row.try_get("fingerprint")?,
        status: parsed(row, "state", JobStatus::parse_stored)?,
        model: model(row)?,
        estimate: amount("estimate_low_micros")?.zip(amount("estimate_high_micros")?),
        created_at: parsed(row, "created_at", |text| text.parse().ok())?,
        finished_at: optional_time(row, "finished_at")?,
        cost: amount("cost_micros")?,
        problem: row.try_get("problem")?,
        n: row.try_get("n")?,
        usual_seconds: row.try_get("usual_seconds")?,
        sandbox: row.try_get("sandbox")?,
        folder: row.try_get::<String, _>("folder")?.into(),
        caller: parsed(row, "caller", CallerState::parse_stored)?,
        process: row.try_get("process")?,
        lease_until: optional_time(row, "lease_until")?,
        sent_at: optional_time(row, "sent_at")?,
        report: row.try_get("report")?,
    })
}

pub(super) fn image(row: &SqliteRow) -> Result<StoredImage, sqlx::Error> {
    Ok(StoredImage {
        id: parsed(row, "id", ImageId::parse)?,
        job: match row.try_get::<Option<&str>, _>("job_id")? {
            None => None,
            Some(_) => Some(parsed(row, "job_id", JobId::parse)?),
        },
        position: row.try_get("position")?,
        path: row.try_get::<String, _>("path")?.into(),
        format: parsed(row, "format", ImageFormat::parse)?,
        pixels: Pixels::new(row.try_get("width")?, row.try_get("height")?),
        bytes: unsigned(row.try_get("bytes")?),
        hash: parsed(row, "hash", |text| blake3::Hash::from_hex(text).ok())?,
        model: model(row)?,
        prompt: row.try_get("prompt")?,
        created_at: parsed(row, "created_at", |text| text.parse().ok())?,
        parents: match row.try_get::<Option<&str>, _>("parents")? {
            None => Vec::new(),
            Some(_) => parsed(row, "parents", parents)?,
        },
    })
}

pub(super) fn optional_time(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, sqlx::Error> {
    match row.try_get::<Option<&str>, _>(column)? {
        None => Ok(None),
        Some(_) => parsed(row, column, |text| text.parse().ok()).map(Some),
    }
}

pub(super) fn parsed<T>(
    row: &SqliteRow,
    column: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, sqlx::Error> {
    let text: &str = row.try_get(column)?;
    parse(text).ok_or_else(|| sqlx::Error::Decode(format!("{text:?} as {column}").into()))
}

pub(super) fn model(row: &SqliteRow) -> Result<ModelName, sqlx::Error> {
    Ok(ModelName { provider: row.try_get("provider")?, model: row.try_get("model")? })
}

fn operation(tool: &str) -> Option<Operation> {
    [Operation::Generate, Operation::Edit, Operation::Inpaint]
        .into_iter()
        .find(|operation| operation.tool() == tool)
}

/// Without those that another of them was made from: what a model sent before the original was
/// put back around it is shown by its id alone.
pub(super) fn without_raw(mut images: Vec<StoredImage>) -> Vec<StoredImage> {
    let raw: Vec<_> = images
        .iter()
        .flat_map(|image| &image.parents)
        .filter(|parent| parent.role == ParentRole::Raw)
        .map(|parent| parent.id.clone())
        .collect();
    images.retain(|image| !raw.contains(&image.id));
    images
}

fn parents(text: &str) -> Option<Vec<Parent>> {
    let parent = |text: &str| {
        let (role, id) = text.split_once(':')?;
        let role = [ParentRole::Reference, ParentRole::Masked, ParentRole::Raw]
            .into_iter()
            .find(|known| known.name() == role)?;
        Some(Parent { id: ImageId::parse(id)?, role })
    };
    text.split(' ').map(parent).collect()
}

/// A time as the database spells it: all have one length, so they sort as text.
pub(super) fn time(at: Timestamp) -> String {
    format!("{at:.6}")
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(super) fn micros(amount: Usd) -> i64 {
    signed(amount.micros())
}

pub(super) fn usd(micros: i64) -> Usd {
    Usd::from_micros(unsigned(micros))
}
