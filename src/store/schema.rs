//! The versions of the database and how each is made from the one before.
//!
//! A program of an older version checks the version only when it opens the file, and depends on what a later version
//! drops. So a database is updated only while no process of an older version holds its lock.

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use super::database::BEGIN;
use super::processes::Processes;

/// The steps to each version. Their number is the current version.
const STEPS: [&str; 5] = [
    include_str!("schema.sql"),
    include_str!("schema-2.sql"),
    include_str!("schema-3.sql"),
    include_str!("schema-4.sql"),
    include_str!("schema-5.sql"),
];

/// The current version.
pub(super) const CURRENT: usize = STEPS.len();

/// The oldest version that this program can read without an update: it has every table and column.
const OLDEST_READABLE: usize = 4;

/// Which version an open database has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Schema {
    /// The current one.
    Current,
    /// An older one that can be read. These processes keep it from being updated.
    Older(Vec<String>),
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum SchemaError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A later program made it.
    #[error("it has version {0} and this program knows versions up to {CURRENT}: update the program")]
    Newer(usize),
    /// Older programs use it, and it lacks what this program reads.
    #[error("it has the old version {version}, and {} of an older program still use it: end them first", older.join(", "))]
    InUse {
        /// The version of the database.
        version: usize,
        /// The processes.
        older: Vec<String>,
    },
    /// Another process did not release it in time.
    #[error("another process keeps it locked")]
    Locked,
}

/// Brings the database to the current version, if no process depends on an older one.
pub(super) async fn update(
    connection: &mut SqliteConnection,
    processes: &Processes,
) -> Result<Schema, SchemaError> {
    match version(connection).await? {
        CURRENT => return Ok(Schema::Current),
        version if version > CURRENT => return Err(SchemaError::Newer(version)),
        0 => {}
        version => {
            let older = processes.older_than(CURRENT);
            match older.is_empty() {
                true => {}
                false if version >= OLDEST_READABLE => return Ok(Schema::Older(older)),
                false => return Err(SchemaError::InUse { version, older }),
            }
        }
    }
    sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *connection).await?;
    let mut transaction = connection.begin_with(BEGIN).await?;
    let done = version(&mut transaction).await?; // another process may have updated it meanwhile
    for step in STEPS.iter().skip(done) {
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
    }
    let stamp = AssertSqlSafe(format!("PRAGMA user_version = {CURRENT}")); // takes no bind
    sqlx::raw_sql(stamp).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(Schema::Current)
}

async fn version(connection: &mut SqliteConnection) -> Result<usize, sqlx::Error> {
    let row = sqlx::query("PRAGMA user_version").fetch_one(connection).await?;
    let version: i64 = row.try_get(0)?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX)) // negative: not ours
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use sqlx::ConnectOptions as _;
    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;

    async fn at_version(version: usize) -> SqliteConnection {
        let mut connection = SqliteConnectOptions::new().in_memory(true).connect().await.unwrap();
        for step in &STEPS[..version] {
            sqlx::raw_sql(*step).execute(&mut connection).await.unwrap();
        }
        let stamp = AssertSqlSafe(format!("PRAGMA user_version = {version}"));
        sqlx::raw_sql(stamp).execute(&mut connection).await.unwrap();
        connection
    }

    #[tokio::test]
    async fn an_older_database_waits_for_the_processes_that_depend_on_it() {
        let root = tempfile::tempdir().unwrap();
        let processes = Processes::new(root.path());
        let alive = Processes::new(root.path());
        assert!(!alive.own().is_empty());
        let folder = root.path().join("processes");
        let old = File::create(folder.join("old")).unwrap();
        old.lock().unwrap();
        for before in 1..CURRENT {
            let mut connection = at_version(before).await;
            let waits = update(&mut connection, &processes).await;
            assert_eq!(version(&mut connection).await.unwrap(), before, "nothing was changed");
            match waits {
                Ok(Schema::Older(older)) => {
                    assert!(before >= OLDEST_READABLE && older.len() == 1, "{older:?}");
                }
                Err(SchemaError::InUse { older, .. }) => {
                    assert!(before < OLDEST_READABLE && older.len() == 1);
                }
                other => panic!("{before}: {other:?}"),
            }
        }
        drop(old);
        for before in 0..=CURRENT {
            let mut connection = at_version(before).await;
            assert_eq!(update(&mut connection, &processes).await.unwrap(), Schema::Current);
            assert_eq!(version(&mut connection).await.unwrap(), CURRENT);
            let triggers = sqlx::query("SELECT name FROM sqlite_schema WHERE type = 'trigger'");
            assert!(triggers.fetch_all(&mut connection).await.unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn a_newer_database_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let mut connection = at_version(CURRENT).await;
        sqlx::raw_sql("PRAGMA user_version = 99").execute(&mut connection).await.unwrap();
        let refused = update(&mut connection, &Processes::new(root.path())).await;
        assert!(matches!(refused, Err(SchemaError::Newer(99))));
    }
}
