//! Resolves the settings of the HTTP server. The command that needs the token file reads it later.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::values::{ConfigError, dollars, to_usize};
use crate::app::settings::Settings;
use crate::domain::Secret;
use crate::jobs::{InFlight, SpendingCaps};
use crate::transports::{Clocks, Limits};

/// A server for many callers sends many requests, also to one provider.
const MOST_IN_FLIGHT: usize = 1_000;

/// The configuration of the HTTP server.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Tokens from the setting, `name=token`.
    pub tokens: Vec<Secret>,
    /// A file with more tokens.
    pub token_file: Option<PathBuf>,
    /// Allowed Host names in addition to loopback.
    pub hosts: Vec<String>,
    /// Allowed Origins in addition to loopback.
    pub origins: Vec<String>,
    /// The address that clients use, without a trailing slash.
    pub public_url: Option<String>,
    /// The folders that callers may use: none unless the settings name some.
    pub roots: Vec<PathBuf>,
    /// Limits on concurrent requests to image APIs.
    pub in_flight: InFlight,
    /// The spending caps of each token.
    pub caps_per_token: SpendingCaps,
    /// Limits on what is served.
    pub limits: Limits,
    /// Timeouts.
    pub clocks: Clocks,
}

impl HttpConfig {
    pub(super) fn resolve(settings: &Settings) -> Result<Self, ConfigError> {
        let usual = Limits::default();
        let calls = settings.max_calls.map_or(usual.calls, to_usize);
        let (clocks, seconds) = (Clocks::default(), |seconds: u32| Duration::from_secs(seconds.into()));
        let filled = |list: &Option<Vec<String>>| {
            let texts = list.iter().flatten().map(|text| text.trim().to_owned());
            texts.filter(|text| !text.is_empty()).collect()
        };
        Ok(Self {
            listen: settings.listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8787))),
            tokens: settings.tokens.clone().unwrap_or_default(),
            token_file: settings.token_file.clone().filter(|path| !path.as_os_str().is_empty()),
            hosts: filled(&settings.allowed_hosts),
            origins: filled(&settings.allowed_origins),
            public_url: settings.public_url.as_deref().map(public_url).transpose()?.flatten(),
            roots: settings.roots.clone().unwrap_or_default(),
            in_flight: InFlight {
                most: settings.max_in_flight.map_or(MOST_IN_FLIGHT, to_usize),
                most_per_provider: settings.max_in_flight_per_provider.map_or(MOST_IN_FLIGHT, to_usize),
            },
            caps_per_token: SpendingCaps {
                per_day: settings
                    .max_cost_usd_per_day_per_token
                    .map(|usd| dollars("max_cost_usd_per_day_per_token", usd))
                    .transpose()?,
                per_month: settings
                    .max_cost_usd_per_month_per_token
                    .map(|usd| dollars("max_cost_usd_per_month_per_token", usd))
                    .transpose()?,
            },
            limits: Limits {
                body_bytes: settings.max_body_bytes.map_or(usual.body_bytes, to_usize),
                sessions: settings.max_sessions.map_or(usual.sessions, to_usize),
                calls,
                calls_per_token: settings.max_calls_per_token.map_or(calls, to_usize),
                requests_per_minute: settings.max_requests_per_minute.unwrap_or(usual.requests_per_minute),
            },
            clocks: Clocks {
                session_idle: settings.session_idle_s.map_or(clocks.session_idle, seconds),
                stop: settings.stop_within_s.map_or(clocks.stop, seconds),
                ..clocks
            },
        })
    }
}

fn public_url(text: &str) -> Result<Option<String>, ConfigError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let is_base = |url: &url::Url| {
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        matches!(url.scheme(), "http" | "https") && url.has_host() && plain
    };
    if !url::Url::parse(text).is_ok_and(|url| is_base(&url)) {
        let problem = format!("{text:?} was given; pass an address such as https://images.example.com");
        return Err(ConfigError::Value { name: "public_url", problem });
    }
    Ok(Some(text.trim_end_matches('/').to_owned()))
}
