//! `/-/` at every API port: the emulator's own admin API, for tests. The cloud has none.
//!
//! | | |
//! |---|---|
//! | `GET /-/endpoints` | the addresses of everything that can be reached now |
//! | `GET`, `POST`, `DELETE /-/faults`, `/-/faults/{id}` | what goes wrong on purpose |
//! | `GET`, `POST /-/clock` | the cloud's time; `{"advance": SECONDS}` makes it leap |
//! | `GET /-/log?since=N` | the calls from the `N`th on |
//! | `GET /-/world` | how much there is of everything |
//!
//! No signature is needed and no secret is shown: `guard` keeps web pages from elsewhere out. No bucket is named `-`, so nothing
//! of the cloud's is hidden.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::open::Open;
use crate::call::Caller;
use crate::driver::Cloud;
use crate::faults::{self, FaultError};
use crate::gateway::CallRecord;
use crate::world::World;

/// What the emulator's own paths begin with.
pub(super) const PREFIX: &str = "/-/";

/// Calls that one answer lists at most.
const PAGE: usize = 1_000;

/// An answer that is no success: one sentence.
type Refusal = (StatusCode, String);

/// What a successful answer says.
type Told = Result<Value, Refusal>;

/// Answers a request for one of the emulator's own paths.
pub(super) async fn answer(open: &Open, request: &Request<Bytes>) -> Response<Bytes> {
    let (status, body) = match tell(open, request).await {
        Ok(body) => (StatusCode::OK, body),
        Err((status, why)) => (status, json!({ "error": why })),
    };
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json;charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

async fn tell(open: &Open, request: &Request<Bytes>) -> Told {
    let cloud = &open.cloud;
    let path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default();
    match (request.method(), path.split_once('/').unwrap_or((path, ""))) {
        (&Method::GET, ("endpoints", "")) => endpoints(open).await,
        (&Method::GET, ("faults", "")) => Ok(json!({ "faults": cloud.with(|world| world.faults()) })),
        (&Method::POST, ("faults", "")) => add_faults(cloud, request.body()),
        (&Method::DELETE, ("faults", "")) => {
            let now = cloud.now();
            cloud.with(|world| world.clear_faults(now));
            Ok(json!({ "faults": [] }))
        }
        (&Method::GET, ("faults", id)) => {
            let found = cloud.with(|world| world.faults()).into_iter().find(|fault| fault.id == id);
            found.map(|fault| json!(fault)).ok_or_else(|| unknown_fault(id))
        }
        (&Method::DELETE, ("faults", id)) => {
            let now = cloud.now();
            let removed = cloud.with(|world| world.remove_fault(now, id));
            if removed { Ok(json!({ "removed": id })) } else { Err(unknown_fault(id)) }
        }
        (&Method::GET, ("clock", "")) => Ok(clock(cloud)),
        (&Method::POST, ("clock", "")) => {
            let leap: Leap = read(request.body())?;
            let time = Duration::try_from_secs_f64(leap.advance).map_err(|error| bad(error.to_string()))?;
            cloud.leap(time);
            Ok(clock(cloud))
        }
        (&Method::GET, ("log", "")) => log(cloud, request.uri().query().unwrap_or_default()),
        (&Method::GET, ("world", "")) => Ok(world(cloud)),
        (_, ("endpoints" | "faults" | "clock" | "log" | "world", _)) => {
            Err((StatusCode::METHOD_NOT_ALLOWED, format!("{} is not for {path}", request.method())))
        }
        _ => Err((StatusCode::NOT_FOUND, format!("there is no {PREFIX}{path}"))),
    }
}

fn bad(why: String) -> Refusal {
    (StatusCode::BAD_REQUEST, why)
}

fn unknown_fault(id: &str) -> Refusal {
    (StatusCode::NOT_FOUND, format!("there is no fault {id}"))
}

/// Everything that can be reached, without the account's key.
async fn endpoints(open: &Open) -> Told {
    let found = open.endpoints().await.map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    Ok(json!({ "endpoints": found.endpoints, "dataPlane": found.data_plane }))
}

/// One rule, or the list under `faults`: all of them or none.
fn add_faults(cloud: &Cloud, body: &Bytes) -> Told {
    let text = std::str::from_utf8(body).map_err(|error| bad(error.to_string()))?;
    let rules = faults::parse(text).map_err(|error| bad(error.to_string()))?;
    let now = cloud.now();
    let added = cloud.with(|world| world.add_faults(now, rules));
    let ids = added.map_err(|error| match error {
        FaultError::Taken(_) => (StatusCode::CONFLICT, error.to_string()),
        FaultError::Unreadable(_) => bad(error.to_string()),
    })?;
    Ok(json!({ "added": ids }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leap {
    /// Seconds of the cloud's time.
    advance: f64,
}

fn read<'b, T: Deserialize<'b>>(body: &'b Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| bad(error.to_string()))
}

fn clock(cloud: &Cloud) -> Value {
    let clock = cloud.clock();
    json!({ "now": cloud.now(), "wall": clock.wall(), "speed": clock.speed() })
}

/// Calls from the `since`th on, and where to go on from.
fn log(cloud: &Cloud, query: &str) -> Told {
    let since = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "since");
    let since = match since {
        None => 0,
        Some((_, text)) => text.parse::<usize>().map_err(|_| bad(format!("since is a number, not {text}")))?,
    };
    let (first, calls) = cloud.gateway().log_since(since, PAGE);
    let next = first + calls.len();
    let calls: Vec<Value> = (first..).zip(&calls).map(|(number, call)| told(number, call)).collect();
    Ok(json!({ "next": next, "calls": calls }))
}

fn told(number: usize, call: &CallRecord) -> Value {
    let caller = call.caller.as_ref().map(|caller| match caller {
        Caller::Root => "root",
        Caller::Nobody => "nobody",
        Caller::Role(role) | Caller::Restricted { role, .. } => role,
    });
    json!({
        "number": number,
        "at": call.at,
        "region": call.region,
        "service": call.service,
        "action": call.action,
        "caller": caller,
        "parameters": call.params.iter().collect::<BTreeMap<_, _>>(),
        "status": call.status,
        "code": call.code,
        "writes": call.writes,
    })
}

fn world(cloud: &Cloud) -> Value {
    let (now, writes) = (cloud.now(), cloud.gateway().writes());
    cloud.with(|world| json!({ "now": now, "writes": writes, "counts": census(world) }))
}

/// How much there is of everything that clients make.
fn census(world: &World) -> BTreeMap<&'static str, usize> {
    BTreeMap::from([
        ("loadBalancers", world.alb.load_balancers.len()),
        ("listeners", world.alb.listeners.len()),
        ("serverGroups", world.alb.server_groups.len()),
        ("servers", world.alb.server_count()),
        ("cens", world.cen.instances.len()),
        ("bandwidthPackages", world.cen.packages.len()),
        ("transitRouters", world.cen.routers.len()),
        ("vpcAttachments", world.cen.vpc_attachments.len()),
        ("peerAttachments", world.cen.peers.len()),
        ("transitRouterRouteEntries", world.cen.entries.len()),
        ("vpcs", world.vpc.vpcs.len()),
        ("vSwitches", world.vpc.switches.len()),
        ("routeTables", world.vpc.tables.len()),
        ("vpcRouteEntries", world.vpc.tables.values().map(|table| table.entries.len()).sum()),
        ("instances", world.ecs.instances.len()),
        ("securityGroups", world.ecs.groups.len()),
        ("securityGroupRules", world.ecs.groups.values().map(|group| group.rules.len()).sum()),
        ("functions", world.functions().count()),
        ("flows", world.fnf.flows.len()),
        ("eventRules", world.events.rules.len()),
        ("roles", world.ram.roles.len()),
        ("policies", world.ram.policies.len()),
        ("stacks", world.ros.stacks.len()),
        ("buckets", world.oss.buckets.len()),
    ])
}
