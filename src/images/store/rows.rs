//! What the record holds, and how its rows are spelled.

use std::path::PathBuf;

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::domain::{ImageFormat, ImageId, JobId, ModelName, Operation, Pixels, Usd};

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Written down, and sent right after: from here on it may cost money.
    Sent,
    /// Its pictures are kept.
    Done,
    /// It has no picture and will get none.
    Failed,
}

impl JobState {
    const ALL: [Self; 3] = [Self::Sent, Self::Done, Self::Failed];

    /// The name in the record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

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
    pub state: JobState,
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
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq)]
pub struct JobEnd {
    /// `Done`, even where only some of its pictures came, or `Failed`.
    pub state: JobState,
    /// The model that did it, or tried last.
    pub model: ModelName,
    /// What it cost, where that is known.
    pub cost: Option<Usd>,
    /// What went wrong, if anything, in the words that the caller reads.
    pub problem: Option<String>,
}

/// What an image was to one made from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParentRole {
    /// Looked at.
    Reference,
    /// Repainted where a mask said so.
    Masked,
}

impl ParentRole {
    /// The name in the record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Masked => "masked",
        }
    }
}

/// An image that another was made from. It may have been pruned since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The image.
    pub id: ImageId,
    /// What it was used for.
    pub role: ParentRole,
}

/// A picture that was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredImage {
    /// Its id.
    pub id: ImageId,
    /// The job that made it.
    pub job: JobId,
    /// Which of the job's pictures it is, from 0.
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
             estimate_low_micros, estimate_high_micros, cost_micros, problem FROM jobs ",
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
    let micros = |column| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)?.map(usd));
    Ok(JobRecord {
        id: parsed(row, "id", JobId::parse)?,
        owner: row.try_get("owner")?,
        operation: parsed(row, "tool", operation)?,
        arguments: row.try_get("arguments")?,
        fingerprint: row.try_get("fingerprint")?,
        state: parsed(row, "state", |text| JobState::ALL.into_iter().find(|state| state.name() == text))?,
        model: model(row)?,
        estimate: micros("estimate_low_micros")?.zip(micros("estimate_high_micros")?),
        created_at: parsed(row, "created_at", |text| text.parse().ok())?,
        finished_at: match row.try_get::<Option<&str>, _>("finished_at")? {
            None => None,
            Some(_) => Some(parsed(row, "finished_at", |text| text.parse().ok())?),
        },
        cost: micros("cost_micros")?,
        problem: row.try_get("problem")?,
    })
}

pub(super) fn image(row: &SqliteRow) -> Result<StoredImage, sqlx::Error> {
    Ok(StoredImage {
        id: parsed(row, "id", ImageId::parse)?,
        job: parsed(row, "job_id", JobId::parse)?,
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

fn parsed<T>(row: &SqliteRow, column: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, sqlx::Error> {
    let text: &str = row.try_get(column)?;
    parse(text).ok_or_else(|| sqlx::Error::Decode(format!("{text:?} as {column}").into()))
}

fn model(row: &SqliteRow) -> Result<ModelName, sqlx::Error> {
    Ok(ModelName { provider: row.try_get("provider")?, model: row.try_get("model")? })
}

fn operation(tool: &str) -> Option<Operation> {
    [Operation::Generate, Operation::Edit, Operation::Inpaint]
        .into_iter()
        .find(|operation| operation.tool() == tool)
}

fn parents(text: &str) -> Option<Vec<Parent>> {
    let parent = |text: &str| {
        let (role, id) = text.split_once(':')?;
        let role =
            [ParentRole::Reference, ParentRole::Masked].into_iter().find(|known| known.name() == role)?;
        Some(Parent { id: ImageId::parse(id)?, role })
    };
    text.split(' ').map(parent).collect()
}

/// A time as the record spells it: all of one length, so that they sort as text.
pub(super) fn time(at: Timestamp) -> String {
    format!("{at:.6}")
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn usd(micros: i64) -> Usd {
    Usd::from_micros(unsigned(micros))
}
