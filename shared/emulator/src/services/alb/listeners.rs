//! Listeners: a port of a load balancer and the server group it forwards to.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::config::{self, QUIC, X_FORWARDED_FOR};
use super::paging::{Page, filter, passes};
use super::{fault, jobs, load_balancers, server_groups, servers, tags};
use crate::call::{Answer, ApiError, Call, Params};
use crate::state::alb::listener::{Listener, Status};
use crate::state::alb::load_balancer::LoadBalancer;
use crate::time::Timed;
use crate::world::World;

/// Listeners per load balancer (cloud-apis.md section 4, quotas).
const PER_LOAD_BALANCER: usize = 50;

pub(super) fn here<'a>(world: &'a World, call: &Call, id: &str) -> Result<&'a Listener, ApiError> {
    let found = world.alb.listeners.get(id).filter(|listener| listener.region == call.region);
    found.ok_or_else(|| fault::not_found("Listener", id))
}

/// The one server group that the default action forwards to.
fn target(params: &Params) -> Result<Option<String>, ApiError> {
    let actions = params.objects("DefaultActions");
    let Some(action) = actions.first() else { return Ok(None) };
    let groups = action.objects("ForwardGroupConfig.ServerGroupTuples");
    if actions.len() > 1 || groups.len() != 1 || action.get("Type") != Some("ForwardGroup") {
        return Err(fault::illegal("DefaultActions"));
    }
    Ok(groups.first().and_then(|group| group.get("ServerGroupId")).map(str::to_owned))
}

/// Whether a listener of a load balancer may forward to a group, quotas included.
fn fits(
    world: &World,
    now: Timestamp,
    call: &Call,
    lb: &LoadBalancer,
    protocol: &str,
    group: &str,
) -> Result<(), ApiError> {
    let group = server_groups::here(world, call, group)?;
    if group.kind != "Fc" && group.vpc != lb.vpc {
        return Err(fault::mismatch("VpcId"));
    }
    // The text of CreateServerGroup's Protocol: HTTP groups stand behind every listener, HTTPS groups behind HTTPS ones, gRPC
    // groups behind HTTPS and QUIC ones.
    let listeners: &[&str] = match group.protocol.as_str() {
        "HTTPS" => &["HTTPS"],
        "gRPC" => &["HTTPS", "QUIC"],
        _ => &["HTTP", "HTTPS", "QUIC"],
    };
    if !listeners.contains(&protocol) {
        return Err(fault::mismatch("Protocol"));
    }
    server_groups::available(group, now)
}

fn certificates(params: &Params, name: &str) -> Vec<String> {
    params.objects(name).iter().map(|certificate| certificate.text("CertificateId")).collect()
}

