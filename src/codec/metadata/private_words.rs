//! Which names in metadata go with a place, a serial number or a number of the image itself.

/// What names of XMP (Adobe's specification, part 2; IPTC's photo metadata; the makers' own) hold,
/// in small letters, that go with a place, a serial number or an image's own number.
const PRIVATE_WORDS: [&[u8]; 11] = [
    b"gps", // also `GpsLatitude`, as DJI writes it
    b"serial",
    b"location",
    b"latitude",
    b"longitude",
    b":city",
    b":state",
    b":country",
    b"deviceid",
    b"imageuniqueid",
    b"digimageguid",
];

/// Whether a text names a place or a serial number, in any encoding of Unicode.
pub(super) fn names_private(text: &[u8]) -> bool {
    // In UTF-16 and UTF-32 the letters of these words have zeros between them.
    let letters: Vec<u8> = text.iter().filter(|byte| **byte != 0).map(u8::to_ascii_lowercase).collect();
    PRIVATE_WORDS.iter().any(|word| memchr::memmem::find(&letters, word).is_some())
}
