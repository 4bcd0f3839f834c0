//! Links to images in a text for people: Markdown images first, then Markdown links and
//! bare addresses that look like images, then any bare address.
//!
//! Query strings are kept: a signed address is worth nothing without them.

/// The addresses in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Links {
    /// Of the images that it shows.
    Images(Vec<String>),
    /// None looks like an image's, and any may be one: a look costs nothing, and the image
    /// is paid for.
    Any(Vec<String>),
}

/// The addresses of the images that a text shows, best reading only.
pub(super) fn links_in(text: &str) -> Links {
    let images = markdown(text, "![");
    if !images.is_empty() {
        return Links::Images(images);
    }
    let mut others = markdown(text, "[");
    others.extend(bare(text));
    others.dedup();
    let images: Vec<_> = others.iter().filter(|link| is_image(link)).cloned().collect();
    if images.is_empty() { Links::Any(others) } else { Links::Images(images) }
}

/// `![words](address)` or `[words](address "title")`.
fn markdown(text: &str, opening: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(opening) {
        rest = after;
        let Some((_, target)) = after.split_once("](") else { break };
        let address = match target.strip_prefix('<') {
            Some(target) => target.split(['>', '\n']).next().unwrap_or_default(),
            None => balanced(target),
        };
        if is_address(address) {
            links.push(address.to_owned());
        }
    }
    links
}

/// The text up to white space or a parenthesis that closes none of its own.
fn balanced(text: &str) -> &str {
    let mut open = 0_u32;
    let end = text.find(|character: char| {
        match character {
            '(' => open += 1,
            ')' if open == 0 => return true,
            ')' => open -= 1,
            _ => return character.is_whitespace(),
        }
        false
    });
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

fn bare(text: &str) -> Vec<String> {
    let words =
        text.split(|character: char| character.is_whitespace() || "<>\"'[]，。）】".contains(character));
    words
        .filter_map(|word| word.get(word.find("http")?..).map(balanced))
        .map(|word| word.trim_end_matches(['.', ',', ';', '!', '*', '`']))
        .filter(|word| is_address(word))
        .map(str::to_owned)
        .collect()
}

fn is_address(text: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme))
}

fn is_image(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    [".png", ".jpg", ".jpeg", ".webp", ".gif"].iter().any(|ending| path.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_whole_and_in_order_of_worth() {
        let owned = |links: &[&str]| links.iter().map(ToString::to_string).collect::<Vec<_>>();
        let cases: [(&str, &[&str]); 9] = [
            ("![image](https://r2cdn.example/r2cdn2/u.png)\n\n", &["https://r2cdn.example/r2cdn2/u.png"]),
            (
                "![a b](https://c.example/u.png?X-Amz-Signature=a%2Fb&x=1)",
                &["https://c.example/u.png?X-Amz-Signature=a%2Fb&x=1"],
            ),
            (
                "![1](https://c.example/1)\n![2](<https://c.example/2> \"t\")",
                &["https://c.example/1", "https://c.example/2"],
            ),
            ("Done: https://c.example/u.png?sig=1.", &["https://c.example/u.png?sig=1"]),
            ("[Download](https://c.example/u.webp)", &["https://c.example/u.webp"]),
            ("图片：https://c.example/u.jpg。", &["https://c.example/u.jpg"]),
            ("![a](https://c.example/u(1).png) (b)", &["https://c.example/u(1).png"]),
            ("![a](<https://c.example/u(1.png>)", &["https://c.example/u(1.png"]),
            ("(https://c.example/u(1).png)", &["https://c.example/u(1).png"]),
        ];
        for (text, links) in cases {
            assert_eq!(links_in(text), Links::Images(owned(links)), "{text}");
        }
        let guesses: [(&str, &[&str]); 3] = [
            ("https://c.example/made/abc", &["https://c.example/made/abc"]),
            ("See https://c.example/policies", &["https://c.example/policies"]),
            ("Sorry, I can't do that.", &[]),
        ];
        for (text, links) in guesses {
            assert_eq!(links_in(text), Links::Any(owned(links)), "{text}");
        }
    }
}
