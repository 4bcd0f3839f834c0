//! Downloads: images that an upstream made and only links to, and files that a caller
//! named. No key ever goes here.
//!
//! An image behind a link is paid for, so its download is taken up again where it broke,
//! as often as is reasonable, and the image is never made again for it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_RANGE, ETAG, IF_RANGE, LAST_MODIFIED, LOCATION, RANGE};
use reqwest::{Response, StatusCode};
use tokio::time::{sleep, timeout};
use url::Url;

use super::{Client, header, words};
use crate::staging::{StagedFile, StagedWriter, Staging};
use crate::upstream::failure::{Failure, FailureKind};
use crate::upstream::ssrf;

/// The whole of a download, however often it is taken up again.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_mins(5);
/// The pauses before it is taken up again: as many as there are.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(8)];
const MOST_REDIRECTS: usize = 5;

/// Why a file could not be fetched for a caller.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address leads into a private network.
    #[error("{0} is a private, loopback or link-local address")]
    Private(String),
    /// Anything but https.
    #[error("{0} is not an https address")]
    NotHttps(String),
    /// Larger than accepted, in bytes.
    #[error("the file is larger than {0} bytes")]
    TooLarge(u64),
    /// Anything else, in words.
    #[error("{0}")]
    Failed(String),
}

/// How one connection's part of a download ended.
enum Part {
    /// The file is whole.
    Whole,
    /// It broke off and may be taken up again.
    Broke(String),
    /// It is not to be had.
    Refused(String),
}

/// A download under way.
struct Download {
    writer: StagedWriter,
    bytes: u64,
    version: Version,
}

impl Download {
    fn new(staging: &Staging) -> Self {
        Self { writer: staging.begin(), bytes: 0, version: Version::default() }
    }
}

/// What an answer says of its file, to be sure that a later part is of the same.
#[derive(Default)]
struct Version {
    tag: Option<String>,
    modified: Option<String>,
    length: Option<u64>,
}

impl Version {
    fn of(response: &Response) -> Self {
        let part = response.status() == StatusCode::PARTIAL_CONTENT;
        Self {
            tag: header(response.headers(), ETAG.as_str()),
            modified: header(response.headers(), LAST_MODIFIED.as_str()),
            length: if part { whole_length(response) } else { response.content_length() },
        }
    }

    /// What a server may compare the file with before it sends a part.
    fn condition(&self) -> Option<&str> {
        self.tag.as_deref().filter(|tag| !tag.starts_with("W/")).or(self.modified.as_deref())
    }

    /// Whether two answers say that they are of the same file, as far as both say.
    fn fits(&self, other: &Self) -> bool {
        fn fit<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.zip(other).is_none_or(|(one, other)| one == other)
        }
        fit(self.tag.as_ref(), other.tag.as_ref())
            && fit(self.modified.as_ref(), other.modified.as_ref())
            && fit(self.length.as_ref(), other.length.as_ref())
    }
}

