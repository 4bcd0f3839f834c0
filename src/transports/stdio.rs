//! MCP over standard input and output: one JSON message a line, nothing else on stdout.
//!
//! rmcp reads the messages. This file writes them, for three reasons:
//!
//! - A result may contain whole images. rmcp would hold them in memory, search 19 MB of base64 for
//!   characters that JSON escapes, and copy them twice.
//! - Lines are written in the order in which they were queued, so that no progress follows a result.
//! - A result counts as delivered once its line has been written to a client that still has its end
//!   open.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rmcp::model::{GetExtensions as _, JsonRpcMessage};
use rmcp::service::{RxJsonRpcMessage, ServerInitializeError, TxJsonRpcMessage};
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::{Transport, stdio_pipes};
use rmcp::{RoleServer, ServiceExt as _};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, DuplexStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::store::EncodedImage;
use crate::tools::{DeferredImages, Delivery, ImageServer, Piece};
use crate::transports::deliveries::Deliveries;
use crate::transports::lone_surrogates::LoneSurrogateReader;

/// Serves until the client closes its end.
///
/// # Errors
/// Why the connection failed. A client that disconnects before the handshake is not an error.
pub async fn serve_stdio(server: ImageServer) -> Result<(), String> {
    let (input, output) = stdio_pipes();
    let running = match server.serve(StdioTransport::new(input, output, widen_stdout)).await {
        Ok(running) => running,
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    running.waiting().await.map(|_| ()).map_err(|error| error.to_string())
}

/// 1 MiB, the usual limit of Linux for a pipe.
#[cfg(target_os = "linux")]
const PIPE_BYTES: usize = 1 << 20;

/// Enlarges the pipe of stdout beyond 64 KiB: an image of 19 MB then takes 20 turns between writer
/// and reader instead of 300.
fn widen_stdout() {
    #[cfg(target_os = "linux")] // a pipe that keeps its size works too, only slower
    let _ = rustix::pipe::fcntl_setpipe_size(std::io::stdout(), PIPE_BYTES);
}

/// Large enough for an image as a data URL.
const MOST_LINE_BYTES: usize = 64 * 1024 * 1024;
/// rmcp answers invalid messages itself, with lines of a few hundred bytes.
const REFUSAL_BYTES: usize = 4096;

/// The transport over one input and one output.
struct StdioTransport<R: AsyncRead + Unpin> {
    reader: AsyncRwTransport<RoleServer, LoneSurrogateReader<R>, DuplexStream>,
    queue: Option<Queue>,
    writing: Option<JoinHandle<()>>,
    deferred: DeferredImages,
    deliveries: Deliveries,
    /// Whether the client has closed its end and may not read any more.
    leaving: Arc<AtomicBool>,
}

type Queue = mpsc::UnboundedSender<OutgoingLine>;

/// A line to write, and the channel to its sender.
struct OutgoingLine {
    pieces: Vec<Piece>,
    written: oneshot::Sender<io::Result<()>>,
    /// Confirmed once the line is written.
    delivery: Option<Delivery>,
}

impl<R: AsyncRead + Send + Unpin> StdioTransport<R> {
    /// Must be called in a runtime. `widen` prepares the output for messages of megabytes.
    fn new(input: R, output: impl AsyncWrite + Send + Unpin + 'static, widen: fn()) -> Self {
        let (queue, lines) = mpsc::unbounded_channel();
        let (ours, its) = tokio::io::duplex(REFUSAL_BYTES);
        let leaving = Arc::<AtomicBool>::default();
        tokio::spawn(pass_on(ours, queue.clone()));
        Self {
            reader: AsyncRwTransport::new(LoneSurrogateReader::new(input), its)
                .with_max_line_length(MOST_LINE_BYTES),
            queue: Some(queue),
            writing: Some(tokio::spawn(write(lines, output, widen, Arc::clone(&leaving)))),
            deferred: DeferredImages::default(),
            deliveries: Deliveries::default(),
            leaving,
        }
    }
}

impl<R: AsyncRead + Send + Unpin> Transport<RoleServer> for StdioTransport<R> {
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let delivery = self.deliveries.of(&message);
        let queued = serde_json::to_vec(&message).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            enqueue(self.queue.as_ref(), self.deferred.cut(line), delivery)
        });
        async move { queued?.await.unwrap_or_else(|_| Err(closed())) }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        let Some(mut message) = self.reader.receive().await else {
            self.leaving.store(true, Ordering::Relaxed);
            return None;
        };
        self.deliveries.drop_cancelled(&message);
        if let JsonRpcMessage::Request(request) = &mut message {
            let delivery = self.deliveries.begin(request.id.clone());
            let extensions = request.request.extensions_mut();
            extensions.insert(self.deferred.clone());
            extensions.insert(delivery);
        }
        Some(message)
    }

    async fn close(&mut self) -> io::Result<()> {
        self.reader.close().await?;
        self.queue = None;
        match self.writing.take() {
            Some(writing) => writing.await.map_err(io::Error::other),
            None => Ok(()),
        }
    }
}

