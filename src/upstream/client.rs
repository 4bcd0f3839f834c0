//! Sends. The one place that names reqwest: paid calls here, downloads in `download`.
//!
//! A paid call is sent once: no redirect is followed, nothing is resent by the store, no
//! connection is kept for reuse (a dying idle one would be resent on), and HTTP/1.1 gives
//! each call a connection of its own, so that one broken connection costs one image.
//! It knows no dialect: calls come encoded and replies go back undecoded.

mod download;
mod probe;
mod attempt_limiter;

use std::error::Error as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, redirect, retry};
use tokio::time::{Instant, timeout_at};

use super::call::{Call, CallBody, Lost, Part, Path, Reply, ReplyHeaders};
use super::failure::{Failure, FailureKind};
use super::reply::{Announced, AnyReader, Body, Progress, ReplyError};
use crate::staging::Staging;
use attempt_limiter::{Chunks, Turns};
pub use download::FetchError;
pub use probe::Probe;

use crate::catalog::{Auth, Provider};
use crate::domain::Secret;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Below the 90 s after which the least patient proxies cut a silent connection.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
const MEND_CA_FILE: &str = "Correct the file that GPT_IMAGE_MCP_CA_FILE names, or leave the setting out.";

/// How to reach the outside.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// A PEM file of certificates to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Go past any proxy: the sandbox is on this machine.
    pub direct: bool,
    /// The schemes that a proxy is set for in the environment, so names may not resolve here;
    /// the proxy itself may be reached over TLS.
    pub proxied: Vec<&'static str>,
    /// A download from which nothing comes for this long is taken up again on a new connection.
    pub stall: Duration,
}

impl Default for ClientOptions {
    fn default() -> Self {
        // The silence: docs.apiyi.com, image-tail-stall.
        Self { ca_file: None, direct: false, proxied: Vec::new(), stall: Duration::from_secs(20) }
    }
}

/// Where a call goes and with which key.
#[derive(Clone, Copy, Debug)]
pub struct ModelAddress<'a> {
    /// Base URL, paths, headers.
    pub provider: &'a Provider,
    /// The model's id as the provider knows it, for paths that name it.
    pub wire_id: &'a str,
    /// The key, where the provider wants one.
    pub key: Option<&'a Secret>,
}

/// The HTTP client, made when first needed.
#[derive(Debug, Default)]
pub struct Client {
    options: ClientOptions,
    paid: OnceLock<reqwest::Client>,
    /// For addresses without TLS, made without reading the system's certificates: on Linux
    /// these are hundreds of files.
    plain: OnceLock<reqwest::Client>,
    turns: Turns,
}

