//! Bearer tokens, which identify callers. A token is kept as a hash and never printed.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::Secret;

/// Shorter tokens can be guessed.
const LEAST_CHARACTERS: usize = 16;
const MOST_NAME_CHARACTERS: usize = 64;

/// Why tokens cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read.
    #[error("the token file {} cannot be read: {problem}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        problem: String,
    },
    /// A line of the file, or an entry of the setting, that is not a token. The token is not quoted.
    #[error("{place}: {problem}; write `name = token`, with a token of 16 characters or more")]
    Malformed {
        /// Which one.
        place: String,
        /// What is wrong.
        problem: &'static str,
    },
}

/// The valid tokens: those of the settings, and those of a file that can be reloaded.
pub struct BearerTokens {
    stated: Vec<TokenEntry>,
    file: Option<PathBuf>,
    known: RwLock<Arc<[TokenEntry]>>,
}

#[derive(Clone)]
struct TokenEntry {
    name: Arc<str>,
    hash: blake3::Hash,
}

impl BearerTokens {
    /// The tokens `name=token` of the settings, and those of this file.
    ///
    /// # Errors
    /// The first that cannot be used.
    pub fn load(stated: &[Secret], file: Option<PathBuf>) -> Result<Self, TokenError> {
        let stated = stated.iter().zip(1..).filter(|(token, _)| !token.is_empty());
        let stated = stated.map(|(token, place)| entry(token.expose(), || format!("token {place}")));
        let stated = stated.collect::<Result<Vec<_>, _>>()?;
        let known = all(&stated, file.as_deref())?;
        Ok(Self { stated, file, known: RwLock::new(known) })
    }

    /// Whether there are none, so that anyone may call.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known().is_empty()
    }

    /// Reloads the file and returns the number of tokens. The old tokens stay valid if the file cannot
    /// be read, or if no token would be left and the server would be open to anyone.
    ///
    /// # Errors
    /// Why the old tokens stay valid.
    pub fn reload(&self) -> Result<usize, TokenError> {
        let new = all(&self.stated, self.file.as_deref())?;
        if new.is_empty() && !self.is_empty() {
            let place = self.file.as_deref().unwrap_or(Path::new("")).display().to_string();
            return Err(TokenError::Malformed { place, problem: "it has no token left" });
        }
        let count = new.len();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(count)
    }

    /// The owner of this token. Compares the hash with all known hashes, each in constant time, so that
    /// every wrong token takes equally long.
    #[must_use]
    pub fn owner(&self, token: &str) -> Option<Arc<str>> {
        let hash = blake3::hash(token.as_bytes());
        let known = self.known();
        known
            .iter()
            .fold(None, |found, entry| if entry.hash == hash { Some(&entry.name) } else { found })
            .cloned()
    }

    fn known(&self) -> Arc<[TokenEntry]> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for BearerTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.known().iter().map(|entry| Arc::clone(&entry.name)).collect();
        f.debug_struct("BearerTokens").field("names", &names).finish_non_exhaustive()
    }
}

fn all(stated: &[TokenEntry], file: Option<&Path>) -> Result<Arc<[TokenEntry]>, TokenError> {
    let mut entries = stated.to_vec();
    if let Some(path) = file {
        let unreadable = |error: std::io::Error| TokenError::Unreadable {
            path: path.to_owned(),
            problem: error.to_string(),
        };
        entries.extend(read(&std::fs::read_to_string(path).map_err(unreadable)?, path)?);
    }
    Ok(entries.into())
}

/// One token a line, as `name = token` or as TOML has it, `name = "token"`; # begins a comment
/// line.
fn read(text: &str, path: &Path) -> Result<Vec<TokenEntry>, TokenError> {
    let lines = text.lines().zip(1..).map(|(line, number): (&str, usize)| (line.trim(), number));
    let lines = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    lines.map(|(line, number)| entry(line, || format!("{}, line {number}", path.display()))).collect()
}

fn entry(text: &str, place: impl Fn() -> String) -> Result<TokenEntry, TokenError> {
    let malformed = |problem| TokenError::Malformed { place: place(), problem };
    let (name, token) = text.split_once('=').ok_or_else(|| malformed("there is no ="))?;
    let (name, token) = (name.trim(), token.trim());
    let quoted = |quote| token.strip_prefix(quote)?.strip_suffix(quote);
    let token = quoted('"').or_else(|| quoted('\'')).unwrap_or(token);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.is_empty() || name.len() > MOST_NAME_CHARACTERS || !name.bytes().all(is_plain) {
        return Err(malformed("the name must be 1 to 64 letters, digits, dots, dashes and underscores"));
    }
    // What can stand in a header after `Bearer`.
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(malformed("the token has a character that is not visible ASCII"));
    }
    if token.len() < LEAST_CHARACTERS {
        return Err(malformed("the token is too short"));
    }
    Ok(TokenEntry { name: name.into(), hash: blake3::hash(token.as_bytes()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "alice-secret-0123456789";
    const BOB: &str = "bob=secret=0123456789";

    fn tokens(file: &str) -> (tempfile::TempDir, Result<BearerTokens, TokenError>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        std::fs::write(&path, file).unwrap();
        (folder, BearerTokens::load(&[], Some(path)))
    }

    #[test]
    fn lines_and_toml_are_read_alike() {
        for file in [
            format!("# who\n\nalice = {ALICE}\n bob={BOB} \n"),
            format!("alice = \"{ALICE}\"\nbob = '{BOB}'\n"),
        ] {
            let (_folder, tokens) = tokens(&file);
            let tokens = tokens.unwrap();
            assert_eq!(tokens.owner(ALICE).as_deref(), Some("alice"));
            assert_eq!(tokens.owner(BOB).as_deref(), Some("bob"));
            for wrong in ["", "alice", &ALICE[1..], &ALICE.to_uppercase()] {
                assert_eq!(tokens.owner(wrong), None, "{wrong}");
            }
        }
    }

    #[test]
    fn what_is_no_token_is_refused_by_its_place_and_never_quoted() {
        for (line, part) in [
            ("sk-lonely-secret-0123456789", "there is no ="),
            (" = sk-lonely-secret-0123456789", "the name"),
            ("a b = sk-lonely-secret-0123456789", "the name"),
            ("alice = sk-short", "too short"),
            ("alice = sk lonely secret 0123456789", "visible ASCII"),
        ] {
            let (_folder, tokens) = tokens(&format!("# first\n{line}\n"));
            let words = tokens.unwrap_err().to_string();
            assert!(words.contains("line 2") && words.contains(part), "{words}");
            assert!(!words.contains("lonely") && !words.contains("sk-short"), "{words}");
        }
    }

    #[test]
    fn a_file_that_became_bad_or_empty_changes_nothing() {
        let (folder, tokens) = tokens(&format!("alice = {ALICE}\n"));
        let tokens = tokens.unwrap();
        let path = folder.path().join("tokens");
        for bad in ["bad", "", "# nobody"] {
            std::fs::write(&path, bad).unwrap();
            assert!(tokens.reload().is_err(), "{bad:?}");
            assert!(tokens.owner(ALICE).is_some());
        }
        std::fs::write(&path, format!("bob = {BOB}\n")).unwrap();
        assert_eq!(tokens.reload(), Ok(1));
        assert_eq!((tokens.owner(ALICE), tokens.owner(BOB).as_deref()), (None, Some("bob")));
        assert!(!format!("{tokens:?}").contains("secret"));
    }
}
