//! The checks, each with what was found and what to do about it.

use std::path::{Path, PathBuf};

use url::Url;

use crate::app::config::Config;
use crate::app::environment::Environment;
use crate::catalog::{Model, Provider};
use crate::domain::Secret;
use crate::references::Destination;
use crate::store::Store;
use crate::upstream::{Client, Failure, ModelAddress, Probe};

/// A few 4K images fill less space than this.
const LITTLE_SPACE: u64 = 200 * 1024 * 1024;
/// A clock further off than this makes signed links and certificates fail.
const MOST_SKEW_SECONDS: i64 = 300;
/// Behind Cloudflare, which gives up after about 100 s (docs.apiyi.com, timeout
/// configuration).
const IMPATIENT_HOST: &str = "api-cf.apiyi.com";

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CheckState {
    /// As it should be.
    Good,
    /// Worth knowing; calls still work.
    Note,
    /// Calls would fail.
    Fails,
}

impl CheckState {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Note => "note",
            Self::Fails => "fails",
        }
    }
}

/// One check.
#[derive(Clone, Debug)]
pub(super) struct Check {
    pub subject: String,
    pub state: CheckState,
    pub what: String,
    pub remedy: String,
}

impl Check {
    fn new(
        subject: impl Into<String>,
        state: CheckState,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { subject: subject.into(), state, what: what.into(), remedy: remedy.into() }
    }
}

/// Runs every check that is free.
pub(super) async fn all(
    config: &Config,
    settings_file: Option<PathBuf>,
    environment: &Environment,
) -> Vec<Check> {
    let mut checks = vec![settings(settings_file), store(&config.store)];
    // Free space does not matter if nothing can be written.
    if checks.iter().all(|check| check.state != CheckState::Fails) {
        checks.push(space(&config.store));
    }
    checks.push(proxy(environment));
    if config.sandbox {
        checks.push(Check::new(
            "sandbox",
            CheckState::Note,
            "the sandbox draws every call; no provider is contacted",
            "",
        ));
        return checks;
    }
    let client = Client::new(config.client.clone());
    let mut usable = false;
    for provider in &config.catalog.providers {
        let models: Vec<_> =
            config.catalog.models.iter().filter(|model| model.name.provider == provider.id).collect();
        let asked = provider_checks(&client, config, provider, &models).await;
        usable |= asked.1;
        checks.extend(asked.0);
    }
    if !usable {
        let variables: Vec<_> =
            config.catalog.providers.iter().flat_map(|provider| &provider.key_variables).collect();
        let variables: Vec<_> = variables.into_iter().map(String::as_str).collect();
        checks.push(Check::new(
            "providers",
            CheckState::Fails,
            "no provider can be used",
            format!("Set one of {}, or start with --sandbox to try it without a key.", variables.join(", ")),
        ));
    }
    checks
}

fn settings(file: Option<PathBuf>) -> Check {
    match file {
        Some(path) => Check::new("settings", CheckState::Good, format!("read from {}", path.display()), ""),
        None => Check::new(
            "settings",
            CheckState::Good,
            "no settings file: flags, variables and defaults apply",
            "",
        ),
    }
}

fn store(store: &Path) -> Check {
    match Store::new(store.to_owned()).staging(&Destination::Store) {
        Ok(_) => Check::new("store", CheckState::Good, format!("{} can be written", store.display()), ""),
        Err(error) => {
            let remedy = "Set GPT_IMAGE_MCP_STORE to a folder that can be written.";
            Check::new("store", CheckState::Fails, error.to_string(), remedy)
        }
    }
}

