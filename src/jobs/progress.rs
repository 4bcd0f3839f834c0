//! How far a job has come, for progress notifications.

use serde::{Deserialize, Serialize};

use crate::domain::JobId;

/// The steps of a job, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobProgress {
    /// The server reads the inputs and chooses a model. Nothing is paid.
    Preparing,
    /// The job is recorded and waits for its turn. Nothing is paid.
    Queued {
        /// Its id.
        job: JobId,
        /// Its place in the queue, 1 for the next.
        place: u32,
        /// How long this model usually takes, in seconds.
        usual_seconds: u32,
    },
    /// The request is sent.
    Rendering {
        /// Its id.
        job: JobId,
        /// How many images have come.
        done: u32,
        /// How many were asked for.
        of: u32,
        /// How long this model usually takes, in seconds.
        usual_seconds: u32,
        /// The partial images that came before finished ones.
        partials: Partials,
    },
}

/// Partial images, where the model streams them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partials {
    /// How many have come.
    pub here: u32,
    /// How many were asked for before each finished image. Fewer may come.
    pub each: u32,
}

impl JobProgress {
    /// The id of the job, once it is recorded.
    #[must_use]
    pub fn job(&self) -> Option<&JobId> {
        match self {
            Self::Preparing => None,
            Self::Queued { job, .. } | Self::Rendering { job, .. } => Some(job),
        }
    }

    /// The text for people and agents, after so many seconds.
    #[must_use]
    pub fn words(&self, seconds: u64) -> String {
        match self {
            Self::Preparing => "preparing".to_owned(),
            Self::Queued { place, .. } => {
                format!("waiting to be sent, place {place} in the queue, {seconds} s so far")
            }
            Self::Rendering { done, of, usual_seconds, .. } => {
                let count = if *of > 1 { format!(", {done} of {of} images here") } else { String::new() };
                format!("rendering{count}, {seconds} s so far, usually about {usual_seconds} s")
            }
        }
    }

    /// How much of the work is done after so many seconds, from 0 to below 1. An image that has come counts whole,
    /// the others count by the clock or by their partial images, whichever is further.
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
    /// Which part of the missing images their partial images make up.
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
            JobProgress::Rendering { job, done, of: 2, usual_seconds: 60, partials }.fraction(seconds)
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
            JobProgress::Rendering { job: job.clone(), done, of: 3, usual_seconds: 60, partials }
                .fraction(seconds)
        };
        let steps = [at(0, 0.0), at(0, 10.0), at(0, 60.0), at(1, 61.0), at(2, 61.0), at(2, 3_000.0)];
        assert!(steps.is_sorted() && steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
        assert!(steps[5] < 1.0);
    }
}
