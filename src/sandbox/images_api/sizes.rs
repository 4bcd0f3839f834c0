//! How many pixels come back: the official models' grid and the gateway models' own sizes.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "edges of at most a few thousand pixels, rounded"
)]

use crate::domain::Pixels;
use crate::sandbox::api_error::ApiError;

const GRID: u32 = 16;
const LONGEST: u32 = 3840;
const LARGEST: u64 = 8_294_400;
const SMALLEST: u64 = 655_360;

/// The prompt prefixes that the gateway documents as verified for `-all`, with their pixels.
const PREFIXES: [(&str, Pixels); 8] = [
    ("横版 16:9", Pixels::new(1672, 941)),
    ("竖屏 9:16", Pixels::new(941, 1672)),
    ("4:3", Pixels::new(1448, 1086)),
    ("3:4", Pixels::new(1086, 1448)),
    ("3:2 尺寸", Pixels::new(1536, 1024)),
    ("2:3 尺寸", Pixels::new(1024, 1536)),
    ("2:5 竖屏", Pixels::new(793, 1983)),
    ("5:2 横屏", Pixels::new(1983, 793)),
];
/// What `-all` makes of square wording, and here of none.
const SQUARE: Pixels = Pixels::new(1254, 1254);

/// The official models' rules: edges on a grid of 16, at most 3840, ratio at most 3, a budget
/// of pixels. The messages on grid and lower budget were seen at gateways; the others are ours.
pub(super) fn official(text: &str) -> Result<Pixels, ApiError> {
    let refuse = |fault: &str| ApiError::invalid_value("size", format!("Invalid size '{text}'. {fault}"));
    let exact = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'x');
    let Some(size) = exact.then(|| Pixels::parse(text)).flatten() else {
        return Err(refuse("Expected WIDTHxHEIGHT, for example 1024x1024, or auto."));
    };
    if size.width % GRID != 0 || size.height % GRID != 0 {
        Err(refuse("Width and height must both be divisible by 16."))
    } else if size.long_edge() > LONGEST {
        Err(refuse("The longest edge must be at most 3840 pixels."))
    } else if size.long_edge() > 3 * size.short_edge() {
        Err(refuse("The aspect ratio must be between 1:3 and 3:1."))
    } else if size.count() < SMALLEST {
        Err(refuse("Requested resolution is below the current minimum pixel budget."))
    } else if size.count() > LARGEST {
        Err(refuse("Requested resolution exceeds the current maximum pixel budget."))
    } else {
        Ok(size)
    }
}

/// A valid official size in the shape of an image and near its own size; 1024x1024 where
/// there is none. What the real models choose for `auto` on an edit is not documented.
pub(super) fn official_like(image: Pixels) -> Pixels {
    let (width, height) = (f64::from(image.width), f64::from(image.height));
    let longest = f64::from(LONGEST) / width.max(height);
    let (least, most) = (SMALLEST as f64 / (width * height), LARGEST as f64 / (width * height));
    let scale = 1.0_f64.max(least.sqrt()).min(most.sqrt()).min(longest);
    let grid = f64::from(GRID);
    let edge = |length: f64, round: fn(f64) -> f64| (round(length * scale / grid) * grid) as u32;
    [f64::round, f64::ceil, f64::floor]
        .into_iter()
        .map(|round| Pixels::new(edge(width, round), edge(height, round)))
        .find(|size| official(&size.to_string()).is_ok())
        .unwrap_or(Pixels::new(1024, 1024))
}

/// The documented prefix at the head of a prompt, with its pixels.
fn prefix(prompt: &str) -> Option<(&'static str, Pixels)> {
    let prompt = prompt.trim_start();
    PREFIXES.into_iter().find(|(prefix, _)| prompt.starts_with(prefix))
}

/// What `-all` makes of a prompt without `size`: the pixels of its prefix, the shape of the
/// image it edits, or a square.
pub(in crate::sandbox) fn gateway_native(prompt: &str, edited: Option<Pixels>) -> Pixels {
    match (prefix(prompt), edited) {
        (Some((_, size)), _) => size,
        (None, Some(image)) => {
            // All documented prefixes come to about 1,572,800 pixels.
            let ratio = f64::from(image.width) / f64::from(image.height);
            let ratio = ratio.clamp(1.0 / 3.0, 3.0);
            Pixels::new(
                (1_572_800.0 * ratio).sqrt().round() as u32,
                (1_572_800.0 / ratio).sqrt().round() as u32,
            )
        }
        (None, None) => SQUARE,
    }
}

/// `size` on a gateway model: a target, taken as it is while its long edge is within `low` to
/// `high` and scaled into it otherwise; never refused. `None` for `auto` and for anything that is not a size.
pub(super) fn gateway_target(text: &str, (low, high): (u32, u32)) -> Option<Pixels> {
    let size = Pixels::parse(text)?;
    let long = size.long_edge();
    let wanted = long.clamp(low, high);
    let edge = |edge: u32| (u64::from(edge) * u64::from(wanted)).div_ceil(u64::from(long)).max(1) as u32;
    Some(Pixels::new(edge(size.width), edge(size.height)))
}

/// The prompt without a documented prefix and "Generate image:".
pub(in crate::sandbox) fn subject_of(prompt: &str) -> &str {
    let lead =
        |text: &str| text.len() - text.trim_start_matches([',', '，', '、', '.', '。', ':', ' ', '\n']).len();
    let after = |text: &'_ str, start: &str| -> Option<usize> {
        let rest = text.strip_prefix(start)?;
        Some(start.len() + lead(rest))
    };
    let mut prompt = prompt.trim();
    for start in PREFIXES.iter().map(|(prefix, _)| *prefix).chain(["Generate image:"]) {
        if let Some(rest) = after(prompt, start).and_then(|length| prompt.get(length..)) {
            prompt = rest;
        }
    }
    prompt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_an_image_always_gives_a_valid_size() {
        let images = [
            ((1024, 1024), "1024x1024"),
            ((1000, 1000), "1008x1008"),
            ((64, 64), "816x816"),
            ((6000, 4000), "3520x2352"),
            ((3840, 2160), "3840x2160"),
            ((400, 100), "1024x1024"),
        ];
        for ((width, height), expected) in images {
            let size = official_like(Pixels::new(width, height));
            assert_eq!(official(&size.to_string()), Ok(size));
            assert_eq!(size.to_string(), expected, "{width}x{height}");
        }
    }

    #[test]
    fn gateway_sizes_follow_prefix_then_image_then_the_square() {
        let image = Some(Pixels::new(300, 200));
        let cases = [
            ("横版 16:9, a kite", image, "1672x941"),
            (" 4:3 a kite", None, "1448x1086"),
            ("a kite, 4:3", None, "1254x1254"),
            ("a kite", image, "1536x1024"),
        ];
        for (prompt, edited, expected) in cases {
            assert_eq!(gateway_native(prompt, edited).to_string(), expected, "{prompt}");
        }
        let targets = [("1000x700", "1000x700"), ("2048x2048", "1536x1536"), ("256x128", "512x256")];
        for (text, expected) in targets {
            assert_eq!(gateway_target(text, (512, 1536)).unwrap().to_string(), expected);
        }
        assert_eq!(gateway_target("auto", (512, 1536)), None);
    }

    #[test]
    fn only_the_subject_of_a_prompt_is_painted() {
        assert_eq!(subject_of("横版 16:9, Generate image: a kite"), "a kite");
        assert_eq!(subject_of("3:2 尺寸，a kite"), "a kite");
        assert_eq!(subject_of("a kite in 4:3"), "a kite in 4:3");
    }
}
