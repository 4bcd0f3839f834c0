//! A client in Rust, with `rmcp`: draws an image, edits it by its id, prints both paths.
//!
//! ```sh
//! cargo run --example rust_client -- target/debug/gpt-image-mcp
//! ```
#![expect(clippy::print_stdout, reason = "it prints what it made")]

use std::error::Error;

use rmcp::ServiceExt as _;
use rmcp::model::{CallToolRequestParams, JsonObject};
use rmcp::service::{Peer, RoleClient};
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tokio::process::Command;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let program = std::env::args().nth(1).unwrap_or_else(|| "gpt-image-mcp".to_owned());

    // The client starts the server and talks to it over its stdin and stdout. With --sandbox it
    // draws without a key; leave that out and set APIYI_API_KEY or OPENAI_API_KEY for real images.
    let mut server = Command::new(program);
    server.arg("--sandbox");
    let client = ().serve(TokioChildProcess::new(server)?).await?;

    let kite = draw(
        &client,
        "generate_image",
        json!({ "prompt": "a red kite over the sea", "size": "1536x1024", "quality": "low", "max_cost_usd": 0.05 }),
    )
    .await?;
    println!("{}", kite.path);

    // An earlier image is named by its id; it need not be sent again.
    let night = draw(
        &client,
        "edit_image",
        json!({ "prompt": "the same kite at night", "images": [kite.id], "size": "1536x1024", "quality": "low" }),
    )
    .await?;
    println!("{}", night.path);

    client.cancel().await?;
    Ok(())
}

/// An image that the server has made.
struct Image {
    id: String,
    path: String,
}

/// Calls a tool and answers with its first image. A real one takes 30 to 300 s: wait for it,
/// because a call that is made again is paid again.
async fn draw(
    client: &Peer<RoleClient>,
    tool: &'static str,
    arguments: Value,
) -> Result<Image, Box<dyn Error>> {
    let arguments: JsonObject = serde_json::from_value(arguments)?;
    let result = client.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await?;

    // The first block is text: JSON where it succeeded, and words on what to do where it did not.
    // The blocks after it are previews for a model to look at; the whole image is the file.
    let text = result.content.first().and_then(|block| block.as_text()).ok_or("no text came back")?;
    if result.is_error == Some(true) {
        return Err(text.text.as_str().into());
    }
    let said: Value = serde_json::from_str(&text.text)?;
    let field =
        |name: &str| said.pointer(&format!("/images/0/{name}")).and_then(Value::as_str).map(str::to_owned);
    Ok(Image { id: field("id").ok_or("no id")?, path: field("path").ok_or("no path")? })
}
