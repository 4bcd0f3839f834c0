//! Image formats: the ones that arrive, are kept and are shown.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A format known by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ImageFormat {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP, lossy or lossless.
    Webp,
    /// GIF; some models return it, no request asks for it here.
    Gif,
}

impl ImageFormat {
    /// Every format, in the order they are named to people.
    pub const ALL: [Self; 4] = [Self::Png, Self::Jpeg, Self::Webp, Self::Gif];

    /// How many leading bytes [`Self::sniff`] needs to decide.
    pub const SIGNATURE_BYTES: usize = 12;

    /// The format that these first bytes announce. Names and MIME types sent along are
    /// never trusted: gateways are known to send one format under another's name.
    #[must_use]
    pub fn sniff(head: &[u8]) -> Option<Self> {
        match head {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            _ => None,
        }
    }

    /// The name used in arguments, the catalogue and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
            Self::Gif => "gif",
        }
    }

    /// The ending of a file name, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            other => other.name(),
        }
    }

    /// The MIME type.
    #[must_use]
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
        }
    }

    /// Reads a name or a file ending (`jpg` is `jpeg`), in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        Self::ALL.into_iter().find(|format| format.name() == lower || format.extension() == lower)
    }
}

impl fmt::Display for ImageFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_bytes_alone() {
        let cases: [(&[u8], Option<ImageFormat>); 6] = [
            (b"\x89PNG\r\n\x1a\n....", Some(ImageFormat::Png)),
            (b"\xff\xd8\xff\xe0........", Some(ImageFormat::Jpeg)),
            (b"RIFF\x10\0\0\0WEBP", Some(ImageFormat::Webp)),
            (b"GIF89a......", Some(ImageFormat::Gif)),
            (b"RIFF\x10\0\0\0WAVE", None),
            (b"<!doctype ht", None),
        ];
        for (head, format) in cases {
            assert_eq!(ImageFormat::sniff(head), format, "{head:?}");
        }
    }

    #[test]
    fn names_and_endings_are_read_back() {
        for format in ImageFormat::ALL {
            assert_eq!(ImageFormat::parse(format.name()), Some(format));
            assert_eq!(ImageFormat::parse(&format.extension().to_uppercase()), Some(format));
        }
        assert_eq!(ImageFormat::parse("bmp"), None);
    }
}
