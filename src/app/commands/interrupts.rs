//! Requests to stop: ^C, and on Unix the signals of a closing terminal and of `kill`.

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Every request to stop from now on, none of them missed and none of them fatal.
pub(in crate::app) fn interrupts() -> UnboundedReceiver<()> {
    let (sender, receiver) = unbounded_channel();
    #[cfg(unix)]
    {
        use tokio::signal::unix::SignalKind;
        for kind in [SignalKind::hangup(), SignalKind::terminate()] {
            tokio::spawn(forward(kind, sender.clone()));
        }
    }
    tokio::spawn(async move { while tokio::signal::ctrl_c().await.is_ok() && sender.send(()).is_ok() {} });
    receiver
}

#[cfg(unix)]
async fn forward(kind: tokio::signal::unix::SignalKind, sender: tokio::sync::mpsc::UnboundedSender<()>) {
    // Where a signal cannot be had it keeps its own effect.
    let Ok(mut signals) = tokio::signal::unix::signal(kind) else { return };
    while signals.recv().await.is_some() && sender.send(()).is_ok() {}
}
