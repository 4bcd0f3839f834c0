//! Our server over HTTP, with the sandbox, and around it the fixtures that the public conformance
//! suite requires: tools, prompts and resources with prescribed names and answers
//! (modelcontextprotocol/conformance, the descriptions of its scenarios). The suite meets the
//! same transport, guards and limits as a client does.
//!
//! `conformance_server STORE` prints its address and serves until it is stopped.

#![expect(deprecated, reason = "the suite tests what older revisions require")]

mod calls;
mod fixtures;
mod inputs;
mod prompts;
mod resources;
mod tasks;
mod tools;

use std::error::Error;
use std::io::Write as _;

use gpt_image_mcp::app::{App, Config, Environment, Settings, SettingsFile};
use gpt_image_mcp::jobs::SpendingCaps;
use gpt_image_mcp::transports::{BearerTokens, Clocks, HttpOptions, HttpServer, Limits, Metrics};
use tokio_util::sync::CancellationToken;

use crate::fixtures::Fixtures;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = std::env::args_os().nth(1).ok_or("expected the store's folder as the only argument")?;
    let settings = Settings { sandbox: Some(true), store: Some(store.into()), ..Settings::default() };
    let mut config =
        Config::resolve(settings, SettingsFile::load(None, None)?, &Environment::of_this_process())?;
    config.serve_remote_callers();
    let app = App::build(config);
    let options = HttpOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        tokens: BearerTokens::load(&[], None)?,
        hosts: Vec::new(),
        origins: Vec::new(),
        public_url: None,
        paths: false,
        caps_per_token: SpendingCaps::default(),
        limits: Limits::default(),
        clocks: Clocks::default(),
        metrics: Metrics::default(),
    };
    let server =
        HttpServer::bind(Fixtures::around(app.server.for_remote_callers()), app.manager, options).await?;
    writeln!(std::io::stdout(), "http://{}/mcp", server.address()?)?;
    server.serve(CancellationToken::new()).await;
    Ok(())
}
