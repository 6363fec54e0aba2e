//! The transport for the cloud: reqwest on a rustls that is configured here.
//!
//! It uses the ring provider and compiled-in root certificates: a cold start does not search the file system for a CA store,
//! and nothing depends on the image that a function runs on. A proxy is used only where a [`Network`] names one, which the command line
//! does; redirects are not followed: a signed request belongs to one host. Bodies are read as they come, up to the request's [`BodyLimit`]; nothing is decompressed.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::transport::{BodyLimit, Sending, Transport, TransportError};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// HTTP and HTTPS over the network. Clones share their connections.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
}

/// How the network is reached, and whom to trust in it.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// The URL of the proxy for https requests. Plain http goes where it is sent: it is for this machine.
    pub proxy: Option<String>,
    /// The hosts that are reached without the proxy, as in `NO_PROXY`: names with their subdomains, addresses, prefixes, `*`.
    pub no_proxy: String,
    /// Root certificates (DER) to trust as well as those of the web.
    pub roots: Vec<Vec<u8>>,
}

/// The certificates of a PEM file, in DER.
///
/// # Errors
/// What is wrong with it, to be put after "it".
pub fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, &'static str> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|_| "is not in the form of PEM")?;
    if found.is_empty() {
        return Err("holds no certificate");
    }
    Ok(found.into_iter().map(|certificate| certificate.to_vec()).collect())
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
    /// The proxy is no URL. It is not quoted: it may hold a password.
    #[error("the proxy is no http or https URL")]
    Proxy,
}

impl HttpTransport {
    /// Trusts the roots of the web, and uses no proxy.
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
        Ok(Self { client: builder(extra)?.build()? })
    }

    /// Reaches the network as is said.
    ///
    /// # Errors
    /// [`HttpTransportError`] when a certificate or the proxy cannot be used, or TLS cannot be configured.
    pub fn over(network: Network) -> Result<Self, HttpTransportError> {
        let client = builder(network.roots)?;
        let client = match network.proxy {
            None => client,
            Some(url) => client.proxy(proxy(&url, &network.no_proxy)?),
        };
        Ok(Self { client: client.build()? })
    }
}

fn builder(extra: impl IntoIterator<Item = Vec<u8>>) -> Result<reqwest::ClientBuilder, HttpTransportError> {
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
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(CONNECT)
        .redirect(reqwest::redirect::Policy::none())
        // Not what the environment names.
        .no_proxy())
}

/// A proxy for https, and for nothing else.
fn proxy(url: &str, no_proxy: &str) -> Result<reqwest::Proxy, HttpTransportError> {
    let known = url.parse::<http::Uri>().ok().filter(|uri| {
        uri.scheme_str().is_none_or(|scheme| matches!(scheme, "http" | "https")) && uri.authority().is_some()
    });
    if known.is_none() {
        return Err(HttpTransportError::Proxy);
    }
    let proxy = reqwest::Proxy::https(url).map_err(|_| HttpTransportError::Proxy)?;
    Ok(proxy.no_proxy(reqwest::NoProxy::from_string(no_proxy)))
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
