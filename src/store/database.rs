//! The connection to the record: one SQLite file, shared by all processes of a user.
//!
//! Knows its settings and its versions; what is in it is for `record`. Each process has one
//! connection, which is a thread with a cache of its own, and one writes at a time anyway. It is
//! lent from caller to caller here, since the library's pool asks the thread after each use whether
//! it still lives, which takes as long as a use.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};
use tokio::time::{Instant, sleep_until, timeout};

use super::files::create_private;
use crate::codec::ImageError;

/// How each version is made from the one before; their number is the version.
const STEPS: [&str; 4] = [
    include_str!("schema.sql"),
    include_str!("schema-2.sql"),
    include_str!("schema-3.sql"),
    include_str!("schema-4.sql"),
];

/// How long a locked record is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long an unused connection stays open.
const IDLE: Duration = Duration::from_mins(1);

/// What begins a transaction that will write, so that it need not wait for others half way.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";

/// The connection while it is lent.
pub(super) type Lent<'a> = MappedMutexGuard<'a, SqliteConnection>;

/// The record's file and the connection to it, opened when it is first needed.
#[derive(Debug)]
pub(super) struct Database {
    path: PathBuf,
    slot: Arc<Mutex<Option<Open>>>,
    /// Whether this process had it open: an empty one made anew would lack what was written.
    known: AtomicBool,
}

#[derive(Debug)]
struct Open {
    connection: SqliteConnection,
    used: Instant,
}

impl Database {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, slot: Arc::default(), known: AtomicBool::new(false) }
    }

    /// Its file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Lends the connection, making the file and its folder where they never were.
    pub(super) async fn lend(&self) -> Result<Lent<'_>, ImageError> {
        let in_use = |_| self.unusable("another call keeps it locked");
        let mut slot = timeout(PATIENCE * 2, self.slot.lock()).await.map_err(in_use)?;
        if slot.is_none() {
            // Boxed: it happens once, and would be part of every task that looks something up.
            let connection = Box::pin(self.open()).await?;
            *slot = Some(Open { connection, used: Instant::now() });
            self.known.store(true, Ordering::Relaxed);
            tokio::spawn(close_when_idle(Arc::downgrade(&self.slot)));
        }
        if let Some(open) = slot.as_mut() {
            open.used = Instant::now();
        }
        MutexGuard::try_map(slot, |slot| slot.as_mut().map(|open| &mut open.connection))
            .map_err(|_| self.unusable("it is closed"))
    }

    /// Closes the connection: nothing but the file is left, unless another process has it open.
    pub(super) async fn close(&self) {
        if let Some(open) = self.slot.lock().await.take() {
            let _ = open.connection.close().await;
        }
    }

    async fn open(&self) -> Result<SqliteConnection, ImageError> {
        if let Some(folder) = self.path.parent() {
            create_private(folder)?;
        }
        survive_file_limits();
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(!self.known.load(Ordering::Relaxed))
            .busy_timeout(PATIENCE)
            .synchronous(SqliteSynchronous::Normal)
            .pragma("cache_size", "-1024") // KiB
            .statement_cache_capacity(16);
        let opened = timeout(PATIENCE * 2, open_when_free(&options)).await;
        opened
            .unwrap_or_else(|_| Err(Unusable("another process keeps it locked".to_owned())))
            .map_err(|Unusable(reason)| self.unusable(reason))
    }

    fn unusable(&self, reason: impl Into<String>) -> ImageError {
        ImageError::Record(self.path.clone(), reason.into())
    }
}

/// Has a file that may not grow any more (`ulimit -f`) be an error of the one who writes it, and not
/// the end of the process with all its images. Done here, as nothing is written before the record is.
#[cfg(unix)]
fn survive_file_limits() {
    use tokio::signal::unix::{SignalKind, signal};
    let limit = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    // The handler stays when this is dropped. Where none can be had the signal keeps its effect.
    drop(signal(limit));
}

#[cfg(not(unix))]
const fn survive_file_limits() {}

/// Closes the connection once it has not been used for a while.
async fn close_when_idle(slot: Weak<Mutex<Option<Open>>>) {
    let mut at = Instant::now() + IDLE;
    loop {
        sleep_until(at).await;
        let Some(slot) = slot.upgrade() else { return };
        let mut slot = slot.lock().await;
        match slot.take() {
            Some(open) if open.used.elapsed() >= IDLE => {
                let _ = open.connection.close().await;
                return;
            }
            Some(open) => {
                at = open.used + IDLE;
                *slot = Some(open);
            }
            None => return,
        }
    }
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
async fn open_when_free(options: &SqliteConnectOptions) -> Result<SqliteConnection, Unusable> {
    loop {
        match open(options).await {
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
            Ok(connection) => return Ok(connection),
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

async fn open(options: &SqliteConnectOptions) -> Result<SqliteConnection, Trouble> {
    let mut connection = options.connect().await?;
    bring_up_to_date(&mut connection).await?;
    Ok(connection)
}

async fn bring_up_to_date(connection: &mut SqliteConnection) -> Result<(), Trouble> {
    match version(connection).await? {
        version if version == STEPS.len() => return Ok(()),
        version if version > STEPS.len() => return Err(Trouble::Newer(version)),
        _ => {}
    }
    sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *connection).await?;
    let mut transaction = connection.begin_with(BEGIN).await?;
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
