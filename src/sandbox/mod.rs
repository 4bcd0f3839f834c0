//! Beside upstream: the embedded upstream.
