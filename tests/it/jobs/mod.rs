//! Jobs: paid work that outlives the call, the client, the server and, as far as can be, its
//! own process.

mod dying;
#[cfg(unix)]
mod handing;
mod joining;
#[cfg(target_os = "linux")]
mod killed;
mod money;
mod queue;
#[cfg(target_os = "linux")]
mod kill_stress;
mod waiting;
#[cfg(unix)]
mod worker;

use serde_json::{Value, json};
use sqlx::Row as _;

use crate::support::{App, Gate, PATIENCE, Reply, Setup, TestHome, Upstream, png, success_body};

/// A chat reply with an image, told apart by its seed.
fn drawn(seed: u8) -> Reply {
    Reply::json(200, success_body("chat_markdown_data_url.json", &png(64, 48, seed), ""))
}

/// A call whose upstream has it and does not answer before the gate opens.
struct Rendering {
    app: App,
    upstream: Upstream,
    gate: Gate,
    id: i64,
}

/// Begins a call that the upstream holds on to; after it others are answered at once.
async fn rendering(setup: impl FnOnce(Setup) -> Setup, arguments: Value) -> Rendering {
    let gate = Gate::shut();
    let upstream = Upstream::with([drawn(1).held_by(&gate), drawn(2), drawn(3)]).await;
    let mut app = setup(Setup::at(&upstream)).start().await;
    let id = app.begin("generate_image", arguments).await;
    upstream.requests_come(1).await;
    Rendering { app, upstream, gate, id }
}

/// Waits until the only job in this home is no longer one of these, and says what it is.
async fn no_longer(home: &TestHome, column: &str, was: &[&str]) -> String {
    let mut record = dying::record(home).await;
    let query = format!("SELECT {column} FROM jobs");
    let search = async {
        loop {
            let query = sqlx::AssertSqlSafe(query.clone());
            let is: String = sqlx::query(query).fetch_one(&mut record).await.unwrap().get(0);
            if !was.contains(&is.as_str()) {
                return is;
            }
        }
    };
    tokio::time::timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("the job stays {was:?}"))
}

fn kite() -> Value {
    json!({ "prompt": "a red kite" })
}
