//! What a prompt decides: colours, land and subject, from its words where they say something
//! and else from its hash, so that the same prompt is the same picture on every run.

use super::canvas::{Rgba, rgb};

/// Colours that go together.
#[derive(Debug)]
pub(super) struct Palette {
    words: &'static [&'static str],
    /// The sky overhead.
    pub zenith: Rgba,
    /// The sky at the horizon, and the mist.
    pub horizon: Rgba,
    /// Sun or moon.
    pub light: Rgba,
    /// Land, farthest and nearest.
    pub land: (Rgba, Rgba),
    /// What catches the eye.
    pub accent: Rgba,
    /// Whether there are stars.
    pub night: bool,
}

const fn palette(words: &'static [&'static str], colours: [u32; 6], night: bool) -> Palette {
    let [zenith, horizon, light, far, near, accent] = colours;
    Palette {
        words,
        zenith: rgb(zenith),
        horizon: rgb(horizon),
        light: rgb(light),
        land: (rgb(far), rgb(near)),
        accent: rgb(accent),
        night,
    }
}

static PALETTES: [Palette; 8] = [
    palette(
        &["dawn", "sunrise", "morning"],
        [0x46_5C8F, 0xF9_C89B, 0xFF_F1D0, 0xB9_8A9A, 0x2B_2F4E, 0xE8_5D4A],
        false,
    ),
    palette(
        &["green", "spring", "forest", "tree"],
        [0x9F_D3CF, 0xFD_F3DC, 0xFF_D98A, 0xA3_C9A0, 0x1F_4B43, 0xE7_6F51],
        false,
    ),
    palette(
        &["sunset", "dusk", "evening", "purple"],
        [0x3B_2260, 0xFF_A07A, 0xFF_E3B3, 0xA6_5F8E, 0x24_1640, 0xFF_C857],
        false,
    ),
    palette(
        &["night", "moon", "star", "dark", "space"],
        [0x0B_1230, 0x3E_5C8A, 0xF7_F3E3, 0x33_4E7C, 0x0A_1024, 0xF2_B5A7],
        true,
    ),
    palette(
        &["desert", "gold", "yellow", "orange", "autumn"],
        [0xF3_C88B, 0xFB_E9C6, 0xFF_F8E1, 0xE3_A063, 0x7A_3424, 0x2A_9D8F],
        false,
    ),
    palette(
        &["snow", "winter", "white", "ice"],
        [0xA9_C9DD, 0xF4_F8FA, 0xFF_FFFF, 0xA8_C3D4, 0x2A_4A68, 0xD6_4550],
        false,
    ),
    palette(
        &["pink", "rose", "flower", "love"],
        [0xF4_A6B7, 0xFF_E8DA, 0xFF_F6E9, 0xD9_8BA5, 0x5B_2B54, 0x3D_8B8B],
        false,
    ),
    palette(
        &["blue", "day", "summer", "beach"],
        [0x4F_A3D9, 0xD8_F0F7, 0xFF_F3B8, 0x7F_B7C9, 0x1D_4E6B, 0xF2_6B4E],
        false,
    ),
];

/// What lies under the sky.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Land {
    Hills,
    Mountains,
    Sea,
    City,
}

/// What is in the sky or on the water.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Subject {
    Kite,
    Balloon,
    Birds,
    Boat,
}

const LANDS: [(Land, &[&str]); 4] = [
    (Land::Hills, &["hill", "meadow", "field", "garden", "valley"]),
    (Land::Mountains, &["mountain", "peak", "alp", "rock", "cliff"]),
    (Land::Sea, &["sea", "ocean", "lake", "beach", "river", "boat", "ship", "harbour", "harbor", "water"]),
    (Land::City, &["city", "town", "street", "tower", "house", "building", "skyline"]),
];

const SUBJECTS: [(Subject, &[&str]); 4] = [
    (Subject::Kite, &["kite"]),
    (Subject::Balloon, &["balloon"]),
    (Subject::Birds, &["bird", "gull", "swallow", "crane"]),
    (Subject::Boat, &["boat", "ship", "sail"]),
];

const ACCENTS: [(&str, u32); 6] = [
    ("red", 0xD8_3A34),
    ("blue", 0x2F_6FB5),
    ("green", 0x3C_8C5A),
    ("yellow", 0xF2_C230),
    ("orange", 0xF0_8A32),
    ("white", 0xFB_F7EE),
];

/// The prompt's decisions and a source of further ones.
#[derive(Debug)]
pub(super) struct Choices {
    pub palette: &'static Palette,
    pub land: Land,
    pub subject: Subject,
    pub accent: Rgba,
    seed: u64,
}

impl Choices {
    /// `variation` tells the pictures of one request apart.
    pub(super) fn of(prompt: &str, variation: u32) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(prompt.as_bytes());
        hasher.update(&variation.to_le_bytes());
        let seed = hasher
            .finalize()
            .as_bytes()
            .iter()
            .fold(1_u64, |seed, byte| seed.wrapping_mul(0x0100_0000_01b3) ^ u64::from(*byte));
        let mut choices =
            Self { palette: &PALETTES[0], land: Land::Hills, subject: Subject::Birds, accent: rgb(0), seed };
        let lower = prompt.to_lowercase();
        let words: Vec<&str> = lower.split(|character: char| !character.is_alphabetic()).collect();
        // "mountains" says "mountain"; "redwood" does not say "red".
        let says = |sought: &str| {
            words
                .iter()
                .any(|word| word.strip_prefix(sought).is_some_and(|rest| matches!(rest, "" | "s" | "es")))
        };
        choices.palette = match PALETTES.iter().find(|palette| palette.words.iter().any(|word| says(word))) {
            Some(palette) => palette,
            None => choices.one_of(&PALETTES),
        };
        choices.land = match LANDS.iter().find(|(_, words)| words.iter().any(|word| says(word))) {
            Some((land, _)) => *land,
            None => choices.one_of(&LANDS).0,
        };
        choices.subject = match SUBJECTS.iter().find(|(_, words)| words.iter().any(|word| says(word))) {
            Some((subject, _)) => *subject,
            None => match choices.one_of(&SUBJECTS).0 {
                Subject::Boat if choices.land != Land::Sea => Subject::Birds,
                subject => subject,
            },
        };
        // "a yellow balloon over green hills" colours the balloon.
        let colour_of = |word: &str| ACCENTS.iter().find(|(name, _)| *name == word).map(|(_, hex)| rgb(*hex));
        let named_subject = |word: &str| SUBJECTS.iter().any(|(_, names)| names.contains(&word));
        let before_subject = words.iter().zip(words.iter().skip(1)).filter(|(_, next)| named_subject(next));
        choices.accent = before_subject
            .filter_map(|(word, _)| colour_of(word))
            .chain(words.iter().filter_map(|word| colour_of(word)))
            .next()
            .unwrap_or(choices.palette.accent);
        choices
    }

    /// The next number from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "24 bits, exact in f32")]
    pub(super) fn next(&mut self) -> f32 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// A number between two.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.next()
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a choice among a handful"
    )]
    #[expect(
        clippy::indexing_slicing,
        reason = "the index is below the length of an array that is not empty"
    )]
    fn one_of<'a, T, const N: usize>(&mut self, choices: &'a [T; N]) -> &'a T {
        &choices[((self.next() * N as f32) as usize).min(N - 1)]
    }
}