fn space(store: &Path) -> Check {
    let existing = store.ancestors().find(|folder| folder.exists()).unwrap_or(store);
    match fs4::available_space(existing) {
        Ok(bytes) if bytes < LITTLE_SPACE => Check::new(
            "space",
            CheckState::Fails,
            format!("{} MB are free; a 4K image takes up to 20 MB", bytes / 1_000_000),
            "Free some space, or set GPT_IMAGE_MCP_STORE to another disk.",
        ),
        Ok(bytes) => Check::new("space", CheckState::Good, format!("{:.1} GB are free", giga(bytes)), ""),
        Err(error) => {
            Check::new("space", CheckState::Note, format!("the free space is unknown ({error})"), "")
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn giga(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

fn proxy(environment: &Environment) -> Check {
    let names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
    let set: Vec<_> = names
        .iter()
        .filter_map(|name| {
            // The address may contain a password: only the host is shown.
            let value = environment.variable(name)?;
            let host = Url::parse(value).ok().and_then(|url| url.host_str().map(str::to_owned));
            Some(format!("{name} at {}", host.unwrap_or_else(|| "an address that cannot be read".to_owned())))
        })
        .collect();
    let exempt = ["NO_PROXY", "no_proxy"].iter().find_map(|name| environment.variable(name));
    let what = match (set.as_slice(), exempt) {
        ([], _) => "none".to_owned(),
        (set, None) => set.join(", "),
        (set, Some(exempt)) => format!("{}; not for {exempt}", set.join(", ")),
    };
    Check::new("proxy", CheckState::Good, what, "")
}

/// The checks of one provider, and whether it can be used.
async fn provider_checks(
    client: &Client,
    config: &Config,
    provider: &Provider,
    models: &[&Model],
) -> (Vec<Check>, bool) {
    let id = &provider.id;
    let mut keys: Vec<Option<&String>> = Vec::new();
    for model in models {
        let key = model.key_variables.iter().find(|variable| config.keys.contains_key(*variable));
        if (key.is_some() || model.key_variables.is_empty()) && !keys.contains(&key) {
            keys.push(key);
        }
    }
    if keys.is_empty() {
        let wanted = provider.key_variables.join(" or ");
        let check = Check::new(
            id,
            CheckState::Note,
            "no key is set, so it is not used",
            format!("Set {wanted} to use it."),
        );
        return (vec![check], false);
    }
    let mut checks = vec![resolved(provider).await];
    if provider.base_url.contains(IMPATIENT_HOST) {
        let what = format!("{IMPATIENT_HOST} ends every call after about 100 s, charged or not");
        checks.push(Check::new(
            format!("{id} address"),
            CheckState::Fails,
            what,
            "Use https://api.apiyi.com/v1.",
        ));
    }
    let mut usable = false;
    for variable in keys {
        let key = variable.and_then(|variable| config.keys.get(variable));
        let (more, good) = answered(client, provider, models, variable, key).await;
        usable |= good;
        checks.extend(more);
    }
    (checks, usable)
}

fn address_count(count: usize) -> String {
    format!("{count} address{}", if count == 1 { "" } else { "es" })
}

async fn resolved(provider: &Provider) -> Check {
    let subject = format!("{} address", provider.id);
    let url = Url::parse(&provider.base_url).ok();
    let place = url.as_ref().and_then(|url| Some((url.host_str()?.to_owned(), url.port_or_known_default()?)));
    let Some((host, port)) = place else {
        let what = format!("{} cannot be read", provider.base_url);
        return Check::new(subject, CheckState::Fails, what, "Set its base URL to an http or https address.");
    };
    match tokio::net::lookup_host((host.trim_matches(['[', ']']), port)).await {
        Ok(addresses) => {
            let count = addresses.count();
            Check::new(
                subject,
                CheckState::Good,
                format!("{} resolves to {}", provider.base_url, address_count(count)),
                "",
            )
        }
        Err(error) => {
            let what = format!("{host} does not resolve here ({error})");
            Check::new(
                subject,
                CheckState::Note,
                what,
                "Check the name and the network. Behind a proxy this can be normal.",
            )
        }
    }
}

async fn answered(
    client: &Client,
    provider: &Provider,
    models: &[&Model],
    variable: Option<&String>,
    key: Option<&Secret>,
) -> (Vec<Check>, bool) {
    let subject =
        variable.map_or_else(|| provider.id.clone(), |variable| format!("{} {variable}", provider.id));
    let target = ModelAddress { provider, wire_id: "", key };
    match client.probe(target).await {
        Err(Failure { words, .. }) => {
            let remedy = "Check the network, the proxy, the base URL and, behind a company's proxy, \
                           GPT_IMAGE_MCP_CA_FILE.";
            (vec![Check::new(subject, CheckState::Fails, format!("does not answer: {words}"), remedy)], false)
        }
        Ok(probe) => {
            let mut checks = Vec::from_iter(certificate(provider));
            checks.push(key_check(&subject, &probe, variable));
            let good = checks.iter().all(|check| check.state != CheckState::Fails);
            if good {
                checks.extend(models_check(provider, models, &probe));
                checks.extend(token_type(provider, variable));
            }
            checks.extend(clock(&provider.id, &probe));
            (checks, good)
        }
    }
}

/// An answer over https means that the certificate was accepted; plain http has none.
fn certificate(provider: &Provider) -> Option<Check> {
    let secure = provider.base_url.starts_with("https:");
    secure.then(|| {
        Check::new(format!("{} tls", provider.id), CheckState::Good, "the certificate is accepted", "")
    })
}

fn key_check(subject: &str, probe: &Probe, variable: Option<&String>) -> Check {
    let took = probe.took.as_millis();
    let named = variable.map_or("the key", String::as_str);
    match probe.status {
        401 | 403 => Check::new(
            subject,
            CheckState::Fails,
            format!("the key is not accepted (HTTP {})", probe.status),
            format!("Put a valid key of this provider into {named}."),
        ),
        200..=299 => {
            Check::new(subject, CheckState::Good, format!("answers in {took} ms, the key is accepted"), "")
        }
        404 => Check::new(
            subject,
            CheckState::Note,
            format!("answers in {took} ms, and lists no models (HTTP 404), so the key could not be checked"),
            "Check that the base URL ends where the API begins, usually in /v1.",
        ),
        status => {
            Check::new(subject, CheckState::Fails, format!("answers with HTTP {status}"), "Try again later.")
        }
    }
}

fn models_check(provider: &Provider, models: &[&Model], probe: &Probe) -> Option<Check> {
    let listed = probe.models.as_ref()?;
    let (here, missing): (Vec<_>, Vec<_>) = models
        .iter()
        .map(|model| model.wire_id.as_str())
        .partition(|id| listed.iter().any(|known| known == id));
    let subject = format!("{} models", provider.id);
    Some(if missing.is_empty() {
        Check::new(subject, CheckState::Good, format!("all {} are listed", here.len()), "")
    } else {
        let what = format!("{} are listed; not listed: {}", here.len(), missing.join(", "));
        Check::new(
            subject,
            CheckState::Note,
            what,
            "A call to one that is not listed is likely to be refused.",
        )
    })
}

/// The gateway bills per call or per use, depending on the token; only a paid call shows which.
fn token_type(provider: &Provider, variable: Option<&String>) -> Option<Check> {
    let shared = provider.id == "apiyi" && variable.is_some_and(|variable| variable == "APIYI_API_KEY");
    shared.then(|| {
        Check::new(
            format!("{} token", provider.id),
            CheckState::Note,
            "only a paid call shows whether the token may use the official models",
            "They need the type pay-per-use (priority). If your token of that type differs, set APIYI_OFFICIAL_API_KEY.",
        )
    })
}

fn clock(id: &str, probe: &Probe) -> Option<Check> {
    let ahead = probe.ahead_seconds?;
    let subject = format!("{id} clock");
    Some(if ahead.abs() > MOST_SKEW_SECONDS {
        let direction = if ahead > 0 { "ahead of" } else { "behind" };
        let what = format!("this machine's clock is {} s {direction} the provider's", ahead.abs());
        Check::new(
            subject,
            CheckState::Fails,
            what,
            "Set the clock: certificates and signed links depend on it.",
        )
    } else {
        Check::new(
            subject,
            CheckState::Good,
            format!("within {} s of the provider's", ahead.abs().max(1)),
            "",
        )
    })
}
