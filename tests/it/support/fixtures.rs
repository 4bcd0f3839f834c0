//! Bodies as the documents and captures have them, under `tests/fixtures`. In a success body
//! `{{base64}}` stands for the image, `{{escaped}}` for the same with its slashes escaped, and
//! `{{url}}` for its address.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

fn body(folder: &str, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A reply that brings this image, or its address.
pub fn success_body(name: &str, image: &[u8], url: &str) -> String {
    let base64 = STANDARD.encode(image);
    body("success", name)
        .replace("{{base64}}", &base64)
        .replace("{{escaped}}", &base64.replace('/', "\\/"))
        .replace("{{url}}", url)
}

/// A reply that refuses.
pub fn error_body(name: &str) -> String {
    body("errors", name)
}
