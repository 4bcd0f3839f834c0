//! The `Range` header (RFC 9110, section 14): one part of an image, or all of it.

/// The part of a file that the client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestedRange {
    /// The whole file.
    Whole,
    /// A range of bytes.
    Part {
        /// The first byte.
        start: u64,
        /// The number of bytes, at least one.
        length: u64,
    },
    /// The range is outside the file.
    Nothing,
}

/// The requested range of a file of this many bytes. Several ranges and invalid ones mean the whole
/// file, as the standard permits.
pub(super) fn wanted(header: Option<&str>, bytes: u64) -> RequestedRange {
    let range = header.and_then(|header| header.trim().strip_prefix("bytes="));
    let range = range.filter(|range| !range.contains(',')).and_then(|range| range.split_once('-'));
    let Some((first, last)) = range else { return RequestedRange::Whole };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (start, end) = match (number(first), number(last)) {
        (Some(first), None) if last.trim().is_empty() => (first, bytes),
        (Some(first), Some(last)) if first <= last => (first, last.saturating_add(1).min(bytes)),
        (None, Some(0)) if first.trim().is_empty() => return RequestedRange::Nothing,
        (None, Some(most)) if first.trim().is_empty() => (bytes.saturating_sub(most), bytes),
        _ => return RequestedRange::Whole,
    };
    match end.checked_sub(start) {
        Some(length @ 1..) => RequestedRange::Part { start, length },
        _ => RequestedRange::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_has_them() {
        let part = |start, length| RequestedRange::Part { start, length };
        let cases = [
            ("bytes=0-9", part(0, 10)),
            ("bytes=10-", part(10, 90)),
            ("bytes=-10", part(90, 10)),
            ("bytes=-1000", part(0, 100)),
            ("bytes=99-99", part(99, 1)),
            ("bytes=90-1000", part(90, 10)),
            (" bytes= 5 - 6 ", part(5, 2)),
            ("bytes=100-", RequestedRange::Nothing),
            ("bytes=100-200", RequestedRange::Nothing),
            ("bytes=-0", RequestedRange::Nothing),
            ("bytes=9-0", RequestedRange::Whole),
            ("bytes=-", RequestedRange::Whole),
            ("bytes=a-b", RequestedRange::Whole),
            ("bytes=0-1,3-4", RequestedRange::Whole),
            ("lines=0-9", RequestedRange::Whole),
            ("bytes=0-18446744073709551615", part(0, 100)),
        ];
        for (header, expected) in cases {
            assert_eq!(wanted(Some(header), 100), expected, "{header}");
        }
        assert_eq!(wanted(None, 100), RequestedRange::Whole);
    }
}
