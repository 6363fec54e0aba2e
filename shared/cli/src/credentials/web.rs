//! How sources are asked over HTTP: with a limit of time and size, over plain http on this machine only, and without quoting what is
//! answered.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use openapi::{BodyLimit, Client, Config, Credentials, Endpoints, PlainHttp, Signature, Transport};

/// How keys are asked for.
#[derive(Clone)]
pub(crate) struct Cloud {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Clock,
    pub(crate) endpoints: Endpoints,
    pub(crate) signature: Signature,
    /// Where keys may come from over plain http.
    pub(crate) plain: PlainHttp,
}

/// Keys and tokens are a few kB.
const MOST: usize = 1 << 16;

impl Cloud {
    /// A client that signs with a key.
    pub(super) fn client(&self, credentials: Credentials) -> Client {
        let config =
            Config { credentials, endpoints: self.endpoints.clone(), signature: self.signature, read_only: true };
        Client::new(config, Arc::clone(&self.transport), self.clock.clone())
    }

    /// The text that is answered with success, or why there is none.
    pub(super) async fn text(
        &self,
        request: http::request::Builder,
        body: Bytes,
        limit: Duration,
    ) -> Result<String, String> {
        let mut request = request.body(body).map_err(|_| "its address is no URL".to_owned())?;
        request.extensions_mut().insert(BodyLimit::Most(MOST));
        let answer = self
            .clock
            .timeout(self.limit(limit), self.transport.send(request))
            .await
            .map_err(|_| "it does not answer".to_owned())?
            .map_err(|error| error.to_string())?;
        if !answer.status().is_success() {
            return Err(format!("it answers with HTTP {}", answer.status().as_u16()));
        }
        String::from_utf8(answer.into_body().into()).map_err(|_| "its answer is no text".to_owned())
    }

    /// A limit in real time, also on a clock that runs fast.
    pub(super) fn limit(&self, limit: Duration) -> Duration {
        limit.mul_f64(self.clock.speed().max(1.0))
    }
}

/// A URL without what may be secret in it: user, password and query.
pub(super) fn shown(url: &str) -> String {
    let Ok(uri) = url.parse::<http::Uri>() else { return "that is no URL".to_owned() };
    let host = uri.authority().map(|authority| authority.as_str().rsplit('@').next().unwrap_or_default().to_owned());
    format!("{}://{}{}", uri.scheme_str().unwrap_or_default(), host.unwrap_or_default(), uri.path())
}
