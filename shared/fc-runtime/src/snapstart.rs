//! `lambda_runtime`'s SnapStart hooks: accepted, so that code compiles, and never called, since Function Compute takes
//! no snapshots of custom runtimes.

use crate::{BoxFuture, Error};

/// A resource that wants to know of snapshots. Both hooks do nothing unless implemented.
pub trait SnapStartResource: Send + Sync {
    /// Would run before a snapshot is taken.
    fn before_snapshot(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }

    /// Would run after a snapshot is restored.
    fn after_restore(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }
}
