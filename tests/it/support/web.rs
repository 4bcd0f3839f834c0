//! A server over HTTP, asked over plain sockets, so that every malformed request can be written
//! and every byte of an answer seen when it comes. It is the real binary, or the library where a
//! test needs time limits that no setting has.

use std::fmt::Write as _;
use std::net::SocketAddr;

use gpt_image_mcp::app::{App, Config, Environment, Settings, SettingsFile};
use gpt_image_mcp::domain::Secret;
use gpt_image_mcp::jobs::SpendingCaps;
use gpt_image_mcp::transports::{BearerTokens, Clocks, HttpOptions, HttpServer, Limits, Metrics};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Answer, PATIENCE, Setup, TestHome, modern};

/// A running HTTP server. Dropped, it is killed; one in this process ends with the test.
#[derive(Debug)]
pub struct WebApp {
    pub address: SocketAddr,
    process: Option<Process>,
    /// Kept, or its folders would be removed.
    _home: TestHome,
}

#[derive(Debug)]
struct Process {
    child: Child,
    /// What was logged; closed with the process's output.
    stderr: watch::Receiver<String>,
}

impl Setup {
    /// Starts `http` on a free port of loopback, with these arguments.
    pub async fn serve(&self, arguments: &[&str]) -> WebApp {
        let mut command = self.command();
        command.args(["http", "--listen", "127.0.0.1:0"]).args(arguments);
        let mut child = command.spawn().unwrap();
        let (to, stderr) = watch::channel(String::new());
        let mut from = child.stderr.take().unwrap();
        tokio::spawn(async move {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = from.read(&mut buffer).await {
                to.send_modify(|text| text.push_str(&String::from_utf8_lossy(&buffer[..count])));
            }
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line =
            timeout(PATIENCE, lines.next_line()).await.expect("the server should say where it listens");
        let line = line.unwrap().unwrap_or_else(|| panic!("it ended: {}", *stderr.borrow()));
        let address = line.strip_prefix("http://").unwrap().strip_suffix("/mcp").unwrap().parse().unwrap();
        WebApp { address, process: Some(Process { child, stderr }), _home: self.home.clone() }
    }

    /// Serves HTTP from this process, with these time limits.
    pub async fn serve_within(&self, clocks: Clocks) -> WebApp {
        assert!(self.flags.is_empty(), "only the binary reads flags");
        let variable = |name: &str| self.variables.get(name).cloned();
        let stated = Settings {
            apiyi_api_key: variable("APIYI_API_KEY").as_deref().map(Secret::new),
            apiyi_base_url: variable("APIYI_BASE_URL"),
            store: Some(self.home.store()),
            ..Settings::default()
        };
        let environment = Environment {
            home: Some(self.home.user_home()),
            working: self.home.work(),
            temporary: self.home.temporary(),
            ..Environment::default()
        };
        let file = SettingsFile::load(None, None).unwrap();
        let mut config = Config::resolve(stated, file, &environment).unwrap();
        config.serve_remote_callers();
        let app = App::build(config);
        let options = HttpOptions {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tokens: BearerTokens::load(&[], None).unwrap(),
            hosts: Vec::new(),
            origins: Vec::new(),
            public_url: None,
            paths: false,
            caps_per_token: SpendingCaps::default(),
            limits: Limits::default(),
            clocks,
            metrics: Metrics::default(),
        };
        let server = HttpServer::bind(app.server.for_remote_callers(), app.manager, options).await.unwrap();
        let address = server.address().unwrap();
        tokio::spawn(server.serve(CancellationToken::new()));
        WebApp { address, process: None, _home: self.home.clone() }
    }
}

/// A request to write.
#[derive(Clone, Debug)]
pub struct Ask {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Ask {
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.into(), target: target.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A stream of events.
    pub fn events(target: &str) -> Self {
        Self::get(target).header("accept", "text/event-stream")
    }

    /// A message posted to `/mcp`, with what the library asks of every client.
    pub fn message(message: impl std::fmt::Display) -> Self {
        Self::post("/mcp", format!("{message}"))
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
    }

    /// A request of the era without a handshake, its headers as that era wants them.
    pub fn modern(method: &str, params: Value) -> Self {
        let name = params["name"].as_str().or(params["uri"].as_str()).or(params["taskId"].as_str());
        let name = name.map(str::to_owned);
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": modern(params) });
        let ask =
            Self::message(message).header("mcp-protocol-version", "2026-07-28").header("mcp-method", method);
        match name {
            Some(name) => ask.header("mcp-name", name),
            None => ask,
        }
    }

    /// A call of the era without a handshake.
    pub fn call(tool: &str, arguments: impl Into<Value>) -> Self {
        Self::modern("tools/call", json!({ "name": tool, "arguments": arguments.into() }))
    }

    pub fn post(target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::new("POST", target) }
    }

    pub fn header(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), format!("{value}")));
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub fn session(self, id: &str) -> Self {
        self.header("mcp-session-id", id)
    }

