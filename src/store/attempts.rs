//! The ledger: one row for each request to an image API, with what it may cost and what it cost.
//!
//! A row is written before its request is sent. Caps count its estimate until its cost is known, so work in flight
//! counts in full. Sums and new rows are one transaction. `transitions` alone closes attempts of ended jobs.

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Connection as _, Row as _};

use super::error::StoreError;
use super::rows::BEGIN;
use super::rows::{micros, parsed, time, usd};
use super::{JobRecord, Store, transitions};
use crate::domain::{Billed, JobId, ModelName, Usd};

/// Every column of an attempt, then what follows the table's name.
macro_rules! select_attempts {
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
pub struct PlannedAttempt {
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

/// The result of [`Store::begin_attempt`].
#[derive(Debug, PartialEq, Eq)]
pub enum BegunAttempt {
    /// It is recorded under this number and may be sent.
    Recorded(i64),
    /// It could exceed this cap. It must not be sent.
    OverCap(CapHit),
}

impl Store {
    /// Records that a request is sent now, and with the first that its job is sent. It takes the planned attempt for
    /// this image where that is unused, else a new row. The caps must allow what exceeds the plan.
    pub async fn begin_attempt(
        &self,
        job: &JobRecord,
        plan: &PlannedAttempt,
        caps: &[Cap],
    ) -> Result<BegunAttempt, StoreError> {
        let mut connection = self.connection().await?;
        let begin = async {
            let mut transaction = connection.begin_with(BEGIN).await?;
            let unused = sqlx::query(concat!("SELECT id, counted_micros FROM tries WHERE ", unused!()))
                .bind(job.id.as_str())
                .bind(plan.position)
                .fetch_optional(&mut *transaction)
                .await?;
            let unused: Option<(i64, i64)> =
                unused.map(|row| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?))).transpose()?;
            let planned = unused.map_or(Usd::ZERO, |(_, counted)| usd(counted));
            let more = plan.estimate.unwrap_or_default().saturating_sub(planned);
            if let Some(hit) = cap_hit(&mut transaction, caps, job.sandbox, more).await? {
                return Ok(BegunAttempt::OverCap(hit));
            }
            let number = match unused {
                Some((number, _)) => take(&mut transaction, number, plan).await.map(|()| number),
                None => insert_sent(&mut transaction, job, plan).await,
            }?;
            transitions::mark_sent(&mut transaction, &job.id).await?;
            transaction.commit().await?;
            Ok(BegunAttempt::Recorded(number))
        };
        begin.await.map_err(|error: sqlx::Error| self.failed(error))
    }

    /// Records how an attempt ended.
    pub async fn end_attempt(&self, id: i64, end: &AttemptEnd) -> Result<(), StoreError> {
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
        query.execute(&mut *self.connection().await?).await.map_err(|error| self.failed(error))?;
        Ok(())
    }

    /// The attempts of a job, in order.
    pub async fn attempts_of(&self, job: &JobId) -> Result<Vec<AttemptRecord>, StoreError> {
        let query =
            sqlx::query(select_attempts!("WHERE job_id = ? ORDER BY position, id")).bind(job.as_str());
        let rows = query.fetch_all(&mut *self.connection().await?).await;
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| self.failed(error))
    }
}

/// Records planned attempts. Caps count them from now on.
pub(super) async fn insert_planned(
    connection: &mut SqliteConnection,
    job: &JobRecord,
    plans: &[PlannedAttempt],
) -> Result<(), sqlx::Error> {
    let plans = plans.iter().map(|plan| {
        json!([
            plan.position,
            plan.model.provider,
            plan.model.model,
            plan.endpoint,
            plan.estimate.map(micros)
        ])
    });
    sqlx::query(
        "INSERT INTO tries (job_id, position, owner, sandbox, provider, model, endpoint, planned_at, billed, \
         estimate_micros, counted_micros) SELECT ?1, value ->> 0, ?2, ?3, value ->> 1, value ->> 2, value ->> 3, ?4, \
         'maybe', value ->> 4, coalesce(value ->> 4, 0) FROM json_each(?5)",
    )
    .bind(job.id.as_str())
    .bind(&job.owner)
    .bind(job.sandbox)
    .bind(time(job.created_at))
    .bind(plans.collect::<Value>().to_string())
    .execute(connection)
    .await
    .map(drop)
}

/// Sends a planned attempt, with the model and the estimate that it has by now.
async fn take(
    connection: &mut SqliteConnection,
    number: i64,
    plan: &PlannedAttempt,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE tries SET provider = ?, model = ?, endpoint = ?, estimate_micros = ?, counted_micros = ?, sent_at = ? \
         WHERE id = ?",
    )
    .bind(&plan.model.provider)
    .bind(&plan.model.model)
    .bind(plan.endpoint)
    .bind(plan.estimate.map(micros))
    .bind(micros(plan.estimate.unwrap_or_default()))
    .bind(time(Timestamp::now()))
    .bind(number)
    .execute(connection)
    .await
    .map(drop)
}

/// The first cap that so much more would exceed.
pub(super) async fn cap_hit(
    connection: &mut SqliteConnection,
    caps: &[Cap],
    sandbox: bool,
    more: Usd,
) -> Result<Option<CapHit>, sqlx::Error> {
    if caps.is_empty() || more == Usd::ZERO {
        return Ok(None);
    }
    transitions::close_plans_of_the_dead(connection).await?;
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

/// Records a request that is sent now and was not planned.
async fn insert_sent(
    connection: &mut SqliteConnection,
    job: &JobRecord,
    plan: &PlannedAttempt,
) -> Result<i64, sqlx::Error> {
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
