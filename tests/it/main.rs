//! Everything that is tested at the boundary, in one binary.

mod readme;
