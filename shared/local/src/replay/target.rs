//! The cloud that the requests of a recording are sent to: the trait, and a running cloud.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use openapi::{Transport, TransportError};

/// An answer, or none where the connection was closed.
pub(super) type Sent = Result<Option<Response<Bytes>>, String>;

/// The cloud that requests are sent to.
pub trait ReplayTarget {
    /// The base URL of a region's APIs.
    fn base(&self, region: &str) -> String;

    /// Waits until `after` has passed since the start of the recording, and returns the time to sign with.
    fn wait(&mut self, after: SignedDuration) -> impl Future<Output = Timestamp>;

    /// Sends a request to a region. An error means that no connection was possible.
    fn send(&mut self, region: &str, request: Request<Bytes>) -> impl Future<Output = Sent>;
}

/// A running cloud: requests are sent with the same intervals as in the recording.
pub struct Running {
    transport: Arc<dyn Transport>,
    /// By region; `*` stands for all others.
    endpoints: BTreeMap<String, String>,
    clock: Clock,
    begun: Timestamp,
}

impl Running {
    /// Base URLs by region, with `*` for all others.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>, endpoints: BTreeMap<String, String>, clock: Clock) -> Self {
        let begun = clock.now();
        Self { transport, endpoints, clock, begun }
    }
}

impl ReplayTarget for Running {
    fn base(&self, region: &str) -> String {
        self.endpoints.get(region).or_else(|| self.endpoints.get("*")).cloned().unwrap_or_default()
    }

    async fn wait(&mut self, after: SignedDuration) -> Timestamp {
        let due = self.begun.checked_add(after).unwrap_or(Timestamp::MAX);
        self.clock.sleep_until(due).await;
        self.clock.wall()
    }

    async fn send(&mut self, _region: &str, request: Request<Bytes>) -> Sent {
        // A request that takes longer than the longest timeout of a function counts as unanswered.
        const LIMIT: Duration = Duration::from_secs(900);
        let limit = LIMIT.mul_f64(self.clock.speed().max(1.0));
        match self.clock.timeout(limit, self.transport.send(request)).await {
            Ok(Ok(response)) => Ok(Some(response)),
            Ok(Err(TransportError::Connect(reason))) => Err(reason),
            Ok(Err(error @ TransportError::TooLarge(_))) => Err(error.to_string()),
            Ok(Err(TransportError::Cut(_) | TransportError::Timeout)) | Err(_) => Ok(None),
        }
    }
}