fn enqueue(
    queue: Option<&Queue>,
    pieces: Vec<Piece>,
    delivery: Option<Delivery>,
) -> io::Result<oneshot::Receiver<io::Result<()>>> {
    let (written, done) = oneshot::channel();
    queue.ok_or_else(closed)?.send(OutgoingLine { pieces, written, delivery }).map_err(|_| closed())?;
    Ok(done)
}

fn closed() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

/// Queues the answers of rmcp to invalid messages, until it closes its end.
async fn pass_on(refusals: DuplexStream, queue: Queue) {
    let mut refusals = BufReader::new(refusals);
    loop {
        let mut line = Vec::new();
        match refusals.read_until(b'\n', &mut line).await {
            Ok(1..) => match enqueue(Some(&queue), vec![Piece::Bytes(line)], None) {
                // Waits until this line is written, so that a client that sends invalid messages and
                // reads nothing cannot fill the memory.
                Ok(written) => drop(written.await),
                Err(_) => return,
            },
            _ => return,
        }
    }
}

async fn write(
    mut lines: mpsc::UnboundedReceiver<OutgoingLine>,
    mut output: impl AsyncWrite + Unpin,
    widen: fn(),
    leaving: Arc<AtomicBool>,
) {
    let mut widen = Some(widen);
    while let Some(OutgoingLine { pieces, written, delivery }) = lines.recv().await {
        // Checked before writing: a client may disconnect as soon as it has read the line.
        let delivery = delivery.filter(|_| !leaving.load(Ordering::Relaxed));
        let has_image = pieces.iter().any(|piece| matches!(piece, Piece::Image(_)));
        if has_image && let Some(widen) = widen.take() {
            widen();
        }
        let done = write_line(pieces, &mut output).await;
        if let (Ok(()), Some(delivery)) = (&done, delivery) {
            delivery.confirm();
        }
        let _ = written.send(done); // the sender may be gone
    }
}

async fn write_line(pieces: Vec<Piece>, output: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => output.write_all(&bytes).await?,
            Piece::Image(image) => write_image(*image, output).await?,
        }
    }
    output.flush().await
}

/// Writes the base64 of an image while the next part is read. An image that cannot be read to its
/// end stops there: one image is broken then, but not the line.
async fn write_image(mut image: EncodedImage, output: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let (mut digits, mut next) = (String::new(), String::new());
    let mut read = image.append_to(&mut digits);
    loop {
        match read {
            Ok(true) => {
                let ahead = async {
                    next.clear();
                    image.append_to(&mut next)
                };
                let written;
                (written, read) = tokio::join!(output.write_all(digits.as_bytes()), ahead);
                written?;
                std::mem::swap(&mut digits, &mut next);
            }
            Ok(false) => return Ok(()),
            Err(error) => {
                tracing::error!(%error, "cannot read an image while sending it");
                return Ok(());
            }
        }
    }
}
