//! The list of dialects: the only file that names them all.

use super::chat::Chat;
use super::encode::Dialect;
use super::images_api::ImagesApi;
use crate::catalog::Endpoint;

/// The dialect an endpoint speaks.
#[must_use]
pub fn dialect(endpoint: Endpoint) -> &'static dyn Dialect {
    match endpoint {
        Endpoint::Images => &ImagesApi,
        Endpoint::Chat => &Chat,
    }
}
