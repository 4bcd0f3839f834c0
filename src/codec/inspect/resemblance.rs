//! What bytes that are no image look like, in words for the one who passed them.

/// How many leading bytes [`of`] looks at.
pub(super) const HEAD_BYTES: u64 = 512;

/// First bytes that tell a format.
const SIGNATURES: [(&[u8], &str); 13] = [
    (b"%PDF-", "a PDF document"),
    (b"BM", "a BMP image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"\0\0\x01\0", "an icon file"),
    (b"8BPS", "a Photoshop document"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL image"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"iVBORw0KGgo", "an image as base64 text"),
    (b"/9j/", "an image as base64 text"),
    (b"data:image/", "an image as a data URL"),
];

/// Says what these first bytes look like, with an article.
pub(super) fn of(head: &[u8]) -> &'static str {
    if head.is_empty() {
        return "an empty file";
    }
    if let Some((_, name)) = SIGNATURES.iter().find(|(signature, _)| head.starts_with(signature)) {
        return name;
    }
    if let [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] = head {
        return match brand.first_chunk() {
            Some(b"avif" | b"avis") => "an AVIF image",
            Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1") => {
                "a HEIC image"
            }
            _ => "a video",
        };
    }
    text(head).unwrap_or("unknown binary data")
}

/// Which kind of text it is, if it is text.
fn text(head: &[u8]) -> Option<&'static str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character cut by the end of the head is no fault of the text.
        Err(error) if error.error_len().is_none() => {
            head.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok())?
        }
        Err(_) => return None,
    };
    if text.chars().any(|letter| letter.is_control() && !letter.is_whitespace()) {
        return None;
    }
    let text = text.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    Some(match text.chars().next() {
        None => "blank text",
        Some('{' | '[') => "JSON",
        Some('<') if text.contains("<svg") => "an SVG drawing",
        Some('<') if text.contains("<html") || text.starts_with("<!doctype html") => "an HTML page",
        Some('<') => "XML",
        Some(_) => "text",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_image_is_named() {
        let cases: [(&[u8], &str); 20] = [
            (b"", "an empty file"),
            (b" \n", "blank text"),
            (b"<!DOCTYPE html><html>", "an HTML page"),
            (b"\n<HTML><body>", "an HTML page"),
            (b"<?xml version=\"1.0\"?><svg xmlns=", "an SVG drawing"),
            (b"<?xml version=\"1.0\"?><rss>", "XML"),
            (b"\xef\xbb\xbf{\"error\": 1}", "JSON"),
            (b"[1]", "JSON"),
            (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
            (b"\0\0\0\x18ftypheic\0\0", "a HEIC image"),
            (b"\0\0\0\x18ftypavif\0\0", "an AVIF image"),
            (b"\0\0\0\x18ftypisom\0\0", "a video"),
            (b"\0\0\0\x18ftyp", "a video"),
            (b"BM\x36\0\0\0", "a BMP image"),
            (b"II*\0\x08\0", "a TIFF image"),
            (b"iVBORw0KGgoAAAANSUhEUgAA", "an image as base64 text"),
            (b"version https://git-lfs", "text"),
            (b"caf\xc3\xa9 caf\xc3", "text"),
            (b"caf\xe9 au lait", "unknown binary data"),
            (b"RIFF\0\0\0\0WAVE", "unknown binary data"),
        ];
        for (head, name) in cases {
            assert_eq!(of(head), name, "{head:?}");
        }
    }
}
