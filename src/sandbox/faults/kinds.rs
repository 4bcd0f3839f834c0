//! The faults by name: what real behaviour each imitates, where that is documented, and which kind
//! of failure a client should report.

/// Which requests a fault can apply to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Paid calls, on the images endpoints and on chat.
    Paid,
    /// Paid calls that name one of the official models.
    Official,
    /// Chat completions.
    Chat,
    /// Downloads. Stated in a paid call, such a fault waits in the links of its reply.
    Files,
}

/// The number a fault takes after `=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Amount {
    /// What it counts.
    pub unit: &'static str,
    /// The default.
    pub default: u32,
    /// The least that makes sense.
    pub least: u32,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct FaultEntry {
    pub name: &'static str,
    pub amount: Option<Amount>,
    pub reach: Reach,
    /// The kind of failure that a client should report.
    pub stands_for: &'static str,
    /// The effect.
    pub what: &'static str,
}

macro_rules! amount {
    () => {
        None
    };
    ($unit:literal $default:literal $least:literal) => {
        Some(Amount { unit: $unit, default: $default, least: $least })
    };
}

/// Declares the faults once: each line becomes a variant and an entry of the table.
macro_rules! faults {
    ($($(#[$attribute:meta])* $variant:ident = $name:literal $([$($amount:literal)+])?
        on $reach:ident, $stands_for:ident: $what:literal;)+) => {
        /// One way to fail.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Fault {
            $($(#[$attribute])* $variant,)+
        }

        impl Fault {
            /// Every fault, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            pub(super) const fn entry(self) -> FaultEntry {
                match self {
                    $(Self::$variant => FaultEntry {
                        name: $name,
                        amount: amount!($($($amount)+)?),
                        reach: Reach::$reach,
                        stands_for: stringify!($stands_for),
                        what: $what,
                    },)+
                }
            }
        }
    };
}

faults! {
    /// The key is refused, as OpenAI and the gateway each word it (OpenAI's error guide; bodies
    /// seen at the gateway).
    Unauthorised = "unauthorised" on Paid, unauthorised: "401, the key is refused";
    /// The gateway refuses a per-call token on an official model and takes it on its own models
    /// (its page on billing modes). Status and message are not documented; these are likely.
    TokenType = "token_type" on Official, unauthorised: "403, a per-call token on an official model";
    /// The balance is below the gateway's pre-deduction (its FAQ has the body, its overview the
    /// status).
    NoCredit = "no_credit" on Paid, no_credit: "429 insufficient_user_quota";
    /// The same under the other status it may have.
    NoCredit403 = "no_credit_403" on Paid, no_credit: "403 insufficient_user_quota";
    /// OpenAI's prepaid balance is used up: a 429 that does not end by waiting (OpenAI's help
    /// centre on 429).
    NoCreditOpenai = "no_credit_openai" on Paid, no_credit: "429 credit_balance_exhausted";
    /// Too many requests, the wait in whole seconds (OpenAI's error guide).
    RateLimited = "rate_limited" ["SECONDS" 1 0] on Paid, rate_limited: "429 with retry-after";
    /// The same with the more precise header, which OpenAI's clients read first.
    RateLimitedMs = "rate_limited_ms" ["MILLISECONDS" 100 0] on Paid, rate_limited:
        "429 with retry-after-ms";
    /// The same with the wait as a date, the other form that RFC 9110 allows.
    RateLimitedDate = "rate_limited_date" ["SECONDS" 1 0] on Paid, rate_limited:
        "429, retry-after as a date";
    /// The gateway's upstream is full; a message only (its best practices).
    Saturated = "saturated" on Paid, rate_limited: "429 with a message only, no code, no wait";
    /// The gateway has no upstream for the model, in the words of its software.
    NoChannel = "no_channel" on Paid, upstream_failed: "503 with a message only, no available channel";
    /// OpenAI is overloaded (Microsoft's dev-proxy fixtures).
    Overloaded = "overloaded" on Paid, upstream_failed: "503 server_is_overloaded";
    /// OpenAI failed (its error guide).
    ServerError = "server_error" on Paid, upstream_failed: "500 server_error";
    /// The gateway's upstream sent nothing readable: no message, the status in `param`
    /// (seen by a third party).
    BadGateway = "bad_gateway" on Paid, upstream_failed: "502 without a message, its status in param";
    /// The gateway could not write its reply (its page on connection drops).
    WriteFailed = "write_failed" on Paid, upstream_failed: "500 write_response_body_failed";
    /// A time-out behind the gateway, under the gateway's own status: the render may have
    /// continued and is charged.
    Hidden524 = "hidden_524" on Paid, timed_out: "500 that hides a 524 in param; charged";
    /// The page of a CDN in front of the gateway that waited 100 s for it (the gateway's page on
    /// time-outs). The render continued and is charged.
    Html = "html" on Paid, timed_out: "524 with an HTML page; charged";
    /// A web page where the API should be: a wrong base URL or a captive portal.
    Html200 = "html_200" on Paid, upstream_failed: "200 with an HTML page";
    /// Success without a body. For the gateway the call succeeded, so it is charged.
    Empty = "empty" on Paid, cut_short: "200 with an empty body; charged";
    /// A proxy that lost its upstream.
    Empty502 = "empty_502" on Paid, upstream_failed: "502 with an empty body";
    /// A local server in the words of its framework (diffusion servers built on `FastAPI`).
    Detail = "detail" on Paid, upstream_failed: "503 {\"detail\": …}";
    /// A local server with an error that is a string (stable-diffusion.cpp).
    ErrorString = "error_string" on Paid, bad_request: "400 {\"error\": \"…\"}";
    /// The safety system refused: with details from OpenAI, under a status of the gateway's from
    /// its own models (its page on content moderation).
    Moderation = "moderation" on Paid, refused_content: "400 moderation_blocked";
    /// The same on some routes of the gateway. The status is documented, the body likely.
    Moderation451 = "moderation_451" on Paid, refused_content: "451, image_safety in the message";
    /// The hard block of the gateway's own models (their overview): a 5xx that must not be
    /// repeated as it is.
    Refusal500 = "refusal_500" on Paid, refused_content: "500, Image was not generated as expected";
    /// A parameter the model does not know (OpenAI's error guide).
    BadParameter = "bad_parameter" on Paid, bad_request: "400 unknown_parameter";
    /// A failure that should be retried although its status says no. OpenAI's clients follow the
    /// header.
    ShouldRetryTrue = "should_retry_true" on Paid, bad_request: "400 with x-should-retry: true";
    /// The opposite: a failure that should not be retried although its status says so.
    ShouldRetryFalse = "should_retry_false" on Paid, upstream_failed: "503 with x-should-retry: false";
    /// The API has moved. The new address is on this sandbox and has no handler, so that a client
    /// that follows it is noticed.
    Redirect = "redirect" on Paid, bad_request: "307 to elsewhere";
    /// The model replies with text (the gateway's page on chat): a success, charged.
    Words = "words" on Chat, no_image: "text instead of an image; charged";
    /// A line of text stands where the image should be.
    NotAnImage = "not_an_image" on Paid, cut_short: "text where the image should be; charged";
    /// One byte of the base64 is wrong.
    BrokenBase64 = "broken_base64" on Paid, cut_short: "the base64 of the image is broken; charged";
    /// The image file is cut, while JSON and base64 are intact.
    TruncatedImage = "truncated_picture" on Paid, cut_short: "the image file ends halfway; charged";
    /// The connection closes within the body, which states no length (the gateway's page
    /// on connection drops). Beyond the end, only the last chunk is missing.
    Cut = "cut" ["BYTES" 200 0] on Paid, cut_short: "the body ends after BYTES; charged";
    /// The connection closes when the request has been read, before any byte of the reply: a
    /// proxy gave up, and the render continued.
    Reset = "reset" on Paid, timed_out: "closed before any reply; charged";
    /// A slow connection.
    Slow = "slow" ["BYTES_PER_SECOND" 65536 1] on Paid, none: "the body comes slowly; charged";
    /// The whole body without its end: the last chunk never comes (the gateway's page on
    /// stalled tails).
    Endless = "endless" on Paid, none: "the whole body, the connection stays open; charged";
    /// No reply until the client disconnects; the render continues and is charged.
    Silent = "silent" on Paid, timed_out: "no reply; charged";
    /// The file is gone, as links of the gateway are after a day.
    Cdn404 = "cdn_404" on Files, download_failed: "404 NoSuchKey";
    /// The CDN sends a little and goes silent (the gateway's page on stalled tails).
    CdnStall = "cdn_stall" ["BYTES" 1000 0] on Files, download_failed: "silent after BYTES";
    /// The connection closes within the file. The rest can be had by Range.
    CdnCut = "cdn_cut" ["BYTES" 1000 0] on Files, download_failed: "closed after BYTES";
    /// The same, by a CDN that ignores Range and sends the whole file.
    CdnNoRange = "cdn_no_range" ["BYTES" 1000 0] on Files, download_failed:
        "closed after BYTES, and Range is ignored";
    /// The file comes slowly.
    CdnSlow = "cdn_slow" ["BYTES_PER_SECOND" 65536 1] on Files, none: "the file comes slowly";
    /// A web page with status 200 where the image should be.
    CdnHtml = "cdn_html" on Files, download_failed: "200 with an HTML page";
}

impl Fault {
    /// The name in the text form.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.entry().name
    }

    /// The name of the kind of failure that a client should report; `none` if it can get the image
    /// all the same.
    #[must_use]
    pub const fn stands_for(self) -> &'static str {
        self.entry().stands_for
    }

    /// Its line in the table: text form, kind of failure, effect.
    #[must_use]
    pub fn line(self) -> String {
        let FaultEntry { name, amount, stands_for, what, .. } = self.entry();
        let (spelling, default) = match amount {
            Some(Amount { unit, default, .. }) => (format!("{name}[={unit}]"), format!(" [{default}]")),
            None => (name.to_owned(), String::new()),
        };
        format!("{spelling:30} {stands_for:15} {what}{default}")
    }

    /// How often a download fails unless `times` says otherwise; `None` is always. What a client can
    /// resume fails once, so that resuming is seen to work.
    pub(super) const fn default_times(self) -> Option<u32> {
        match self {
            Self::CdnStall | Self::CdnCut | Self::CdnNoRange => Some(1),
            _ => None,
        }
    }

    /// Whether it applies to downloads.
    pub(in crate::sandbox) fn is_download_fault(self) -> bool {
        self.entry().reach == Reach::Files
    }
}
