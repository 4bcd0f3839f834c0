//! Limits how many requests are in flight, in all and to one provider, first come first served.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// How many requests may be out at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// In all.
    pub most: usize,
    /// To one provider.
    pub most_per_provider: usize,
}

impl Default for InFlight {
    fn default() -> Self {
        Self { most: 100, most_per_provider: 50 }
    }
}

/// The queues of all providers, under one limit.
#[derive(Debug)]
pub(super) struct Queue {
    limits: InFlight,
    all: Arc<Semaphore>,
    by_provider: Mutex<HashMap<String, Arc<ProviderQueue>>>,
}

/// Permission to send one request. Dropping it lets the next one go.
#[derive(Debug)]
pub(super) struct Permit(
    #[expect(dead_code, reason = "held")] OwnedSemaphorePermit,
    #[expect(dead_code, reason = "held")] OwnedSemaphorePermit,
);

/// The queue of one provider.
#[derive(Debug)]
struct ProviderQueue {
    permits: Arc<Semaphore>,
    /// The tickets of the callers that wait, and the next ticket.
    waiting: watch::Sender<(BTreeSet<u64>, u64)>,
}

/// A place in a queue. Dropping it gives it up.
struct Ticket<'a> {
    queue: &'a ProviderQueue,
    number: u64,
}

impl Queue {
    pub(super) fn new(limits: InFlight) -> Self {
        Self { limits, all: Arc::new(Semaphore::new(limits.most)), by_provider: Mutex::default() }
    }

    /// How many callers wait, for all providers together.
    pub(super) fn waiting(&self) -> usize {
        let by_provider = self.by_provider.lock().unwrap_or_else(PoisonError::into_inner);
        by_provider.values().map(|queue| queue.waiting.borrow().0.len()).sum()
    }

    /// Waits for its turn. `on_place` receives the place in the queue whenever it changes, 1 for the next. Dropping the
    /// future leaves the queue.
    pub(super) async fn enter(&self, provider: &str, mut on_place: impl FnMut(u32)) -> Permit {
        let queue = self.of(provider);
        let ticket = queue.ticket();
        let mut watched = queue.waiting.subscribe();
        let permits = async {
            // Semaphores of tokio are fair.
            let of_provider = Arc::clone(&queue.permits).acquire_owned().await;
            let of_all = Arc::clone(&self.all).acquire_owned().await;
            of_provider.ok().zip(of_all.ok())
        };
        tokio::pin!(permits);
        let mut place = 0;
        loop {
            // A caller that need not wait has no place.
            if let Some(Some((of_provider, of_all))) = permits.as_mut().now_or_never() {
                return Permit(of_provider, of_all);
            }
            let now = watched.borrow_and_update().0.range(..=ticket.number).count();
            let now = u32::try_from(now).unwrap_or(u32::MAX);
            if now != place {
                place = now;
                on_place(place);
            }
            tokio::select! {
                biased;
                Some((of_provider, of_all)) = &mut permits => return Permit(of_provider, of_all),
                _ = watched.changed() => {}
            }
        }
    }

    fn of(&self, provider: &str) -> Arc<ProviderQueue> {
        let mut by_provider = self.by_provider.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = by_provider.entry(provider.to_owned()).or_insert_with(|| {
            Arc::new(ProviderQueue {
                permits: Arc::new(Semaphore::new(self.limits.most_per_provider)),
                waiting: watch::Sender::default(),
            })
        });
        Arc::clone(queue)
    }
}

impl ProviderQueue {
    fn ticket(&self) -> Ticket<'_> {
        let mut number = 0;
        self.waiting.send_modify(|(waiting, next)| {
            number = *next;
            waiting.insert(number);
            *next += 1;
        });
        Ticket { queue: self, number }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.queue.waiting.send_modify(|(waiting, _)| {
            waiting.remove(&self.number);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(most: usize, most_per_provider: usize) -> Queue {
        Queue::new(InFlight { most, most_per_provider })
    }

    #[tokio::test]
    async fn those_who_wait_are_served_in_order_and_told_their_place() {
        let queue = queue(10, 1);
        let first = queue.enter("a", |_| panic!("nobody waits")).await;
        let (mut second_told, mut third_told) = (Vec::new(), Vec::new());
        let mut second = Box::pin(queue.enter("a", |place| second_told.push(place)));
        assert!(second.as_mut().now_or_never().is_none());
        let mut third = Box::pin(queue.enter("a", |place| third_told.push(place)));
        assert!(third.as_mut().now_or_never().is_none());
        assert_eq!(queue.waiting(), 2);
        drop(first);
        let second_permit = second.await;
        assert!(third.as_mut().now_or_never().is_none());
        drop(second_permit);
        third.await;
        assert_eq!((second_told, third_told), (vec![1], vec![2, 1]));
    }

    #[tokio::test]
    async fn who_leaves_the_line_makes_room() {
        let queue = queue(10, 1);
        let first = queue.enter("a", |_| {}).await;
        let mut second = Box::pin(queue.enter("a", |_| {}));
        assert!(second.as_mut().now_or_never().is_none());
        let mut places = Vec::new();
        let mut third = Box::pin(queue.enter("a", |place| places.push(place)));
        assert!(third.as_mut().now_or_never().is_none());
        drop(second);
        assert!(third.as_mut().now_or_never().is_none());
        drop(first);
        third.await;
        assert_eq!(places, [2, 1]);
    }

    #[tokio::test]
    async fn providers_have_lines_of_their_own_under_one_limit() {
        let queue = queue(2, 1);
        let a = queue.enter("a", |_| {}).await;
        let _b = queue.enter("b", |_| {}).await;
        let mut c = Box::pin(queue.enter("c", |_| {}));
        assert!(c.as_mut().now_or_never().is_none(), "two are out, though c has none");
        drop(a);
        assert!(c.as_mut().now_or_never().is_some());
    }
}
