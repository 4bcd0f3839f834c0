//! What goes wrong when it is told to: every kind of failure of a real API, on demand.
//!
//! A fault is spelt `NAME[=K][,times=N][,only=chat|images|files|MODEL]` and asked for in one of
//! three places, the first that may befall the request counting:
//!
//! - the header `x-sandbox-fault: rate_limited=2,times=3` of the request;
//! - a word in its prompt, `sandbox:fault=rate_limited=2,times=3`, which is not painted;
//! - [`Options::fault`](super::Options::fault), for all requests.
//!
//! With `times=N` only the first N requests it may befall fail, counted for each sandbox and
//! each spelling; so a rate limit lifts after N calls. `only=` keeps it to an endpoint or a
//! model, so that going over to another is seen to work. A spelling that cannot be read is
//! answered with 400 and says what is accepted.
//!
//! The faults of downloads (`cdn_…`) wait in the links of the paid answer that asked for them,
//! and are counted for each link, anew each time it is given out. Those that can be taken up
//! again happen once unless `times` says more.
//!
//! Parameters are judged after a fault that makes no picture and before one that spoils it.
//! The second sort is charged, as the real one may be. No connection at all (`not_sent`) needs
//! no fault: take an address where nobody listens.
//!
//! | fault | what happens | stands for |
//! | --- | --- | --- |
//! | `unauthorised` | 401, the key is refused | unauthorised |
//! | `token_type` | 403, a per-call token on an official model | unauthorised |
//! | `no_credit` | 429 insufficient_user_quota | no_credit |
//! | `no_credit_403` | 403 insufficient_user_quota | no_credit |
//! | `no_credit_openai` | 429 credit_balance_exhausted | no_credit |
//! | `rate_limited[=SECONDS]` | 429 with retry-after (1 unless said) | rate_limited |
//! | `rate_limited_ms[=MILLISECONDS]` | 429 with retry-after-ms (100 unless said) | rate_limited |
//! | `rate_limited_date[=SECONDS]` | 429 with retry-after as a date, SECONDS ahead (1 unless said) | rate_limited |
//! | `saturated` | 429 in words, no code, no wait | rate_limited |
//! | `no_channel` | 503 in words, no available channel | upstream_failed |
//! | `overloaded` | 503 server_is_overloaded | upstream_failed |
//! | `server_error` | 500 server_error | upstream_failed |
//! | `bad_gateway` | 502 without words, its status in param | upstream_failed |
//! | `write_failed` | 500 write_response_body_failed | upstream_failed |
//! | `hidden_524` | 500 that hides a 524 in param; charged | timed_out |
//! | `html` | 524 with an HTML page; charged | timed_out |
//! | `html_200` | 200 with an HTML page | upstream_failed |
//! | `empty` | 200 with an empty body; charged | cut_short |
//! | `empty_502` | 502 with an empty body | upstream_failed |
//! | `detail` | 503 {"detail": …} | upstream_failed |
//! | `error_string` | 400 {"error": "…"} | bad_request |
//! | `moderation` | 400 moderation_blocked | refused_content |
//! | `moderation_451` | 451, image_safety in words | refused_content |
//! | `refusal_500` | 500, Image was not generated as expected | refused_content |
//! | `bad_parameter` | 400 unknown_parameter | bad_request |
//! | `should_retry_true` | 400 with x-should-retry: true | bad_request |
//! | `should_retry_false` | 503 with x-should-retry: false | upstream_failed |
//! | `redirect` | 307 to elsewhere | bad_request |
//! | `words` | words instead of an image; charged | no_image |
//! | `not_an_image` | the picture is no picture; charged | cut_short |
//! | `broken_base64` | the picture's base64 is broken; charged | cut_short |
//! | `truncated_picture` | the picture's file ends halfway; charged | cut_short |
//! | `cut[=BYTES]` | the body ends after BYTES; charged (200 unless said) | cut_short |
//! | `reset` | closed before any reply; charged | timed_out |
//! | `slow[=BYTES_PER_SECOND]` | the body comes slowly; charged (65536 unless said) |  |
//! | `endless` | the whole body, the connection stays open; charged |  |
//! | `silent` | no reply, ever; charged | timed_out |
//! | `cdn_404` | 404 NoSuchKey | download_failed |
//! | `cdn_stall[=BYTES]` | silent after BYTES (1000 unless said) | download_failed |
//! | `cdn_cut[=BYTES]` | closed after BYTES (1000 unless said) | download_failed |
//! | `cdn_no_range[=BYTES]` | closed after BYTES, and Range is ignored (1000 unless said) | download_failed |
//! | `cdn_slow[=BYTES_PER_SECOND]` | the file comes slowly (65536 unless said) |  |
//! | `cdn_html` | 200 with an HTML page | download_failed |
//!
//! - `kinds`: the faults by name, each with what it imitates and where that is described
//! - `spelling`: the text form
//! - `choice`: which fault befalls a request
//! - `refusals`: answers without a picture
//! - `spoiling`: what becomes of an answer that was made

mod choice;
mod kinds;
mod refusals;
mod spelling;
mod spoiling;

pub(super) use choice::{BadSpelling, Befallen, Faults, Occasion};
pub use kinds::Fault;
pub(super) use refusals::{Asked, refusal};
pub use spelling::{FaultError, FaultSpec, fault_help};
pub(super) use spoiling::{spoilt, spoilt_download};

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn the_table_above_has_a_line_for_every_fault_and_no_other() {
        let lines: Vec<_> =
            include_str!("mod.rs").lines().filter_map(|line| line.strip_prefix("//! | `")).collect();
        assert_eq!(lines.len(), Fault::ALL.len());
        for (line, fault) in lines.iter().zip(Fault::ALL) {
            let entry = fault.entry();
            let spelling = match entry.amount {
                Some(amount) => format!("{}[={}]", entry.name, amount.unit),
                None => entry.name.to_owned(),
            };
            let usual = entry.amount.map(|amount| format!(" ({} unless said)", amount.usual));
            let stands_for = if entry.stands_for == "none" { "" } else { entry.stands_for };
            let expected =
                format!("{spelling}` | {}{} | {stands_for} |", entry.what, usual.unwrap_or_default());
            assert_eq!(*line, expected);
        }
    }
}