    fn bytes(&self, address: SocketAddr) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        let mut line = |name: &str, value: &str| write!(head, "{name}: {value}\r\n").unwrap();
        let has = |name: &str| self.headers.iter().any(|(known, _)| known == name);
        if !has("host") {
            line("host", &address.to_string());
        }
        if !has("content-length")
            && !has("transfer-encoding")
            && (self.method == "POST" || !self.body.is_empty())
        {
            line("content-length", &self.body.len().to_string());
        }
        if !has("connection") {
            line("connection", "close");
        }
        for (name, value) in &self.headers {
            line(name, value);
        }
        [head.as_bytes(), b"\r\n", &self.body].concat()
    }
}

impl WebApp {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Asks, and waits for the whole answer.
    pub async fn ask(&self, ask: Ask) -> Reply {
        self.open(ask).await.whole().await
    }

    /// Asks, and waits for the head of the answer.
    pub async fn open(&self, ask: Ask) -> Opened {
        self.send(ask).await.head().await
    }

    /// Asks, and waits for nothing.
    pub async fn send(&self, ask: Ask) -> Sent {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(&ask.bytes(self.address)).await.unwrap();
        Sent(BufReader::new(socket))
    }

    /// Shakes hands in the older era and returns the session's id.
    pub async fn session(&self) -> String {
        self.session_with(|ask| ask).await
    }

    pub async fn session_with(&self, with: impl Fn(Ask) -> Ask) -> String {
        let params = json!({
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "tests", "version": "1" },
        });
        let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
        let reply = self.ask(with(Ask::message(hello))).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let id = reply.header("mcp-session-id").unwrap().to_owned();
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let taken = self.ask(with(Ask::message(ready).session(&id))).await;
        assert_eq!(taken.status, 202, "{taken:?}");
        id
    }

    /// What was logged so far.
    pub fn complaints(&self) -> String {
        self.process().stderr.borrow().clone()
    }

    /// Waits until the log has this in it, so many times in all.
    pub async fn logs(&self, times: usize, part: &str) {
        let mut stderr = self.process().stderr.clone();
        let found = timeout(PATIENCE, stderr.wait_for(|text| text.matches(part).count() >= times)).await;
        assert!(matches!(found, Ok(Ok(_))), "{part:?} was not logged {times} times: {}", self.complaints());
    }

    fn process(&self) -> &Process {
        self.process.as_ref().expect("the server should be a process of its own")
    }

    /// Sends the process a signal by its name.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let id = self.process().child.id().unwrap().to_string();
        let sent = std::process::Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end and returns the exit code.
    pub async fn ended(&mut self) -> i32 {
        let process = self.process.as_mut().expect("the server should be a process of its own");
        let status = timeout(PATIENCE, process.child.wait()).await.expect("the server should end").unwrap();
        while timeout(PATIENCE, process.stderr.changed()).await.expect("its output should end").is_ok() {}
        status.code().unwrap()
    }
}

/// A request on its way.
#[derive(Debug)]
pub struct Sent(BufReader<TcpStream>);

