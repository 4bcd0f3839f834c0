//! How many threads may work on one picture. Whether several pictures are worked on at once is
//! for the floors above.

use std::num::NonZero;
use std::thread;

/// More than this bring little, since the parts of a picture are put together by one.
const MOST: usize = 8;

/// The processors there are for one picture, at least one.
pub(super) fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get).min(MOST)
}
