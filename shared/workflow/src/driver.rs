//! Runs an execution to its end on a clock, invoking its tasks with a function of the caller's.

use std::future::Future;

use clock::Clock;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;

use crate::{Execution, TaskError, TaskRequest};

/// Runs `execution` until it ends and returns it with its status, output and history.
///
/// Tasks that the execution gave up on (a sibling failed, a timeout passed) go on until the execution ends: as in the
/// cloud, work that was submitted is not undone. What is left then is dropped. What `invoke` gives is taken for the
/// task's result, also where the task waits for a callback.
pub async fn run<F, Fut>(mut execution: Execution, clock: &Clock, invoke: F) -> Execution
where
    F: Fn(TaskRequest) -> Fut,
    Fut: Future<Output = Result<Value, TaskError>>,
{
    let mut tasks = FuturesUnordered::new();
    loop {
        for request in execution.advance(clock.now()) {
            let id = request.id;
            let work = invoke(request);
            tasks.push(async move { (id, work.await) });
        }
        if execution.status().is_final() {
            return execution;
        }
        // A running execution always has a next due time: its own expiry, if nothing else.
        let Some(due) = execution.next_due() else { return execution };
        tokio::select! {
            biased;
            Some((id, result)) = tasks.next() => execution.complete(clock.now(), id, result),
            () = clock.sleep_until(due) => {}
        }
    }
}
