//! What a prompt decides: colours, subject and shapes. Its words decide where they can, and
//! otherwise its hash, so that the same prompt is always the same image.

use super::brush::Rgb;

/// Words, and the colours they stand for: sky overhead and at the horizon, sun or moon, land far
/// and near, the subject.
const PALETTES: [(&[&str], [Rgb; 6]); 5] = [
    (&["night", "moon", "star", "夜"], [0x0B_1230, 0x43_619A, 0xF7_F3E3, 0x2E_4873, 0x08_0E20, 0xF2_B5A7]),
    (
        &["sunset", "dawn", "evening", "日落"],
        [0x4A_2C6E, 0xFF_B088, 0xFF_EBC4, 0xA0_5E90, 0x22_1539, 0xFF_C857],
    ),
    (&["snow", "winter", "雪", "冬"], [0x9C_C1DA, 0xF6_FAFB, 0xFF_FFFF, 0x9D_BACD, 0x24_4260, 0xD6_4550]),
    (
        &["spring", "forest", "green", "春"],
        [0x8F_CBD0, 0xFD_F3DC, 0xFF_E3A1, 0x8F_BFA0, 0x17_4238, 0xE7_6F51],
    ),
    (&["day", "summer", "beach", "夏"], [0x4A_9FDB, 0xDF_F3F8, 0xFF_F6C9, 0x74_AEC6, 0x17_435F, 0xF2_6B4E]),
];

const ACCENTS: [(&[&str], Rgb); 5] = [
    (&["red", "红"], 0xD8_3A34),
    (&["blue", "蓝"], 0x2F_6FB5),
    (&["yellow", "黄"], 0xF2_C230),
    (&["green", "绿"], 0x3C_8C5A),
    (&["white", "白"], 0xFB_F7EE),
];

/// What the image shows in front of its landscape.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject {
    Kite,
    Balloon,
    Boat,
}

const SUBJECTS: [(&[&str], Subject); 3] = [
    (&["kite", "风筝"], Subject::Kite),
    (&["balloon", "气球"], Subject::Balloon),
    (&["boat", "ship", "船"], Subject::Boat),
];

/// The prompt's decisions, and a source of further ones.
#[derive(Debug)]
pub(super) struct PromptChoices {
    /// The sky overhead and at the horizon.
    pub sky: (Rgb, Rgb),
    /// Sun or moon.
    pub light: Rgb,
    /// Land, farthest and nearest.
    pub land: (Rgb, Rgb),
    /// The colour of the subject.
    pub accent: Rgb,
    pub subject: Subject,
    /// Whether the light stands at the left, and the subject at the right.
    pub lit_from_left: bool,
    seed: u64,
}

impl PromptChoices {
    /// `variation` tells the images of one request apart.
    pub(super) fn of(prompt: &str, variation: u32) -> Self {
        let mut seed = [0; 8];
        let mut hasher = blake3::Hasher::new();
        hasher.update(prompt.as_bytes()).update(&variation.to_le_bytes()).finalize_xof().fill(&mut seed);
        let [hash, other, side, ..] = seed;
        let lower = prompt.to_lowercase();
        let (_, colors) = chosen(&PALETTES, &lower, hash);
        let [zenith, horizon, light, far, near, accent] = *colors;
        // The first colour of the prompt is the subject's.
        let place = |words: &[&str]| words.iter().filter_map(|word| lower.find(word)).min();
        let named = ACCENTS.iter().filter_map(|(words, accent)| Some((place(words)?, accent))).min();
        Self {
            sky: (zenith, horizon),
            light,
            land: (far, near),
            accent: named.map_or(accent, |(_, accent)| *accent),
            subject: chosen(&SUBJECTS, &lower, other).1,
            lit_from_left: side % 2 == 0,
            seed: u64::from_le_bytes(seed) | 1,
        }
    }

    /// Whether there are stars.
    pub(super) const fn night(&self) -> bool {
        self.sky.0 < 0x20_0000
    }

    /// The next number between two.
    #[expect(clippy::cast_precision_loss, reason = "24 bits, exact in f32")]
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        low + (high - low) * (self.seed >> 40) as f32 / (1_u64 << 24) as f32
    }
}

/// Whether a text has one of these words, "kites" for "kite" too. Chinese has no spaces.
fn says(lower: &str, sought: &[&str]) -> bool {
    let words = lower.split(|character: char| !character.is_alphabetic());
    let any = |sought: &str| words.clone().any(|word| word.trim_end_matches('s') == sought);
    sought.iter().any(|sought| if sought.is_ascii() { any(sought) } else { lower.contains(sought) })
}

/// The entry that the text names, and otherwise one by the hash.
#[expect(clippy::indexing_slicing, reason = "below the length of an array that is not empty")]
fn chosen<'a, T, const N: usize>(
    entries: &'a [(&[&str], T); N],
    lower: &str,
    hash: u8,
) -> &'a (&'a [&'a str], T) {
    entries.iter().find(|(words, _)| says(lower, words)).unwrap_or(&entries[usize::from(hash) % N])
}
