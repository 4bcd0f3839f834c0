//! `data:` URLs (RFC 2397), read as leniently as they are written.

use bytes::Bytes;

use super::pathname::Hint;

const NO_COMMA: Hint = "A data URL reads data:image/png;base64,DATA; passing a path is better.";
const BROKEN: Hint = "Its base64 is broken or cut off: agents cannot copy images as text; pass a path.";
const EMPTY: Hint = "The data URL holds no data: pass a path.";

/// How the base64 of a PNG, JPEG, WebP or GIF begins.
const SIGNATURES: [&str; 5] = ["iVBORw0KGgo", "/9j/", "UklGR", "R0lGODdh", "R0lGODlh"];

/// The bytes of a data URL; takes what follows `data:`. The MIME type is not trusted, and
/// base64 that does not say so is known by how it begins.
pub(super) fn decode(rest: &str) -> Result<Bytes, Hint> {
    let (header, body) = rest.split_once(',').ok_or(NO_COMMA)?;
    let says_base64 =
        header.rsplit(';').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("base64"));
    let body = body.trim();
    let bytes = if says_base64 || is_image_base64(body) {
        let unescaped = if body.contains('%') { percent_decoded(body) } else { body.as_bytes().to_vec() };
        base64_simd::forgiving_decode_to_vec(&unescaped).map_err(|_| BROKEN)?
    } else {
        percent_decoded(body)
    };
    if bytes.is_empty() { Err(EMPTY) } else { Ok(bytes.into()) }
}

/// Whether the text begins as the base64 of an image does.
pub(super) fn is_image_base64(text: &str) -> bool {
    SIGNATURES.iter().any(|signature| text.starts_with(signature))
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, after @ ..] => {
                hex(*high).zip(hex(*low)).map(|(high, low)| (high << 4 | low, after))
            }
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((*first, after));
        decoded.push(byte);
        rest = after;
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_read_in_every_way_it_is_written() {
        let png: &[u8] = b"\x89PNG\r\n\x1a\n";
        let cases: [(&str, Result<&[u8], Hint>); 11] = [
            ("image/png;base64,iVBORw0KGgo=", Ok(png)),
            ("image/png;base64,iVBORw0KGgo", Ok(png)),
            ("image/png; BASE64 , iVBO\nRw0K\t Ggo=\n", Ok(png)),
            ("image/png;name=a.png;base64,iVBORw0KGgo%3D", Ok(png)),
            (";base64,aGk=", Ok(b"hi")),
            ("image/png,iVBORw0KGgo=", Ok(png)),
            ("image/png,%89PNG%0d%0A%1a%0A", Ok(png)),
            (",100%", Ok(b"100%")),
            ("image/png;base64,iVBORw0KGgo=...", Err(BROKEN)),
            ("image/png;base64", Err(NO_COMMA)),
            ("image/png;base64, ", Err(EMPTY)),
        ];
        for (rest, expected) in cases {
            assert_eq!(decode(rest), expected.map(Bytes::copy_from_slice), "{rest}");
        }
    }
}
