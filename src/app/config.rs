//! Resolves the settings: fills every gap and checks every value. Opens nothing.

mod http;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use http::HttpConfig;
pub use values::ConfigError;
use values::{dollars, to_usize};

use super::environment::Environment;
use super::logs::LogFormat;
use super::settings::Settings;
use super::settings_file::SettingsFile;
use crate::catalog::Catalog;
use crate::codec::PreviewBudget;
use crate::domain::{Secret, Usd};
use crate::jobs::{InFlight, SpendingCaps};
use crate::references::Roots;
use crate::sandbox::FaultSpec;
use crate::tools::ReplyOptions;
use crate::upstream::{ClientOptions, RetrySettings};

/// The resolved configuration.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting")]
pub struct Config {
    /// Providers and models, base URLs and extra headers as set.
    pub catalog: Catalog,
    /// The keys that are set, by variable.
    pub keys: BTreeMap<String, Secret>,
    /// How to reach providers.
    pub client: ClientOptions,
    /// The store's folder.
    pub store: PathBuf,
    /// The folders that may be read and written.
    pub roots: Roots,
    /// What results contain.
    pub reply: ReplyOptions,
    /// Whether GPS positions and serial numbers in photos are sent.
    pub keep_metadata: bool,
    /// The most a call may cost.
    pub max_cost: Option<Usd>,
    /// The most that all calls together may cost.
    pub spending: SpendingCaps,
    /// Limits on concurrent requests.
    pub in_flight: InFlight,
    /// Whether the image of a call that is cancelled after sending is dropped.
    pub drop_cancelled: bool,
    /// The soft deadline of calls; overrides what is known of the client.
    pub wait: Option<Duration>,
    /// Whether paid work over stdio runs in a separate process.
    pub worker: bool,
    /// Retries and fail-over.
    pub retry: RetrySettings,
    /// Whether the sandbox draws every image.
    pub sandbox: bool,
    /// How long the sandbox takes for an image.
    pub sandbox_delay: Duration,
    /// The fault that the sandbox simulates.
    pub sandbox_fault: Option<FaultSpec>,
    /// The HTTP server.
    pub http: HttpConfig,
    /// The log filter.
    pub log: String,
    /// The format of the log.
    pub log_format: LogFormat,
}

impl Config {
    /// Resolves flags and variables (`stated`) over the settings file.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn resolve(
        stated: Settings,
        file: SettingsFile,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let SettingsFile { settings: below, mut catalog } = file;
        let settings = stated.over(below);
        let http = HttpConfig::resolve(&settings)?;
        let sandbox = settings.sandbox.unwrap_or(false) || settings.provider.as_deref() == Some("sandbox");
        set_base_urls(&mut catalog, &settings, environment)?;
        let partial_images = settings.partial_images.unwrap_or_default();
        for model in &mut catalog.models {
            model.partial_images = model.partial_images.map(|_| partial_images);
        }
        set_headers(&mut catalog, settings.headers.as_deref().unwrap_or_default())?;
        if let Some(only) = settings.provider.as_deref().filter(|only| *only != "sandbox" && !only.is_empty())
        {
            keep_only(&mut catalog, only)?;
        }
        let keys = keys(&catalog, &settings, environment);
        let store = settings.store.or_else(|| Some(environment.data_folder()?.join(env!("CARGO_PKG_NAME"))));
        let store = environment
            .working
            .join(store.unwrap_or_else(|| environment.temporary.join(env!("CARGO_PKG_NAME"))));
        let usual = [
            environment.home.clone(),
            Some(environment.working.clone()),
            Some(environment.temporary.clone()),
        ];
        let roots = Roots {
            allowed: settings.roots.unwrap_or_else(|| usual.into_iter().flatten().collect()),
            store: store.clone(),
            store_by_path: true,
            base: environment.working.clone(),
            home: environment.home.clone(),
        };
        let variables = [
            ("https", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
            ("http", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]),
        ];
        let proxied = variables.into_iter().filter_map(|(scheme, names)| {
            names.iter().any(|name| environment.variable(name).is_some()).then_some(scheme)
        });
        let usual_budget = PreviewBudget::default();
        let usual_retry = RetrySettings::default();
        let usual_in_flight = InFlight::default();
        Ok(Self {
            keys,
            client: ClientOptions {
                ca_file: settings.ca_file,
                direct: sandbox,
                proxied: proxied.collect(),
                ..ClientOptions::default()
            },
            store,
            roots,
            reply: ReplyOptions {
                output: settings.output.unwrap_or_default(),
                preview: PreviewBudget {
                    long_edge: settings.preview_edge.unwrap_or(usual_budget.long_edge),
                    base64_bytes: settings.preview_bytes.map_or(usual_budget.base64_bytes, to_usize),
                },
                inline_bytes: settings.inline_bytes.map_or(ReplyOptions::USUAL_INLINE_BYTES, to_usize),
                resource_links: settings.resource_links.unwrap_or(false),
            },
            keep_metadata: settings.keep_metadata.unwrap_or(false),
            max_cost: settings.max_cost_usd.map(|usd| dollars("max_cost_usd", usd)).transpose()?,
            spending: SpendingCaps {
                per_day: settings
                    .max_cost_usd_per_day
                    .map(|usd| dollars("max_cost_usd_per_day", usd))
                    .transpose()?,
                per_month: settings
                    .max_cost_usd_per_month
                    .map(|usd| dollars("max_cost_usd_per_month", usd))
                    .transpose()?,
            },
            in_flight: InFlight {
                most: settings.max_in_flight.map_or(usual_in_flight.most, to_usize),
                most_per_provider: settings
                    .max_in_flight_per_provider
                    .map_or(usual_in_flight.most_per_provider, to_usize),
            },
            drop_cancelled: settings.drop_cancelled.unwrap_or(false),
            wait: settings.wait_s.map(|seconds| Duration::from_secs(seconds.into())),
            worker: settings.worker.unwrap_or(true),
            retry: RetrySettings {
                timeout_up_to: settings
                    .retry_timeout_up_to_usd
                    .map_or(Ok(usual_retry.timeout_up_to), |usd| dollars("retry_timeout_up_to_usd", usd))?,
                most: settings.retries.unwrap_or(usual_retry.most),
                fail_over: settings.fail_over.unwrap_or(usual_retry.fail_over),
            },
            http,
            sandbox,
            sandbox_delay: delay(settings.sandbox_delay_s.unwrap_or(0.0))?,
            sandbox_fault: settings.sandbox_fault,
            log: settings.log.unwrap_or_else(|| "warn,rmcp=off".to_owned()),
            log_format: settings.log_format.unwrap_or_default(),
            catalog,
        })
    }

    /// Restricts paths for callers over HTTP: only the folders that the settings name, and stored images
    /// only by id, because the store holds the images of every owner.
    pub fn serve_remote_callers(&mut self) {
        self.in_flight = self.http.in_flight;
        self.roots.allowed.clone_from(&self.http.roots);
        self.roots.store_by_path = false;
    }
}

