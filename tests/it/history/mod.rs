//! What was done and what it cost, told afterwards: by the real program, from what real calls
//! left in the record.

mod gallery;
mod jobs;
mod plans;
mod prune;
mod spend;

use serde_json::Value;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::support::{Ran, Reply, Setup, TestHome, png, success_body};

/// A reply with an image of its own.
fn drawn(seed: u8) -> Reply {
    Reply::json(200, success_body("chat_markdown_data_url.json", &png(64, 48, seed), ""))
}

/// What a command prints that ends well.
async fn printed(setup: &Setup, arguments: &[&str]) -> String {
    let Ran { code, stdout, stderr } = setup.run(arguments).await;
    assert_eq!((code, stderr.as_str()), (0, ""), "{arguments:?}: {stdout}");
    stdout
}

/// The same for people: lines that fit, but for paths.
async fn told(setup: &Setup, arguments: &[&str]) -> String {
    let text = printed(setup, arguments).await;
    for line in text.lines().filter(|line| !line.starts_with('/') && !line.contains("  /")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    text
}

async fn json(setup: &Setup, arguments: &[&str]) -> Value {
    serde_json::from_str(&printed(setup, &[arguments, &["--json"]].concat()).await).unwrap()
}

/// Changes the record behind the program's back, as time or an accident would.
async fn sql(home: &TestHome, statement: &'static str) {
    let options = SqliteConnectOptions::new().filename(home.store().join("library.db"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
