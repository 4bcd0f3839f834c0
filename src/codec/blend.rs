//! Mixes two colours as light mixes: in linear intensities, by what is seen of each.
//!
//! Pure. Channels are taken for sRGB's curve, which those of other RGB profiles are close to.

/// From the 8 bits of sRGB to linear intensity and back (IEC 61966-2-1).
#[derive(Debug)]
pub(super) struct Light {
    linear: Vec<f32>,
    /// From intensity in steps of `FINE` to 8 bits.
    curved: Vec<u8>,
}

/// The darkest two values of sRGB are 1/3295 apart; steps finer than that keep each its own.
const FINE: u16 = 8192;

impl Light {
    /// The two curves.
    pub(super) fn new() -> Self {
        let linear = (0..=u8::MAX).map(|value| to_linear(f32::from(value) / 255.0));
        let curved = (0..=FINE).map(|step| byte(to_curved(f32::from(step) / f32::from(FINE)) * 255.0));
        Self { linear: linear.collect(), curved: curved.collect() }
    }

    /// `over` mixed into `under`, RGBA, `mark` of 255 parts of it.
    pub(super) fn mix(&self, under: [u8; 4], over: [u8; 4], mark: u8) -> [u8; 4] {
        let share = f32::from(mark) / 255.0;
        let alpha_of = |[.., alpha]: [u8; 4]| f32::from(alpha) / 255.0;
        let (below, above) = (alpha_of(under) * (1.0 - share), alpha_of(over) * share);
        let alpha = below + above;
        let [ur, ug, ub, _] = under;
        let [or, og, ob, _] = over;
        if byte(alpha * 255.0) == 0 {
            return [ur, ug, ub, 0];
        }
        let mixed = |under, over| self.curve((self.line(under) * below + self.line(over) * above) / alpha);
        [mixed(ur, or), mixed(ug, og), mixed(ub, ob), byte(alpha * 255.0)]
    }

    fn line(&self, value: u8) -> f32 {
        self.linear.get(usize::from(value)).copied().unwrap_or(0.0)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
    fn curve(&self, intensity: f32) -> u8 {
        let step = (intensity * f32::from(FINE) + 0.5) as usize;
        self.curved.get(step).copied().unwrap_or(u8::MAX)
    }
}

fn to_linear(value: f32) -> f32 {
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

fn to_curved(value: f32) -> f32 {
    if value <= 0.003_130_8 { value * 12.92 } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn byte(value: f32) -> u8 {
    (value + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_of_white_on_black_is_half_the_light_and_not_half_the_number() {
        let light = Light::new();
        assert_eq!(light.mix([0, 0, 0, 255], [255, 255, 255, 255], 128), [188, 188, 188, 255]);
        assert_eq!(light.mix([9, 9, 9, 0], [80, 90, 100, 255], 128), [80, 90, 100, 128], "no dark fringe");
        assert_eq!(light.mix([9, 8, 7, 0], [80, 90, 100, 0], 128), [9, 8, 7, 0]);
    }

    proptest! {
        #[test]
        fn equal_colours_stay_and_mixtures_lie_between(
            under in any::<[u8; 3]>(), over in any::<[u8; 3]>(), mark in any::<u8>(),
        ) {
            let light = Light::new();
            let opaque = |[r, g, b]: [u8; 3]| [r, g, b, 255];
            prop_assert_eq!(light.mix(opaque(under), opaque(under), mark), opaque(under));
            let mixed = light.mix(opaque(under), opaque(over), mark);
            for ((mixed, under), over) in mixed.iter().zip(under).zip(over) {
                prop_assert!((under.min(over)..=under.max(over)).contains(mixed));
            }
        }
    }
}
