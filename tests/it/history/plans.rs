//! Every statement that the program sends to its record, taken from its own log, finds what it
//! wants by an index: with little in the record and with much, with and without statistics.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use super::{drawn, sql};
use crate::support::{Reply, Setup, Upstream};

/// What reads a whole table, because all of it is wanted: the gallery's list and what to prune.
const WHOLE: [&str; 2] =
    ["SELECT id, created_at FROM images WHERE NOT EXISTS", "FROM images LEFT JOIN jobs ON"];
/// The newest jobs are read from the end of one index until there are enough; in the other are
/// only jobs that have not ended.
const SHORT: [&str; 2] = ["SCAN jobs USING INDEX jobs_by_time", "SCAN jobs USING INDEX jobs_under_way"];

/// The statements in a log.
fn statements(log: &str) -> BTreeSet<String> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let queries = lines.filter(|line| line["target"] == "sqlx::query");
    let texts = queries.filter_map(|line| {
        let fields = &line["fields"];
        let whole = fields["db.statement"].as_str().filter(|text| !text.is_empty());
        Some(whole.or(fields["summary"].as_str())?.split_whitespace().collect::<Vec<_>>().join(" "))
    });
    let planned = ["SELECT", "UPDATE", "DELETE", "INSERT"];
    texts.filter(|text| planned.iter().any(|word| text.starts_with(word))).collect()
}

/// The steps by which a statement is carried out that go through a whole table.
async fn scans(connection: &mut SqliteConnection, statement: &str) -> Vec<String> {
    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
    let steps = sqlx::query(explain).fetch_all(connection).await.unwrap();
    let steps = steps.iter().map(|step| step.get::<String, _>("detail"));
    let tables = ["jobs", "tries", "images", "lineage", "sibling", "birth"];
    // By its owner alone means nearly all of a table, too.
    let whole = |step: &String| {
        step.ends_with("(owner=?)") || tables.iter().any(|table| step.split(' ').take(2).eq(["SCAN", table]))
    };
    steps.filter(whole).collect()
}

#[tokio::test]
async fn nothing_goes_through_a_whole_table_that_wants_a_part_of_it() {
    let upstream = Upstream::with([drawn(1), drawn(2), Reply::json(500, "{}"), drawn(3)]).await;
    let setup = Setup::at(&upstream)
        .once()
        .flag("--max-cost-usd-per-day=5")
        .flag("--max-cost-usd-per-month=50")
        .flag("--log=off,sqlx::query=debug")
        .flag("--log-format=json");
    let mut app = setup.start().await;
    let made = app.generate(json!({ "prompt": "a kite" })).await;
    app.edit(json!({ "prompt": "at night", "images": [made.id()] })).await.fields();
    assert!(app.generate(json!({ "prompt": "no luck" })).await.is_error());
    let job = made.fields()["job"].as_str().unwrap().to_owned();
    for id in [&made.id(), &job] {
        app.get(json!({ "id": id })).await.fields();
    }
    app.request("resources/list", json!({})).await;
    let mut log = app.end().await.stderr;
    sql(&setup.home, "UPDATE jobs SET state = 'sent', lease_until = NULL WHERE state = 'failed'").await;
    let lost = setup.run(&["jobs", "--state", "lost", "--json"]).await;
    let lost_job: Value = serde_json::from_str(&lost.stdout).unwrap();
    let lost_job = lost_job[0]["job"].as_str().unwrap();
    log.push_str(&lost.stderr);
    let commands: [&[&str]; 8] = [
        &["generate", "a boat"],
        &["jobs"],
        &["jobs", &job],
        &["get", lost_job],
        &["spend"],
        &["gallery"],
        &["prune", "--to-size=1TB"],
        &["prune", "--to-size=0", "--yes"],
    ];
    for command in commands {
        log.push_str(&setup.run(command).await.stderr);
    }
    let statements = statements(&log);
    assert!(statements.len() > 25, "{statements:#?}");

    let options = SqliteConnectOptions::new().filename(setup.home.store().join("library.db"));
    let mut record = SqliteConnection::connect_with(&options).await.unwrap();
    let mut faults = Vec::new();
    let states = ["", MANY, "ANALYZE"];
    for change in states {
        sqlx::raw_sql(change).execute(&mut record).await.unwrap();
        for statement in
            statements.iter().filter(|statement| !WHOLE.iter().any(|part| statement.contains(part)))
        {
            let scans = scans(&mut record, statement).await;
            let scans: Vec<_> = scans.into_iter().filter(|step| !SHORT.contains(&step.as_str())).collect();
            if !scans.is_empty() {
                faults.push(format!("{statement}\n  {scans:?}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for part in WHOLE {
        assert!(
            statements.iter().any(|statement| statement.contains(part)),
            "{part} is an exception for nothing"
        );
    }
}

/// Five thousand jobs, each with its request and its image.
const MANY: &str = "
    WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 5000)
    INSERT INTO jobs (id, owner, tool, arguments, fingerprint, state, provider, model, created_at)
    SELECT printf('job_%012d', n), 'local', 'generate_image', '{}', printf('%064d', n), 'done', 'p', 'm',
        strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now', printf('-%d minutes', n)) FROM count;
    INSERT INTO tries (job_id, position, owner, sandbox, provider, model, endpoint, planned_at, sent_at, ended_at,
        outcome, billed, counted_micros)
    SELECT id, 0, owner, 0, provider, model, 'chat', created_at, created_at, created_at, 'made', 'yes', 30000 FROM jobs;
    INSERT INTO images (id, job_id, position, owner, path, format, width, height, bytes, hash, provider, model,
        prompt, created_at)
    SELECT replace(id, 'job', 'img'), id, 0, owner, id, 'png', 1, 1, 1, fingerprint, provider, model, '', created_at
    FROM jobs;
    INSERT OR IGNORE INTO lineage (child, position, parent, role)
    SELECT id, 0, replace(id, '1', '2'), 'reference' FROM images";
