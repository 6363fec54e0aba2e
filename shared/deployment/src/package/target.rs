//! What the packages are built for, and how.

/// What everything is built for: Function Compute's processor, and no library of the image.
pub const TARGET: &str = "x86_64-unknown-linux-musl";

/// The name of the operator's tool: its package, its binary, and the file inside of its archive.
pub const CLI: &str = "albridge";

/// The profile of the functions (the workspace's Cargo.toml): no unwinding.
pub(crate) const FUNCTIONS: &str = "function";
/// The profile of the operator's tool.
const TOOL: &str = "dist";

/// The profile that packages of these names are built with.
#[must_use]
pub fn profile(names: &[String]) -> &'static str {
    if names.iter().any(|name| name == CLI) { TOOL } else { FUNCTIONS }
}
