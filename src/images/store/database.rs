//! Opens the record: one SQLite file, shared by all processes of a user.
//!
//! Knows its settings and its versions; what is in it is for `record`.

use std::path::Path;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, Sqlite, Transaction};

use super::files::create_private;
use crate::images::ImageError;

/// How each version is made from the one before; their number is the version.
const STEPS: [&str; 3] =
    [include_str!("schema.sql"), include_str!("schema-2.sql"), include_str!("schema-3.sql")];

/// How long a locked record is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the record, making its folder and itself where missing.
pub(super) async fn open(path: &Path) -> Result<SqlitePool, ImageError> {
    if let Some(folder) = path.parent() {
        create_private(folder)?;
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .busy_timeout(PATIENCE)
        .synchronous(SqliteSynchronous::Normal)
        .pragma("cache_size", "-1024") // KiB
        .statement_cache_capacity(16);
    let pool = SqlitePoolOptions::new()
        .max_connections(1) // each is a thread with its own cache, and one writes at a time anyway
        .min_connections(0)
        .idle_timeout(Duration::from_mins(1))
        .acquire_timeout(PATIENCE * 2)
        .test_before_acquire(false)
        .connect_lazy_with(options.clone());
    tokio::time::timeout(PATIENCE * 2, prepare_when_free(&pool))
        .await
        .unwrap_or_else(|_| Err(Unusable("another process keeps it locked".to_owned())))
        .map_err(|Unusable(reason)| ImageError::Record(path.to_owned(), reason))?;
    pool.set_connect_options(options.create_if_missing(false)); // an empty one would lack the tables
    Ok(pool)
}

/// Begins a transaction that writes. Boxed: the library's own future of it is 3 KB, and would
/// be part of every task that writes something down.
pub(super) fn begin(pool: &SqlitePool) -> BoxFuture<'_, Result<Transaction<'static, Sqlite>, sqlx::Error>> {
    Box::pin(pool.begin_with("BEGIN IMMEDIATE"))
}

/// Why the record cannot be used.
struct Unusable(String);

impl From<sqlx::Error> for Unusable {
    fn from(error: sqlx::Error) -> Self {
        Self(error.to_string())
    }
}

/// SQLite does not wait where two processes both make a fresh file write-ahead logged, and
/// tells one of them at once that it is locked.
async fn prepare_when_free(pool: &SqlitePool) -> Result<(), Unusable> {
    loop {
        match prepare(pool).await {
            Err(Trouble::Database(error)) if is_locked(&error) => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(Trouble::Database(error)) => return Err(error.into()),
            Err(Trouble::Newer(version)) => {
                return Err(Unusable(format!(
                    "it is of version {version} and this program knows versions up to {}: update the program",
                    STEPS.len()
                )));
            }
            Ok(()) => return Ok(()),
        }
    }
}

enum Trouble {
    Database(sqlx::Error),
    Newer(usize),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Its connection stays open for what follows: closing the only one would make SQLite write
/// its log back to the file and delete it.
async fn prepare(pool: &SqlitePool) -> Result<(), Trouble> {
    let mut connection = pool.acquire().await?;
    bring_up_to_date(&mut connection).await
}

async fn bring_up_to_date(connection: &mut SqliteConnection) -> Result<(), Trouble> {
    match version(connection).await? {
        version if version == STEPS.len() => return Ok(()),
        version if version > STEPS.len() => return Err(Trouble::Newer(version)),
        _ => {}
    }
    sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *connection).await?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let done = version(&mut transaction).await?; // another process may have been here since
    for step in STEPS.iter().skip(done) {
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
    }
    let stamp = AssertSqlSafe(format!("PRAGMA user_version = {}", STEPS.len())); // takes no bind
    sqlx::raw_sql(stamp).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

async fn version(connection: &mut SqliteConnection) -> Result<usize, sqlx::Error> {
    let row = sqlx::query("PRAGMA user_version").fetch_one(connection).await?;
    let version: i64 = row.try_get(0)?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX)) // negative: not ours
}

fn is_locked(error: &sqlx::Error) -> bool {
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, BUSY | LOCKED)) // the rest tells why
}
