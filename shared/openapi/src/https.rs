//! The transport for the cloud: reqwest on a rustls that is configured here.
//!
//! It uses the ring provider and compiled-in root certificates: a cold start does not search the file system for a CA store,
//! and nothing depends on the image that a function runs on. Proxies from the environment are not used, and redirects are not followed:
//! a signed request belongs to one host. Bodies are read as they come, up to the request's [`BodyLimit`]; nothing is decompressed.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use crate::transport::{BodyLimit, Sending, Transport, TransportError};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// HTTP and HTTPS over the network. Clones share their connections.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
}

/// The transport could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum HttpTransportError {
    /// A root certificate, or the TLS configuration, is not usable.
    #[error("TLS cannot be configured: {0}")]
    Tls(#[from] rustls::Error),
    /// The HTTP client could not be built.
    #[error("the HTTP client cannot be built: {0}")]
    Client(#[from] reqwest::Error),
}

impl HttpTransport {
    /// Trusts the roots of the web.
    ///
    /// # Errors
    /// [`HttpTransportError`] when TLS cannot be configured.
    pub fn new() -> Result<Self, HttpTransportError> {
        Self::trusting([])
    }

    /// Trusts these roots (DER) as well as those of the web.
    ///
    /// # Errors
    /// [`HttpTransportError`] when a certificate cannot be read, or TLS cannot be configured.
    pub fn trusting(extra: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, HttpTransportError> {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        for certificate in extra {
            roots.add(CertificateDer::from(certificate))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { client })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: http::Request<Bytes>) -> Sending {
        let client = self.client.clone();
        Box::pin(async move {
            let limit = BodyLimit::of(&request);
            let request = reqwest::Request::try_from(request.map(reqwest::Body::from)).map_err(failure)?;
            let response = client.execute(request).await.map_err(failure)?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut answer = http::Response::new(read(response, limit).await?);
            *answer.status_mut() = status;
            *answer.headers_mut() = headers;
            Ok(answer)
        })
    }
}

/// Reads the body up to `limit`. If its Content-Length is larger, nothing is read; if it grows larger while it is read,
/// reading stops there.
async fn read(mut response: reqwest::Response, limit: BodyLimit) -> Result<Bytes, TransportError> {
    let stated = response.content_length().and_then(|length| usize::try_from(length).ok());
    if let BodyLimit::Most(most) = limit
        && stated.is_some_and(|length| length > most)
    {
        return Err(TransportError::TooLarge(most));
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        let room = limit.bytes().saturating_sub(body.len());
        match limit {
            BodyLimit::Most(most) if chunk.len() > room => return Err(TransportError::TooLarge(most)),
            // As a whole: an iterator of Bytes moves its reference for each byte.
            _ => body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk)),
        }
        if matches!(limit, BodyLimit::First(first) if body.len() >= first) {
            break;
        }
    }
    Ok(body.freeze())
}

#[expect(clippy::needless_pass_by_value, reason = "it is the argument of map_err")]
fn failure(error: reqwest::Error) -> TransportError {
    // Without the URL: it contains the parameters and the signature.
    let mut text = String::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(&error);
    while let Some(error) = cause {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&error.to_string());
        cause = error.source();
    }
    if error.is_timeout() && !error.is_connect() {
        TransportError::Timeout
    } else if error.is_connect() || error.is_builder() {
        TransportError::Connect(text)
    } else {
        TransportError::Cut(text)
    }
}
