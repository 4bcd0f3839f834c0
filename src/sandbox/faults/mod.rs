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
//! In brackets the number that is taken where none is given; then the kind of failure a client
//! should make of it, `none` where the picture can be had all the same.
//!
//! ```text
//! unauthorised                   unauthorised    401, the key is refused
//! token_type                     unauthorised    403, a per-call token on an official model
//! no_credit                      no_credit       429 insufficient_user_quota
//! no_credit_403                  no_credit       403 insufficient_user_quota
//! no_credit_openai               no_credit       429 credit_balance_exhausted
//! rate_limited[=SECONDS]         rate_limited    429 with retry-after [1]
//! rate_limited_ms[=MILLISECONDS] rate_limited    429 with retry-after-ms [100]
//! rate_limited_date[=SECONDS]    rate_limited    429, retry-after as a date [1]
//! saturated                      rate_limited    429 in words, no code, no wait
//! no_channel                     upstream_failed 503 in words, no available channel
//! overloaded                     upstream_failed 503 server_is_overloaded
//! server_error                   upstream_failed 500 server_error
//! bad_gateway                    upstream_failed 502 without words, its status in param
//! write_failed                   upstream_failed 500 write_response_body_failed
//! hidden_524                     timed_out       500 that hides a 524 in param; charged
//! html                           timed_out       524 with an HTML page; charged
//! html_200                       upstream_failed 200 with an HTML page
//! empty                          cut_short       200 with an empty body; charged
//! empty_502                      upstream_failed 502 with an empty body
//! detail                         upstream_failed 503 {"detail": …}
//! error_string                   bad_request     400 {"error": "…"}
//! moderation                     refused_content 400 moderation_blocked
//! moderation_451                 refused_content 451, image_safety in words
//! refusal_500                    refused_content 500, Image was not generated as expected
//! bad_parameter                  bad_request     400 unknown_parameter
//! should_retry_true              bad_request     400 with x-should-retry: true
//! should_retry_false             upstream_failed 503 with x-should-retry: false
//! redirect                       bad_request     307 to elsewhere
//! words                          no_image        words instead of an image; charged
//! not_an_image                   cut_short       the picture is no picture; charged
//! broken_base64                  cut_short       the picture's base64 is broken; charged
//! truncated_picture              cut_short       the picture's file ends halfway; charged
//! cut[=BYTES]                    cut_short       the body ends after BYTES; charged [200]
//! reset                          timed_out       closed before any reply; charged
//! slow[=BYTES_PER_SECOND]        none            the body comes slowly; charged [65536]
//! endless                        none            the whole body, the connection stays open; charged
//! silent                         timed_out       no reply, ever; charged
//! cdn_404                        download_failed 404 NoSuchKey
//! cdn_stall[=BYTES]              download_failed silent after BYTES [1000]
//! cdn_cut[=BYTES]                download_failed closed after BYTES [1000]
//! cdn_no_range[=BYTES]           download_failed closed after BYTES, and Range is ignored [1000]
//! cdn_slow[=BYTES_PER_SECOND]    none            the file comes slowly [65536]
//! cdn_html                       download_failed 200 with an HTML page
//! ```
//!
//! - `kinds`: the faults by name, each with what it imitates and where that is described
//! - `spec`: the text form
//! - `matching`: which fault befalls a request
//! - `error_responses`: answers without a picture
//! - `response_faults`: what becomes of an answer that was made

mod matching;
mod kinds;
mod error_responses;
mod spec;
mod response_faults;

pub(super) use error_responses::{Asked, refusal};
pub use kinds::Fault;
pub(super) use matching::{BadSpelling, Befallen, Faults, Occasion};
pub(super) use response_faults::{spoilt, spoilt_download};
pub use spec::{FaultError, FaultSpec, fault_help};

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn the_table_above_is_what_the_code_says() {
        let head = include_str!("mod.rs");
        let (_, table) = head.split_once("```text\n").unwrap();
        let (table, _) = table.split_once("//! ```").unwrap();
        let lines: Vec<_> = table.lines().filter_map(|line| line.strip_prefix("//! ")).collect();
        let expected: Vec<_> = Fault::ALL.iter().map(|fault| fault.line()).collect();
        assert_eq!(lines, expected);
    }
}
