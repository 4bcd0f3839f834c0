//! The real binary, started as a client starts it and spoken to line by line, so that every
//! era and every malformed message can be written.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{PATIENCE, TestHome, Upstream};

/// What a process is started with. Nothing of the environment of the tests reaches it.
#[derive(Clone, Debug)]
pub struct Setup {
    pub home: TestHome,
    pub(super) flags: Vec<String>,
    pub(super) variables: BTreeMap<String, String>,
}

/// What a command that ran to its end left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Setup {
    /// No key, no settings file, no flag.
    pub fn bare() -> Self {
        Self { home: TestHome::new(), flags: Vec::new(), variables: BTreeMap::new() }
    }

    /// A key for the default provider, which is this upstream.
    pub fn at(upstream: &Upstream) -> Self {
        Self::bare().variable("APIYI_API_KEY", "sk-test").variable("APIYI_BASE_URL", &upstream.base_url())
    }

    /// A later process with the same home, without a key.
    pub fn on(home: &TestHome) -> Self {
        Self { home: home.clone(), ..Self::bare() }
    }

    /// With this home instead of its own.
    pub fn sharing(self, home: &TestHome) -> Self {
        Self { home: home.clone(), ..self }
    }

    pub fn sandbox() -> Self {
        Self::bare().flag("--sandbox")
    }

    pub fn flag(mut self, flag: impl Into<String>) -> Self {
        self.flags.push(flag.into());
        self
    }

    /// Every call is sent once, to one place: for tests of a single reply.
    pub fn once(self) -> Self {
        self.flag("--retries=0").flag("--fail-over=false")
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Writes the usual settings file.
    pub fn settings(self, text: &str) -> Self {
        let path = self.home.settings_file();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gpt-image-mcp"));
        command.args(&self.flags).current_dir(self.home.work()).env_clear().kill_on_drop(true);
        // What a process cannot start without.
        for name in ["PATH", "SystemRoot"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let folders = [
            (["HOME", "USERPROFILE"], self.home.user_home()),
            (["XDG_DATA_HOME", "LOCALAPPDATA"], self.home.data()),
            (["XDG_CONFIG_HOME", "APPDATA"], self.home.settings()),
            (["TMPDIR", "TEMP"], self.home.temporary()),
        ];
        for (names, folder) in folders {
            command.env(names[0], &folder).env(names[1], &folder);
        }
        command.envs(&self.variables).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it with these arguments after the flags, nothing on its input.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::null());
        let output = timeout(PATIENCE, command.output()).await.expect("the command should end").unwrap();
        Ran {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts the server, in a process group of its own, and says nothing to it.
    pub fn launch(&self) -> App {
        let mut command = self.command();
        #[cfg(unix)]
        command.process_group(0);
        self.spawn(command)
    }

    /// Starts the server from a shell that does this before it becomes the server.
    #[cfg(unix)]
    pub fn launch_after(&self, shell: &str) -> App {
        let server = self.command();
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("{shell}; exec \"$0\" \"$@\"")).arg(server.as_std().get_program());
        command.args(server.as_std().get_args()).env_clear().kill_on_drop(true);
        for (name, value) in server.as_std().get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.current_dir(self.home.work());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.spawn(command)
    }

    fn spawn(&self, mut command: Command) -> App {
        let mut child = command.spawn().unwrap();
        let inbox = Arc::new(Inbox::default());
        let stdout = child.stdout.take().unwrap();
        let reader = tokio::spawn(read(stdout, Arc::clone(&inbox)));
        let stderr = child.stderr.take().unwrap();
        let complaints = tokio::spawn(read_text(stderr, Arc::clone(&inbox)));
        let stdin = child.stdin.take();
        App { home: self.home.clone(), child, stdin, inbox, reader, complaints, next_id: AtomicI64::new(1) }
    }

    /// Starts the server and shakes hands.
    pub async fn start(&self) -> App {
        let mut app = self.launch();
        app.initialize("2025-06-18").await;
        app
    }
}

#[derive(Debug, Default)]
struct Inbox {
    came: Mutex<Came>,
    changed: Notify,
    /// Set when no more is to be read.
    deaf: Notify,
}

#[derive(Debug, Default)]
struct Came {
    messages: Vec<Value>,
    lines: String,
    stderr: String,
    ended: bool,
}

async fn read(from: impl AsyncRead + Unpin, inbox: Arc<Inbox>) {
    let mut lines = BufReader::new(from).lines();
    loop {
        let line = tokio::select! {
            biased;
            // The pipe stays open.
            () = inbox.deaf.notified() => return std::future::pending().await,
            line = lines.next_line() => line,
        };
        let Ok(Some(line)) = line else { break };
        let message = serde_json::from_str(&line)
            .unwrap_or_else(|error| json!({ "error": format!("not JSON ({error}): {line}") }));
        let mut came = inbox.came.lock().unwrap();
        came.messages.push(message);
        came.lines.push_str(&line);
        came.lines.push('\n');
        drop(came);
        inbox.changed.notify_waiters();
    }
    inbox.came.lock().unwrap().ended = true;
    inbox.changed.notify_waiters();
}

async fn read_text(mut from: impl AsyncRead + Unpin, inbox: Arc<Inbox>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        inbox.came.lock().unwrap().stderr.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
}

/// A running server. Dropped, it is killed.
#[derive(Debug)]
pub struct App {
    pub home: TestHome,
    child: Child,
    stdin: Option<ChildStdin>,
    inbox: Arc<Inbox>,
    reader: JoinHandle<()>,
    complaints: JoinHandle<()>,
    next_id: AtomicI64,
}

impl App {
    /// The handshake of the revisions before 2026-07-28. Returns its result.
    pub async fn initialize(&mut self, revision: &str) -> Value {
        let params = json!({
            "protocolVersion": revision, "capabilities": {}, "clientInfo": { "name": "tests", "version": "1" },
        });
        let answer = self.request("initialize", params).await;
        self.notify("notifications/initialized", json!({})).await;
        answer["result"].clone()
    }

    /// Writes one line as it is.
    pub async fn line(&mut self, line: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().expect("the input is open");
        stdin.write_all(line.as_ref()).await.unwrap();
        stdin.write_all(b"\n").await.unwrap();
        stdin.flush().await.unwrap();
    }

    pub async fn notify(&mut self, method: &str, params: Value) {
        self.line(json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string()).await;
    }

    /// Sends a request and returns its id.
    pub async fn send(&mut self, method: &str, params: Value) -> i64 {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.line(request.to_string()).await;
        id
    }

    /// Sends a request and returns the whole answer.
    pub async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params).await;
        self.answer_to(id).await
    }

    /// The whole answer to the request of this id.
    pub async fn answer_to(&self, id: i64) -> Value {
        self.until(&format!("the answer to {id}"), |messages| {
            messages.iter().find(|message| message["id"] == id && message.get("method").is_none()).cloned()
        })
        .await
    }

    /// Waits until something is among the messages.
    pub async fn until<T>(&self, what: &str, look: impl Fn(&[Value]) -> Option<T>) -> T {
        let search = async {
            loop {
                let changed = self.inbox.changed.notified();
                {
                    let came = self.inbox.came.lock().unwrap();
                    match look(&came.messages) {
                        Some(found) => return found,
                        None => assert!(!came.ended, "the process ended before {what} came: {came:#?}"),
                    }
                }
                changed.await;
            }
        };
        let late = || panic!("{what} did not come: {:#?}", self.inbox.came.lock().unwrap());
        timeout(PATIENCE, search).await.unwrap_or_else(|_| late())
    }

    /// All that came so far.
    pub fn messages(&self) -> Vec<Value> {
        self.inbox.came.lock().unwrap().messages.clone()
    }

    /// What was logged so far.
    pub fn complaints(&self) -> String {
        self.inbox.came.lock().unwrap().stderr.clone()
    }

    /// The progress notifications that came so far.
    pub fn progress(&self) -> Vec<Value> {
        let is_progress = |message: &Value| message["method"] == "notifications/progress";
        self.messages().into_iter().filter(is_progress).map(|message| message["params"].clone()).collect()
    }

    /// Sends a call and returns its id.
    pub async fn begin(&mut self, tool: &str, arguments: Value) -> i64 {
        self.send("tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    pub async fn call(&mut self, tool: &str, arguments: Value) -> Answer {
        let id = self.begin(tool, arguments).await;
        self.result_of(id).await
    }

    /// What the call of this id came to.
    pub async fn result_of(&self, id: i64) -> Answer {
        let answer = self.answer_to(id).await;
        assert!(answer.get("result").is_some(), "{answer:#}");
        Answer(answer["result"].clone())
    }

    pub async fn generate(&mut self, arguments: Value) -> Answer {
        self.call("generate_image", arguments).await
    }

    pub async fn edit(&mut self, arguments: Value) -> Answer {
        self.call("edit_image", arguments).await
    }

    pub async fn inpaint(&mut self, arguments: Value) -> Answer {
        self.call("inpaint_image", arguments).await
    }

    pub async fn get(&mut self, arguments: Value) -> Answer {
        self.call("get_image", arguments).await
    }

    /// Sends a signal to the server's whole process group, as clients do that end it, and waits
    /// for its end.
    #[cfg(unix)]
    pub async fn kill_group(mut self, signal: rustix::process::Signal) {
        let leader = rustix::process::Pid::from_raw(self.child.id().unwrap().cast_signed()).unwrap();
        rustix::process::kill_process_group(leader, signal).unwrap();
        timeout(PATIENCE, self.child.wait()).await.expect("the server should end").unwrap();
    }

    /// Sends a signal to the server alone.
    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        let server = rustix::process::Pid::from_raw(self.child.id().unwrap().cast_signed()).unwrap();
        rustix::process::kill_process(server, signal).unwrap();
    }

    /// The processes that the server started.
    #[cfg(target_os = "linux")]
    pub fn children(&self) -> Vec<i32> {
        let server = self.child.id().unwrap();
        let tasks = std::fs::read_dir(format!("/proc/{server}/task")).into_iter().flatten().flatten();
        let children = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        children
            .flat_map(|pids| pids.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<_>>())
            .collect()
    }

    /// Closes the server's input, as a client does that leaves.
    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Reads no more, as a client does that hangs.
    pub async fn stop_reading(&self) {
        self.inbox.deaf.notify_one();
        tokio::task::yield_now().await;
    }

    /// Closes the server's output, as a client does that was killed in part.
    pub async fn close_output(&mut self) {
        self.reader.abort();
        let _ = (&mut self.reader).await;
    }

    /// Leaves without reading what still comes, and waits for the end.
    #[cfg(unix)]
    pub async fn leave_unread(mut self) {
        self.stop_reading().await;
        self.close_input();
        timeout(PATIENCE, self.child.wait()).await.expect("the server should end").unwrap();
    }

    /// Leaves, and waits for the end.
    pub async fn end(mut self) -> Ran {
        self.close_input();
        let status = timeout(PATIENCE, self.child.wait()).await.expect("the server should end").unwrap();
        for task in [self.reader, self.complaints] {
            timeout(PATIENCE, task).await.expect("its output should end").unwrap();
        }
        let came = self.inbox.came.lock().unwrap();
        Ran { code: status.code().unwrap(), stdout: came.lines.clone(), stderr: came.stderr.clone() }
    }
}