/// `CreateListener`.
pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let lb = load_balancers::here(world, call, params.required("LoadBalancerId")?)?;
    let lb_id = lb.id.clone();
    let protocol = fault::choice(params, "ListenerProtocol", &["HTTP", "HTTPS", "QUIC"], "")?;
    let port = fault::ranged(params, "ListenerPort", 1, u16::MAX, 0)?;
    if port == 0 || protocol.is_empty() {
        return Err(fault::missing(if port == 0 { "ListenerPort" } else { "ListenerProtocol" }));
    }
    let certificates = certificates(params, "Certificates");
    if protocol != "HTTP" && certificates.is_empty() {
        return Err(fault::missing("Certificates"));
    }
    let group = target(params)?.ok_or_else(|| fault::missing("DefaultActions"))?;
    fits(world, now, call, lb, &protocol, &group)?;
    let siblings = || world.alb.listeners.values().filter(|listener| listener.load_balancer == lb_id);
    if siblings().any(|listener| listener.port == port && listener.is_quic() == (protocol == "QUIC")) {
        return Err(fault::already_exists("Listener", &port.to_string()));
    }
    if siblings().count() >= PER_LOAD_BALANCER {
        return Err(fault::over_quota("ListenersPerLoadBalancer", siblings().count(), PER_LOAD_BALANCER));
    }
    load_balancers::writable(world, now, &lb_id)?;

    let nothing = Map::new();
    let at = world.settings.latencies.after(now, world.settings.latencies.alb_write);
    let listener = Listener {
        id: world.ids.next("lsn-"),
        region: call.region.clone(),
        load_balancer: lb_id.clone(),
        server_group: group.clone(),
        description: fault::description(params, "ListenerDescription")?.unwrap_or_default(),
        idle_timeout: fault::ranged(params, "IdleTimeout", 1, 600, 15)?,
        request_timeout: fault::ranged(params, "RequestTimeout", 1, 600, 60)?,
        gzip: params.flag("GzipEnabled")?.unwrap_or(true),
        http2: params.flag("Http2Enabled")?.unwrap_or(protocol == "HTTPS"),
        ca_certificates: self::certificates(params, "CaCertificates"),
        certificates,
        ca: params.flag("CaEnabled")?.unwrap_or(false),
        security_policy: security_policy(params, &protocol),
        quic: config::read(params, "QuicConfig", QUIC, &nothing)?,
        x_forwarded_for: config::read(params, "XForwardedForConfig", X_FORWARDED_FOR, &nothing)?,
        tags: tags::read(params)?,
        status: Timed::changing(Status::Provisioning, at, Status::Running),
        wanted_running: true,
        protocol,
        port,
    };
    let id = listener.id.clone();
    world.alb.listeners.insert(id.clone(), listener);
    if let Some(group) = world.alb.server_groups.get(&group)
        && let Err(refusal) = servers::quota(world, now, group)
    {
        world.alb.listeners.remove(&id);
        return Err(refusal);
    }
    load_balancers::configure(world, &lb_id, at);
    let job = jobs::start(world, now, call, at, ("listener", &id));
    Ok(json!({"ListenerId": id, "JobId": job}))
}

fn security_policy(params: &Params, protocol: &str) -> String {
    let default = if protocol == "HTTPS" { "tls_cipher_policy_1_0" } else { "" };
    params.get("SecurityPolicyId").unwrap_or(default).to_owned()
}

/// Runs one write on a copy of the listener; the load balancer is being configured meanwhile.
fn write(
    world: &mut World,
    now: Timestamp,
    call: &Call,
    change: impl FnOnce(&World, &mut Listener, Timestamp) -> Result<(), ApiError>,
) -> Answer {
    let id = call.params.required("ListenerId")?.to_owned();
    let mut listener = here(world, call, &id)?.clone();
    if listener.status.is_changing(now) {
        return Err(fault::in_configuring("Listener", &id));
    }
    load_balancers::writable(world, now, &listener.load_balancer)?;
    let at = world.settings.latencies.after(now, world.settings.latencies.alb_write);
    change(world, &mut listener, at)?;
    load_balancers::configure(world, &listener.load_balancer, at);
    world.alb.listeners.insert(id.clone(), listener);
    let job = jobs::start(world, now, call, at, ("listener", &id));
    Ok(json!({"JobId": job}))
}

/// `UpdateListenerAttribute`: what is not sent stays.
pub(super) fn update(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    write(world, now, call, |world, listener, at| {
        if let Some(group) = target(params)?
            && group != listener.server_group
        {
            let lb = load_balancers::here(world, call, &listener.load_balancer)?;
            fits(world, now, call, lb, &listener.protocol, &group)?;
            listener.server_group = group;
        }
        if let Some(description) = fault::description(params, "ListenerDescription")? {
            listener.description = description;
        }
        listener.idle_timeout = fault::ranged(params, "IdleTimeout", 1, 600, listener.idle_timeout)?;
        listener.request_timeout = fault::ranged(params, "RequestTimeout", 1, 600, listener.request_timeout)?;
        listener.gzip = params.flag("GzipEnabled")?.unwrap_or(listener.gzip);
        listener.http2 = params.flag("Http2Enabled")?.unwrap_or(listener.http2);
        listener.ca = params.flag("CaEnabled")?.unwrap_or(listener.ca);
        for (name, stored) in
            [("Certificates", &mut listener.certificates), ("CaCertificates", &mut listener.ca_certificates)]
        {
            let sent = certificates(params, name);
            if !sent.is_empty() {
                *stored = sent;
            }
        }
        if let Some(policy) = params.get("SecurityPolicyId") {
            policy.clone_into(&mut listener.security_policy);
        }
        listener.quic = config::read(params, "QuicConfig", QUIC, &listener.quic)?;
        listener.x_forwarded_for =
            config::read(params, "XForwardedForConfig", X_FORWARDED_FOR, &listener.x_forwarded_for)?;
        let after = if listener.wanted_running { Status::Running } else { Status::Stopped };
        listener.status = Timed::changing(Status::Configuring, at, after);
        Ok(())
    })
}

