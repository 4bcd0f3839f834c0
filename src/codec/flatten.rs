//! Images as they look on white, for what has no transparency.

use super::fit::{Channels, Frame};

impl Frame {
    /// The same in three channels; what is seen through is white as far as it is.
    pub(super) fn on_white(self) -> Self {
        let over_white = |value: u8, alpha: u8| {
            let value = u16::from(value) * u16::from(alpha) + 255 * (255 - u16::from(alpha));
            u8::try_from((value + 127) / 255).unwrap_or(u8::MAX)
        };
        let bytes = match self.channels {
            Channels::Rgb => return self,
            Channels::Grey => self.bytes.iter().flat_map(|grey| [*grey; 3]).collect(),
            Channels::GreyAlpha => {
                let (pixels, _) = self.bytes.as_chunks::<2>();
                pixels.iter().flat_map(|[grey, alpha]| [over_white(*grey, *alpha); 3]).collect()
            }
            Channels::Rgba => {
                let (pixels, _) = self.bytes.as_chunks::<4>();
                let seen = |[red, green, blue, alpha]: &[u8; 4]| {
                    [*red, *green, *blue].map(|value| over_white(value, *alpha))
                };
                pixels.iter().flat_map(seen).collect()
            }
        };
        Self { channels: Channels::Rgb, bytes, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Pixels;

    #[test]
    fn what_is_seen_through_is_white_whatever_colour_it_hides() {
        let cases = [
            (Channels::Rgba, vec![9, 8, 7, 255, 200, 0, 0, 0], [9, 8, 7, 255, 255, 255]),
            (Channels::GreyAlpha, vec![0, 128, 50, 0], [127, 127, 127, 255, 255, 255]),
            (Channels::Grey, vec![9, 8], [9, 9, 9, 8, 8, 8]),
            (Channels::Rgb, vec![1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]),
        ];
        for (channels, bytes, expected) in cases {
            let seen = Frame { pixels: Pixels::new(2, 1), channels, bytes }.on_white();
            assert_eq!((seen.channels, &seen.bytes[..]), (Channels::Rgb, &expected[..]), "{channels:?}");
        }
    }
}
