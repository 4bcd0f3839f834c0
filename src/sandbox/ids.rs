//! Ids and times in replies.

use std::time::{SystemTime, UNIX_EPOCH};

use super::models::ModelFamily;

/// A new request id as the family's servers form it.
pub(super) fn request_id(family: ModelFamily) -> String {
    match family {
        ModelFamily::Official => format!("req_{:016x}{:016x}", random(), random()),
        ModelFamily::All | ModelFamily::All26 | ModelFamily::Vip => format!("{}{:016x}", now(), random()),
    }
}

/// A random number for an id; 0 where the system provides no randomness.
pub(super) fn random() -> u64 {
    getrandom::u64().unwrap_or_default()
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
