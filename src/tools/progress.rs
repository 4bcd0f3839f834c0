//! Progress notifications, for callers that ask for them.

use std::time::{Duration, Instant};

use rmcp::RoleServer;
use rmcp::model::ProgressNotificationParam;
use rmcp::service::RequestContext;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::jobs::JobProgress;

/// Clients that reset their timeout on progress allow 60 s without any.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// Sends progress at once and for as long as the call lasts. Never returns.
pub(super) async fn tell(context: &RequestContext<RoleServer>, watched: watch::Receiver<JobProgress>) {
    let Some(token) = context.meta.get_progress_token() else { return std::future::pending().await };
    let started = Instant::now();
    let mut ticks = interval(PROGRESS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = -1.0_f64;
    let mut seen = watched.clone();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            changed = seen.changed() => if changed.is_err() { return std::future::pending().await },
        }
        let stage = watched.borrow().clone();
        let elapsed = started.elapsed();
        let progress = stage.fraction(elapsed.as_secs_f64());
        // The protocol requires each value to be above the one before.
        if progress <= last {
            continue;
        }
        last = progress;
        let notice = ProgressNotificationParam::new(token.clone(), progress)
            .with_total(1.0)
            .with_message(stage.words(elapsed.as_secs()));
        // A caller that is gone is noticed by its cancellation.
        let _ = context.peer.notify_progress(notice).await;
    }
}
