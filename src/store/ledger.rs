//! The ledger: one row for each request to an image API, with what it may cost and what it did.
//!
//! A row is there before its request goes out. Caps count it as its estimate until its cost is
//! known, so work in flight counts in full; sums and new rows are one transaction.

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Connection as _, Row as _};

use super::database::BEGIN;
use super::rows::{micros, parsed, time, usd};
use super::{JobRecord, Store};
use crate::codec::ImageError;
use crate::domain::{Billed, JobId, ModelName, Usd};

/// Every column of a try, then what follows the table's name.
macro_rules! select_tries {
    ($rest:literal) => {
        concat!(
            "SELECT job_id, position, owner, sandbox, provider, model, endpoint, planned_at, sent_at, ended_at, \
             outcome, billed, estimate_micros, cost_micros, counted_micros, request_id FROM tries ",
            $rest
        )
    };
}

/// Which row is the plan for an image (?2) of a job (?1) that was not used yet.
macro_rules! unused {
    () => {
        "job_id = ?1 AND position = ?2 AND sent_at IS NULL AND ended_at IS NULL ORDER BY id LIMIT 1"
    };
}

/// What a cap is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// A day.
    Day,
    /// A month.
    Month,
}

/// A limit on what may be spent from some time on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cap {
    /// For how long.
    pub period: Period,
    /// From when what is spent counts.
    pub since: Timestamp,
    /// Whose spending counts; `None` for everybody's.
    pub owner: Option<String>,
    /// The most there may be of it.
    pub most: Usd,
}

/// A cap that more spending would go above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapHit {
    /// The cap.
    pub cap: Cap,
    /// What counts towards it already, work in flight included.
    pub counted: Usd,
    /// How much of that is in flight.
    pub in_flight: Usd,
}

/// A request about to be made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which of the job's images it is for, from 0.
    pub position: u32,
    /// Who is asked.
    pub model: ModelName,
    /// At which of its endpoints.
    pub endpoint: &'static str,
    /// What it may cost at most, where that is known.
    pub estimate: Option<Usd>,
}

/// How a request ended.
#[derive(Clone, Debug)]
pub struct AttemptEnd {
    /// `made`, or the kind of failure.
    pub outcome: &'static str,
    /// Whether it was charged.
    pub billed: Billed,
    /// What it cost, where that is known.
    pub cost: Option<Usd>,
    /// The upstream's id for it.
    pub request_id: Option<String>,
}

/// A request as the ledger has it.
#[derive(Clone, Debug, PartialEq)]
pub struct AttemptRecord {
    /// The job it was for.
    pub job: JobId,
    /// Which of the job's images, from 0.
    pub position: u32,
    /// Whose money it was.
    pub owner: String,
    /// No money, the sandbox's.
    pub sandbox: bool,
    /// Who was asked.
    pub model: ModelName,
    /// At which of its endpoints.
    pub endpoint: String,
    /// When it was planned; its day and month are those of the spending.
    pub planned_at: Timestamp,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// `made`, `never_sent`, `dropped`, `lost` or the kind of failure; `None` while it is under way.
    pub outcome: Option<String>,
    /// Whether it was charged.
    pub billed: Billed,
    /// What it was expected to cost at most.
    pub estimate: Option<Usd>,
    /// What it cost.
    pub cost: Option<Usd>,
    /// What caps count it as.
    pub counted: Usd,
    /// The upstream's id for it.
    pub request_id: Option<String>,
}

/// What became of the wish to send.
#[derive(Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is written down, under this number, and may go out.
    Yes(i64),
    /// It could go above this cap.
    OverCap(CapHit),
}

