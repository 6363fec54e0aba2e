//! What a handler may answer with: any `Serialize`, or a stream.

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use crate::{Error, streaming::Body};

/// An answer, at once or as a stream.
#[derive(Debug)]
pub enum FunctionResponse<B, S> {
    /// Serialized to JSON and sent at once.
    BufferedResponse(B),
    /// Sent as it comes.
    StreamingResponse(StreamResponse<S>),
}

/// An answer that is sent as it comes.
#[derive(Debug)]
pub struct StreamResponse<S> {
    /// The status and headers of the answer to an HTTP trigger; an event's answer has none.
    pub metadata_prelude: MetadataPrelude,
    /// The bytes.
    pub stream: S,
}

/// Status, headers and cookies of a streamed answer.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetadataPrelude {
    /// The HTTP status.
    #[serde(with = "crate::prelude_json::status_code")]
    pub status_code: StatusCode,
    /// The headers.
    #[serde(with = "crate::prelude_json::headers")]
    pub headers: HeaderMap,
    /// `Set-Cookie` headers, one each.
    pub cookies: Vec<String>,
}

impl<S, D, E> From<S> for StreamResponse<S>
where
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + std::fmt::Debug,
{
    fn from(stream: S) -> Self {
        Self { metadata_prelude: MetadataPrelude::default(), stream }
    }
}

/// What a handler's `Ok` becomes. The three implementations are all there are, so that `B` and `S` can be inferred.
pub trait IntoFunctionResponse<B, S> {
    /// The answer.
    fn into_response(self) -> FunctionResponse<B, S>;
}

impl<B, S> IntoFunctionResponse<B, S> for FunctionResponse<B, S> {
    fn into_response(self) -> FunctionResponse<B, S> {
        self
    }
}

impl<B: Serialize> IntoFunctionResponse<B, Body> for B {
    fn into_response(self) -> FunctionResponse<B, Body> {
        FunctionResponse::BufferedResponse(self)
    }
}

impl<S, D, E> IntoFunctionResponse<(), S> for StreamResponse<S>
where
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + std::fmt::Debug,
{
    fn into_response(self) -> FunctionResponse<(), S> {
        FunctionResponse::StreamingResponse(self)
    }
}
