//! The table of design, row by row.

use super::*;
use FailureKind as Kind;

fn tried(failure: &Failure, tries: u32, endpoint: Endpoint, price: Option<u64>) -> Next {
    let price = price.map(Usd::from_micros);
    next(Tried { failure, tries, endpoint, price, jitter: 0.0 }, RetrySettings::default())
}

const FLAT: Option<u64> = Some(30_000);
const RENDER_4K: Option<u64> = Some(400_000);

#[test]
fn every_kind_is_tried_again_as_often_as_the_table_says_and_then_moves_on_or_stops() {
    let endpoint = Next::MoveOn(Skip::Endpoint);
    let provider = Next::MoveOn(Skip::Provider);
    let rows = [
        (Kind::NotSent, Endpoint::Images, RENDER_4K, 2, provider),
        (Kind::RateLimited, Endpoint::Images, RENDER_4K, 2, endpoint),
        (Kind::RateLimited, Endpoint::Chat, FLAT, 0, endpoint),
        (Kind::NoCredit, Endpoint::Images, FLAT, 0, provider),
        (Kind::UpstreamFailed, Endpoint::Images, RENDER_4K, 2, endpoint),
        (Kind::UpstreamFailed, Endpoint::Chat, FLAT, 0, endpoint),
        (Kind::TimedOut, Endpoint::Images, FLAT, 2, endpoint),
        (Kind::TimedOut, Endpoint::Images, RENDER_4K, 0, Next::Stop),
        (Kind::TimedOut, Endpoint::Images, None, 0, Next::Stop),
        (Kind::CutShort, Endpoint::Images, FLAT, 1, endpoint),
        (Kind::CutShort, Endpoint::Images, RENDER_4K, 0, Next::Stop),
        (Kind::NoImage, Endpoint::Chat, FLAT, 0, Next::MoveOn(Skip::AllButImages)),
        (Kind::NoImage, Endpoint::Images, FLAT, 0, Next::Stop),
        (Kind::DownloadFailed, Endpoint::Images, FLAT, 0, Next::Stop),
        (Kind::RefusedContent, Endpoint::Images, FLAT, 0, Next::Stop),
        (Kind::BadRequest, Endpoint::Images, FLAT, 0, Next::Stop),
        (Kind::Unauthorised, Endpoint::Images, FLAT, 0, Next::Stop),
    ];
    for (kind, endpoint, price, again, then) in rows {
        let failure = Failure::new(kind, "");
        for tries in 1..=again {
            let next = tried(&failure, tries, endpoint, price);
            assert!(matches!(next, Next::Again(_)), "{kind:?} {endpoint:?} try {tries}: {next:?}");
        }
        assert_eq!(tried(&failure, again + 1, endpoint, price), then, "{kind:?} {endpoint:?}");
    }
}

#[test]
fn an_upstream_that_says_when_is_waited_for_up_to_two_minutes() {
    let wait =
        |seconds| Failure { wait: Some(Duration::from_secs(seconds)), ..Failure::new(Kind::RateLimited, "") };
    assert_eq!(tried(&wait(7), 1, Endpoint::Images, FLAT), Next::Again(Duration::from_secs(7)));
    assert_eq!(tried(&wait(120), 1, Endpoint::Images, FLAT), Next::Again(Duration::from_mins(2)));
    assert_eq!(tried(&wait(121), 1, Endpoint::Images, FLAT), Next::MoveOn(Skip::Endpoint));
}

#[test]
fn an_upstream_that_says_whether_is_obeyed_where_that_cannot_pay_twice() {
    let told = |kind, should_retry| Failure { should_retry: Some(should_retry), ..Failure::new(kind, "") };
    assert_eq!(
        tried(&told(Kind::UpstreamFailed, false), 1, Endpoint::Images, FLAT),
        Next::MoveOn(Skip::Endpoint)
    );
    assert!(matches!(tried(&told(Kind::BadRequest, true), 1, Endpoint::Images, FLAT), Next::Again(_)));
    assert_eq!(tried(&told(Kind::BadRequest, true), 3, Endpoint::Images, FLAT), Next::Stop);
    assert_eq!(tried(&told(Kind::RefusedContent, true), 1, Endpoint::Images, FLAT), Next::Stop);
    assert_eq!(tried(&told(Kind::TimedOut, true), 1, Endpoint::Images, RENDER_4K), Next::Stop);
}

#[test]
fn pauses_double_up_to_eight_seconds_less_the_jitter() {
    let pauses: Vec<_> = (1..=6).map(|tries| pause(tries, 0.0).as_millis()).collect();
    assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 8_000]);
    assert_eq!(pause(1, 1.0), Duration::from_millis(375));
    assert_eq!(pause(u32::MAX, 0.0), LONGEST_PAUSE);
}

#[test]
fn with_no_retries_every_kind_moves_on_or_stops_at_once() {
    let settings = RetrySettings { most: 0, ..RetrySettings::default() };
    for kind in Kind::ALL {
        let failure = Failure { should_retry: Some(true), ..Failure::new(kind, "") };
        let tried =
            Tried { failure: &failure, tries: 1, endpoint: Endpoint::Images, price: None, jitter: 0.0 };
        assert!(!matches!(next(tried, settings), Next::Again(_)), "{kind:?}");
    }
}

#[test]
fn without_fail_over_nothing_moves_on() {
    let settings = RetrySettings { fail_over: false, ..RetrySettings::default() };
    for kind in Kind::ALL {
        let failure = Failure::new(kind, "");
        let tried = Tried { failure: &failure, tries: 9, endpoint: Endpoint::Chat, price: None, jitter: 0.0 };
        assert_eq!(next(tried, settings), Next::Stop, "{kind:?}");
    }
}
