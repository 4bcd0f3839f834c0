//! What the tests share: the real binary as a child process, an upstream that answers as it
//! is told, and images drawn here.

mod app;
mod fixtures;
mod http;
mod images;
mod sandbox;
mod test_home;
mod upstream;
mod web;

pub use app::{Answer, App, Ran, Setup, modern};
pub use fixtures::{error_body, success_body};
pub use http::Recorded;
pub use images::{alpha_mask, jpeg, large_png, photo, pixels_of, png, webp, white_mask};
pub use sandbox::Sandbox;
pub use test_home::{TestHome, files_in};
pub use upstream::{Gate, Reply, Upstream};
pub use web::{Ask, Opened, WebApp};

/// How long a test waits for what should happen at once.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// Looks again and again until it finds something: for what announces itself to nobody, such
/// as a file.
pub async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    polled(what, async || look()).await
}

/// The same where to look is to ask, as a client asks for the end of its task.
pub async fn polled<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let search = async {
        loop {
            match look().await {
                Some(found) => return found,
                None => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("{what} did not happen"))
}
