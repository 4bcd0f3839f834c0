//! Everything that is tested at the boundary, in one binary.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod demo;
mod packaging;
mod readme;