/// `StartListener`.
pub(super) fn start(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    write(world, now, call, |_, listener, at| turn(listener, at, Status::Running))
}

/// `StopListener`.
pub(super) fn stop(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    write(world, now, call, |_, listener, at| turn(listener, at, Status::Stopped))
}

fn turn(listener: &mut Listener, at: Timestamp, to: Status) -> Result<(), ApiError> {
    let wanted = to == Status::Running;
    // `write` has checked that no change is in progress, so the state is the final one.
    if listener.wanted_running == wanted {
        return Err(fault::incorrect_status("Listener", &listener.id));
    }
    listener.wanted_running = wanted;
    listener.status = Timed::changing(Status::Configuring, at, to);
    Ok(())
}

/// `DeleteListener`.
pub(super) fn delete(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    write(world, now, call, |_, listener, at| {
        listener.leave(at);
        Ok(())
    })
}

fn shown(listener: &Listener, now: Timestamp) -> Value {
    json!({
        "ListenerId": listener.id,
        "LoadBalancerId": listener.load_balancer,
        "ListenerProtocol": listener.protocol,
        "ListenerPort": listener.port,
        "ListenerStatus": listener.status.get(now).name(),
        "ListenerDescription": listener.description,
        "DefaultActions": [{
            "Type": "ForwardGroup",
            "ForwardGroupConfig": {"ServerGroupTuples": [{"ServerGroupId": listener.server_group}]},
        }],
        "IdleTimeout": listener.idle_timeout,
        "RequestTimeout": listener.request_timeout,
        "GzipEnabled": listener.gzip,
        "Http2Enabled": listener.http2,
        "SecurityPolicyId": listener.security_policy,
        "QuicConfig": listener.quic,
        "XForwardedForConfig": listener.x_forwarded_for,
        "LogConfig": {"AccessLogRecordCustomizedHeadersEnabled": false, "AccessLogTracingConfig": {"TracingEnabled": false}},
        "Tags": crate::tags::list(&listener.tags),
    })
}

/// `GetListenerAttribute`.
pub(super) fn attribute(world: &World, now: Timestamp, call: &Call) -> Answer {
    let listener = here(world, call, call.params.required("ListenerId")?)?;
    let mut answer = shown(listener, now);
    answer["AclConfig"] = json!({"AclRelations": []});
    answer["CaEnabled"] = listener.ca.into();
    answer["Certificates"] = listener.certificates.iter().map(|id| json!({"CertificateId": id})).collect();
    answer["CaCertificates"] = listener
        .ca_certificates
        .iter()
        .map(|id| json!({"CertificateId": id, "IsDefault": true, "Status": "Associated"}))
        .collect();
    Ok(answer)
}

/// `ListListeners`.
pub(super) fn list(world: &World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let page = Page::read(params, 100)?;
    let (ids, lbs) = (filter(params, "ListenerIds", 20)?, filter(params, "LoadBalancerIds", 20)?);
    let items = world
        .alb
        .listeners
        .values()
        .filter(|listener| listener.region == call.region)
        .filter(|listener| passes(&ids, &listener.id) && passes(&lbs, &listener.load_balancer))
        .filter(|listener| params.get("ListenerProtocol").is_none_or(|wanted| wanted == listener.protocol))
        .filter(|listener| crate::tags::pass(&listener.tags, params, "Tag"))
        .map(|listener| (listener.id.clone(), shown(listener, now)))
        .collect();
    Ok(page.answer("Listeners", items))
}
