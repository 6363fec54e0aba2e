//! The transports of signed requests to the emulator: a call in memory, or HTTP over loopback. The requests are the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use emulator::driver::{Answered, Cloud};
use emulator::ports::Ports;
use http::{Request, Response};
use openapi::{HttpTransport, Transport, TransportError};
use serde_json::json;

use crate::error::LocalError;
use crate::stacks::HOME;

/// The host of a region's in-memory endpoint after the region's name.
const API: &str = ".api.emulated";
/// The host of a load balancer's in-memory listener after the load balancer's name.
const DATA: &str = ".alb.emulated";

/// Base URLs, as `ALBRIDGE_ENDPOINTS` names them.
pub(crate) type Map = BTreeMap<String, String>;

/// A transport that calls the cloud on a separate task, and passes the probe's requests to its data plane.
pub fn in_memory(cloud: Cloud) -> impl Transport {
    in_memory_with(cloud, None)
}

/// The same; what goes elsewhere goes to `beyond`.
pub(crate) fn in_memory_with(cloud: Cloud, beyond: Option<Arc<dyn Transport>>) -> impl Transport {
    move |request: Request<Bytes>| {
        let (cloud, beyond) = (cloud.clone(), beyond.clone());
        async move {
            let host = request.uri().host().unwrap_or_default();
            match beyond.filter(|_| !host.ends_with(API) && !host.ends_with(DATA)) {
                Some(beyond) => beyond.send(request).await,
                None => hand_over(&cloud, request).await,
            }
        }
    }
}

async fn hand_over(cloud: &Cloud, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
    let host = request.uri().host().unwrap_or_default().to_owned();
    if let Some(region) = host.strip_suffix(API) {
        return match cloud.exchange(region, request).await {
            Answered::Whole(response) => Ok(response),
            Answered::Truncated(_) => Err(TransportError::Cut("the answer broke off".to_owned())),
            Answered::Cut => Err(TransportError::Cut("closed without an answer".to_owned())),
        };
    }
    let nobody = || TransportError::Connect(format!("no such host: {host}"));
    let load_balancer = host.strip_suffix(DATA).ok_or_else(nobody)?;
    let name = request.headers().get(http::header::HOST).and_then(|name| name.to_str().ok());
    let port = request.uri().port_u16().unwrap_or(80);
    cloud.request_alb(load_balancer, port, name, request.uri().path()).ok_or_else(nobody)
}

/// `ALBRIDGE_ENDPOINTS` of the in-memory transport.
pub(crate) fn names(regions: &[String]) -> Map {
    endpoints(regions, |region| Some(format!("http://{region}{API}")))
}

/// `ALBRIDGE_ENDPOINTS` of the open ports.
pub(crate) fn ports(ports: &Ports, regions: &[String]) -> Map {
    endpoints(regions, |region| ports.api(region))
}

fn endpoints(regions: &[String], url: impl Fn(&str) -> Option<String>) -> Map {
    let mut map = Map::new();
    map.extend(regions.iter().filter_map(|region| Some((region.clone(), url(region)?))));
    // Central services answer at any port.
    map.extend(url(HOME).map(|url| ("*".to_owned(), url)));
    map
}

/// The same for functions, which reach the internal endpoint of object storage, too: at a path of the port, since a loopback address
/// has no names.
pub(crate) fn inside(map: &Map) -> String {
    let mut all = map.clone();
    for (region, url) in map.iter().filter(|(region, _)| *region != "*") {
        let name = format!("oss-{region}-internal");
        all.insert(name.clone(), format!("{url}/{name}"));
    }
    json!(all).to_string()
}

/// `ALBRIDGE_RESOLVE`: the addresses of the emulated load balancers, which are not in DNS.
pub(crate) async fn resolve(cloud: &Cloud, ports: Option<&Ports>) -> Result<String, LocalError> {
    let balancers = cloud.with(|world| world.load_balancers());
    let mut map = BTreeMap::new();
    for (id, name) in balancers {
        let base = match ports {
            None => format!("http://{id}{DATA}"),
            Some(ports) => {
                let address = ports.listener(&id, 80).await;
                let what = "opening a load balancer's port on loopback".to_owned();
                format!("http://{}", address.map_err(|error| LocalError::Io { what, error })?)
            }
        };
        map.insert(format!("{name}:80"), base);
    }
    Ok(json!(map).to_string())
}

/// The transport of the cloud's own clients.
pub(crate) fn http() -> Result<Arc<dyn Transport>, LocalError> {
    let transport = HttpTransport::new().map_err(|error| LocalError::Io {
        what: "preparing HTTP".to_owned(),
        error: std::io::Error::other(error.to_string()),
    })?;
    Ok(Arc::new(transport))
}
