//! From text to a path: what people and agents write where a path is meant.
//!
//! Pure: whether the path may be used is for `roots`, whether anything is there for the reader.

use std::path::PathBuf;

use url::Url;

/// What to pass instead; whole sentences.
pub(super) type Hint = &'static str;

/// Why a path of the chat's own machine is none of ours.
pub(super) const CHAT_SANDBOX: Hint = "That path is inside the chat's own sandbox, which this server cannot see: ask the \
                                       user for a path on this machine.";
const EMPTY: Hint = "Pass an absolute path.";
const CONTROL: Hint =
    "The path holds control characters: write backslashes doubled in JSON, or use forward slashes.";
const FILE_URL: Hint = "A file URL has three slashes and an absolute path, such as file:///home/me/cat.png; a plain path \
                        is simpler.";
const URL: Hint = "Pass a path on this machine, without a scheme.";
const WINDOWS: Hint = "That is a Windows path and this server does not run on Windows: pass a path on its machine (under \
                       WSL, C:\\ is /mnt/c/).";

/// Reads a path or a `file:` URL.
pub(super) fn parse(text: &str) -> Result<PathBuf, Hint> {
    if text.is_empty() {
        return Err(EMPTY);
    }
    if text.chars().any(char::is_control) {
        return Err(CONTROL);
    }
    match scheme(text) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("file") => file_url(text, rest),
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("sandbox") => Err(CHAT_SANDBOX),
        Some(_) => Err(URL),
        None => plain(text.to_owned()),
    }
}

fn file_url(text: &str, rest: &str) -> Result<PathBuf, Hint> {
    if !rest.starts_with('/') {
        return Err(FILE_URL); // the URL standard would read `file:cat.png` as `/cat.png`
    }
    let path = Url::parse(text).ok().and_then(|url| url.to_file_path().ok()).ok_or(FILE_URL)?;
    // Elsewhere than on Windows, `file:///C:/x` is the path `/C:/x`, which nobody means.
    match path.to_str() {
        Some(path) => {
            plain(path.strip_prefix('/').filter(|rest| of_windows(rest)).unwrap_or(path).to_owned())
        }
        None => Ok(path),
    }
}

fn plain(text: String) -> Result<PathBuf, Hint> {
    if text == "/mnt/user-data" || text.starts_with("/mnt/user-data/") {
        return Err(CHAT_SANDBOX);
    }
    if !cfg!(windows) && of_windows(&text) {
        return Err(WINDOWS);
    }
    Ok(PathBuf::from(text))
}

fn of_windows(text: &str) -> bool {
    match text.as_bytes() {
        [drive, b':', b'\\' | b'/', ..] => drive.is_ascii_alphabetic(),
        [b'\\', b'\\', ..] => true,
        _ => false,
    }
}

/// The scheme and what follows its colon, where the text is an address. A colon alone makes
/// none: `C:\cat.png` and `notes: cat.png` are paths.
pub(super) fn scheme(text: &str) -> Option<(&str, &str)> {
    const WITHOUT_SLASHES: [&str; 6] = ["attachment", "blob", "cid", "data", "file", "sandbox"];
    let (scheme, rest) = text.split_once(':')?;
    let named = scheme.len() > 1
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let known = || WITHOUT_SLASHES.iter().any(|known| known.eq_ignore_ascii_case(scheme));
    (named && (rest.starts_with("//") || known())).then_some((scheme, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_file_urls_are_read_and_what_is_neither_is_explained() {
        let cases: [(&str, Result<&str, Hint>); 18] = [
            ("cat.png", Ok("cat.png")),
            ("/home/me/my cat.png", Ok("/home/me/my cat.png")),
            ("~/cat.png", Ok("~/cat.png")),
            ("notes: cat.png", Ok("notes: cat.png")),
            ("./a:b.png", Ok("./a:b.png")),
            ("file:///home/me/my%20cat%E7%94%BB.png", Ok("/home/me/my cat画.png")),
            ("FILE:/home/me/cat.png", Ok("/home/me/cat.png")),
            ("file://localhost/cat.png", Ok("/cat.png")),
            ("/mnt/user-data-mine/cat.png", Ok("/mnt/user-data-mine/cat.png")),
            ("file:cat.png", Err(FILE_URL)),
            ("file://cat.png", Err(FILE_URL)),
            ("file://server/share/cat.png", Err(FILE_URL)),
            ("/mnt/user-data/uploads/cat.png", Err(CHAT_SANDBOX)),
            ("file:///mnt/user-data/uploads/cat.png", Err(CHAT_SANDBOX)),
            ("sandbox:/mnt/data/cat.png", Err(CHAT_SANDBOX)),
            ("https://example.com/cat.png", Err(URL)),
            ("C:\temp\new.png", Err(CONTROL)),
            ("", Err(EMPTY)),
        ];
        for (text, expected) in cases {
            if cfg!(windows) && expected.is_ok_and(|path| path.starts_with('/')) {
                continue;
            }
            assert_eq!(parse(text), expected.map(PathBuf::from), "{text}");
        }
    }

    #[test]
    fn windows_paths_are_taken_on_windows_and_explained_elsewhere() {
        for text in [r"C:\Users\me\cat.png", "c:/cat.png", r"\\server\share\cat.png", "file:///C:/cat.png"] {
            let parsed = parse(text);
            assert_eq!(parsed.is_ok(), cfg!(windows), "{text}: {parsed:?}");
            if let Err(hint) = parsed {
                assert_eq!(hint, WINDOWS);
            }
        }
    }
}
