//! The types of any error and of any future, boxed.

use std::{future::Future, pin::Pin};

/// A boxed future that is [`Send`]: what [`SnapStartResource`](crate::SnapStartResource)'s hooks return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Any error, boxed.
pub type Error = tower::BoxError;
