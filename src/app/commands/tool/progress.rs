//! Progress of a call on stderr: a bar in a terminal, lines elsewhere.

use std::io::Write as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::watch;

use crate::jobs::JobProgress;

/// Between two lines for the same stage.
const LINE_EVERY: Duration = Duration::from_secs(15);
/// The bar's full length.
const WHOLE: u64 = 1000;

/// Shows the progress until it is dropped.
pub(super) struct CallProgress {
    stages: watch::Receiver<JobProgress>,
    started: Instant,
    shown: ProgressDisplay,
}

enum ProgressDisplay {
    Bar(ProgressBar),
    /// The stage said last, and when.
    Lines(Option<(JobProgress, Instant)>),
}

impl CallProgress {
    pub(super) fn new(stages: watch::Receiver<JobProgress>) -> Self {
        let target = ProgressDrawTarget::stderr();
        let shown = if target.is_hidden() {
            ProgressDisplay::Lines(None)
        } else {
            let style = ProgressStyle::with_template("{bar:16} {wide_msg}");
            let bar = ProgressBar::with_draw_target(Some(WHOLE), target);
            ProgressDisplay::Bar(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
        };
        Self { stages, started: Instant::now(), shown }
    }

    /// The current progress.
    pub(super) fn stage(&self) -> JobProgress {
        self.stages.borrow().clone()
    }

    /// Updates the display.
    pub(super) fn show(&mut self) {
        let (stage, elapsed) = (self.stage(), self.started.elapsed());
        match &mut self.shown {
            ProgressDisplay::Bar(bar) => {
                #[expect(
                    clippy::cast_precision_loss,
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a fraction of a small whole"
                )]
                bar.set_position((stage.fraction(elapsed.as_secs_f64()) * WHOLE as f64) as u64);
                bar.set_message(stage.words(elapsed.as_secs()));
            }
            ProgressDisplay::Lines(last) => {
                let said =
                    last.as_ref().is_some_and(|(said, at)| *said == stage && at.elapsed() < LINE_EVERY);
                if !said {
                    let _ = writeln!(std::io::stderr(), "{}", stage.words(elapsed.as_secs()));
                    *last = Some((stage, Instant::now()));
                }
            }
        }
    }

    /// Prints a line next to the display.
    pub(super) fn say(&self, text: &str) {
        let say = || drop(writeln!(std::io::stderr(), "{text}"));
        match &self.shown {
            ProgressDisplay::Bar(bar) => bar.suspend(say),
            ProgressDisplay::Lines(_) => say(),
        }
    }
}

impl Drop for CallProgress {
    fn drop(&mut self) {
        if let ProgressDisplay::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}
