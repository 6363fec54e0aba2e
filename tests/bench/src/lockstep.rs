//! The transport of a client on paused time whose cloud is another process: before each call the cloud's time is brought up
//! to the client's, and while a call is under way the client's time stands still. So waits cost nothing, and work no time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use jiff::Timestamp;
use openapi::{HttpTransport, Transport, TransportError};
use tokio::sync::Mutex;

use crate::frozen::{Control, Hold};

struct Inner {
    http: HttpTransport,
    clock: Clock,
    /// What each call takes.
    latency: Duration,
    /// The cloud, and the client's time that it knows of.
    cloud: Mutex<(Control, Timestamp)>,
}

/// A transport over HTTP that shares its clock's time with the cloud behind `control`. Each call takes `latency`.
pub fn transport(clock: Clock, control: Control, latency: Duration) -> impl Transport {
    let now = clock.now();
    let http = HttpTransport::new().expect("HTTP on loopback");
    let inner = Arc::new(Inner { http, clock, latency, cloud: Mutex::new((control, now)) });
    move |request: http::Request<Bytes>| {
        let inner = Arc::clone(&inner);
        async move { inner.send(request).await }
    }
}

impl Inner {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        if !self.latency.is_zero() {
            self.clock.sleep(self.latency).await;
        }
        let _hold = Hold::new();
        let mut cloud = self.cloud.lock().await;
        let now = self.clock.now();
        let behind = Duration::try_from(now.duration_since(cloud.1)).unwrap_or_default();
        if !behind.is_zero() {
            cloud.0.leap(behind).await.map_err(|error| TransportError::Cut(error.to_string()))?;
            cloud.1 = now;
        }
        drop(cloud);
        self.http.send(request).await
    }
}
