//! The part of a string of which it is not yet known whether it belongs to an image. Its
//! bytes are kept as text meanwhile, and taken back once they turn out to be an image's.
//!
//! White space inside a run of base64 is line wrapping if what follows goes on like a run.
//! Words after an image (`data:image/png;base64,… Here is your kite`) are made of the same
//! characters, so after white space a run goes on only with [`SIGNATURE_DIGITS`] digits on
//! end, or with digits up to padding, to the end of the string or to Markdown's `)`.

use super::base64_run::{SIGNATURE_DIGITS, announces_an_image};
use super::character::{Character, Escape};

/// Where in a string this is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// At the start or after `base64,`: an image may begin.
    #[default]
    BeforeRun,
    /// In an image, at something that is not plainly a digit.
    InRun,
    /// After an image's padding.
    AfterPadding,
}

/// What the next byte decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing yet.
    Hold,
    /// All that is held, this byte included, is the image's, which goes on.
    Run,
    /// The same, and the image is complete.
    Padding,
    /// All that is held is the image's, which ends before this byte.
    End,
    /// All that is held is text, and so is this byte.
    Release,
}

/// What is held.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Where in the kept text it begins.
    pub(super) mark: usize,
    /// The digits in it.
    pub(super) digits: Vec<u8>,
    place: Place,
    escape: Escape,
    white_before: bool,
    white_after: bool,
}

impl Held {
    /// Holds nothing, from `mark` on.
    pub(super) fn begin(&mut self, place: Place, mark: usize) {
        self.digits.clear();
        *self = Self { mark, place, digits: std::mem::take(&mut self.digits), ..Self::default() };
    }

    /// Whether the next byte is one that a backslash escapes.
    pub(super) fn after_backslash(&self) -> bool {
        self.escape == Escape::Backslash
    }

    /// Judges the next byte.
    pub(super) fn step(&mut self, byte: u8) -> Verdict {
        let Some(character) = self.escape.step(byte) else { return Verdict::Hold };
        match (self.place, character) {
            (Place::InRun | Place::AfterPadding, Character::Quote) => Verdict::End,
            (Place::InRun, Character::Parenthesis) if !self.white_after => Verdict::End,
            (Place::InRun | Place::AfterPadding, Character::Padding) => Verdict::Padding,
            (Place::BeforeRun, Character::Quote | Character::Padding)
            | (Place::AfterPadding, Character::Digit(_))
            | (_, Character::Other | Character::Parenthesis) => Verdict::Release,
            (Place::BeforeRun, Character::Digit(digit)) => {
                self.digits.push(digit);
                match self.digits.len() {
                    ..SIGNATURE_DIGITS => Verdict::Hold,
                    _ if announces_an_image(&self.digits) => Verdict::Run,
                    _ => Verdict::Release,
                }
            }
            (Place::InRun, Character::Digit(_)) if self.white_after => Verdict::Release,
            (Place::InRun, Character::Digit(digit)) => {
                self.digits.push(digit);
                if self.white_before && self.digits.len() < SIGNATURE_DIGITS {
                    Verdict::Hold
                } else {
                    Verdict::Run
                }
            }
            (_, Character::White) => {
                self.white_before |= self.digits.is_empty();
                self.white_after |= !self.digits.is_empty();
                Verdict::Hold
            }
        }
    }
}
