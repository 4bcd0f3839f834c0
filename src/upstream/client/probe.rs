//! Asks a provider for its models: free, and it shows whether the address, the certificate
//! and the key are good.

use std::time::{Duration, SystemTime};

use reqwest::header::DATE;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::{Client, ModelAddress, header, not_answered, words};
use crate::upstream::{Failure, FailureKind};

/// How long an answer may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(20);
/// The most bytes of a list of models that are read.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What a provider answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// The HTTP status; 401 and 403 mean that the key was not accepted.
    pub status: u16,
    /// How long the answer took, connecting included.
    pub took: Duration,
    /// The ids of the models it lists; `None` where the answer is no such list.
    pub models: Option<Vec<String>>,
    /// How many seconds our clock is ahead of the provider's, where it told its time.
    pub ahead_seconds: Option<i64>,
}

impl Client {
    /// Asks for the list of models.
    ///
    /// # Errors
    /// A [`Failure`] where nothing was answered.
    pub async fn probe(&self, target: ModelAddress<'_>) -> Result<Probe, Failure> {
        let started = Instant::now();
        let broken = |error: String| Failure::new(FailureKind::NotSent, error);
        let url = format!("{}/models", target.provider.base_url);
        let request = Self::signed(target, self.paid(&url).map_err(broken)?.get(url)).map_err(broken)?;
        let exchange = async {
            let mut response = request.send().await.map_err(|error| not_answered(&error))?;
            let took = started.elapsed();
            let (status, ahead_seconds) = (response.status().as_u16(), ahead(response.headers()));
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|error| broken(words(&error)))? {
                body.extend_from_slice(&chunk);
                if body.len() > MOST_BYTES {
                    break;
                }
            }
            Ok(Probe { status, took, models: models_in(&body), ahead_seconds })
        };
        let late = || broken(format!("no answer for {} s", PROBE_TIMEOUT.as_secs()));
        timeout(PROBE_TIMEOUT, exchange).await.unwrap_or_else(|_| Err(late()))
    }
}

fn ahead(headers: &reqwest::header::HeaderMap) -> Option<i64> {
    let theirs = httpdate::parse_http_date(header(headers, DATE.as_str())?.trim()).ok()?;
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    Some(match SystemTime::now().duration_since(theirs) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    })
}

fn models_in(body: &[u8]) -> Option<Vec<String>> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let list = value.get("data").or_else(|| value.get("models")).unwrap_or(&value).as_array()?;
    let id = |model: &Value| Some(model.get("id").or_else(|| model.get("name"))?.as_str()?.to_owned());
    Some(list.iter().filter_map(id).collect())
}
