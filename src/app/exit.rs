//! The exit codes of every command.

/// Done.
pub(super) const DONE: u8 = 0;
/// Failed or refused.
pub(super) const FAILED: u8 = 1;
/// Wrong usage or settings.
pub(super) const WRONG_USAGE: u8 = 2;
