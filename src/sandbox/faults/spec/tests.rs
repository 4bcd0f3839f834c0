use proptest::prelude::*;

use super::{Fault, FaultSpec, fault_help};

fn spelt(text: &str) -> Result<FaultSpec, String> {
    text.parse().map_err(|error: super::FaultError| error.to_string())
}

#[test]
fn a_spelling_is_read_and_written_back() {
    for text in [
        "unauthorised",
        "rate_limited=2,times=3",
        "cut=0",
        "cut=500,only=gpt-image-2-all",
        "words,only=chat",
        "token_type,only=gpt-image-2",
        "cdn_stall=10,times=2,only=files",
        "cdn_404,only=chat",
    ] {
        assert_eq!(spelt(text).unwrap().to_string(), text);
    }
    assert_eq!(spelt(" silent , only=chat , times=1 ").unwrap().to_string(), "silent,times=1,only=chat");
}

#[test]
fn every_fault_is_read_by_its_name_and_has_a_line_of_help() {
    let help = fault_help();
    for fault in Fault::ALL {
        let spec = spelt(fault.name()).unwrap();
        assert_eq!((spec.fault(), spec.times), (*fault, None));
        assert!(help.contains(&format!("\n  {}", fault.name())), "{}", fault.name());
    }
}

#[test]
fn a_bad_spelling_is_refused_by_name_with_what_is_accepted() {
    let cases = [
        ("", r#"unknown fault ""; the nearest is "#),
        ("ratelimited", r#"unknown fault "ratelimited"; the nearest is rate_limited"#),
        ("silent=3", "silent takes no number"),
        ("cut=x", r#"cut=BYTES needs a whole number of at least 0, not "x""#),
        ("cut=-1", r#"cut=BYTES needs a whole number of at least 0, not "-1""#),
        ("slow=0", r#"slow=BYTES_PER_SECOND needs a whole number of at least 1, not "0""#),
        ("silent,times=0", r#"times needs a whole number of at least 1, not "0""#),
        ("silent,times=1,times=2", r#"cannot read "times=2"; write NAME[=K]"#),
        ("silent,once", r#"cannot read "once"; write NAME[=K]"#),
        (
            "silent,only=dall-e-3",
            "only=dall-e-3 is not an endpoint or a model; use chat, images, files, or one of gpt-image-2, ",
        ),
        ("silent,only=files", "silent never happens with only=files: it applies to paid calls"),
        ("words,only=images", "words never happens with only=images: it applies to chat"),
        (
            "token_type,only=gpt-image-2-all",
            "token_type never happens with only=gpt-image-2-all: it applies to paid calls of the official models",
        ),
    ];
    for (text, words) in cases {
        let said = spelt(text).unwrap_err();
        assert!(said.starts_with(words), "{text}: {said}");
    }
}

proptest! {
    #[test]
    fn no_text_breaks_the_reading_and_what_is_read_is_read_the_same_again(
        text in "(cut|silent|cdn_cut|words)?(=[0-9x]{0,12})?(,(times|only)=?[a-z0-9-]{0,12}){0,3}|.{0,40}"
    ) {
        if let Ok(spec) = text.parse::<FaultSpec>() {
            prop_assert_eq!(spec.to_string().parse(), Ok(spec));
        }
    }
}