impl Store {
    /// Writes down that a request goes out now, and with the first that its job is sent: the
    /// job's plan for this image where it was not used yet, else a row of its own, if the caps
    /// allow what is new about it.
    pub async fn begin_try(&self, job: &JobRecord, plan: &Plan, caps: &[Cap]) -> Result<Begun, ImageError> {
        let mut connection = self.connection().await?;
        let estimate = plan.estimate.unwrap_or_default();
        let begin = async {
            // Mostly the plan is for as much, and then no cap has to be asked.
            if let Some(id) = take_up(&mut connection, job, plan, estimate).await? {
                return Ok(Begun::Yes(id));
            }
            let mut transaction = connection.begin_with(BEGIN).await?;
            let unused = sqlx::query(concat!("SELECT counted_micros FROM tries WHERE ", unused!()))
                .bind(job.id.as_str())
                .bind(plan.position)
                .fetch_optional(&mut *transaction)
                .await?;
            let planned = unused.map_or(Ok(0), |row| row.try_get(0))?;
            let more = estimate.saturating_sub(usd(planned));
            if let Some(hit) = hit(&mut transaction, caps, job.sandbox, more).await? {
                return Ok(Begun::OverCap(hit));
            }
            let id = match take_up(&mut transaction, job, plan, Usd::ZERO).await? {
                Some(id) => id,
                None => insert(&mut transaction, job, plan).await?,
            };
            transaction.commit().await?;
            Ok(Begun::Yes(id))
        };
        begin.await.map_err(|error: sqlx::Error| self.failed(&error))
    }

    /// Writes down how a request ended.
    pub async fn end_try(&self, id: i64, end: &AttemptEnd) -> Result<(), ImageError> {
        let counted = match (end.billed, end.cost) {
            (Billed::No, _) => Some(0),
            (Billed::Maybe | Billed::Yes, cost) => cost.map(micros),
        };
        let query = sqlx::query(
            "UPDATE tries SET outcome = ?, billed = ?, cost_micros = ?, counted_micros = coalesce(?, counted_micros), \
             request_id = ?, ended_at = ? WHERE id = ?",
        )
        .bind(end.outcome)
        .bind(end.billed.name())
        .bind(end.cost.map(micros))
        .bind(counted)
        .bind(&end.request_id)
        .bind(time(Timestamp::now()))
        .bind(id);
        query.execute(&mut *self.connection().await?).await.map_err(|error| self.failed(&error))?;
        Ok(())
    }

    /// Closes what is open of a job that is given up: what was not sent costs nothing, what was
    /// sent counts as it did, and was charged as said here.
    pub async fn close_tries(
        &self,
        job: &JobId,
        sent_as: &'static str,
        billed: Billed,
    ) -> Result<(), ImageError> {
        let query = sqlx::query(
            "UPDATE tries SET outcome = iif(sent_at IS NULL, 'never_sent', ?), \
             billed = iif(sent_at IS NULL, 'no', ?), \
             counted_micros = iif(sent_at IS NULL, 0, counted_micros), ended_at = ? \
             WHERE job_id = ? AND ended_at IS NULL",
        )
        .bind(sent_as)
        .bind(billed.name())
        .bind(time(Timestamp::now()))
        .bind(job.as_str());
        query.execute(&mut *self.connection().await?).await.map_err(|error| self.failed(&error))?;
        Ok(())
    }

    /// The requests of a job, in order.
    pub async fn tries_of(&self, job: &JobId) -> Result<Vec<AttemptRecord>, ImageError> {
        let query = sqlx::query(select_tries!("WHERE job_id = ? ORDER BY position, id")).bind(job.as_str());
        let rows = query.fetch_all(&mut *self.connection().await?).await;
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| self.failed(&error))
    }
}

/// Sends the job's unused plan for this image, if it has one that counts at least so much.
async fn take_up(
    connection: &mut SqliteConnection,
    job: &JobRecord,
    plan: &Plan,
    at_least: Usd,
) -> Result<Option<i64>, sqlx::Error> {
    let taken = sqlx::query(concat!(
        "UPDATE tries SET provider = ?3, model = ?4, endpoint = ?5, estimate_micros = ?6, counted_micros = ?7, \
         sent_at = ?8 WHERE counted_micros >= ?9 AND id = (SELECT id FROM tries WHERE ",
        unused!(),
        ") RETURNING id"
    ))
    .bind(job.id.as_str())
    .bind(plan.position)
    .bind(&plan.model.provider)
    .bind(&plan.model.model)
    .bind(plan.endpoint)
    .bind(plan.estimate.map(micros))
    .bind(micros(plan.estimate.unwrap_or_default()))
    .bind(time(Timestamp::now()))
    .bind(micros(at_least));
    taken.fetch_optional(connection).await?.map(|row| row.try_get(0)).transpose()
}

