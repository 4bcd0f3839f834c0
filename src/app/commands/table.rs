//! Tables for people, at most 80 columns wide in every script.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The widest line.
pub(super) const WIDTH: usize = 80;

/// Rows in columns, the first row being the head. Columns from `numbers` on end at the right.
pub(super) fn aligned<const N: usize>(rows: &[[String; N]], numbers: usize) -> String {
    let widths: [usize; N] = std::array::from_fn(|column| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0)
    });
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            let space = width - cell.width();
            let (before, after) = if column < numbers { (0, space) } else { (space, 0) };
            let between = if column == 0 { 0 } else { 2 };
            let _ = write!(line, "{:between$}{:before$}{cell}{:after$}", "", "", "");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The text on one line, cut to this many columns. Removes control characters that would move the cursor
/// or change the writing direction, because prompts are not trusted.
pub(super) fn one_line(text: &str, columns: usize) -> String {
    let plain = plain(text);
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.width() <= columns {
        return words;
    }
    let (mut cut, mut width) = (String::new(), 1);
    for character in words.chars() {
        width += character.width().unwrap_or(0);
        if width > columns {
            break;
        }
        cut.push(character);
    }
    cut.push('…');
    cut
}

/// The text in lines of at most this many columns, broken between words where possible.
pub(super) fn folded(text: &str, columns: usize) -> Vec<String> {
    let plain = plain(text);
    let mut lines = Vec::new();
    for paragraph in plain.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let mut word = word;
            let between = usize::from(!line.is_empty());
            if line.width() + between + word.width() > columns && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            } else if between > 0 {
                line.push(' ');
            }
            while word.width() > columns {
                let fits = word.char_indices().find(|(at, character)| {
                    word.get(..at + character.len_utf8()).unwrap_or_default().width() > columns
                });
                let (head, tail) = word.split_at(fits.map_or(word.len(), |(at, _)| at));
                lines.push(head.to_owned());
                word = tail;
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// The text with control characters replaced by spaces; line breaks stay.
fn plain(text: &str) -> String {
    let steers = |character: char| {
        (character.is_control() && character != '\n')
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|character| if steers(character) { ' ' } else { character }).collect()
}

/// A moment in the local time zone, to the minute.
pub(super) fn minute(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Bytes in the largest unit that leaves a figure before the point.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} KB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

/// A count of things, `1 image` or `2 images`.
pub(super) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_in_every_script() {
        let rows = [["NAME", "N"], ["红色风筝", "10"], ["kite", "7"]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows, 1), "NAME       N\n红色风筝  10\nkite       7\n");
    }

    #[test]
    fn a_text_is_one_line_of_its_width_and_steers_no_terminal() {
        let cases = [
            ("a red kite", 10, "a red kite"),
            ("a red kite", 9, "a red ki…"),
            ("红色风筝", 8, "红色风筝"),
            ("红色风筝", 7, "红色风…"),
            ("a\nred\tkite", 20, "a red kite"),
            ("a\u{1b}[31mb\u{202e}c", 20, "a [31mb c"),
        ];
        for (text, columns, line) in cases {
            assert_eq!(one_line(text, columns), line, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_is_folded_between_words_and_within_one_that_is_too_long() {
        let cases = [
            ("a red kite", 5, vec!["a red", "kite"]),
            ("a\nred  kite", 20, vec!["a", "red kite"]),
            ("红色风筝红 a", 8, vec!["红色风筝", "红 a"]),
            ("abcdefgh", 3, vec!["abc", "def", "gh"]),
        ];
        for (text, columns, lines) in cases {
            assert_eq!(folded(text, columns), lines, "{text:?}");
        }
    }

    #[test]
    fn sizes_are_short() {
        let cases =
            [(999, "999 bytes"), (12_345, "12 KB"), (1_450_000, "1.4 MB"), (5_000_000_000, "5.00 GB")];
        for (bytes, text) in cases {
            assert_eq!(size(bytes), text);
        }
    }
}
