//! What a character of a JSON string means to base64, with JSON's escapes resolved: PHP sends
//! `/` as `\/`, .NET sends `+` as `\u002B`, line ends come as `\n`.

/// One character's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Character {
    /// Part of the standard or of the URL-safe alphabet.
    Digit(u8),
    /// A blank, a tab or a line end.
    White,
    /// `=`.
    Padding,
    /// The quotation mark that ends the string.
    Quote,
    /// `)`, with which Markdown ends an address.
    Parenthesis,
    /// Anything else.
    Other,
}

/// How far into an escape sequence the reading is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Escape {
    /// Not in one.
    #[default]
    None,
    /// After the backslash.
    Backslash,
    /// After `\u` and this many of its four digits.
    Unicode {
        /// Digits read.
        digits: u8,
        /// Their value so far.
        value: u16,
    },
}

impl Escape {
    /// The next byte; `None` while the character is not complete.
    pub(super) fn step(&mut self, byte: u8) -> Option<Character> {
        let (next, character) = match *self {
            Self::None if byte == b'\\' => (Self::Backslash, None),
            Self::None if byte == b'"' => (Self::None, Some(Character::Quote)),
            Self::None if byte == b')' => (Self::None, Some(Character::Parenthesis)),
            Self::None => (Self::None, Some(meaning(byte))),
            Self::Backslash => match byte {
                b'u' => (Self::Unicode { digits: 0, value: 0 }, None),
                b'/' => (Self::None, Some(Character::Digit(b'/'))),
                b'n' | b'r' | b't' => (Self::None, Some(Character::White)),
                _ => (Self::None, Some(Character::Other)),
            },
            Self::Unicode { digits, value } => match (byte as char).to_digit(16) {
                None => (Self::None, Some(Character::Other)),
                Some(digit) => {
                    // Below 16, and three digits before it at most: both fit.
                    let value = (value << 4) | u16::try_from(digit).unwrap_or_default();
                    if digits == 3 {
                        (Self::None, Some(u8::try_from(value).map_or(Character::Other, meaning)))
                    } else {
                        (Self::Unicode { digits: digits + 1, value }, None)
                    }
                }
            },
        };
        *self = next;
        character
    }
}

/// The meaning of a character that stands for itself.
fn meaning(byte: u8) -> Character {
    match byte {
        _ if is_digit(byte) => Character::Digit(byte),
        b' ' | b'\n' | b'\r' | b'\t' => Character::White,
        b'=' => Character::Padding,
        _ => Character::Other,
    }
}

/// Whether the byte is in the standard or the URL-safe alphabet.
const fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() | matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Bytes looked at together: a multiple of four.
const STRETCH: usize = 4096;

/// How many bytes at the beginning are digits.
pub(super) fn leading_digits(bytes: &[u8]) -> usize {
    let mut scanned = 0;
    for stretch in bytes.chunks(STRETCH) {
        // Of the standard alphabet, as nearly all are, it tells several times faster.
        let plain = stretch.len() == STRETCH && base64_simd::STANDARD_NO_PAD.check(stretch).is_ok();
        let digits = if plain { STRETCH } else { leading_digits_of_either(stretch) };
        scanned += digits;
        if digits < stretch.len() {
            break;
        }
    }
    scanned
}

fn leading_digits_of_either(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<64>();
    // Without a branch inside the block, so that the compiler makes vector code of it.
    let whole = blocks.iter().take_while(|block| block.iter().fold(true, |all, &byte| all & is_digit(byte)));
    let scanned = whole.count() * 64;
    let tail = bytes.iter().skip(scanned);
    scanned + tail.take_while(|&&byte| is_digit(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_mean_what_they_stand_for() {
        let cases: [(&str, Character); 16] = [
            ("A", Character::Digit(b'A')),
            ("-", Character::Digit(b'-')),
            ("\\/", Character::Digit(b'/')),
            ("\\u002f", Character::Digit(b'/')),
            ("\\u002B", Character::Digit(b'+')),
            ("\\u003D", Character::Padding),
            ("\\n", Character::White),
            ("\\u000a", Character::White),
            ("\t", Character::White),
            ("\"", Character::Quote),
            (")", Character::Parenthesis),
            ("\\u0029", Character::Other),
            ("\\\"", Character::Other),
            ("\\u0022", Character::Other),
            ("\\u4e2d", Character::Other),
            ("\\ux", Character::Other),
        ];
        for (text, expected) in cases {
            let mut escape = Escape::default();
            let (last, before) = text.as_bytes().split_last().unwrap();
            for &byte in before {
                assert_eq!(escape.step(byte), None, "{text}");
            }
            assert_eq!(escape.step(*last), Some(expected), "{text}");
            assert_eq!(escape, Escape::None, "{text}");
        }
    }

    #[test]
    fn the_first_byte_outside_the_alphabet_is_found_at_any_place() {
        for place in (0..200).chain([STRETCH - 1, STRETCH, STRETCH + 1, 3 * STRETCH - 1]) {
            let strangers =
                (0..=255_u8).filter(|byte| !byte.is_ascii_alphanumeric() && !b"+/-_".contains(byte));
            for stranger in strangers {
                let mut bytes = [b'x'; 3 * STRETCH];
                bytes[place] = stranger;
                assert_eq!(leading_digits(&bytes), place, "{stranger}");
            }
        }
        let alphabets = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
        assert_eq!(leading_digits(alphabets), alphabets.len());
        let long = alphabets.repeat(200);
        assert_eq!(leading_digits(&long), long.len());
    }
}
