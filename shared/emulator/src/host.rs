//! Where functions run: the world only says that one is called.

mod instances;
mod process;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::state::fc::{Invocation, Outcome};

pub use instances::ProcessHost;

/// A function's outcome, some time later.
pub type Invoked = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Runs functions. The driver watches their timeouts.
pub trait FunctionHost: Send + Sync {
    /// Runs one invocation to its outcome.
    fn invoke(&self, invocation: Invocation) -> Invoked;
}

/// A host for worlds without functions: every call crashes.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFunctions;

impl FunctionHost for NoFunctions {
    fn invoke(&self, invocation: Invocation) -> Invoked {
        Box::pin(async move { Outcome::Crashed(format!("nothing serves function {}", invocation.function)) })
    }
}

/// Functions that listen on HTTP as custom runtimes do: `POST /invoke` (fc-runtime.md section 1.2). Clones share the
/// endpoints.
#[derive(Debug, Clone, Default)]
pub struct HttpHost {
    /// By region and function: `host:port`.
    endpoints: Arc<Mutex<BTreeMap<(String, String), String>>>,
}

impl HttpHost {
    /// Says where a function listens, as `http://127.0.0.1:9000` or without the scheme.
    pub fn serve(&self, region: &str, function: &str, base: &str) {
        let authority = base.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        endpoints.insert((region.to_owned(), function.to_owned()), authority);
    }

    fn endpoint(&self, invocation: &Invocation) -> Option<String> {
        let endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        endpoints.get(&(invocation.region.clone(), invocation.function.clone())).cloned()
    }
}

impl FunctionHost for HttpHost {
    fn invoke(&self, invocation: Invocation) -> Invoked {
        let endpoint = self.endpoint(&invocation);
        Box::pin(async move {
            let Some(authority) = endpoint else {
                return Outcome::Crashed(format!("nothing serves function {}", invocation.function));
            };
            match post(&authority, invocation).await {
                Ok((status, headers, body)) => read_outcome(status, &headers, &body),
                Err(error) => {
                    Outcome::Crashed(format!("Process exited unexpectedly before completing request ({error})"))
                }
            }
        })
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

async fn post(authority: &str, invocation: Invocation) -> Result<(StatusCode, HeaderMap, Bytes), BoxError> {
    let mut request = Request::post("/invoke").header("host", authority);
    for (name, value) in &invocation.headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(Bytes::from(invocation.payload)))?;
    let stream = TcpStream::connect(authority).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok((parts.status, parts.headers, body))
    };
    tokio::pin!(exchange, connection);
    tokio::select! {
        biased;
        answer = &mut exchange => answer,
        // The connection may end with its last byte; the answer is then complete, or never will be.
        _ = &mut connection => exchange.await,
    }
}

/// What a custom runtime's answer means: 200 is success unless `x-fc-status` says otherwise.
#[must_use]
pub fn read_outcome(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Outcome {
    let said = headers.get("x-fc-status").and_then(|value| value.to_str().ok());
    if status == StatusCode::OK && said.is_none_or(|said| said == "200") {
        return Outcome::Answered(body.to_vec());
    }
    let error: Value = serde_json::from_slice(body).unwrap_or_default();
    let field = |name: &str| error[name].as_str().map(str::to_owned);
    Outcome::Failed {
        error_type: field("errorType").unwrap_or_default(),
        message: field("errorMessage").unwrap_or_else(|| String::from_utf8_lossy(body).into_owned()),
    }
}

#[cfg(test)]
mod tests;
