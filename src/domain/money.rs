//! Money: US dollars in whole millionths, so that sums are exact.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Mul};

use serde::{Deserialize, Serialize};

/// An amount in US dollars; never negative. Serialised as its millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usd {
    micros: u64,
}

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self { micros: 0 };

    /// So many millionths of a dollar.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self { micros }
    }

    /// Rounds to the nearest millionth; negative and non-finite amounts become zero.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range first")]
    pub fn from_dollars(dollars: f64) -> Self {
        let micros = (dollars * 1e6).round();
        let in_range = if micros.is_finite() { micros.clamp(0.0, 1e15) } else { 0.0 };
        Self { micros: in_range as u64 }
    }

    /// Millionths of a dollar, as the database keeps them.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.micros
    }

    /// Dollars, as results show them.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "exact below nine billion dollars")]
    pub fn dollars(self) -> f64 {
        self.micros as f64 / 1e6
    }

    /// What is left of the amount without the other; nothing where the other is more.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self { micros: self.micros.saturating_sub(other.micros) }
    }

    /// The amount times a factor such as a provider's surcharge.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self::from_dollars(self.dollars() * factor)
    }
}

impl Add for Usd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { micros: self.micros.saturating_add(other.micros) }
    }
}

impl Mul<u32> for Usd {
    type Output = Self;
    fn mul(self, times: u32) -> Self {
        Self { micros: self.micros.saturating_mul(u64::from(times)) }
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.4}", self.dollars());
        let short = text.trim_end_matches('0');
        // Cents always, what is beyond them only where it says something.
        let missing = (short.find('.').unwrap_or(0) + 3).saturating_sub(short.len());
        write!(f, "${short}{:0<missing$}", "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_add_up_exactly_and_read_well() {
        let ten: Usd = std::iter::repeat_n(Usd::from_dollars(0.1), 10).sum();
        assert_eq!(ten, Usd::from_dollars(1.0));
        assert_eq!(Usd::from_dollars(0.03).to_string(), "$0.03");
        assert_eq!(Usd::from_micros(52_680).to_string(), "$0.0527");
        assert_eq!(Usd::from_dollars(0.025).to_string(), "$0.025");
        assert_eq!(Usd::from_dollars(12.0).to_string(), "$12.00");
        assert_eq!(Usd::ZERO.to_string(), "$0.00");
        assert_eq!(Usd::from_dollars(f64::NAN), Usd::ZERO);
        assert_eq!((Usd::from_dollars(0.03) * 3).scaled(1.2), Usd::from_dollars(0.108));
    }
}