impl Sent {
    /// Writes more of the body.
    pub async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.get_mut().write_all(bytes).await
    }

    /// Waits for the head of the answer.
    pub async fn head(mut self) -> Opened {
        let head = async {
            let mut lines = Vec::new();
            loop {
                let mut line = String::new();
                assert!(self.0.read_line(&mut line).await.unwrap() > 0, "the connection closed: {lines:?}");
                match line.trim_end() {
                    "" => return lines,
                    line => lines.push(line.to_owned()),
                }
            }
        };
        let lines = timeout(PATIENCE, head).await.expect("the head of an answer should come");
        let status = lines[0].split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines[1..].iter().map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        let head = Reply { status, headers: headers.collect(), body: Vec::new() };
        Opened {
            left: head.header("content-length").map(|length| length.parse().unwrap()),
            head,
            from: self.0,
        }
    }
}

/// An answer whose head is here.
#[derive(Debug)]
pub struct Opened {
    pub head: Reply,
    left: Option<usize>,
    from: BufReader<TcpStream>,
}

impl Opened {
    /// The next bytes of the body; `None` at its end.
    pub async fn more(&mut self) -> Option<Vec<u8>> {
        timeout(PATIENCE, self.read()).await.expect("more of the body should come")
    }

    async fn read(&mut self) -> Option<Vec<u8>> {
        if self.head.header("transfer-encoding") == Some("chunked") {
            let mut size = String::new();
            if self.from.read_line(&mut size).await.unwrap_or(0) == 0 {
                return None;
            }
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            self.from.read_exact(&mut chunk).await.ok()?;
            chunk.truncate(size);
            return (size > 0).then_some(chunk);
        }
        let left = self.left.as_mut()?;
        let mut bytes = vec![0; (*left).min(64 * 1024)];
        let count = if bytes.is_empty() { 0 } else { self.from.read(&mut bytes).await.unwrap() };
        bytes.truncate(count);
        *left -= count;
        (count > 0).then_some(bytes)
    }

    /// Reads until the body has this in it, and returns all that came by then.
    pub async fn until(&mut self, part: &str) -> String {
        loop {
            let text = String::from_utf8_lossy(&self.head.body).into_owned();
            if text.contains(part) {
                return text;
            }
            let more = self.more().await.unwrap_or_else(|| panic!("the body ended without {part:?}: {text}"));
            self.head.body.extend(more);
        }
    }

    /// The whole answer, every part of it within so long of the one before.
    pub async fn patiently(mut self, silence: std::time::Duration) -> Reply {
        while let Some(more) = timeout(silence, self.read()).await.expect("more of the body should come") {
            self.head.body.extend(more);
        }
        self.head
    }

    /// The whole answer.
    pub async fn whole(mut self) -> Reply {
        if self.head.status != 204 && self.head.status != 304 {
            while let Some(more) = self.more().await {
                self.head.body.extend(more);
            }
        }
        self.head
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The messages in it, whether it is JSON or events.
    pub fn messages(&self) -> Vec<Value> {
        let text = self.text();
        if self.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
            return vec![serde_json::from_str(&text).unwrap()];
        }
        messages_in(&text)
    }

    /// The result of the one call it answers.
    pub fn result(&self) -> Value {
        let messages = self.messages();
        let answer = messages.iter().find(|message| message.get("result").is_some());
        answer.unwrap_or_else(|| panic!("{} {messages:#?} {}", self.status, self.text()))["result"].clone()
    }

    pub fn answer(&self) -> Answer {
        Answer(self.result())
    }

    /// The number of the protocol error it is.
    pub fn error_code(&self) -> i64 {
        self.messages()[0]["error"]["code"].as_i64().unwrap_or_else(|| panic!("{self:?}"))
    }
}

/// The messages in a stream of events.
pub fn messages_in(events: &str) -> Vec<Value> {
    let data = events.lines().filter_map(|line| line.strip_prefix("data:"));
    data.filter_map(|data| serde_json::from_str(data.trim()).ok()).collect()
}
