//! The metrics of the server, in the format of Prometheus.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::domain::Usd;
use crate::jobs::{Observer, Requested};

/// A drawing call takes 30 to 300 s; a shorter one does not draw.
const BUCKETS: [f64; 11] = [0.1, 1.0, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 180.0, 300.0, 600.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ModelLabels {
    provider: String,
    model: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    provider: String,
    model: String,
    outcome: &'static str,
}

/// The metrics of one server. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<MetricsState>);

struct MetricsState {
    registry: Registry,
    answered: Family<StatusLabels, Counter>,
    calls: Histogram,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<ModelLabels, Histogram, fn() -> Histogram>,
    bytes: Family<ModelLabels, Counter>,
    dollars: Family<ModelLabels, Counter<f64, AtomicU64>>,
    now: [Gauge; 3],
}

/// The current values of the gauges.
#[derive(Clone, Copy, Debug)]
pub(super) struct GaugeValues {
    /// Tool calls in flight.
    pub calls: usize,
    /// Sessions open.
    pub sessions: usize,
    /// Requests that wait to be sent to an image API.
    pub waiting: usize,
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("gpt_image");
        let inner = MetricsState {
            answered: Family::default(),
            calls: histogram(),
            requests: Family::default(),
            seconds: Family::new_with_constructor(histogram as fn() -> Histogram),
            bytes: Family::default(),
            dollars: Family::default(),
            now: Default::default(),
            registry: Registry::default(),
        };
        let [calls, sessions, waiting] = &inner.now;
        registry.register("http_requests", "HTTP requests by status", inner.answered.clone());
        let help = "From the start of a tool call to the end of its work";
        registry.register_with_unit("call", help, Unit::Seconds, inner.calls.clone());
        registry.register("calls_in_flight", "Tool calls in flight", calls.clone());
        registry.register("sessions", "Sessions open", sessions.clone());
        registry.register(
            "queued_requests",
            "Requests that wait to be sent to an image API",
            waiting.clone(),
        );
        let help = "Requests to image APIs by model and outcome: made, or the kind of failure";
        registry.register("upstream_requests", help, inner.requests.clone());
        let help = "Time of requests to image APIs";
        registry.register_with_unit("upstream", help, Unit::Seconds, inner.seconds.clone());
        registry.register_with_unit("pictures", "Bytes of images received", Unit::Bytes, inner.bytes.clone());
        let help = "Dollars charged or probably charged by image APIs";
        registry.register_with_unit("cost", help, Unit::Other("dollars".to_owned()), inner.dollars.clone());
        Self(Arc::new(MetricsState { registry, ..inner }))
    }
}

impl Metrics {
    /// Counts requests to image APIs.
    #[must_use]
    pub fn observer(&self) -> Observer {
        let metrics = self.clone();
        Observer::new(move |requested| metrics.requested(requested))
    }

    fn requested(&self, requested: Requested<'_>) {
        let Requested { model, outcome, seconds, bytes, cost } = requested;
        let (provider, model) = (model.provider.clone(), model.model.clone());
        let labels = ModelLabels { provider: provider.clone(), model: model.clone() };
        self.0.requests.get_or_create(&RequestLabels { provider, model, outcome }).inc();
        self.0.seconds.get_or_create(&labels).observe(seconds);
        self.0.bytes.get_or_create(&labels).inc_by(bytes);
        self.0.dollars.get_or_create(&labels).inc_by(cost.map_or(0.0, Usd::dollars));
    }

    pub(super) fn answered(&self, status: u16) {
        self.0.answered.get_or_create(&StatusLabels { status: status.into() }).inc();
    }

    pub(super) fn call(&self, took: Duration) {
        self.0.calls.observe(took.as_secs_f64());
    }

    pub(super) fn text(&self, now: GaugeValues) -> Result<String, fmt::Error> {
        let values = [now.calls, now.sessions, now.waiting];
        for (gauge, value) in self.0.now.iter().zip(values) {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        text::encode(&mut text, &self.0.registry)?;
        Ok(text)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}
