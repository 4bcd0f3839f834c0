//! How many threads may work on one image. Whether several images are worked on at once is
//! for the layers above.

use std::num::NonZero;
use std::thread;

/// More than this bring little, since the parts of an image are put together by one.
const MOST: usize = 8;

/// The processors there are for one image, at least one.
pub(super) fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get).min(MOST)
}
