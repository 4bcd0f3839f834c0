//! Limits running calls and requests per minute, per owner and in total.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::metrics::Metrics;
use super::options::Limits;

/// Counts per owner. There are as many owners as token names.
#[derive(Debug)]
pub(super) struct Load {
    limits: Limits,
    metrics: Metrics,
    counts: Arc<Counts>,
    buckets: Mutex<HashMap<Arc<str>, Bucket>>,
}

#[derive(Debug, Default)]
struct Counts {
    calls: Mutex<HashMap<Arc<str>, usize>>,
    ended: Notify,
}

/// A running call; counted while it is held.
#[derive(Debug)]
pub(super) struct CallInFlight {
    started: Instant,
    metrics: Metrics,
    owner: Arc<str>,
    counts: Arc<Counts>,
}

/// The limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LimitReached {
    /// Running calls in total.
    All(usize),
    /// Running calls of one token.
    Token(usize),
}

/// A token bucket that refills evenly within a minute.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Load {
    pub(super) fn new(limits: Limits, metrics: Metrics) -> Self {
        Self { limits, metrics, counts: Arc::default(), buckets: Mutex::default() }
    }

    /// Counts a new call, unless a limit is reached.
    pub(super) fn begin(&self, owner: &str) -> Result<CallInFlight, LimitReached> {
        let owner: Arc<str> = owner.into();
        let mut calls = self.counts.lock();
        let (own, all) = (calls.get(&owner).copied().unwrap_or(0), calls.values().sum::<usize>());
        if own >= self.limits.calls_per_token && self.limits.calls_per_token < self.limits.calls {
            return Err(LimitReached::Token(self.limits.calls_per_token));
        }
        if all >= self.limits.calls {
            return Err(LimitReached::All(self.limits.calls));
        }
        calls.insert(Arc::clone(&owner), own + 1);
        let (started, metrics, counts) = (Instant::now(), self.metrics.clone(), Arc::clone(&self.counts));
        Ok(CallInFlight { started, metrics, owner, counts })
    }

    /// The number of running calls.
    pub(super) fn in_flight(&self) -> usize {
        self.counts.lock().values().sum()
    }

    /// Waits until no call is running.
    pub(super) async fn idle(&self) {
        loop {
            let ended = self.counts.ended.notified();
            if self.in_flight() == 0 {
                return;
            }
            ended.await;
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// How long to wait before the next request.
    pub(super) fn request(&self, owner: &str, now: Instant) -> Result<(), Duration> {
        let most = f64::from(self.limits.requests_per_minute);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(owner.into()).or_insert(Bucket { left: most, at: now });
        let refilled = now.saturating_duration_since(bucket.at).as_secs_f64() * most / 60.0;
        *bucket = Bucket { left: (bucket.left + refilled).min(most), at: now };
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - bucket.left) * 60.0 / most))
    }
}

impl Counts {
    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, usize>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for CallInFlight {
    fn drop(&mut self) {
        let mut calls = self.counts.lock();
        if let Some(count) = calls.get_mut(&self.owner) {
            *count = count.saturating_sub(1);
        }
        drop(calls);
        self.metrics.call(self.started.elapsed());
        self.counts.ended.notify_waiters();
        tracing::debug!(owner = %self.owner, "a call ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(limits: Limits) -> (Load, &'static str, &'static str) {
        (Load::new(limits, Metrics::default()), "alice", "bob")
    }

    #[tokio::test]
    async fn calls_are_counted_for_each_token_and_in_all() {
        let (load, alice, bob) = load(Limits { calls: 3, calls_per_token: 2, ..Limits::default() });
        let first = load.begin(alice).unwrap();
        let second = load.begin(alice).unwrap();
        assert_eq!(load.begin(alice).unwrap_err(), LimitReached::Token(2));
        let third = load.begin(bob).unwrap();
        assert_eq!(load.begin(bob).unwrap_err(), LimitReached::All(3));
        drop(first);
        let fourth = load.begin(alice).unwrap();
        assert_eq!(load.in_flight(), 3);
        drop((third, fourth, second));
        load.idle().await;
    }

    #[test]
    fn requests_are_refused_past_a_minutes_worth_and_let_in_as_time_passes() {
        let (load, alice, bob) = load(Limits { requests_per_minute: 30, ..Limits::default() });
        let start = Instant::now();
        for _ in 0..30 {
            load.request(alice, start).unwrap();
        }
        let wait = load.request(alice, start).unwrap_err();
        assert!((1.9..2.1).contains(&wait.as_secs_f64()), "{wait:?}");
        load.request(bob, start).unwrap();
        load.request(alice, start + Duration::from_secs(2)).unwrap();
        assert!(load.request(alice, start + Duration::from_secs(3)).is_err());
    }
}
