//! Real HTTP on loopback: one API port per region, one port per ALB listener, one web server per instance.
//!
//! ```text
//!   client ─► 127.0.0.1:api port ─► Cloud::call
//!   browser ─► 127.0.0.1:listener's port ─► World::route ─► 127.0.0.1:instance's web server
//! ```
//!
//! ALB requests carry no region, so every region has a port of its own. Ports live as long as [`Ports`]. What begins with `/-/` at
//! an API port is the emulator's own: `control`.

mod balancer;
mod control;
mod guard;
mod open;
mod server;
mod tasks;
mod wire;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::net::TcpListener;

use crate::driver::Cloud;
use crate::gateway::Answered;
use open::Open;
use open::url;

pub use open::Endpoints;

/// The open ports of a cloud. Dropping it closes them.
#[derive(Debug)]
pub struct Ports(Arc<Open>);

impl Ports {
    /// Opens one API port per region: `first` and the ones after it, or any free ones if `first` is 0.
    ///
    /// # Errors
    /// A port that cannot be had.
    pub async fn open(cloud: &Cloud, first: u16) -> io::Result<Self> {
        let regions = cloud.with(|world| world.settings.regions.clone());
        let mut sockets = BTreeMap::new();
        for (region, offset) in regions.into_iter().zip(0_u16..) {
            let port = if first == 0 {
                0
            } else {
                first.checked_add(offset).ok_or_else(|| io::Error::other("no port left"))?
            };
            sockets.insert(region, TcpListener::bind(("127.0.0.1", port)).await?);
        }
        let mut api = BTreeMap::new();
        for (region, socket) in &sockets {
            api.insert(region.clone(), socket.local_addr()?);
        }
        let open = Arc::new(Open { cloud: cloud.clone(), api, listeners: Mutex::default(), tasks: Arc::default() });
        for (region, socket) in sockets {
            let (cloud, shared) = (cloud.clone(), Arc::downgrade(&open));
            let answer = move |request: http::Request<Bytes>| {
                let (cloud, region, shared) = (cloud.clone(), region.clone(), shared.clone());
                async move {
                    if let Err(refused) = guard::admit(&request) {
                        return Answered::Whole(refused.response(request.uri().path()));
                    }
                    if request.uri().path().starts_with(control::PREFIX) {
                        let Some(open) = shared.upgrade() else { return Answered::Cut };
                        return Answered::Whole(control::answer(&open, &request).await);
                    }
                    cloud.exchange(&region, request).await
                }
            };
            open.tasks.push(tokio::spawn(server::serve(socket, answer)));
        }
        Ok(Self(open))
    }

    /// The base URL of a region's APIs.
    #[must_use]
    pub fn api(&self, region: &str) -> Option<String> {
        self.0.api.get(region).map(url)
    }

    /// Everything that can be reached now. Listeners that appeared since the last call get their port here.
    ///
    /// # Errors
    /// A port that cannot be had.
    pub async fn endpoints(&self) -> io::Result<Endpoints> {
        self.0.endpoints().await
    }

    /// The loopback address that stands for a listener of a load balancer, opened when first asked for. While nobody
    /// listens there in the emulated world, connections to it are closed without an answer.
    ///
    /// # Errors
    /// A port that cannot be had.
    pub async fn listener(&self, load_balancer: &str, port: u16) -> io::Result<SocketAddr> {
        self.0.listener(load_balancer, port).await
    }
}

/// Serves a hosted function, or another server for the emulator only, at a port on loopback: requests from
/// elsewhere are refused as at the API ports. Never ends by itself.
///
/// # Errors
/// The socket has no address, or one that is not loopback's.
pub async fn serve<F, Answer>(socket: TcpListener, answer: F) -> io::Result<()>
where
    F: Fn(http::Request<Bytes>) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = http::Response<Bytes>> + Send + 'static,
{
    let own = socket.local_addr()?;
    if !own.ip().is_loopback() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{own} is not on loopback")));
    }
    let guarded = move |request: http::Request<Bytes>| {
        let refused = guard::admit(&request).err().map(|refused| refused.response(request.uri().path()));
        let answer = answer.clone();
        async move {
            match refused {
                Some(response) => Answered::Whole(response),
                None => Answered::Whole(answer(request).await),
            }
        }
    };
    server::serve(socket, guarded).await;
    Ok(())
}

#[cfg(test)]
mod tests;
