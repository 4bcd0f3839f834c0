//! Calls as tasks, for clients that declare the extension.

use serde_json::{Value, json};

use super::eras::{drawing, kite};
use crate::support::{
    Answer, Ask, Gate, Reply, Setup, Upstream, WebApp, error_body, png, polled, success_body,
};

const ALICE: &str = "alice-0123456789-abcdef";
const BOB: &str = "bob-0123456789-abcdef";

/// A request of a client that knows tasks.
fn knowing(method: &str, mut params: Value) -> Ask {
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
        json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
    Ask::modern(method, params)
}

fn draw(arguments: &Value) -> Ask {
    knowing("tools/call", json!({ "name": "generate_image", "arguments": arguments }))
}

fn look(task: &str) -> Ask {
    knowing("tasks/get", json!({ "taskId": task }))
}

async fn ended(app: &WebApp, task: &str) -> Value {
    polled("the end of the task", async || {
        let task = app.ask(look(task)).await.result();
        (task["status"] != "working").then_some(task)
    })
    .await
}

#[tokio::test]
async fn a_client_that_knows_tasks_is_given_one_and_its_result_when_it_is_there() {
    let gate = Gate::shut();
    let reply =
        Reply::json(200, success_body("chat_markdown_data_url.json", &png(64, 48, 1), "")).held_by(&gate);
    let upstream = Upstream::with([reply]).await;
    let app = Setup::at(&upstream).once().serve(&[]).await;
    let found = app.ask(Ask::modern("server/discover", json!({}))).await.result();
    assert!(found["capabilities"]["extensions"]["io.modelcontextprotocol/tasks"].is_object(), "{found:#}");

    let created = app.ask(draw(&kite())).await.result();
    assert_eq!((&created["resultType"], &created["status"]), (&json!("task"), &json!("working")));
    let task = created["taskId"].as_str().unwrap();
    assert!(task.starts_with("job_") && created["pollIntervalMs"].is_u64(), "{created:#}");
    upstream.requests_come(1).await;
    let working = app.ask(look(task)).await.result();
    assert_eq!(working["status"], "working");
    assert!(working["statusMessage"].as_str().unwrap().contains("rendering"), "{working:#}");

    // What was sent is paid for: a cancel is heard and changes nothing.
    for method in ["tasks/cancel", "tasks/update"] {
        let params = json!({ "taskId": task, "inputResponses": {} });
        let heard = app.ask(knowing(method, params)).await;
        assert_eq!(heard.status, 200, "{}", heard.text());
    }
    gate.open();
    let ended = ended(&app, task).await;
    assert_eq!(ended["status"], "completed");
    let answer = Answer(ended["result"].clone());
    assert_eq!((answer.shown().len(), answer.fields()["cost_usd"].as_f64()), (1, Some(0.03)));
}

#[tokio::test]
async fn the_result_has_the_form_that_the_call_asked_for_and_a_failure_is_a_result_too() {
    let (upstream, setup) = drawing(1).await;
    let app = setup.serve(&[]).await;
    let created = app.ask(draw(&json!({ "prompt": "a kite", "output": "file" }))).await.result();
    let done = ended(&app, created["taskId"].as_str().unwrap()).await;
    assert!(Answer(done["result"].clone()).shown().is_empty());

    upstream.then(Reply::json(401, error_body("unauthorized.json")));
    let created = app.ask(draw(&kite())).await.result();
    let failed = ended(&app, created["taskId"].as_str().unwrap()).await;
    assert_eq!((&failed["status"], &failed["result"]["isError"]), (&json!("completed"), &json!(true)));

    let refused = app.ask(draw(&json!({ "prompt": "a kite", "n": 99 }))).await;
    assert!(refused.answer().refusal().starts_with("n: "));
}

#[tokio::test]
async fn nobody_else_is_given_a_task_or_shown_one() {
    let (_upstream, setup) = drawing(2).await;
    let setup = setup.variable("GPT_IMAGE_MCP_TOKENS", &format!("alice={ALICE};bob={BOB}"));
    let app = setup.serve(&[]).await;
    let plain = app.ask(Ask::call("generate_image", kite()).token(ALICE)).await;
    assert_eq!(plain.result()["resultType"], "complete");
    let created = app.ask(draw(&json!({ "prompt": "another kite" })).token(ALICE)).await.result();
    let task = created["taskId"].as_str().unwrap();
    for method in ["tasks/get", "tasks/cancel"] {
        let theirs = app.ask(knowing(method, json!({ "taskId": task })).token(BOB)).await;
        assert_eq!(theirs.error_code(), -32_602);
    }
    let undeclared = app.ask(Ask::modern("tasks/get", json!({ "taskId": task })).token(ALICE)).await;
    assert_eq!(undeclared.error_code(), -32_021);
    for nonsense in ["", "job_0123456789ab", "img_0123456789ab"] {
        assert_eq!(app.ask(look(nonsense).token(ALICE)).await.error_code(), -32_602, "{nonsense}");
    }
}
