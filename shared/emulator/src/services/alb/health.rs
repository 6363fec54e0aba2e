//! Health checks: each load balancer probes the servers behind its listeners along the data plane.
//!
//! ```text
//!              answered for rise            silent or refused for fall
//!   Initial ──────────────────────► Healthy ◄────────────────────► Unhealthy
//!      └──────────── silent or refused for fall ──────────────────────▲
//! ```
//! There is no timer: a check stores since when its probes have had the same result, and its state follows from the
//! time. `rise` and `fall` are threshold times interval.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::fault;
use super::paging::Page;
use crate::call::{Answer, Call};
use crate::dataplane::{self, Forwarder, Source, Verdict};
use crate::state::alb::health::{Check, Health, Probe, State, Use};
use crate::state::alb::health_check::HealthCheck;
use crate::state::alb::load_balancer::LoadBalancer;
use crate::state::alb::server::{self, Server, ServerKey};
use crate::state::alb::server_group::ServerGroup;
use crate::world::World;

/// Catches up with the time since the last call: probes at every instant at which something changed, and now.
/// So a server's health does not depend on how often this is called. Only the state of instances is
/// taken as it is now: the driver advances the world whenever one of them changes.
pub(super) fn probe(world: &mut World, now: Timestamp) {
    let Some(mut looked) = world.alb.health.at else { return probe_at(world, now) };
    while looked < now {
        let changes = [world.alb.next_due(looked), dataplane::next_change(world, looked)];
        looked = changes.into_iter().flatten().min().map_or(now, |change| change.min(now));
        probe_at(world, looked);
    }
}

fn probe_at(world: &mut World, now: Timestamp) {
    let alb = &world.alb;
    let uses: BTreeSet<Use> = alb
        .listeners
        .values()
        .filter(|listener| listener.is_serving(now))
        .map(|listener| (listener.load_balancer.clone(), listener.server_group.clone()))
        .collect();
    let mut forwarder = Forwarder::new(world, now);
    let mut checks = BTreeMap::new();
    for used in uses {
        let (Some(lb), Some(group)) = (alb.load_balancers.get(&used.0), alb.server_groups.get(&used.1)) else {
            continue;
        };
        if lb.is_serving(now) && group.health_check.enabled {
            let before = alb.health.checks.get(&used);
            let after = probe_group(world, &mut forwarder, lb, group, before, now);
            checks.insert(used, after);
        }
    }
    world.alb.health = Health { checks, at: Some(now) };
}

fn probe_group(
    world: &World,
    forwarder: &mut Forwarder<'_>,
    lb: &LoadBalancer,
    group: &ServerGroup,
    before: Option<&BTreeMap<ServerKey, Check>>,
    now: Timestamp,
) -> BTreeMap<ServerKey, Check> {
    let latencies = &world.settings.latencies;
    let sources = lb.sources();
    let probed = group.servers.iter().filter(|(_, server)| is_probed(server, now));
    probed
        .map(|(key, server)| {
            let probe = reach(world, forwarder, lb, &sources, server, &group.health_check);
            let check = match before.and_then(|checks| checks.get(key)) {
                Some(check) => check.probed(probe, now, latencies, &group.health_check),
                None => Check::new(probe, now),
            };
            (key.clone(), check)
        })
        .collect()
}

/// Servers of weight 0 are not probed (cloud-apis.md section 12).
fn is_probed(server: &Server, now: Timestamp) -> bool {
    server.weight > 0 && server.status.get(now).takes_requests()
}

/// The worst result of the probes from all source prefixes: each node of a load balancer probes separately.
fn reach(
    world: &World,
    forwarder: &mut Forwarder<'_>,
    lb: &LoadBalancer,
    sources: &[std::net::Ipv4Addr],
    server: &Server,
    check: &HealthCheck,
) -> Probe {
    let port = check.port(server.port);
    let probes = sources.iter().map(|address| {
        let source = Source { vpc: &lb.vpc, address: *address };
        match forwarder.verdict(source, server.address, port) {
            Verdict::Answered { instance } if takes(world, check, &instance) => Probe::Answered,
            Verdict::Answered { .. } => Probe::Mismatched,
            Verdict::Refused { .. } => Probe::Refused,
            Verdict::Lost(_) => Probe::Silent,
        }
    });
    probes.max().unwrap_or(Probe::Silent)
}

