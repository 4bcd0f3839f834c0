//! Faults: every kind of failure of a real API, on demand.
//!
//! A fault is written `NAME[=K][,times=N][,only=chat|images|files|MODEL]`, in one of three places.
//! The first that applies to a request counts:
//!
//! - the header `x-sandbox-fault: rate_limited=2,times=3` of the request;
//! - a word in its prompt, `sandbox:fault=rate_limited=2,times=3`, which is not painted;
//! - [`SandboxOptions::fault`](super::SandboxOptions::fault), for all requests.
//!
//! With `times=N` only the first N requests fail, counted for each sandbox and each text form.
//! `only=` limits a fault to an endpoint or a model, to test fail-over. A fault that cannot be read
//! is refused with 400.
//!
//! The faults of downloads (`cdn_…`) wait in the links of the paid reply that asked for them. They
//! are counted for each link, from 0 each time it is returned. Those that a client can resume from
//! happen once unless `times` says otherwise.
//!
//! A fault without an image comes before the parameters are judged, any other after. The second
//! kind is charged, as the real one may be. No fault is needed for a failed connection (`not_sent`):
//! use an address where nothing listens.
//!
//! - `kinds`: the faults by name, what each imitates and where that is documented
//! - `spec`: the text form
//! - `matching`: which fault a request gets
//! - `error_responses`: replies without an image
//! - `response_faults`: what happens to a reply that was made

mod matching;
mod kinds;
mod error_responses;
mod spec;
mod response_faults;

pub(super) use error_responses::{ErrorContext, error_response};
pub use kinds::Fault;
pub(super) use matching::{CallContext, DownloadFault, Faults, InvalidFault};
pub(super) use response_faults::{apply_to_download, apply_to_reply};
pub use spec::{FaultError, FaultSpec, fault_help};
