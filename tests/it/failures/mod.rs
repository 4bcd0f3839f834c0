//! Failures of every kind, met by the real binary: how often the upstream was asked, what the
//! caller was told, what was counted as charged, and that no half file is left.
//!
//! - `scenario`: a provider that fails as it is told, a second one, and the program before them
//! - `again`: each fault once, at a cheap model: tried again or not
//! - `elsewhere`: faults that last: on along endpoints, models and providers
//! - `money`: where one more try may pay twice
//! - `downloads`: images that are made and only linked to
//! - `keys`: every fault with all that is logged

mod again;
mod downloads;
mod elsewhere;
mod keys;
mod money;
mod scenario;
