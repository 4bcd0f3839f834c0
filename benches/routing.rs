//! The router and the price: pure, and run on every call before anything is sent.
//!
//! Baseline in the same run: a clone of the catalogue, which is what a naive router would do
//! first.

use criterion::{Criterion, criterion_group, criterion_main};
use gpt_image_mcp::catalog::Catalog;
use gpt_image_mcp::domain::{ImageRequest, Pixels, Prompt, Quality, Ratio, SizeRequest, Tier};
use gpt_image_mcp::routing::{output_tokens, route, shape};

fn bench(criterion: &mut Criterion) {
    let Ok(catalog) = Catalog::builtin() else { return };
    let Ok(prompt) = Prompt::parse("a red kite over the sea") else { return };
    let plain = ImageRequest::for_prompt(prompt);
    let exact = ImageRequest {
        size: SizeRequest::Tier(Tier::FourK),
        aspect_ratio: Ratio::R16x9,
        quality: Quality::High,
        ..plain.clone()
    };
    let mut group = criterion.benchmark_group("routing");
    group.bench_function("baseline: clone the catalogue", |bencher| bencher.iter(|| catalog.clone()));
    group.bench_function("route a prompt alone", |bencher| {
        bencher.iter(|| route(&plain, &catalog, &|_| true, None));
    });
    group.bench_function("route a 4K render", |bencher| {
        bencher.iter(|| route(&exact, &catalog, &|_| true, None));
    });
    if let Some(model) = catalog.named(Some("apiyi"), "gpt-image-2").next() {
        group.bench_function("a tier and a ratio to pixels", |bencher| {
            bencher.iter(|| shape(model, exact.size, exact.aspect_ratio));
        });
    }
    group.bench_function("output tokens of 4K", |bencher| {
        bencher.iter(|| output_tokens(96, Pixels::new(3840, 2160)));
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