impl Client {
    /// Downloads an image that an upstream made. `trusted` is the provider's own base URL:
    /// only a provider that is itself on a private network may point into one. `is_whole` is
    /// asked where nothing else tells whether an image came to its end.
    ///
    /// # Errors
    /// A [`Failure`] of the kind `DownloadFailed`, with the link.
    pub async fn download(
        &self,
        url: &Url,
        trusted: &str,
        staging: &Staging,
        is_whole: &(dyn Fn(&StagedFile) -> bool + Sync),
    ) -> Result<StagedFile, Failure> {
        let private_allowed = Url::parse(trusted).is_ok_and(|base| ssrf::is_private_host(&base));
        let failed = |words: String| Failure {
            link: Some(url.to_string()),
            ..Failure::new(FailureKind::DownloadFailed, words)
        };
        let download = async {
            let unwritable = |error: std::io::Error| failed(format!("it could not be written: {error}"));
            let mut download = Download::new(staging);
            let mut pauses = PAUSES.into_iter();
            loop {
                let part =
                    self.part(url, private_allowed, staging, &mut download).await.map_err(unwritable)?;
                let broke = match part {
                    Part::Whole => {
                        let Download { writer, bytes, version } = download;
                        let staged = writer.finish();
                        let told = version.length.is_some() || staged.format.is_none();
                        if bytes > 0 && (told || is_whole(&staged)) {
                            return Ok(staged);
                        }
                        download = Download::new(staging);
                        if bytes == 0 { "nothing came" } else { "it ended early" }.to_owned()
                    }
                    Part::Broke(words) => words,
                    Part::Refused(words) => return Err(failed(words)),
                };
                match pauses.next() {
                    Some(pause) => sleep(pause).await,
                    None => return Err(failed(broke)),
                }
            }
        };
        let late = || failed(format!("it took longer than {} s", DOWNLOAD_TIMEOUT.as_secs()));
        timeout(DOWNLOAD_TIMEOUT, download).await.unwrap_or_else(|_| Err(late()))
    }

