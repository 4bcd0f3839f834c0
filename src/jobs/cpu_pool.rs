//! Runs work on whole images off the async threads, few at a time: each may take a hundred megabytes of memory, and calls
//! come by the dozen.

use tokio::sync::Semaphore;

use crate::domain::Problem;

/// How many run at once.
static PERMITS: Semaphore = Semaphore::const_new(2);

/// Runs the work when it is its turn.
///
/// # Errors
/// An internal problem if the work panicked.
pub(super) async fn cpu_pool<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let permit = PERMITS.acquire().await.map_err(|closed| Problem::internal(closed.to_string()))?;
    // The permit goes along: the caller may leave, and the work goes on.
    let done = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work()
    });
    done.await.map_err(|error| Problem::internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn no_more_than_two_are_done_at_once() {
        let (busy, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let works = (0..8).map(|_| {
            let (busy, most) = (Arc::clone(&busy), Arc::clone(&most));
            cpu_pool(move || {
                most.fetch_max(busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                busy.fetch_sub(1, Ordering::SeqCst);
            })
        });
        assert!(futures_util::future::join_all(works).await.into_iter().all(|done| done.is_ok()));
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    }
}