/// Whether the answer of an instance's web server has one of the statuses that a check expects: 200 for a path that it knows, else
/// 404. A check by TCP takes whoever listens.
fn takes(world: &World, check: &HealthCheck, instance: &str) -> bool {
    let serves = world.ecs.instances.get(instance).is_none_or(|instance| instance.serves(&check.path));
    let code = if serves { "http_2xx" } else { "http_4xx" };
    !matches!(check.protocol.as_str(), "HTTP" | "HTTPS") || check.codes.iter().any(|taken| taken == code)
}

/// Whether a server counts as healthy: its check says so, or health checks are disabled.
pub(crate) fn is_healthy(world: &World, now: Timestamp, lb: &str, group: &ServerGroup, key: &ServerKey) -> bool {
    !group.health_check.enabled || state(world, now, lb, group, key).0 == State::Healthy
}

fn state(world: &World, now: Timestamp, lb: &str, group: &ServerGroup, key: &ServerKey) -> (State, Probe) {
    let used = (lb.to_owned(), group.id.clone());
    let check = world.alb.health.checks.get(&used).and_then(|checks| checks.get(key));
    check.map_or((State::Initial, Probe::Silent), |check| {
        (check.state_at(now, &world.settings.latencies, &group.health_check), check.probe)
    })
}

/// `GetListenerHealthStatus`: only servers that are not healthy are listed.
pub(super) fn status(world: &World, now: Timestamp, call: &Call) -> Answer {
    // The pages are of forwarding rules, and a listener here has one: its default action.
    Page::read(&call.params, 30)?;
    call.params.flag("IncludeRule")?;
    let id = call.params.required("ListenerId")?;
    let listener = world.alb.listeners.get(id).filter(|listener| listener.region == call.region);
    let listener = listener.ok_or_else(|| fault::not_found("Listener", id))?;
    let groups = world.alb.server_groups.get(&listener.server_group).map(|group| {
        let abnormal = group
            .servers
            .iter()
            .filter_map(|(key, server)| abnormal(world, now, &listener.load_balancer, group, key, server));
        json!({
            "ServerGroupId": group.id,
            "ActionType": "ForwardGroup",
            "HealthCheckEnabled": if group.health_check.enabled { "on" } else { "off" },
            "ServerCount": group.servers.len(),
            "NonNormalServers": abnormal.collect::<Value>(),
        })
    });
    Ok(json!({
        "ListenerHealthStatus": [{
            "ListenerId": listener.id,
            "ListenerPort": listener.port,
            "ListenerProtocol": listener.protocol,
            "ServerGroupInfos": groups.into_iter().collect::<Value>(),
        }],
        "RuleHealthStatus": [],
        "NextToken": "",
    }))
}

fn abnormal(
    world: &World,
    now: Timestamp,
    lb: &str,
    group: &ServerGroup,
    key: &ServerKey,
    server: &Server,
) -> Option<Value> {
    let shown = |status: &str| json!({"ServerId": server.id, "ServerIp": server.address, "Port": server.port, "Status": status});
    if !group.health_check.enabled {
        return Some(shown("Unavailable"));
    }
    if server.weight == 0 || *server.status.get(now) == server::Status::Removing {
        return Some(shown("Unused"));
    }
    match state(world, now, lb, group, key) {
        (State::Healthy, _) => None,
        (State::Initial, _) => Some(shown("Initial")),
        (State::Unhealthy, probe) => {
            let mut value = shown("Unhealthy");
            let code = match probe {
                Probe::Mismatched => "RESPONSE_MISMATCH",
                Probe::Refused => "CONNECT_FAILED",
                Probe::Answered | Probe::Silent => "CONNECT_TIMEOUT",
            };
            value["Reason"] = json!({"ReasonCode": code});
            Some(value)
        }
    }
}
