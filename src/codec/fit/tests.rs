use proptest::prelude::*;

use super::*;

const ALL: [Channels; 4] = [Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba];

fn frame(width: u32, height: u32, channels: Channels, bytes: Vec<u8>) -> Frame {
    Frame { pixels: Pixels::new(width, height), channels, bytes }
}

#[test]
fn two_by_two_pixels_become_their_average() {
    let small = frame(2, 2, Channels::Grey, vec![0, 10, 20, 31]).shrunk(Pixels::new(1, 1));
    assert_eq!(small.bytes, [15], "15.25 rounded");
}

#[test]
fn a_pixel_between_two_counts_by_its_parts() {
    let small = frame(3, 1, Channels::Grey, vec![0, 90, 255]).shrunk(Pixels::new(2, 1));
    assert_eq!(small.bytes, [30, 200], "(0 + 90/2) / 1.5 and (90/2 + 255) / 1.5");
    let small = frame(1, 3, Channels::Grey, vec![0, 90, 255]).shrunk(Pixels::new(1, 2));
    assert_eq!(small.bytes, [30, 200]);
}

#[test]
fn what_is_transparent_does_not_tint() {
    let small = frame(2, 1, Channels::Rgba, vec![200, 0, 0, 255, 0, 255, 0, 0]).shrunk(Pixels::new(1, 1));
    assert_eq!(small.bytes, [200, 0, 0, 128]);
    let small = frame(2, 1, Channels::GreyAlpha, vec![90, 0, 7, 0]).shrunk(Pixels::new(1, 1));
    assert_eq!(small.bytes, [0, 0]);
}

#[test]
fn nothing_is_enlarged() {
    let source = frame(2, 1, Channels::Rgb, vec![1, 2, 3, 4, 5, 6]);
    assert_eq!(source.shrunk(Pixels::new(9, 9)), source);
}

#[test]
fn only_an_alpha_channel_that_says_nothing_is_dropped() {
    let idle = frame(2, 1, Channels::Rgba, vec![1, 2, 3, 255, 4, 5, 6, 255]).without_idle_alpha();
    assert_eq!(idle, frame(2, 1, Channels::Rgb, vec![1, 2, 3, 4, 5, 6]));
    let idle = frame(2, 1, Channels::GreyAlpha, vec![1, 255, 2, 255]).without_idle_alpha();
    assert_eq!(idle, frame(2, 1, Channels::Grey, vec![1, 2]));
    let used = frame(2, 1, Channels::GreyAlpha, vec![1, 255, 2, 254]);
    assert_eq!(used.clone().without_idle_alpha(), used);
}

#[test]
fn the_longest_edge_shrinks_to_one_pixel_without_losing_its_colour() {
    let small = frame(32_768, 1, Channels::Grey, vec![255; 32_768]).shrunk(Pixels::new(1, 1));
    assert_eq!(small.bytes, [255]);
    let small = frame(1, 32_767, Channels::Grey, vec![201; 32_767]).shrunk(Pixels::new(1, 1));
    assert_eq!(small.bytes, [201]);
}

fn average(bytes: &[u8]) -> f64 {
    let (sum, count) =
        bytes.iter().fold((0.0, 0.0), |(sum, count), byte| (sum + f64::from(*byte), count + 1.0));
    sum / count
}

proptest! {
    #[test]
    fn one_colour_stays_that_colour(
        width in 1..70u32, height in 1..70u32, to_width in 1..70u32, to_height in 1..70u32,
        channels in prop::sample::select(ALL.to_vec()), colour in any::<[u8; 4]>(),
    ) {
        let mut pixel = colour[4 - channels.count()..].to_vec();
        if channels.has_alpha() && pixel.last() == Some(&0) {
            pixel.fill(0); // the colour of what is transparent is not kept
        }
        let bytes = pixel.repeat((width * height) as usize);
        let small = frame(width, height, channels, bytes).shrunk(Pixels::new(to_width, to_height));
        prop_assert_eq!(small.pixels, Pixels::new(to_width.min(width), to_height.min(height)));
        prop_assert!(small.bytes.chunks(pixel.len()).all(|shown| shown == pixel));
        prop_assert_eq!(small.bytes.len(), pixel.len() * (small.pixels.width * small.pixels.height) as usize);
    }

    #[test]
    fn the_average_is_kept(
        width in 1..60u32, height in 1..60u32, to_width in 1..60u32, to_height in 1..60u32, seed in any::<u64>(),
    ) {
        let mut state = seed | 1;
        let bytes: Vec<u8> = (0..width * height)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            })
            .collect();
        let before = average(&bytes);
        let small = frame(width, height, Channels::Grey, bytes).shrunk(Pixels::new(to_width, to_height));
        prop_assert!((average(&small.bytes) - before).abs() <= 1.0);
    }
}
