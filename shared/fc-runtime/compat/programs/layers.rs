//! Layers around a handler: the one added last runs first, and each sees the call before its payload is read.

use std::cell::RefCell;

use lambda_runtime::{
    Error, LambdaEvent, LambdaInvocation, Runtime, Service,
    layers::TracingLayer,
    service_fn,
    tower::{layer::layer_fn, util::MapRequest},
};

async fn echo(event: LambdaEvent<Vec<String>>) -> Result<Vec<String>, Error> {
    Ok(event.payload)
}

/// Adds a word to the payload.
fn add<S: Service<LambdaInvocation>>(
    inner: S,
    word: &str,
    seen: &RefCell<Vec<usize>>,
) -> MapRequest<S, impl FnMut(LambdaInvocation) -> LambdaInvocation> {
    MapRequest::new(inner, move |mut invocation: LambdaInvocation| {
        seen.borrow_mut().push(invocation.body.len());
        let mut words: Vec<String> = serde_json::from_slice(&invocation.body).unwrap_or_default();
        words.push(word.to_owned());
        invocation.body = serde_json::to_vec(&words).unwrap_or_default().into();
        invocation
    })
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let seen = RefCell::new(Vec::new());
    Runtime::new(service_fn(echo))
        .layer(TracingLayer::new())
        .layer(layer_fn(|inner| add(inner, "inner", &seen)))
        .layer(layer_fn(|inner| add(inner, "outer", &seen)))
        .run()
        .await
}
