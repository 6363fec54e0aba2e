//! What the packages are built for, and how.

/// What everything is built for: Function Compute's processor, and no library of the image.
pub const TARGET: &str = "x86_64-unknown-linux-musl";
/// The profile (the workspace's Cargo.toml).
pub const PROFILE: &str = "dist";
