//! How a signed request gets to a service: over HTTPS, or by a call into an emulator.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

/// What sends a request and brings its response.
///
/// Every function from a request to a future is a transport, which is what tests and the local deployment use.
pub trait Transport: Send + Sync {
    /// Sends one request. It is signed and complete, `Host` included.
    fn send(&self, request: http::Request<Bytes>) -> Sending;
}

/// A request on its way.
pub type Sending = Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, TransportError>> + Send>>;

impl<F, R> Transport for F
where
    F: Fn(http::Request<Bytes>) -> R + Send + Sync,
    R: Future<Output = Result<http::Response<Bytes>, TransportError>> + Send + 'static,
{
    fn send(&self, request: http::Request<Bytes>) -> Sending {
        Box::pin(self(request))
    }
}

/// No response came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection: the service has not seen the request.
    #[error("no connection: {0}")]
    Connect(String),
    /// The connection broke: the service may have carried the request out.
    #[error("the connection broke: {0}")]
    Cut(String),
    /// No response in time: the service may have carried the request out.
    #[error("no response in time")]
    Timeout,
}
