//! Shows images in terminals that can: by the Kitty, iTerm2 or Sixel protocol.
//!
//! Draws only in a terminal that answered a query for its features, so that a program behind a
//! pseudo-terminal receives no escape sequences for an image.

use std::env;
use std::io::Write as _;

use rasteroid::term_misc::{EnvIdentifiers, Wininfo};
use rasteroid::{Encoder as _, RasterEncoder};

use crate::codec::{PreviewBudget, inspect, make_preview};
use crate::store::StoredImage;

/// The longer edge of an image, in pixels of the terminal.
const EDGES: std::ops::RangeInclusive<u32> = 64..=1024;

/// Shows the images if the terminal can. Otherwise the printed paths are enough.
pub(super) fn show(images: &[StoredImage]) {
    if images.is_empty() || !may_be_asked(|name| env::var(name).ok()) {
        return;
    }
    let terminal = EnvIdentifiers::new();
    let answered = terminal.is_kitty || terminal.is_sixel || terminal.bg.is_some();
    let encoder = RasterEncoder::auto_detect(&terminal);
    if !answered || encoder == RasterEncoder::Ascii {
        return;
    }
    for image in images {
        if let Err(error) = draw(image, encoder, &terminal) {
            tracing::warn!(image = %image.id, error, "the image was not shown");
        }
    }
}

fn draw(image: &StoredImage, encoder: RasterEncoder, terminal: &EnvIdentifiers) -> Result<(), String> {
    let window = Wininfo::new(None, None, None, None, terminal).map_err(|error| error.to_string())?;
    // Two thirds of the window, so that the lines above stay in sight.
    let edge = u32::from(window.spx_width.min(window.spx_height)) * 2 / 3;
    let budget =
        PreviewBudget { long_edge: edge.clamp(*EDGES.start(), *EDGES.end()), ..PreviewBudget::default() };
    let file = image.open().map_err(|error| error.to_string())?;
    let info = inspect(&file).map_err(|error| error.to_string())?;
    let preview = make_preview(file, &info, &budget).map_err(|error| error.to_string())?;
    let decoded = image::load_from_memory(&preview.bytes).map_err(|error| error.to_string())?;
    let mut stdout = std::io::stdout();
    encoder.encode_image(&decoded, &mut stdout, &window, None, None).map_err(|error| error.to_string())?;
    writeln!(stdout).and_then(|()| stdout.flush()).map_err(|error| error.to_string())
}

/// Whether the terminal can be queried: some terminals print the query, and a multiplexer does not pass
/// it on by default.
fn may_be_asked(variable: impl Fn(&str) -> Option<String>) -> bool {
    let term = variable("TERM").unwrap_or_default();
    let multiplexed = variable("TMUX").or_else(|| variable("STY")).is_some()
        || ["tmux", "screen"].iter().any(|name| term.starts_with(name));
    let prints_it = ["", "dumb", "linux"].contains(&term.as_str())
        || variable("TERM_PROGRAM").is_some_and(|program| program == "Apple_Terminal");
    !multiplexed && !prints_it
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_that_would_print_the_question_are_not_asked() {
        let cases: [(&[(&str, &str)], bool); 7] = [
            (&[("TERM", "xterm-256color")], true),
            (&[("TERM", "xterm-kitty"), ("KITTY_WINDOW_ID", "1")], true),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "Apple_Terminal")], false),
            (&[("TERM", "dumb")], false),
            (&[("TERM", "linux")], false),
            (&[("TERM", "tmux-256color"), ("TMUX", "/tmp/tmux")], false),
            (&[], false),
        ];
        for (variables, expected) in cases {
            let variable = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(may_be_asked(variable), expected, "{variables:?}");
        }
    }
}
