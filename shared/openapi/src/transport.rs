//! How a signed request gets to a service: over HTTPS, or by a call into an emulator.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

/// How many bytes of a response's body are read, as an extension of the request; where a request names none,
/// [`BodyLimit::default`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyLimit {
    /// A larger body is no answer: [`TransportError::TooLarge`].
    Most(usize),
    /// The rest is not read, which is no error: only the status is needed.
    First(usize),
}

impl Default for BodyLimit {
    /// At most 16 MiB. The largest answers are pages of a thousand rules or five hundred interfaces, some kilobytes a row.
    fn default() -> Self {
        Self::Most(16 << 20)
    }
}

impl BodyLimit {
    /// The limit that a request sets for its response.
    #[must_use]
    pub fn of<T>(request: &http::Request<T>) -> Self {
        request.extensions().get().copied().unwrap_or_default()
    }

    /// The number of bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Most(bytes) | Self::First(bytes) => bytes,
        }
    }
}

/// Which call a request makes, as an extension of the request: for a transport that treats writes differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The action's name.
    pub action: &'static str,
    /// The region that it concerns.
    pub region: String,
    /// Whether it changes the cloud.
    pub writes: bool,
}

/// What sends a request and brings its response, of which it reads as much as the request's [`BodyLimit`] allows.
///
/// Every function from a request to a future is a transport, which is what tests and the local deployment use.
pub trait Transport: Send + Sync {
    /// Sends one request. It is signed and complete, `Host` included.
    fn send(&self, request: http::Request<Bytes>) -> Sending;
}

/// The future of a request that is being sent.
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
    /// The response has a larger body than this many bytes, and the rest was not read: the service may have carried the
    /// request out.
    #[error("the answer has more than {0} bytes, and the rest was not read")]
    TooLarge(usize),
    /// No response in time: the service may have carried the request out.
    #[error("no response in time")]
    Timeout,
}
