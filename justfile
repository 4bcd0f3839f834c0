# The everyday commands. `just` lists them.

default:
    @just --list

# Everything CI runs
ci:
    .ci/run

# Quick feedback while working
check:
    cargo clippy --all-targets

# The whole suite; `UPDATE=1 just test` rewrites schemas and README tables
test:
    cargo test

# Images without a key
demo:
    cargo run -- demo

# The bundle for desktop clients, and its size
bundle:
    cargo build --release
    packaging/mcpb/build target/release/gpt-image-mcp

# Licences, bans and advisories
deny:
    .ci/deny
