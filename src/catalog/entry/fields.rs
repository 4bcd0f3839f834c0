//! Reads fields whose text has a form of its own, so that a fault is found where it stands.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use url::Url;

use crate::catalog::Auth;
use crate::domain::Secret;

/// Reads a value and checks it; an error says what is accepted.
fn checked<'de, D, T>(from: D, check: impl Fn(T) -> Result<T, String>) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    check(T::deserialize(from)?).map(Some).map_err(de::Error::custom)
}

pub(super) fn provider_id<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    checked(from, |id: String| {
        let plain = !id.is_empty() && id != "auto" && !id.contains(['/', ' ', '\t', '\n']);
        plain
            .then_some(id)
            .ok_or_else(|| "expected a name without slashes and spaces, other than auto".to_owned())
    })
}

pub(super) fn model_id<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    checked(from, |id: String| {
        let plain = !id.is_empty() && id != "auto" && !id.contains([' ', '\t', '\n']);
        plain.then_some(id).ok_or_else(|| "expected a name without spaces, other than auto".to_owned())
    })
}

pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    checked(from, |text: String| match text.trim() {
        "" => Err("empty; leave the field out instead".to_owned()),
        _ => Ok(text),
    })
}

/// The address without its trailing slashes.
pub(super) fn base_url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    const ACCEPTED: &str = "expected an http or https address such as https://api.example.com/v1";
    checked(from, |text: String| match Url::parse(&text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() => {
            Err(format!("{text:?} is neither http nor https, {ACCEPTED}"))
        }
        Ok(url) if url.query().is_some() || url.fragment().is_some() => {
            Err(format!("{text:?} has a query or a fragment; put a query into the paths"))
        }
        Ok(_) => Ok(text.trim_end_matches('/').to_owned()),
        Err(error) => Err(format!("{text:?} is no address ({error}), {ACCEPTED}")),
    })
}

pub(super) fn path<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    checked(from, |path: String| {
        if !path.starts_with('/') {
            Err(format!("{path:?} does not begin with a slash, expected a path such as /images/edits"))
        } else if path.replace("{model}", "").contains(['{', '}']) {
            Err(format!("{path:?} holds another placeholder than {{model}}"))
        } else {
            Ok(path)
        }
    })
}

/// The name of an environment variable. What was written instead is not repeated: people
/// paste the key itself here, and errors are logged.
fn variable_name(name: String) -> Result<String, String> {
    let letters = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let named = name.chars().all(letters) && name.starts_with(|first: char| !first.is_ascii_digit());
    named.then_some(name).ok_or_else(|| {
        "expected the name of an environment variable, such as MY_API_KEY; a key itself never goes here"
            .to_owned()
    })
}

pub(super) fn variable<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    checked(from, variable_name)
}

/// One name, or a list of them.
pub(super) fn variables<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a list of names of environment variables")]
    enum Names {
        One(String),
        Several(Vec<String>),
    }
    let names = match Names::deserialize(from)? {
        Names::One(name) => vec![name],
        Names::Several(names) => names,
    };
    names.into_iter().map(variable_name).collect::<Result<_, _>>().map(Some).map_err(de::Error::custom)
}

/// Whether this may be the name of a header: a token of RFC 9110, 5.6.2.
fn check_header_name(name: &str) -> Result<(), String> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !name.is_empty() && name.bytes().all(token) {
        Ok(())
    } else {
        Err(format!("{name:?} is no header name, expected letters, digits and hyphens"))
    }
}

pub(super) fn auth<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Auth>, D::Error> {
    checked(from, |auth: Auth| {
        if let Auth::Header(name) = &auth {
            check_header_name(name)?;
        }
        Ok(auth)
    })
}

pub(super) fn headers<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<BTreeMap<String, Secret>>, D::Error> {
    checked(from, |headers: BTreeMap<String, Secret>| {
        for (name, value) in &headers {
            check_header_name(name)?;
            if !value.expose().bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
                return Err(format!("the value of {name} holds other characters than printable ASCII"));
            }
        }
        Ok(headers)
    })
}

/// What a request is made of, and what would change how many images come or how.
const NOT_EXTRA: [&str; 8] = ["model", "prompt", "messages", "image", "image[]", "mask", "n", "stream"];

pub(super) fn extra<'de, D: Deserializer<'de>>(from: D) -> Result<Option<BTreeMap<String, Value>>, D::Error> {
    checked(from, |extra: BTreeMap<String, Value>| {
        match extra.keys().find(|name| NOT_EXTRA.contains(&name.as_str())) {
            Some(name) => Err(format!("{name} is filled in by every call; leave it out")),
            None => Ok(extra),
        }
    })
}

pub(super) fn price_factor<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    checked(from, |factor: f64| {
        let sound = factor.is_finite() && factor > 0.0;
        sound.then_some(factor).ok_or_else(|| format!("{factor} is no factor, expected a number above 0"))
    })
}
