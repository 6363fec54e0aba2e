//! The interface by which an endpoint calls a handler.

use futures_util::future::BoxFuture;

use crate::{Diagnostic, invocation::LambdaInvocation};

/// The end of a call: whether its layers or its hook failed. The handler's answer is in the call's reply.
pub(crate) type Outcome = Result<(), Diagnostic>;

/// How an endpoint has a call executed. The future ends when the call is over; its answer is in the call's reply, unless
/// a layer failed. The future catches panics, `invoke` itself does not.
pub(crate) trait Invoke: Send + Sync {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'static, Outcome>;
}
