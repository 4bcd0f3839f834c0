//! How fast a reply of 19 MB that holds an image of 14 MB becomes a file: by the reader, in
//! pushes as they come from a connection, and by the plain way, which collects the body,
//! parses it, decodes the base64 and writes the image.

use std::hint::black_box;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gpt_image_mcp::staging::Staging;
use gpt_image_mcp::upstream::reply::{Body, Progress, Reader};

const IMAGE_BYTES: usize = 14_250_000;
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Bytes without pattern, as a compressed image has them (xorshift).
fn image() -> Vec<u8> {
    let noise = std::iter::successors(Some(0x9e37_79b9_7f4a_7c15_u64), |&state| {
        let state = state ^ (state << 13);
        let state = state ^ (state >> 7);
        Some(state ^ (state << 17))
    });
    SIGNATURE.iter().copied().chain(noise.flat_map(u64::to_le_bytes)).take(IMAGE_BYTES).collect()
}

/// The official reply, with the base64 as it is or as a PHP gateway escapes it.
fn body(escaped: bool) -> Vec<u8> {
    let mut base64 = BASE64_STANDARD.encode(image());
    if escaped {
        base64 = base64.replace('/', "\\/");
    }
    let usage = r#"{"input_tokens":9,"output_tokens":1372,"total_tokens":1381}"#;
    format!(r#"{{"created":1776832476,"data":[{{"b64_json":"{base64}"}}],"usage":{usage}}}"#).into_bytes()
}

fn by_reader(folder: &Path, body: &[u8], chunk: usize) -> u64 {
    let mut reader = Reader::new(Staging::new(folder));
    let progress = body.chunks(chunk).map(|chunk| reader.push(chunk).unwrap_or(Progress::More)).last();
    assert_eq!(progress, Some(Progress::Complete));
    match reader.finish() {
        Ok(Body::Json(mut document)) => document.images.take(0).map_or(0, |staged| staged.bytes),
        _ => 0,
    }
}

fn by_the_plain_way(folder: &Path, body: &[u8], chunk: usize) -> u64 {
    let mut whole = Vec::new();
    for chunk in body.chunks(chunk) {
        whole.extend_from_slice(chunk);
    }
    let value: serde_json::Value = serde_json::from_slice(&whole).unwrap_or_default();
    let base64 = value.pointer("/data/0/b64_json").and_then(serde_json::Value::as_str).unwrap_or_default();
    let image = BASE64_STANDARD.decode(base64).unwrap_or_default();
    let written =
        tempfile::NamedTempFile::new_in(folder).and_then(|file| std::fs::write(file.path(), &image));
    written.map_or(0, |()| image.len() as u64)
}

fn reply(criterion: &mut Criterion) {
    let Ok(folder) = tempfile::tempdir() else { return };
    for escaped in [false, true] {
        let body = body(escaped);
        let name = if escaped { "reply with escaped slashes" } else { "reply" };
        let mut group = criterion.benchmark_group(name);
        group.sample_size(20).throughput(Throughput::Bytes(body.len() as u64));
        for (way, read) in
            [("reader", by_reader as fn(&Path, &[u8], usize) -> u64), ("plain", by_the_plain_way)]
        {
            for chunk in [16 * 1024, 256 * 1024] {
                assert_eq!(read(folder.path(), &body, chunk), IMAGE_BYTES as u64);
                group.bench_function(format!("{way}, {} KiB", chunk / 1024), |bencher| {
                    bencher.iter(|| read(folder.path(), black_box(&body), chunk));
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, reply);
criterion_main!(benches);
