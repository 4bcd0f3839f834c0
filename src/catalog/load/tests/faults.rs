//! Faults in a user's file, each with its line and its remedy.

use crate::catalog::Catalog;

fn fault(text: &str) -> String {
    Catalog::with_user(text).expect_err(text).to_string()
}

/// What is the matter, the file, and what the error must say.
const FAULTS: &[(&str, &str, &str)] = &[
    ("bad TOML", "\n[[model]\n", "line 2: not readable as TOML"),
    ("no tables", "\nprovider = 5\n", "line 2: entries are written as [[provider]] tables"),
    ("a list of names", "model = [\"a\"]\n", "line 1: entries are written as [[model]] tables"),
    (
        "unknown field",
        "wait_s = 5\n[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\nmasks = \"alpha\"\n",
        "line 5: model apiyi/gpt-image-2: masks: unknown field `masks`, expected one of `provider`, `id`",
    ),
    (
        "unknown field within a field",
        "[[model]]\nprovider = \"apiyi\"\nid = \"x\"\nsizes.grid = { step = 16,\n  longest = 2 }\n",
        "line 5: model apiyi/x: sizes: unknown field `longest`, expected one of `step`, `longest_edge`",
    ),
    (
        "wrong type",
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\nrank = \"first\"\n",
        "line 4: model apiyi/gpt-image-2: rank: invalid type: string \"first\", expected i32",
    ),
    (
        "unknown word",
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\nmask = \"black\"\n",
        "line 4: model apiyi/gpt-image-2: mask: unknown variant `black`, expected `alpha` or `white`",
    ),
    (
        "unknown quality in a table",
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\n[model.timeouts]\nfast = 3\n",
        "line 5: model apiyi/gpt-image-2: timeouts: unknown variant `fast`, expected one of `auto`",
    ),
    (
        "no time at all",
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\ntimeouts = { auto = 0 }\n",
        "line 4: model apiyi/gpt-image-2: timeouts: invalid value: integer `0`, expected a nonzero u32",
    ),
    (
        "unknown provider",
        "[[model]]\nid = \"x\"\nprovider = \"apii\"\noperations = [\"generate\"]\nsizes = \"native\"\n",
        "line 3: model apii/x: provider: no [[provider]] has the id \"apii\"; known are apiyi, openai",
    ),
    (
        "duplicate model",
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\n[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\n",
        "line 4: model apiyi/gpt-image-2: stated a second time, first on line 1; keep one of the two",
    ),
    (
        "duplicate provider",
        "[[provider]]\nid = \"openai\"\n\n[[provider]]\nid = \"openai\"\n",
        "line 4: provider openai: stated a second time, first on line 1",
    ),
    ("nameless provider", "[[provider]]\nbase_url = \"http://a\"\n", "line 1: provider: id is missing"),
    ("model without provider", "[[model]]\nid = \"x\"\n", "line 1: model x: provider is missing"),
    (
        "new provider without address",
        "[[provider]]\nid = \"mine\"\n",
        "line 1: provider mine: base_url is missing; an http or https address",
    ),
    (
        "new model without operations",
        "[[model]]\nprovider = \"openai\"\nid = \"x\"\nsizes = \"native\"\n",
        "line 1: model openai/x: operations is missing; any of generate, edit and inpaint, or state like",
    ),
    (
        "new model without sizes",
        "[[model]]\nprovider = \"openai\"\nid = \"x\"\noperations = [\"generate\"]\n",
        "line 1: model openai/x: sizes is missing; one of grid, prompt, presets, free and native",
    ),
    (
        "another scheme",
        "[[provider]]\nid = \"mine\"\nbase_url = \"ftp://a.example\"\n",
        "line 3: provider mine: base_url: \"ftp://a.example\" is neither http nor https, expected",
    ),
    (
        "no address",
        "[[provider]]\nid = \"mine\"\nbase_url = \"api.example.com/v1\"\n",
        "line 3: provider mine: base_url: \"api.example.com/v1\" is no address",
    ),
    (
        "a query in the address",
        "[[provider]]\nid = \"mine\"\nbase_url = \"https://a.example/v1?api-version=1\"\n",
        "line 3: provider mine: base_url: \"https://a.example/v1?api-version=1\" has a query",
    ),
    (
        "a path without its slash",
        "[[provider]]\nid = \"openai\"\npaths = { edits = \"images/edits\" }\n",
        "line 3: provider openai: paths: \"images/edits\" does not begin with a slash",
    ),
    (
        "another placeholder",
        "[[provider]]\nid = \"openai\"\npaths = { edits = \"/{deployment}/edits\" }\n",
        "holds another placeholder than {model}",
    ),
    (
        "a header that is none",
        "[[provider]]\nid = \"openai\"\nauth = { header = \"api key\" }\n",
        "line 3: provider openai: auth: \"api key\" is no header name",
    ),
    (
        "a header's value with a line break",
        "[[provider]]\nid = \"openai\"\nheaders = { X-Team = \"a\\nb\" }\n",
        "line 3: provider openai: headers: the value of X-Team holds other characters",
    ),
    (
        "a factor of nothing",
        "[[provider]]\nid = \"openai\"\nprice_factor = 0\n",
        "line 3: provider openai: price_factor: 0 is no factor, expected a number above 0",
    ),
    (
        "a negative price",
        "[[model]]\nprovider = \"openai\"\nid = \"gpt-image-2\"\nprice = { flat = -0.1 }\n",
        "line 4: model openai/gpt-image-2: price: -0.1 is no price, expected US dollars, 0 or more",
    ),
    (
        "an extra field that every call has",
        "[[model]]\nprovider = \"openai\"\nid = \"gpt-image-2\"\n[model.extra]\nseed = 1\nmodel = \"x\"\n",
        "line 4: model openai/gpt-image-2: extra: model is filled in by every call; leave it out",
    ),
    (
        "an extra field that changes how images come",
        "[[model]]\nprovider = \"openai\"\nid = \"gpt-image-2\"\nextra = { n = 4 }\n",
        "line 4: model openai/gpt-image-2: extra: n is filled in",
    ),
    (
        "a provider with a slash",
        "[[provider]]\nid = \"a/b\"\n",
        "line 2: provider a/b: id: expected a name without slashes",
    ),
    (
        "a model called auto",
        "[[model]]\nprovider = \"openai\"\nid = \"auto\"\n",
        "line 3: model openai/auto: id: expected a name without spaces, other than auto",
    ),
    (
        "like nothing",
        "[[model]]\nprovider = \"openai\"\nid = \"x\"\nlike = \"gpt-image-2\"\n",
        "line 4: model openai/x: like: there is no model \"gpt-image-2\"; expected provider/model, one of apiyi/gpt-image-2, ",
    ),
    (
        "like itself",
        "[[model]]\nprovider = \"openai\"\nid = \"x\"\nlike = \"openai/x\"\n",
        "line 4: model openai/x: like: openai/x leads back to this entry; name another model",
    ),
    (
        "like each other",
        "[[model]]\nprovider = \"openai\"\nid = \"x\"\nlike = \"openai/y\"\n[[model]]\nprovider = \"openai\"\nid = \"y\"\nlike = \"openai/x\"\n",
        "line 8: model openai/y: like: openai/x leads back",
    ),
    (
        "inpainting without a mask",
        "[[model]]\nprovider = \"openai\"\nid = \"x\"\nsizes = \"native\"\noperations = [\"inpaint\"]\n",
        "line 1: model openai/x: mask: a model that inpaints needs it, expected alpha or white",
    ),
    (
        "inpainting over chat",
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\nendpoints = [\"chat\"]\n",
        "line 4: model apiyi/gpt-image-2: endpoints: inpainting needs images",
    ),
    (
        "nowhere to go",
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\nendpoints = []\n",
        "line 4: model apiyi/gpt-image-2: endpoints: empty, expected images, chat or both",
    ),
    (
        "nothing to do",
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\noperations = []\n",
        "line 4: model apiyi/gpt-image-2: operations: empty",
    ),
    (
        "auto among the qualities",
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\nqualities = [\"auto\", \"low\"]\n",
        "line 4: model apiyi/gpt-image-2: qualities: auto can always be asked for; leave it out",
    ),
    (
        "auto among the backgrounds",
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\nbackgrounds = [\"auto\"]\n",
        "line 4: model apiyi/gpt-image-2: backgrounds: auto can always be asked for; leave it out",
    ),
    (
        "a quality without a price",
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\nqualities = [\"low\", \"max\"]\n",
        "line 1: model apiyi/gpt-image-2: price: factors have none for the quality max",
    ),
    (
        "a preset that is no size",
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\nsizes = { presets = { 1K = [\"large\"] } }\n",
        "line 4: model apiyi/gpt-image-2: sizes: \"large\" is no size, expected WIDTHxHEIGHT",
    ),
    (
        "an endless edge",
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\nsizes = { free = { longest_edge = 90000, step = 8 } }\n",
        "line 4: model apiyi/gpt-image-2: sizes: longest_edge must be at least one step and at most 65535",
    ),
    (
        "more at least than at most",
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\nsizes = { grid = { step = 8, longest_edge = 64, most_ratio = 2, least_pixels = 9, most_pixels = 8 } }\n",
        "line 4: model apiyi/gpt-image-2: sizes: most_pixels must be at least least_pixels",
    ),
    (
        "a grid without steps",
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\nsizes = { free = { longest_edge = 9, step = 0 } }\n",
        "line 4: model apiyi/gpt-image-2: sizes: step must be at least 1",
    ),
];

#[test]
fn every_fault_gives_its_line_the_entry_and_what_is_accepted() {
    for (case, text, expected) in FAULTS {
        let message = fault(text);
        assert!(message.contains(expected), "{case}:\n  {message}\nlacks\n  {expected}");
    }
}

#[test]
fn a_key_pasted_for_its_variables_name_is_not_repeated() {
    for value in ["\"sk-12345\"", "[\"sk-12345\"]", "{ name = \"sk-12345\" }"] {
        let message = fault(&format!("[[provider]]\nid = \"openai\"\nkey_variables = {value}\n"));
        assert!(message.starts_with("line 3: provider openai: key_variables: expected "), "{message}");
        assert!(!message.contains("12345"), "{message}");
    }
}