fn delay(seconds: f64) -> Result<Duration, ConfigError> {
    Duration::try_from_secs_f64(seconds).map_err(|_| ConfigError::Value {
        name: "sandbox_delay_s",
        problem: format!("{seconds} was given; pass seconds, 0 or more"),
    })
}

/// The key setting for a variable that has one, so that flags and the file can give it.
fn setting<'a>(settings: &'a Settings, variable: &str) -> Option<&'a Secret> {
    let key = match variable {
        "APIYI_API_KEY" => &settings.apiyi_api_key,
        "APIYI_OFFICIAL_API_KEY" => &settings.apiyi_official_api_key,
        "OPENAI_API_KEY" => &settings.openai_api_key,
        _ => &None,
    };
    key.as_ref().filter(|key| !key.is_empty())
}

/// Every key that is set and that a model of the catalogue names.
fn keys(catalog: &Catalog, settings: &Settings, environment: &Environment) -> BTreeMap<String, Secret> {
    let named = catalog.models.iter().flat_map(|model| &model.key_variables);
    let set = named.filter_map(|variable| {
        let key = setting(settings, variable)
            .cloned()
            .or_else(|| environment.variable(variable).map(Secret::new))?;
        Some((variable.clone(), key))
    });
    set.collect()
}

fn set_base_urls(
    catalog: &mut Catalog,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), ConfigError> {
    for provider in &mut catalog.providers {
        let (name, stated) = match provider.base_url_variable.as_deref() {
            Some("APIYI_BASE_URL") => ("apiyi_base_url", settings.apiyi_base_url.as_deref()),
            Some("OPENAI_BASE_URL") => ("openai_base_url", settings.openai_base_url.as_deref()),
            Some(other) => ("base_url_variable", environment.variable(other)),
            None => ("", None),
        };
        let Some(stated) = stated.map(str::trim).filter(|stated| !stated.is_empty()) else { continue };
        let url = url::Url::parse(stated)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if url.is_none() {
            let problem =
                format!("{stated:?} was given; pass an http or https address such as {}", provider.base_url);
            return Err(ConfigError::Value { name, problem });
        }
        stated.trim_end_matches('/').clone_into(&mut provider.base_url);
    }
    Ok(())
}

fn set_headers(catalog: &mut Catalog, headers: &[Secret]) -> Result<(), ConfigError> {
    for header in headers.iter().filter(|header| !header.is_empty()) {
        // The value may be a secret, so only the name is ever quoted.
        let wrong = |name: &str| ConfigError::Value {
            name: "headers",
            problem: format!("{name:?} is not a header; pass `Name: value`"),
        };
        let (name, value) = header.expose().split_once(':').ok_or_else(|| wrong("a text without a colon"))?;
        let name = name.trim();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        {
            return Err(wrong(name));
        }
        for provider in &mut catalog.providers {
            provider.headers.insert(name.to_owned(), Secret::new(value));
        }
    }
    Ok(())
}

fn keep_only(catalog: &mut Catalog, provider: &str) -> Result<(), ConfigError> {
    if catalog.provider(provider).is_none() {
        let known: Vec<_> = catalog.providers.iter().map(|known| known.id.as_str()).collect();
        let problem = format!("{provider:?} was given; pass one of sandbox, {}", known.join(", "));
        return Err(ConfigError::Value { name: "provider", problem });
    }
    catalog.models.retain(|model| model.name.provider == provider);
    Ok(())
}
