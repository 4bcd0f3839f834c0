//! File names that a person can read, safe on every system.

use crate::domain::{ImageFormat, ImageId};

const MOST_CHARACTERS: usize = 40;
const MOST_BYTES: usize = 100;

/// The words of a text in lower case, joined by hyphens, cut after 40 characters or 100
/// bytes, between words where there are any. Letters and digits of every script stay; there
/// is nothing else in it, so no dot, slash or control character. Empty where the text has
/// neither letters nor digits.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for word in text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()) {
        // A few letters fall apart into a letter and a mark.
        let word: String =
            word.chars().flat_map(char::to_lowercase).filter(|part| part.is_alphanumeric()).collect();
        let joined = if slug.is_empty() { word } else { format!("{slug}-{word}") };
        match cut(&joined) {
            whole if whole.len() == joined.len() => slug = joined,
            part if slug.is_empty() => return part.to_owned(),
            _ => break,
        }
    }
    slug
}

/// As much of the text as fits.
fn cut(text: &str) -> &str {
    let ends = text.char_indices().map(|(start, character)| start + character.len_utf8());
    let end = ends.take(MOST_CHARACTERS).take_while(|end| *end <= MOST_BYTES).last();
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}

/// A stem for the store: day, words of the prompt, end of the id. Because it begins with
/// the day, it is none of the names that Windows reserves.
pub(super) fn stem(day: jiff::civil::Date, prompt: &str, id: &ImageId) -> String {
    let id = id.as_str();
    let tail = id.get(id.len().saturating_sub(6)..).unwrap_or(id);
    match slug(prompt).as_str() {
        "" => format!("{day}-{tail}"),
        words => format!("{day}-{words}-{tail}"),
    }
}

/// A plain file name for an image that is sent along: in ASCII, because how a multipart
/// header spells anything else differs from server to server.
#[must_use]
pub fn file_name(stem: &str, format: ImageFormat) -> String {
    match slug(&stem.replace(|character: char| !character.is_ascii(), " ")).as_str() {
        "" => format!("image.{}", format.extension()),
        words => format!("{words}.{}", format.extension()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prompts_become_names_that_can_be_read() {
        let long_word = "a".repeat(50);
        let chinese = "日落时分一只红色的风筝在海面上飞翔远处有一座白色的灯塔和几艘小渔船";
        let cases = [
            ("Red kite over the sea", "red-kite-over-the-sea"),
            ("  A “quoted”, dotted... prompt!\n", "a-quoted-dotted-prompt"),
            (
                "an oil painting of a lighthouse at dusk, heavy brush",
                "an-oil-painting-of-a-lighthouse-at-dusk",
            ),
            ("ÉTÉ à Paris", "été-à-paris"),
            ("红色风筝，大海", "红色风筝-大海"),
            (chinese, "日落时分一只红色的风筝在海面上飞翔远处有一座白色的灯塔和几艘小渔船"),
            ("🦊🔥", ""),
            ("🦊 fox", "fox"),
            ("../../etc/passwd", "etc-passwd"),
            ("a\0b\u{202e}c\\d", "a-b-c-d"),
            ("CON", "con"),
            (&long_word, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ];
        for (prompt, expected) in cases {
            assert_eq!(slug(prompt), expected, "{prompt}");
        }
    }

    #[test]
    fn a_stem_is_day_words_and_the_end_of_the_id() {
        let id = ImageId::parse("img_0123456789ab").unwrap();
        let day = jiff::civil::date(2026, 11, 23);
        assert_eq!(stem(day, "Red kite", &id), "2026-11-23-red-kite-6789ab");
        assert_eq!(stem(day, "🦊", &id), "2026-11-23-6789ab");
        assert_eq!(stem(day, "CON", &id), "2026-11-23-con-6789ab");
    }

    #[test]
    fn what_is_sent_along_has_a_plain_name() {
        let cases =
            [("My \"Cat\"", "my-cat.png"), ("été", "t.png"), ("红色", "image.png"), ("a\r\nb", "a-b.png")];
        for (stem, name) in cases {
            assert_eq!(file_name(stem, ImageFormat::Png), name);
        }
    }

    proptest! {
        #[test]
        fn no_prompt_makes_an_unsafe_or_long_name(prompt in "\\PC{0,200}|.{0,200}") {
            let slug = slug(&prompt);
            prop_assert!(slug.len() <= MOST_BYTES && slug.chars().count() <= MOST_CHARACTERS);
            prop_assert!(slug.chars().all(|character| character.is_alphanumeric() || character == '-'));
            prop_assert!(!slug.starts_with('-') && !slug.ends_with('-'));
        }
    }
}