/// What every request carries since 2026-07-28.
pub fn modern(mut params: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
    let capabilities = &mut params["_meta"]["io.modelcontextprotocol/clientCapabilities"];
    if capabilities.is_null() {
        *capabilities = json!({});
    }
    params["_meta"]["io.modelcontextprotocol/clientInfo"] = json!({ "name": "tests", "version": "1" });
    params
}

/// The result of a tool call.
#[derive(Clone, Debug)]
pub struct Answer(pub Value);

impl Answer {
    pub fn is_error(&self) -> bool {
        self.0["isError"] == true
    }

    /// The first block, which is always text.
    pub fn text(&self) -> &str {
        assert_eq!(self.0["content"][0]["type"], "text", "{:#}", self.0);
        self.0["content"][0]["text"].as_str().unwrap()
    }

    /// The text of a result that is no error.
    pub fn fields(&self) -> Value {
        assert!(!self.is_error(), "{}", self.text());
        serde_json::from_str(self.text()).unwrap()
    }

    /// The words of a refusal.
    pub fn refusal(&self) -> &str {
        assert!(self.is_error(), "{:#}", self.0);
        self.text()
    }

    /// The images shown, with their media types.
    pub fn shown(&self) -> Vec<(String, Vec<u8>)> {
        let blocks = self.0["content"].as_array().unwrap().iter();
        let images = blocks.filter(|block| block["type"] == "image");
        images
            .map(|block| {
                let data = STANDARD.decode(block["data"].as_str().unwrap()).unwrap();
                (block["mimeType"].as_str().unwrap().to_owned(), data)
            })
            .collect()
    }

    /// The file of the first image.
    pub fn file(&self) -> Vec<u8> {
        std::fs::read(self.path()).unwrap()
    }

    pub fn path(&self) -> std::path::PathBuf {
        self.fields()["images"][0]["path"].as_str().unwrap().into()
    }

    /// The id of the first image.
    pub fn id(&self) -> String {
        self.fields()["images"][0]["id"].as_str().unwrap().to_owned()
    }
}
