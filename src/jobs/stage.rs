//! How far a call is, for progress notifications.

use serde::{Deserialize, Serialize};

use crate::domain::JobId;

/// A step of a call, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Inputs are read and the model is chosen; nothing is paid.
    Preparing,
    /// Recorded, and waiting for its turn; nothing is paid.
    Queued {
        /// The job it is recorded as.
        job: JobId,
        /// The place in the line, 1 for the next.
        place: u32,
        /// What this model usually takes, in seconds.
        usual_seconds: u32,
    },
    /// The request is out.
    Rendering {
        /// The job it is recorded as.
        job: JobId,
        /// How many images are here.
        done: u32,
        /// How many were asked for.
        of: u32,
        /// What this model usually takes, in seconds.
        usual_seconds: u32,
        /// The images on their way that came before finished ones.
        partials: Partials,
    },
}

/// Images on their way, where the model streams them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partials {
    /// How many have come.
    pub here: u32,
    /// How many were asked for before each finished image; fewer may come.
    pub each: u32,
}

impl Stage {
    /// The job, once it is recorded.
    #[must_use]
    pub fn job(&self) -> Option<&JobId> {
        match self {
            Self::Preparing => None,
            Self::Queued { job, .. } | Self::Rendering { job, .. } => Some(job),
        }
    }

    /// In words.
    #[must_use]
    pub fn words(&self, seconds: u64) -> String {
        match self {
            Self::Preparing => "preparing".to_owned(),
            Self::Queued { place, .. } => {
                format!("waiting to be sent, place {place} in the line, {seconds} s so far")
            }
            Self::Rendering { done, of, usual_seconds, .. } => {
                let count = if *of > 1 { format!(", {done} of {of} images here") } else { String::new() };
                format!("rendering{count}, {seconds} s so far, usually about {usual_seconds} s")
            }
        }
    }

    /// How much of the work is done after so many seconds, from 0 towards 1 and never there:
    /// the images that are here count whole, the others by the clock or by the partial ones
    /// that have come, whichever is further.
    #[must_use]
    pub fn fraction(&self, seconds: f64) -> f64 {
        match self {
            Self::Preparing => 0.0,
            // Always rising, and below where rendering begins.
            Self::Queued { .. } => 0.019 * (1.0 - (-seconds / 600.0).exp()),
            Self::Rendering { done, of, usual_seconds, partials, .. } => {
                let usual = f64::from((*usual_seconds).max(1));
                let by_clock = 0.95 * (1.0 - (-1.5 * seconds / usual).exp());
                let by_partials = partials.share((*of).saturating_sub(*done), *done);
                let (done, of) = (f64::from(*done), f64::from((*of).max(1)));
                (0.02 + 0.97 * (done + (of - done) * by_clock.max(by_partials)) / of).min(0.99)
            }
        }
    }
}

impl Partials {
    /// How much of the images still to come is done, where so many are and so many have come.
    fn share(self, to_come: u32, done: u32) -> f64 {
        let theirs = self.here.saturating_sub(done.saturating_mul(self.each));
        let steps = f64::from(to_come.max(1)) * f64::from(self.each.saturating_add(1));
        (f64::from(theirs) / steps).min(0.95)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_images_drive_the_fraction_where_they_are_ahead_of_the_clock() {
        let at = |done, here, seconds| {
            let (job, partials) = (JobId::from_entropy(1), Partials { here, each: 3 });
            Stage::Rendering { job, done, of: 2, usual_seconds: 60, partials }.fraction(seconds)
        };
        let steps =
            [at(0, 0, 1.0), at(0, 1, 1.0), at(0, 4, 1.0), at(1, 4, 1.0), at(1, 5, 1.0), at(1, 99, 1.0)];
        assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
        assert!(steps[5] < 1.0);
        assert!((at(0, 1, 600.0) - at(0, 0, 600.0)).abs() < 1e-9, "the clock is further");
    }

    #[test]
    fn the_fraction_rises_with_time_and_with_every_image_and_stays_below_one() {
        let job = JobId::from_entropy(1);
        let at = |done, seconds| {
            let partials = Partials::default();
            Stage::Rendering { job: job.clone(), done, of: 3, usual_seconds: 60, partials }.fraction(seconds)
        };
        let steps = [at(0, 0.0), at(0, 10.0), at(0, 60.0), at(1, 61.0), at(2, 61.0), at(2, 3_000.0)];
        assert!(steps.is_sorted() && steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
        assert!(steps[5] < 1.0);
    }
}
