# The recipes that CI runs; `just` alone lists them.

default:
    @just --list

# The main job, on the embedded emulator.
demo *ARGS:
    cargo run -- demo {{ARGS}}

# Everything that is tested.
test:
    cargo test --workspace

# Format, lints, documentation.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Mutants of the guarded lines (docs/testing.md); needs cargo-mutants.
mutants *CRATES:
    .ci/mutants {{CRATES}}

# The official SDKs against the emulator (needs Python and a package registry).
sdk:
    tests/sdk/run

# The functions' packages, with their manifest, in target/package; `--cli` for the tool.
package *ARGS:
    cargo run -- package {{ARGS}}

# The benchmark suite: onboarding, drift, peers (docs/benchmarks.md). Its numbers are no tests; nothing of it runs in CI.
bench *PARTS:
    tests/bench/run {{PARTS}}

# docs/path.svg, from the emulated world that the README tells of.
picture:
    cargo test -p albridge draw_the_picture_of_the_docs -- --ignored

# What CI runs.
ci:
    .ci/run
