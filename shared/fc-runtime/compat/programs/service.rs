//! A handler that is no function but a service: it has state, and says when it is ready.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use lambda_runtime::{Error, LambdaEvent, Service, run};

struct Counter {
    calls: u32,
}

impl Service<LambdaEvent<String>> for Counter {
    type Response = (u32, String);
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, event: LambdaEvent<String>) -> Self::Future {
        self.calls += 1;
        ready(Ok((self.calls, event.payload)))
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(Counter { calls: 0 }).await
}
