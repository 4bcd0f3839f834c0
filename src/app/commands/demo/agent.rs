//! The MCP client: starts the server as a child process, calls its tools, receives progress.

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt as _;
use rmcp::handler::client::progress::ProgressDispatcher;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, ClientRequest,
    Implementation, JsonObject, ProgressNotificationParam, ServerResult,
};
use rmcp::service::{NotificationContext, PeerRequestOptions, RoleClient, RunningService, ServiceError};
use rmcp::transport::TokioChildProcess;
use rmcp::{ClientHandler, ServiceExt as _};
use tokio::process::Command;

/// Long enough to watch the progress, short enough not to bore.
const SANDBOX_DELAY_S: &str = "1.5";
/// A call takes about two seconds; a call that takes this long has failed.
const CALL_TIMEOUT: Duration = Duration::from_mins(2);
/// Variables of the real server, which the demo does not pass on: it behaves the same everywhere and has
/// no key to spend with.
const NOT_PASSED_ON: [&str; 3] = ["GPT_IMAGE_MCP_", "APIYI_", "OPENAI_"];
/// Variables for the folder of the settings file.
const SETTINGS_FOLDERS: [&str; 2] = ["XDG_CONFIG_HOME", "APPDATA"];

/// A connection to its own server.
pub(super) struct Agent {
    client: RunningService<RoleClient, Listener>,
}

/// The client's side of the protocol: it only listens for progress.
struct Listener {
    progress: ProgressDispatcher,
}

impl ClientHandler for Listener {
    async fn on_progress(&self, notice: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.progress.handle_notification(notice).await;
    }

    fn get_info(&self) -> ClientConfig {
        let name = concat!(env!("CARGO_PKG_NAME"), "-demo");
        ClientConfig::new(ClientCapabilities::default(), Implementation::new(name, env!("CARGO_PKG_VERSION")))
    }
}

impl Agent {
    /// Starts `program` as a server that draws with the sandbox and knows nothing but `folder`,
    /// which is its working folder, so that calls name files without a path.
    ///
    /// # Errors
    /// What the system or the protocol says when it does not come up. What the server itself
    /// says went to stderr.
    pub async fn start(program: &Path, folder: &Path) -> Result<Self, String> {
        let mut command = Command::new(program);
        command
            .args(["--sandbox", "--sandbox-delay-s", SANDBOX_DELAY_S, "--log", "error"])
            .args(["--root", ".", "--store", "library"])
            .current_dir(folder)
            .kill_on_drop(true);
        for (name, _) in std::env::vars_os() {
            if NOT_PASSED_ON.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                command.env_remove(&name);
            }
        }
        for name in SETTINGS_FOLDERS {
            command.env(name, folder.join("library"));
        }
        let child = TokioChildProcess::new(command)
            .map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let listener = Listener { progress: ProgressDispatcher::new() };
        let client =
            listener.serve(child).await.map_err(|error| format!("the server did not start: {error}"))?;
        Ok(Self { client })
    }

    /// Calls a tool and returns its text. `on_progress` receives the fraction that is done and the
    /// message of the server.
    ///
    /// # Errors
    /// The tool's own words where it refused or failed, the protocol's where the call did not
    /// get that far.
    pub async fn call(
        &self,
        tool: &'static str,
        arguments: JsonObject,
        on_progress: impl Fn(f64, &str),
    ) -> Result<String, String> {
        let lost = |error: ServiceError| format!("the call failed: {error}");
        let params = CallToolRequestParams::new(tool).with_arguments(arguments);
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        let options = PeerRequestOptions::with_timeout(CALL_TIMEOUT);
        let call = self.client.send_cancellable_request(request, options).await.map_err(lost)?;
        let mut notices = self.client.service().progress.subscribe(call.progress_token.clone()).await;
        let mut answer = std::pin::pin!(call.await_response());
        let answer = loop {
            tokio::select! {
                answer = &mut answer => break answer.map_err(lost)?,
                Some(notice) = notices.next() => {
                    on_progress(notice.progress / notice.total.unwrap_or(1.0), notice.message.as_deref().unwrap_or_default());
                }
            }
        };
        match answer {
            ServerResult::CallToolResult(result) => text(&result),
            _ => Err("the answer of the server is not a tool result".to_owned()),
        }
    }

    /// Closes the connection and waits until the server is gone; one that stays is killed.
    pub async fn leave(self) {
        let _ = self.client.cancel().await;
    }
}

fn text(result: &CallToolResult) -> Result<String, String> {
    let text = result.content.iter().find_map(|block| block.as_text()).map(|text| text.text.clone());
    match text {
        Some(text) if result.is_error == Some(true) => Err(text),
        Some(text) => Ok(text),
        None => Err("the answer of the server has no text".to_owned()),
    }
}