    /// As much of a download as one connection brings.
    async fn part(
        &self,
        url: &Url,
        private_allowed: bool,
        staging: &Staging,
        download: &mut Download,
    ) -> std::io::Result<Part> {
        let from = (download.bytes > 0).then_some((download.bytes, download.version.condition()));
        let stall = self.options.stall;
        let mut response = match timeout(stall, self.get(url, private_allowed, from)).await {
            Ok(Ok(response)) => response,
            Ok(Err(FetchError::Failed(words))) => return Ok(Part::Broke(words)),
            Ok(Err(error)) => return Ok(Part::Refused(error.to_string())),
            Err(_) => return Ok(Part::Broke(format!("no answer for {} s", stall.as_secs()))),
        };
        let version = Version::of(&response);
        match response.status() {
            StatusCode::PARTIAL_CONTENT
                if starts_at(&response, download.bytes) && download.version.fits(&version) => {}
            StatusCode::RANGE_NOT_SATISFIABLE if whole_length(&response) == Some(download.bytes) => {
                return Ok(Part::Whole);
            }
            // The file is another: from the beginning.
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                *download = Download::new(staging);
                return Ok(Part::Broke("another file came in its place".to_owned()));
            }
            // A link that is new may lead nowhere yet.
            status if is_passing(status) => return Ok(Part::Broke(format!("HTTP {}", status.as_u16()))),
            // The server ignores ranges, or the file is another.
            status if status.is_success() => {
                if download.bytes > 0 {
                    *download = Download::new(staging);
                }
                download.version = version;
            }
            status => return Ok(Part::Refused(format!("HTTP {}", status.as_u16()))),
        }
        loop {
            match timeout(stall, response.chunk()).await {
                Ok(Ok(Some(chunk))) => {
                    download.writer.write(&chunk)?;
                    download.bytes += chunk.len() as u64;
                }
                Ok(Ok(None)) => return Ok(Part::Whole),
                Ok(Err(error)) => return Ok(Part::Broke(words(&error))),
                Err(_) => return Ok(Part::Broke(format!("nothing came for {} s", stall.as_secs()))),
            }
        }
    }

    /// Fetches a file that a caller named, of at most so many bytes. Every hop must be https
    /// and public.
    ///
    /// # Errors
    /// [`FetchError`]; nothing is kept.
    pub async fn fetch(&self, url: &Url, most_bytes: u64) -> Result<Bytes, FetchError> {
        if url.scheme() != "https" {
            return Err(FetchError::NotHttps(url.to_string()));
        }
        let fetch = async {
            let mut response = self.get(url, false, None).await?;
            if !response.status().is_success() {
                return Err(FetchError::Failed(format!("HTTP {}", response.status().as_u16())));
            }
            let mut file = BytesMut::new();
            while let Some(chunk) =
                response.chunk().await.map_err(|error| FetchError::Failed(words(&error)))?
            {
                if (file.len() + chunk.len()) as u64 > most_bytes {
                    return Err(FetchError::TooLarge(most_bytes));
                }
                file.extend_from_slice(&chunk);
            }
            Ok(file.freeze())
        };
        let late = || FetchError::Failed(format!("it took longer than {} s", DOWNLOAD_TIMEOUT.as_secs()));
        timeout(DOWNLOAD_TIMEOUT, fetch).await.unwrap_or_else(|_| Err(late()))
    }

    /// A GET that follows redirects by hand, so that every hop is judged, and connects to
    /// the very addresses that were judged. `from` asks for the rest of a file, of the same
    /// version where one is known.
    async fn get(
        &self,
        url: &Url,
        private_allowed: bool,
        from: Option<(u64, Option<&str>)>,
    ) -> Result<Response, FetchError> {
        let mut url = url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let addresses = if private_allowed { Vec::new() } else { self.public_addresses(&url).await? };
            let host = url.host_str().unwrap_or_default().to_owned();
            let builder = self.builder().map_err(FetchError::Failed)?;
            let pinned =
                if addresses.is_empty() { builder } else { builder.resolve_to_addrs(&host, &addresses) };
            let failed = |error: reqwest::Error| FetchError::Failed(words(&error));
            let mut request = self.build(pinned).map_err(FetchError::Failed)?.get(url.clone());
            if let Some((start, tag)) = from {
                request = request.header(RANGE, format!("bytes={start}-"));
                if let Some(tag) = tag {
                    request = request.header(IF_RANGE, tag);
                }
            }
            let response = request.send().await.map_err(failed)?;
            let redirected = response.status().is_redirection();
            let next = header(response.headers(), LOCATION.as_str()).filter(|_| redirected);
            match next.and_then(|location| url.join(&location).ok()) {
                Some(next) if url.scheme() == "https" && next.scheme() != "https" => {
                    return Err(FetchError::NotHttps(next.to_string()));
                }
                Some(next) => url = next,
                None => return Ok(response),
            }
        }
        Err(FetchError::Failed(format!("more than {MOST_REDIRECTS} redirects")))
    }

    /// What a host resolves to, all of it public. Empty behind a proxy that alone can resolve.
    async fn public_addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, FetchError> {
        let host = url.host_str().unwrap_or_default().to_owned();
        if ssrf::is_private_host(url) {
            return Err(FetchError::Private(host));
        }
        let port = url.port_or_known_default().unwrap_or(443);
        let addresses: Vec<_> = match tokio::net::lookup_host((host.as_str(), port)).await {
            Ok(addresses) => addresses.collect(),
            Err(_) if self.options.proxied.contains(&url.scheme()) => return Ok(Vec::new()),
            Err(error) => return Err(FetchError::Failed(format!("{host} cannot be resolved ({error})"))),
        };
        if addresses.iter().any(|address| !ssrf::is_public(address.ip())) {
            return Err(FetchError::Private(host));
        }
        Ok(addresses)
    }
}

/// Whether a status may be another in a moment.
fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::ACCEPTED
            | StatusCode::NOT_FOUND
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_EARLY
            | StatusCode::TOO_MANY_REQUESTS
    ) || status.is_server_error()
}

/// Whether a partial answer goes on where the download broke.
fn starts_at(response: &Response, bytes: u64) -> bool {
    let range = header(response.headers(), CONTENT_RANGE.as_str()).unwrap_or_default();
    range.strip_prefix("bytes ").and_then(|range| range.split('-').next()) == Some(bytes.to_string().as_str())
}

/// The length of the whole file, where a partial answer says it.
fn whole_length(response: &Response) -> Option<u64> {
    let range = header(response.headers(), CONTENT_RANGE.as_str())?;
    range.split_once('/').and_then(|(_, length)| length.trim().parse().ok())
}
