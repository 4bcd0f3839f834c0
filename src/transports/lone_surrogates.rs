//! Replaces lone surrogates in JSON by U+FFFD.
//!
//! JavaScript writes an escaped lone surrogate for an emoji that was cut in two. A JSON parser refuses
//! the whole message for it, and a client over stdio would wait for an answer that never comes. The
//! escape of U+FFFD has the same length. Knows the escapes of JSON (RFC 8259, section 7) only.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// What is read at a time.
const CHUNK_BYTES: usize = 8 * 1024;

/// Length of `\u` and four digits.
const ESCAPE: usize = 6;

/// Replaces the lone surrogates in these bytes and returns how many bytes are final. The rest, less
/// than two escapes, depends on the bytes that follow.
pub(super) fn replace_lone_surrogates(json: &mut [u8]) -> usize {
    let mut at = 0;
    while let Some(found) = json.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        let here = at + found;
        let Some(kind) = json.get(here + 1) else { return here };
        if *kind != b'u' {
            at = here + 2;
            continue;
        }
        let next = here + ESCAPE;
        let Some(escape) = json.get(here..next) else { return here };
        let half = match unit(escape) {
            Some(0xd800..=0xdbff) => match json.get(next..).unwrap_or_default() {
                following if following.len() >= ESCAPE => {
                    !matches!(following.get(..ESCAPE).and_then(unit), Some(0xdc00..=0xdfff))
                }
                following if b"\\u".starts_with(following.get(..2).unwrap_or(following)) => return here,
                _ => true,
            },
            Some(0xdc00..=0xdfff) => true,
            _ => {
                at = here + 2;
                continue;
            }
        };
        at = if half { next } else { next + ESCAPE };
        if half && let Some(digits) = json.get_mut(here + 2..next) {
            digits.copy_from_slice(b"fffd");
        }
    }
    json.len()
}

/// The UTF-16 unit of an escape.
fn unit(escape: &[u8]) -> Option<u16> {
    let digits = std::str::from_utf8(escape.strip_prefix(b"\\u")?).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

/// A reader of JSON that replaces lone surrogates.
#[derive(Debug)]
pub(super) struct LoneSurrogateReader<R> {
    input: R,
    buffer: Vec<u8>,
    /// How much of the buffer was read, and how much is final.
    given: usize,
    settled: usize,
}

impl<R> LoneSurrogateReader<R> {
    pub(super) const fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), given: 0, settled: 0 }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for LoneSurrogateReader<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.given == this.settled {
            this.buffer.drain(..this.given);
            (this.given, this.settled) = (0, 0);
            let kept = this.buffer.len();
            this.buffer.resize(kept + CHUNK_BYTES, 0);
            let mut chunk = ReadBuf::new(this.buffer.get_mut(kept..).unwrap_or_default());
            let read = Pin::new(&mut this.input).poll_read(context, &mut chunk);
            let length = chunk.filled().len();
            this.buffer.truncate(kept + length);
            ready!(read)?;
            // At the end of the input, the rest is final.
            this.settled = if length == 0 { kept } else { replace_lone_surrogates(&mut this.buffer) };
            if this.settled == 0 && length == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        let ready = this.buffer.get(this.given..this.settled).unwrap_or_default();
        let taken = ready.get(..to.remaining()).unwrap_or(ready);
        to.put_slice(taken);
        this.given += taken.len();
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::AsyncReadExt as _;

    use super::*;

    fn mended(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        assert_eq!(replace_lone_surrogates(&mut bytes), bytes.len(), "{text}");
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn halves_are_replaced_and_everything_else_stays() {
        for (given, expected) in [
            (r#""a \ud83d""#, r#""a \ufffd""#),
            (r#""\uDE00 a""#, r#""\ufffd a""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83dxxxxxxx""#, r#""\ufffdxxxxxxx""#),
            (r#""\ud83d\n       ""#, r#""\ufffd\n       ""#),
            (r#""\ud83d\ude00 \u00e9 \n \\ud83d \\\\""#, r#""\ud83d\ude00 \u00e9 \n \\ud83d \\\\""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\uzzzz \u12    ""#, r#""\uzzzz \u12    ""#),
            ("{\"a\": \"é😀\"}", "{\"a\": \"é😀\"}"),
        ] {
            assert_eq!(mended(given), expected);
        }
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_bytes_are_cut(
            parts in prop::collection::vec(
                prop::sample::select(vec!["\\ud83d", "\\ude00", "\\", "\\\\", "\\n", "u", "d8", "\n", "a😀", "\"", "\\u00"]),
                0..40,
            ),
            cut in 1_usize..9,
        ) {
            let text = parts.concat();
            let mut whole = text.clone().into_bytes();
            replace_lone_surrogates(&mut whole);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let read = runtime.block_on(async {
                let (mut sending, receiving) = tokio::io::duplex(cut);
                let write = async {
                    tokio::io::AsyncWriteExt::write_all(&mut sending, text.as_bytes()).await.unwrap();
                    drop(sending);
                };
                let mut bytes = Vec::new();
                let mut input = LoneSurrogateReader::new(receiving);
                tokio::join!(write, async { input.read_to_end(&mut bytes).await.unwrap() });
                bytes
            });
            prop_assert_eq!(read, whole);
        }

        #[test]
        fn every_string_of_utf_16_can_be_read(units in prop::collection::vec(any::<u16>(), 0..30)) {
            let escaped: Vec<_> = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let read: String = serde_json::from_str(&mended(&format!("\"{}\"", escaped.concat()))).unwrap();
            prop_assert_eq!(read, String::from_utf16_lossy(&units));
        }
    }
}
