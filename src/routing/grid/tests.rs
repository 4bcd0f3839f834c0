//! The grid of the official model, against its own rules and against a search of every size.

use proptest::prelude::*;

use super::*;

const OFFICIAL: Grid =
    Grid { step: 16, longest_edge: 3840, most_ratio: 3.0, least_pixels: 655_360, most_pixels: 8_294_400 };

fn every_size(grid: &Grid) -> impl Iterator<Item = Pixels> {
    let edges = move || (1..=grid.longest_edge / grid.step).map(move |times| times * grid.step);
    edges().flat_map(move |width| edges().map(move |height| Pixels::new(width, height)))
}

#[test]
fn the_nearest_size_of_a_slip_is_the_one_a_person_would_expect() {
    let cases = [
        ((1000, 1000), (1008, 1008)),
        ((1920, 1080), (1920, 1088)),
        ((1080, 1920), (1088, 1920)),
        ((512, 512), (816, 816)),
        ((4096, 4096), (2880, 2880)),
        ((7680, 4320), (3840, 2160)),
        ((6000, 4000), (3456, 2400)),
        ((4000, 1000), (3456, 1152)),
        ((1024, 1024), (1024, 1024)),
    ];
    for ((width, height), expected) in cases {
        let size = nearest(&OFFICIAL, Pixels::new(width, height)).unwrap();
        assert_eq!((size.width, size.height), expected, "{width}x{height}");
    }
}

#[test]
fn the_largest_of_a_shape_is_larger_than_every_other_exact_multiple_in_the_tier() {
    for tier in Tier::ALL {
        for ratio in Ratio::ALL {
            let found = largest(&OFFICIAL, tier, ratio).unwrap();
            let (columns, rows) = ratio.terms().unwrap();
            let (long, short, most) = bounds(tier);
            let searched = every_size(&OFFICIAL)
                .filter(|size| size.width * rows == size.height * columns)
                .filter(|size| size.long_edge() <= long && size.short_edge() <= short && size.count() <= most)
                .filter(|size| broken_rules(&OFFICIAL, *size).is_empty())
                .max_by_key(|size| size.count());
            assert_eq!(Some(found), searched, "{} {ratio}", tier.name());
        }
    }
}

#[test]
fn a_grid_without_any_size_has_no_nearest() {
    let none = Grid { least_pixels: u64::MAX - 1, most_pixels: u64::MAX, ..OFFICIAL };
    assert_eq!(nearest(&none, Pixels::new(1024, 1024)), None);
    assert_eq!(largest(&none, Tier::OneK, Ratio::Auto), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_size_of_the_grid_is_nearer_than_the_nearest(width in 1_u32..9000, height in 1_u32..9000) {
        let asked = Pixels::new(width, height);
        let found = nearest(&OFFICIAL, asked).unwrap();
        prop_assert!(broken_rules(&OFFICIAL, found).is_empty());
        let searched = every_size(&OFFICIAL)
            .filter(|size| broken_rules(&OFFICIAL, *size).is_empty())
            .map(|size| distance(size, asked))
            .fold(f64::INFINITY, f64::min);
        prop_assert!((distance(found, asked) - searched).abs() < 1e-9, "{found} for {asked}");
    }
}

proptest! {
    #[test]
    fn on_any_grid_what_is_offered_keeps_the_rules(
        step in 1_u32..129,
        edge in 129_u32..5000,
        ratio in 1.0_f64..8.0,
        least in 1_u64..1_000_000,
        more in 0_u64..20_000_000,
        width in 1_u32..=u32::MAX,
        height in 1_u32..=u32::MAX,
    ) {
        let grid =
            Grid { step, longest_edge: edge, most_ratio: ratio, least_pixels: least, most_pixels: least + more };
        let asked = Pixels::new(width, height);
        if let Some(size) = nearest(&grid, asked) {
            prop_assert_eq!(broken_rules(&grid, size), Vec::<String>::new());
            prop_assert_eq!(nearest(&grid, size), Some(size), "a valid size is its own nearest");
        }
        for tier in Tier::ALL {
            for ratio in Ratio::ALL {
                if let Some(size) = largest(&grid, tier, ratio) {
                    prop_assert_eq!(broken_rules(&grid, size), Vec::<String>::new());
                }
            }
        }
    }
}