impl Client {
    /// A client that has not been built yet.
    #[must_use]
    pub fn new(options: ClientOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Sends one paid call and reads its reply, images going to `staging`. Both together
    /// take at most `timeout`.
    ///
    /// # Errors
    /// [`Lost`] where there is no whole reply; an error status is a reply.
    pub async fn send(
        &self,
        target: ModelAddress<'_>,
        call: Call,
        staging: &Staging,
        timeout: Duration,
    ) -> Result<Reply, Lost> {
        self.send_watched(target, call, staging, timeout, &|_| ()).await
    }

    /// The same; `partials` receives how many partial images have come, each time one does.
    ///
    /// # Errors
    /// As [`Self::send`]. What is rescued may then be a partial image.
    pub async fn send_watched(
        &self,
        target: ModelAddress<'_>,
        call: Call,
        staging: &Staging,
        timeout: Duration,
        partials: &(dyn Fn(u32) + Sync),
    ) -> Result<Reply, Lost> {
        let deadline = Instant::now() + timeout;
        let late =
            || Failure::new(FailureKind::TimedOut, format!("nothing whole after {} s", timeout.as_secs()));
        let response = timeout_at(deadline, self.request(target, call)?.send()).await.map_err(|_| late())?;
        let response = response.map_err(|error| not_answered(&error))?;
        let mut reader = AnyReader::new(staging.clone(), announced(&response));
        let mut reply = Reply {
            status: response.status().as_u16(),
            headers: reply_headers(response.headers()),
            body: Body::Empty,
        };
        let read = timeout_at(deadline, read(self.turns.chunks(response), &mut reader, partials))
            .await
            .unwrap_or_else(|_| Err(late()));
        match read.and_then(|()| reader.finish().map_err(|error| unreadable(&error))) {
            Ok(body) => {
                reply.body = body;
                Ok(reply)
            }
            // The status of an error says enough.
            Err(failure) if failure.kind == FailureKind::CutShort && reply.status >= 400 => {
                reply.body = Body::Text(failure.words);
                Ok(reply)
            }
            Err(failure) => Err(Lost {
                failure: Failure {
                    status: Some(reply.status),
                    request_id: reply.headers.request_id,
                    ..failure
                },
                rescued: reader.rescue(),
            }),
        }
    }

    fn request(&self, target: ModelAddress<'_>, call: Call) -> Result<RequestBuilder, Failure> {
        let broken = |error: String| Failure::new(FailureKind::NotSent, error);
        let paths = &target.provider.paths;
        let path = match call.path {
            Path::Generations => &paths.generations,
            Path::Edits => &paths.edits,
            Path::Chat => &paths.chat,
        };
        let url = format!("{}{}", target.provider.base_url, path.replace("{model}", target.wire_id));
        let unbuilt = |error| Failure {
            hint: self.options.ca_file.is_some().then(|| MEND_CA_FILE.to_owned()),
            ..broken(error)
        };
        let request = Self::signed(target, self.paid(&url).map_err(unbuilt)?.post(url)).map_err(broken)?;
        Ok(match call.body {
            CallBody::Json(json) => request.header(CONTENT_TYPE, "application/json").body(json),
            CallBody::Form(parts) => request.multipart(form(parts).map_err(|error| broken(words(&error)))?),
        })
    }

    /// The request with the provider's headers and the key.
    fn signed(target: ModelAddress<'_>, mut request: RequestBuilder) -> Result<RequestBuilder, String> {
        for (name, value) in &target.provider.headers {
            request = request.header(name, unlogged(value)?);
        }
        Ok(match (target.key, &target.provider.auth) {
            (Some(key), Auth::Bearer) => request.bearer_auth(key.expose()), // marked as sensitive there
            (Some(key), Auth::Header(name)) => request.header(name, unlogged(key)?),
            (None, _) | (_, Auth::None) => request,
        })
    }

    fn paid(&self, url: &str) -> Result<&reqwest::Client, String> {
        let plain = url.starts_with("http://") && !self.options.proxied.contains(&"http");
        let made = if plain { &self.plain } else { &self.paid };
        if let Some(client) = made.get() {
            return Ok(client);
        }
        let builder = self.builder()?;
        let client = self.build(if plain { builder.tls_certs_only([]) } else { builder })?;
        Ok(made.get_or_init(|| client))
    }

    /// Certificates are read when the client is built, and nothing else can be wrong then.
    fn build(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::Client, String> {
        builder.build().map_err(|error| match &self.options.ca_file {
            Some(path) => format!("the CA file {}: {}", path.display(), words(&error)),
            None => words(&error),
        })
    }

    fn builder(&self) -> Result<reqwest::ClientBuilder, String> {
        // Fails only when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            // An image does not shrink, and packed by a server that was not asked it cannot be read.
            .default_headers(HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]))
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .http1_only()
            .pool_max_idle_per_host(0)
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_keepalive(KEEP_ALIVE)
            .tcp_keepalive_interval(KEEP_ALIVE);
        if self.options.direct {
            builder = builder.no_proxy();
        }
        if let Some(path) = &self.options.ca_file {
            let unreadable = |error: String| format!("the CA file {}: {error}", path.display());
            let pem = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
            let certificates =
                reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unreadable(words(&error)))?;
            if certificates.is_empty() {
                return Err(unreadable("it holds no certificate in PEM form".to_owned()));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        Ok(builder)
    }
}

/// A header's value that no library prints.
fn unlogged(value: &Secret) -> Result<HeaderValue, String> {
    let unfit = |_| "a key or header holds characters that cannot be sent".to_owned();
    let mut header = HeaderValue::from_str(value.expose()).map_err(unfit)?;
    header.set_sensitive(true);
    Ok(header)
}

fn form(parts: Vec<Part>) -> Result<reqwest::multipart::Form, reqwest::Error> {
    parts.into_iter().try_fold(reqwest::multipart::Form::new(), |form, part| {
        Ok(match part {
            Part::Text { name, value } => form.text(name, value),
            Part::File { name, file } => {
                let content = reqwest::multipart::Part::stream(file.bytes).file_name(file.name);
                form.part(name, content.mime_str(file.format.mime())?)
            }
        })
    })
}

/// What the head of a reply says of its body.
fn announced(response: &Response) -> Announced {
    let kind = header(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default().to_ascii_lowercase();
    if kind.trim_start().starts_with("text/event-stream") {
        Announced::Events
    } else if ["ndjson", "jsonl", "json-lines"].iter().any(|lines| kind.contains(lines)) {
        Announced::Lines
    } else {
        Announced::Nothing
    }
}

/// Reads until the JSON is complete, which may be long before the connection ends.
async fn read(
    mut chunks: Chunks<'_>,
    reader: &mut AnyReader,
    partials: &(dyn Fn(u32) + Sync),
) -> Result<(), Failure> {
    let cut = |error: &reqwest::Error| Failure::new(FailureKind::CutShort, words(error));
    while let Some(chunk) = chunks.next().await.map_err(|error| cut(&error))? {
        let before = reader.partials();
        if reader.push(&chunk).map_err(|error| unreadable(&error))? == Progress::Complete {
            break;
        }
        if reader.partials() > before {
            partials(reader.partials());
        }
    }
    Ok(())
}

fn unreadable(error: &ReplyError) -> Failure {
    Failure::new(FailureKind::CutShort, error.to_string())
}

fn reply_headers(headers: &HeaderMap) -> ReplyHeaders {
    ReplyHeaders {
        request_id: header(headers, "x-request-id").or_else(|| header(headers, "request-id")),
        retry_after: retry_after(headers),
        should_retry: header(headers, "x-should-retry").and_then(|text| text.trim().parse().ok()),
        location: header(headers, LOCATION.as_str()),
    }
}

/// `retry-after-ms`, else `retry-after` in seconds or as a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| {
        let seconds = header(headers, name)?.trim().parse::<f64>().ok()?;
        Some(if name.ends_with("-ms") { seconds / 1000.0 } else { seconds })
    };
    let date = || {
        let at = httpdate::parse_http_date(header(headers, RETRY_AFTER.as_str())?.trim()).ok()?;
        // By the upstream's own clock, where it tells it: ours may be off.
        let its_now =
            header(headers, DATE.as_str()).and_then(|date| httpdate::parse_http_date(date.trim()).ok());
        Some(at.duration_since(its_now.unwrap_or_else(SystemTime::now)).unwrap_or_default())
    };
    let stated = number("retry-after-ms").or_else(|| number(RETRY_AFTER.as_str()));
    stated.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).or_else(date)
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// A request that got no reply at all: before the connection stood nothing was sent.
fn not_answered(error: &reqwest::Error) -> Failure {
    let unsent = error.is_connect() || error.is_builder();
    let kind = if unsent { FailureKind::NotSent } else { FailureKind::TimedOut };
    Failure::new(kind, words(error))
}

/// The innermost causes say most; the address is left out, because it may be signed.
fn words(error: &reqwest::Error) -> String {
    let mut words = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    words.dedup();
    if words.is_empty() { "the request failed".to_owned() } else { words.join(": ") }
}
