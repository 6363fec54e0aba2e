//! Every example, as a process of its own.
//!
//! `cargo test` builds the examples before it runs this; with `--test examples`, run `cargo build --examples` first.

// `cfg(test)` says to clippy that unwrapping is in order here.
#[cfg(unix)]
#[cfg(test)]
mod talk;
