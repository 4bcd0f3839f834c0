//! An image API that answers as it is told and remembers what it was sent. It also passes
//! for a proxy, since a proxy is asked in the same way.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

use super::PATIENCE;
use super::http::Recorded;

/// Shut until it is opened, then open for good. Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate(watch::Sender<bool>);

impl Gate {
    pub fn shut() -> Self {
        Self(watch::Sender::new(false))
    }

    pub fn open(&self) {
        self.0.send_replace(true);
    }

    async fn pass(&self) {
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}

/// How the body of a reply ends.
#[derive(Clone, Copy, Debug)]
enum Ending {
    /// As its `content-length` says.
    Length,
    /// In chunks of this many bytes.
    Chunks(usize),
    /// Whole, in chunks, and the connection stays open without ever saying so.
    Never,
    /// After this many bytes, though more were announced.
    After(usize),
    /// After this many bytes, and none were announced.
    Unsaid(usize),
}

/// What is answered to one request.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    ending: Ending,
    before: Option<Gate>,
    midway: Option<(usize, Gate)>,
}

impl Reply {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
            ending: Ending::Length,
            before: None,
            midway: None,
        }
    }

    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::new(status, "application/json", body)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// In chunks of so many bytes.
    pub fn in_chunks(mut self, bytes: usize) -> Self {
        self.ending = Ending::Chunks(bytes);
        self
    }

    /// The body comes whole and the connection stays open.
    pub fn never_ending(mut self) -> Self {
        self.ending = Ending::Never;
        self
    }

    /// The connection closes after so many bytes of the body.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.ending = Ending::After(bytes);
        self
    }

    /// No length is announced, and the connection closes after so many bytes of the body.
    pub fn closing_after(mut self, bytes: usize) -> Self {
        self.ending = Ending::Unsaid(bytes);
        self
    }

    /// Nothing is answered before the gate opens.
    pub fn held_by(mut self, gate: &Gate) -> Self {
        self.before = Some(gate.clone());
        self
    }

    /// So many bytes of the body come, the rest when the gate opens.
    pub fn paused_after(mut self, bytes: usize, gate: &Gate) -> Self {
        self.midway = Some((bytes, gate.clone()));
        self
    }

    async fn write(&self, to: &mut OwnedWriteHalf) -> std::io::Result<()> {
        if let Some(gate) = &self.before {
            gate.pass().await;
        }
        let length = match self.ending {
            Ending::Length | Ending::After(_) => Some(("content-length", self.body.len().to_string())),
            Ending::Chunks(_) | Ending::Never => Some(("transfer-encoding", "chunked".to_owned())),
            Ending::Unsaid(_) => None,
        };
        let ours = [Some(("connection", "close".to_owned())), length];
        let ours = ours.into_iter().flatten().map(|(name, value)| (name.to_owned(), value));
        let headers = self.headers.iter().cloned().chain(ours);
        let lines: Vec<_> = headers.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("HTTP/1.1 {} Scripted\r\n{}\r\n", self.status, lines.concat());
        to.write_all(head.as_bytes()).await?;
        let sent = match self.ending {
            Ending::After(bytes) | Ending::Unsaid(bytes) => &self.body[..bytes],
            _ => &self.body,
        };
        let (first, second) = sent.split_at(self.midway.as_ref().map_or(sent.len(), |(bytes, _)| *bytes));
        self.write_part(first, to).await?;
        if let Some((_, gate)) = &self.midway {
            to.flush().await?;
            gate.pass().await;
            self.write_part(second, to).await?;
        }
        if matches!(self.ending, Ending::Chunks(_)) {
            to.write_all(b"0\r\n\r\n").await?;
        }
        to.flush().await
    }

    async fn write_part(&self, bytes: &[u8], to: &mut OwnedWriteHalf) -> std::io::Result<()> {
        let size = match self.ending {
            Ending::Length | Ending::After(_) | Ending::Unsaid(_) => return to.write_all(bytes).await,
            Ending::Chunks(size) => size,
            Ending::Never => usize::MAX,
        };
        for chunk in bytes.chunks(size) {
            to.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).await?;
            to.write_all(chunk).await?;
            to.write_all(b"\r\n").await?;
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Script {
    queue: Mutex<VecDeque<Reply>>,
    otherwise: Mutex<Option<Reply>>,
    files: Mutex<BTreeMap<String, VecDeque<Reply>>>,
    recorded: Mutex<Vec<Recorded>>,
    arrived: Notify,
}

/// A server on loopback. Requests without a reply in the script get a 599.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    script: Arc<Script>,
}

impl Upstream {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Script::default());
        let served = Arc::clone(&script);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&served)));
            }
        });
        Self { address, script }
    }

    /// One that answers with these, in order.
    pub async fn with(replies: impl IntoIterator<Item = Reply>) -> Self {
        let upstream = Self::start().await;
        for reply in replies {
            upstream.then(reply);
        }
        upstream
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// As the base URL of an API.
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.url())
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The next reply to a request that is no GET.
    pub fn then(&self, reply: Reply) {
        self.script.queue.lock().unwrap().push_back(reply);
    }

    /// The reply to every request that is no GET and for which there is no other.
    pub fn otherwise(&self, reply: Reply) {
        self.script.otherwise.lock().unwrap().replace(reply);
    }

    /// What a GET of this path and query brings.
    pub fn serve(&self, target: &str, reply: Reply) {
        self.serve_in_turn(target, [reply]);
    }

    /// What GETs of this path and query bring, one after the other; the last stays.
    pub fn serve_in_turn(&self, target: &str, replies: impl IntoIterator<Item = Reply>) {
        self.script.files.lock().unwrap().insert(target.to_owned(), replies.into_iter().collect());
    }

    /// Everything that was asked, in the order it came.
    pub fn requests(&self) -> Vec<Recorded> {
        self.script.recorded.lock().unwrap().clone()
    }

    /// The one request there was.
    pub fn only_request(&self) -> Recorded {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:#?}");
        requests.remove(0)
    }

    /// Waits until so many requests are here.
    pub async fn requests_come(&self, count: usize) {
        let wait = async {
            loop {
                let arrived = self.script.arrived.notified();
                if self.requests().len() >= count {
                    return;
                }
                arrived.await;
            }
        };
        let came = || self.requests().len();
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{} of {count} came", came()));
    }
}

async fn serve(socket: TcpStream, script: Arc<Script>) {
    let (input, mut output) = socket.into_split();
    let mut input = BufReader::new(input);
    let Some(request) = Recorded::read(&mut input).await else { return };
    let reply = if request.method == "GET" {
        script.files.lock().unwrap().get_mut(&request.target).and_then(|replies| {
            if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() }
        })
    } else {
        let next = script.queue.lock().unwrap().pop_front();
        next.or_else(|| script.otherwise.lock().unwrap().clone())
    };
    script.recorded.lock().unwrap().push(request);
    script.arrived.notify_waiters();
    let reply = reply.unwrap_or_else(|| Reply::json(599, r#"{"error":"this is not in the script"}"#));
    // A client that hangs up is part of what is tested.
    if reply.write(&mut output).await.is_ok() && matches!(reply.ending, Ending::Never) {
        let _ = input.read(&mut [0; 64]).await;
    }
}
