//! The connection to the database: one SQLite file, shared by all processes of a user.
//!
//! It knows how to open the file; `schema` knows its versions, the other files what is in it. Each process has one
//! connection, which is a thread with a cache of its own, and SQLite lets one write at a time anyway. It is lent from
//! caller to caller here, because the pool of the library asks the thread after each use whether it still lives, which
//! takes as long as a use.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::error::StoreError;
use super::folders::create_private;
use super::processes::Processes;
use super::schema::{self, Schema, SchemaError};

/// How long a locked database is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an unused connection stays open.
const IDLE: Duration = Duration::from_mins(1);

/// The connection while it is lent.
pub(super) type Lent<'a> = MappedMutexGuard<'a, SqliteConnection>;

/// The database file and the connection to it, opened when it is first needed.
#[derive(Debug)]
pub(super) struct Database {
    path: PathBuf,
    processes: Arc<Processes>,
    slot: Arc<Mutex<Option<Open>>>,
    /// Whether this process had it open: an empty one made anew would lack what was written.
    known: AtomicBool,
}

#[derive(Debug)]
struct Open {
    connection: SqliteConnection,
    schema: Schema,
    used: Instant,
}

impl Database {
    pub(super) fn new(path: PathBuf, processes: Arc<Processes>) -> Self {
        Self { path, processes, slot: Arc::default(), known: AtomicBool::new(false) }
    }

    /// Its file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Lends the connection. Makes the file and its folder where they never were.
    pub(super) async fn lend(&self) -> Result<Lent<'_>, StoreError> {
        let slot = self.opened().await?;
        MutexGuard::try_map(slot, |slot| slot.as_mut().map(|open| &mut open.connection))
            .map_err(|_| self.unusable("it is closed"))
    }

    /// Refuses paid work while processes of an older version keep the database at their version.
    pub(super) async fn require_current_schema(&self) -> Result<(), StoreError> {
        let mut slot = self.opened().await?;
        let Some(open) = slot.as_mut().filter(|open| open.schema != Schema::Current) else { return Ok(()) };
        let updated = schema::update(&mut open.connection, &self.processes).await;
        open.schema = updated.map_err(|error| self.unusable(error.to_string()))?;
        match &open.schema {
            Schema::Current => Ok(()),
            Schema::Older(processes) => Err(StoreError::OlderProcesses(processes.clone())),
        }
    }

    async fn opened(&self) -> Result<MutexGuard<'_, Option<Open>>, StoreError> {
        let in_use = |_| self.unusable("another call keeps it locked");
        let mut slot = timeout(BUSY_TIMEOUT * 2, self.slot.lock()).await.map_err(in_use)?;
        if slot.is_none() {
            // Boxed: it happens once, and would be part of every task that looks something up.
            let (connection, schema) = Box::pin(self.open()).await?;
            *slot = Some(Open { connection, schema, used: Instant::now() });
            self.known.store(true, Ordering::Relaxed);
            tokio::spawn(close_when_idle(Arc::downgrade(&self.slot)));
        }
        if let Some(open) = slot.as_mut() {
            open.used = Instant::now();
        }
        Ok(slot)
    }

    /// Closes the connection: nothing but the file is left, unless another process has it open.
    pub(super) async fn close(&self) {
        if let Some(open) = self.slot.lock().await.take() {
            let _ = open.connection.close().await;
        }
    }

    async fn open(&self) -> Result<(SqliteConnection, Schema), StoreError> {
        if let Some(folder) = self.path.parent() {
            create_private(folder)?;
        }
        survive_file_limits();
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(!self.known.load(Ordering::Relaxed))
            .busy_timeout(BUSY_TIMEOUT)
            .synchronous(SqliteSynchronous::Normal)
            .pragma("cache_size", "-1024") // KiB
            .statement_cache_capacity(32);
        let opened = timeout(BUSY_TIMEOUT * 2, open_when_free(&options, &self.processes)).await;
        opened.unwrap_or_else(|_| Err(SchemaError::Locked)).map_err(|error| self.unusable(error.to_string()))
    }

    fn unusable(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Unusable(self.path.clone(), reason.into())
    }
}

/// Makes a file that may not grow any more (`ulimit -f`) an error of whoever writes it, and not the end of the process with
/// all its images. It is done here because nothing is written before the database is.
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

/// SQLite does not wait where two processes both make a fresh file write-ahead logged, and tells one of them at once that
/// it is locked.
async fn open_when_free(
    options: &SqliteConnectOptions,
    processes: &Processes,
) -> Result<(SqliteConnection, Schema), SchemaError> {
    loop {
        match open(options, processes).await {
            Err(SchemaError::Database(error)) if is_locked(&error) => sleep(Duration::from_millis(10)).await,
            other => return other,
        }
    }
}

async fn open(
    options: &SqliteConnectOptions,
    processes: &Processes,
) -> Result<(SqliteConnection, Schema), SchemaError> {
    let mut connection = options.connect().await?;
    let schema = schema::update(&mut connection, processes).await?;
    Ok((connection, schema))
}

fn is_locked(error: &sqlx::Error) -> bool {
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, BUSY | LOCKED)) // the rest tells why
}