/// The first cap that so much more would go above.
pub(super) async fn hit(
    connection: &mut SqliteConnection,
    caps: &[Cap],
    sandbox: bool,
    more: Usd,
) -> Result<Option<CapHit>, sqlx::Error> {
    if caps.is_empty() || more == Usd::ZERO {
        return Ok(None);
    }
    // What a process that is gone had planned and never sent is not coming.
    let now = time(Timestamp::now());
    sqlx::query(
        "UPDATE tries SET outcome = 'never_sent', billed = 'no', counted_micros = 0, ended_at = ?1 \
         WHERE sent_at IS NULL AND ended_at IS NULL AND job_id IN (SELECT id FROM jobs \
         WHERE state IN ('queued', 'sent') AND (lease_until IS NULL OR lease_until < ?1))",
    )
    .bind(&now)
    .execute(&mut *connection)
    .await?;
    for cap in caps {
        let row = sqlx::query(
            "SELECT coalesce(sum(counted_micros), 0), coalesce(sum(iif(ended_at IS NULL, counted_micros, 0)), 0) \
             FROM tries WHERE planned_at >= ? AND sandbox = ? AND owner = coalesce(?, owner)",
        )
        .bind(time(cap.since))
        .bind(sandbox)
        .bind(&cap.owner)
        .fetch_one(&mut *connection)
        .await?;
        let (counted, in_flight) = (usd(row.try_get(0)?), usd(row.try_get(1)?));
        if counted + more > cap.most {
            return Ok(Some(CapHit { cap: cap.clone(), counted, in_flight }));
        }
    }
    Ok(None)
}

/// Writes down a request that goes out now and was not planned with its job.
async fn insert(connection: &mut SqliteConnection, job: &JobRecord, plan: &Plan) -> Result<i64, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO tries (job_id, position, owner, sandbox, provider, model, endpoint, planned_at, sent_at, billed, \
         estimate_micros, counted_micros) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, 'maybe', ?9, coalesce(?9, 0))",
    )
    .bind(job.id.as_str())
    .bind(plan.position)
    .bind(&job.owner)
    .bind(job.sandbox)
    .bind(&plan.model.provider)
    .bind(&plan.model.model)
    .bind(plan.endpoint)
    .bind(time(Timestamp::now()))
    .bind(plan.estimate.map(micros))
    .execute(connection)
    .await?;
    Ok(inserted.last_insert_rowid())
}

fn read(row: &SqliteRow) -> Result<AttemptRecord, sqlx::Error> {
    let amount = |column| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)?.map(usd));
    let at = |column| super::rows::optional_time(row, column);
    Ok(AttemptRecord {
        job: parsed(row, "job_id", JobId::parse)?,
        position: row.try_get("position")?,
        owner: row.try_get("owner")?,
        sandbox: row.try_get("sandbox")?,
        model: ModelName { provider: row.try_get("provider")?, model: row.try_get("model")? },
        endpoint: row.try_get("endpoint")?,
        planned_at: parsed(row, "planned_at", |text| text.parse().ok())?,
        sent_at: at("sent_at")?,
        ended_at: at("ended_at")?,
        outcome: row.try_get("outcome")?,
        billed: parsed(row, "billed", Billed::parse)?,
        estimate: amount("estimate_micros")?,
        cost: amount("cost_micros")?,
        counted: usd(row.try_get("counted_micros")?),
        request_id: row.try_get("request_id")?,
    })
}
