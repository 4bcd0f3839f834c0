//! Painting and decoding, on threads where they hold up no other reply.

use crate::sandbox::api_error::ApiError;

/// Runs work that keeps a core busy.
pub(in crate::sandbox) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(panicked) => Err(ApiError::internal(&panicked.to_string())),
    }
}
