//! Progress on stderr: a bar for each call in a terminal, lines elsewhere.

use std::cell::RefCell;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar has this many steps.
const STEPS: u64 = 1_000;
const RUNNING: &str = "{prefix} {bar:14.cyan/dim} {elapsed:>3} {wide_msg:.dim}";
const ENDED: &str = "{prefix} {bar:14.cyan/dim} {elapsed:>3} {wide_msg}";

/// One call's progress, on stderr.
pub(super) struct DemoProgress {
    name: String,
    /// `None` if stderr is not a terminal.
    bar: Option<ProgressBar>,
    /// The last line without a bar, so that no line is repeated.
    line: RefCell<String>,
}

impl DemoProgress {
    /// Shows the call of this name, padded to `width` characters.
    pub fn start(name: &str, width: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar =
                ProgressBar::new(STEPS).with_style(style(RUNNING)).with_prefix(format!("{name:width$}"));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        let progress = Self { name: name.to_owned(), bar, line: RefCell::default() };
        if progress.bar.is_none() {
            progress.line("called");
        }
        progress
    }

    /// Shows the progress, from 0 to 1, and the server's message.
    pub fn at(&self, fraction: f64, words: &str) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "from 0 to 1000"
        )]
        let step = (fraction.clamp(0.0, 1.0) * STEPS as f64) as u64;
        match &self.bar {
            Some(bar) => {
                bar.set_position(step);
                bar.set_message(words.to_owned());
            }
            None => self.line(&format!("{} %, {words}", step / 10)),
        }
    }

    /// Leaves the bar full, with these words.
    pub fn done(self, words: &str) {
        if let Some(bar) = &self.bar {
            bar.set_style(style(ENDED));
            bar.finish_with_message(words.to_owned());
        } else {
            self.line(words);
        }
    }

    /// Leaves the bar where it is.
    pub fn failed(self) {
        if let Some(bar) = &self.bar {
            bar.set_style(style(ENDED));
            bar.abandon_with_message("failed");
        } else {
            self.line("failed");
        }
    }

    fn line(&self, words: &str) {
        if self.line.replace(words.to_owned()) != words {
            let _ = writeln!(std::io::stderr(), "{}: {words}", self.name);
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
