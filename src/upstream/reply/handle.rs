//! The text that stands for an image in a document: its number between two private-use
//! characters, which no writing system uses.
//!
//! An upstream that sends them on purpose gains nothing: a handle names one of the images
//! of its own reply or none, and an image is given out once.

const OPEN: char = '\u{e1a6}';
const CLOSE: char = '\u{e1a7}';

/// An image among other text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'text> {
    /// What stands before it, such as `![a kite](data:image/png;base64,`.
    pub before: &'text str,
    /// Its number, for [`super::Images::take`].
    pub image: usize,
    /// What stands after it, such as `)`. Beginning with a letter or a digit, it says that
    /// the image's base64 was broken there.
    pub after: &'text str,
}

/// The first image in the text. Look in `after` for the next.
#[must_use]
pub fn find(text: &str) -> Option<Found<'_>> {
    let mut from = 0;
    loop {
        let (before, rest) = text.get(from..)?.split_once(OPEN)?;
        let before = text.get(..from + before.len())?;
        if let Some((number, after)) = rest.split_once(CLOSE)
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && let Ok(image) = number.parse()
        {
            return Some(Found { before, image, after });
        }
        from = text.len() - rest.len();
    }
}

/// The image that this text is and nothing else, but for `data:…;base64,` before it. `None`
/// for a text in which anything follows the image, which means that its base64 was broken.
#[must_use]
pub fn whole(text: &str) -> Option<usize> {
    let Found { before, image, after } = find(text)?;
    let before = before.trim_start();
    let prefix = before.is_empty() || (before.ends_with("base64,") && !before.contains(char::is_whitespace));
    (prefix && after.trim_end().is_empty()).then_some(image)
}

/// The handle of an image.
pub(super) fn spell(image: usize) -> String {
    format!("{OPEN}{image}{CLOSE}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_alone_or_behind_a_data_prefix_is_whole() {
        let handle = spell(3);
        let cases = [
            (handle.clone(), Some(3)),
            (format!("data:image/png;base64,{handle}"), Some(3)),
            (format!(" data:image/png;base64,{handle}\n"), Some(3)),
            (format!("{handle}A"), None),
            (format!("{handle}{handle}"), None),
            (format!("![x](data:image/png;base64,{handle})"), None),
            (format!("see data:image/png;base64,{handle}"), None),
            ("iVBORw0KGgo=".to_owned(), None),
            (String::new(), None),
        ];
        for (text, image) in cases {
            assert_eq!(whole(&text), image, "{text:?}");
        }
    }

    #[test]
    fn images_are_found_one_after_the_other() {
        let text = format!("a{}b{}", spell(0), spell(17));
        let first = find(&text).unwrap();
        assert_eq!((first.before, first.image), ("a", 0));
        assert_eq!(find(first.after), Some(Found { before: "b", image: 17, after: "" }));
        assert_eq!(find("b"), None);
    }

    #[test]
    fn what_only_resembles_a_handle_is_text() {
        for text in ["\u{e1a6}", "\u{e1a6}\u{e1a7}", "\u{e1a6}+1\u{e1a7}", "\u{e1a6}1", "\u{e1a7}1\u{e1a6}"] {
            assert_eq!(find(text), None, "{text:?}");
            let real = format!("{text}{}", spell(1));
            assert_eq!(find(&real), Some(Found { before: text, image: 1, after: "" }), "{text:?}");
        }
        let huge = format!("\u{e1a6}{}\u{e1a7}", "9".repeat(40));
        assert_eq!(find(&huge), None);
    }
}
