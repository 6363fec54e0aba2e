//! Server groups: what requests are forwarded to, with its health check, scheduler and draining.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::config::{self, CONSISTENT_HASH, SLOW_START, STICKY_SESSION};
use super::paging::{Page, filter, passes};
use super::{fault, jobs, tags};
use crate::call::{Answer, ApiError, Call, Params};
use crate::stamp;
use crate::state::alb::Alb;
use crate::state::alb::health_check::HealthCheck;
use crate::state::alb::server_group::{Drain, ServerGroup, Status};
use crate::time::Timed;
use crate::world::World;

impl Drain {
    fn read(params: &Params, stored: Self) -> Result<Self, ApiError> {
        Ok(Self {
            enabled: params.flag("ConnectionDrainConfig.ConnectionDrainEnabled")?.unwrap_or(stored.enabled),
            timeout: fault::ranged(params, "ConnectionDrainConfig.ConnectionDrainTimeout", 0, 900, stored.timeout)?,
        })
    }
}

/// A server group in the region of the call.
pub(super) fn here<'a>(world: &'a World, call: &Call, id: &str) -> Result<&'a ServerGroup, ApiError> {
    let found = world.alb.server_groups.get(id).filter(|group| group.region == call.region);
    found.ok_or_else(|| fault::not_found("ServerGroup", id))
}

/// Refuses while an earlier write is under way.
pub(super) fn available(group: &ServerGroup, now: Timestamp) -> Result<(), ApiError> {
    if *group.status.get(now) == Status::Available {
        Ok(())
    } else {
        Err(fault::incorrect_status("ServerGroup", &group.id))
    }
}

fn scheduler(params: &Params, default: &str) -> Result<String, ApiError> {
    fault::choice(params, "Scheduler", &["Wrr", "Wlc", "Sch", "Uch"], default)
}

/// `CreateServerGroup`. Names are not unique.
pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let kind = fault::choice(params, "ServerGroupType", &["Instance", "Ip", "Fc"], "Instance")?;
    let vpc = params.text("VpcId");
    if kind != "Fc" {
        if vpc.is_empty() {
            return Err(fault::missing("VpcId"));
        }
        if world.vpc.vpcs.get(&vpc).is_none_or(|vpc| vpc.region != call.region) {
            return Err(fault::not_found("Vpc", &vpc));
        }
    }
    let nothing = Map::new();
    let ready = world.settings.latencies.after(now, world.settings.latencies.alb_write);
    let group = ServerGroup {
        id: world.ids.next("sgp-"),
        region: call.region.clone(),
        name: fault::name(params, "ServerGroupName")?.ok_or_else(|| fault::missing("ServerGroupName"))?,
        kind,
        vpc,
        protocol: fault::choice(params, "Protocol", &["HTTP", "HTTPS", "gRPC"], "HTTP")?,
        scheduler: scheduler(params, "Wrr")?,
        health_check: HealthCheck::create(&params.within("HealthCheckConfig"))?,
        drain: Drain::read(params, Drain { enabled: false, timeout: 300 })?,
        sticky_session: config::read(params, "StickySessionConfig", STICKY_SESSION, &nothing)?,
        slow_start: config::read(params, "SlowStartConfig", SLOW_START, &nothing)?,
        consistent_hash: config::read(params, "UchConfig", CONSISTENT_HASH, &nothing)?,
        cross_zone: params.flag("CrossZoneEnabled")?.unwrap_or(true),
        ipv6: params.flag("Ipv6Enabled")?.unwrap_or(false),
        keepalive: params.flag("UpstreamKeepaliveEnabled")?.unwrap_or(false),
        affinity: params.get("IpVersionAffinityMode").unwrap_or("NonAffinity").to_owned(),
        service_name: params.text("ServiceName"),
        resource_group: params
            .get("ResourceGroupId")
            .map_or_else(|| format!("rg-{}", world.settings.account_id), str::to_owned),
        tags: tags::read(params)?,
        created: now,
        status: Timed::changing(Status::Creating, ready, Status::Available),
        servers: BTreeMap::new(),
    };
    let id = group.id.clone();
    world.alb.server_groups.insert(id.clone(), group);
    let job = jobs::start(world, now, call, ready, ("servergroup", &id));
    Ok(json!({"ServerGroupId": id, "JobId": job}))
}

/// `UpdateServerGroupAttribute`: what is not sent stays.
pub(super) fn update(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let id = params.required("ServerGroupId")?.to_owned();
    let mut group = here(world, call, &id)?.clone();
    available(&group, now)?;
    if let Some(name) = fault::name(params, "ServerGroupName")? {
        group.name = name;
    }
    group.scheduler = scheduler(params, &group.scheduler)?;
    group.health_check = group.health_check.update(&params.within("HealthCheckConfig"))?;
    group.drain = Drain::read(params, group.drain)?;
    group.sticky_session = config::read(params, "StickySessionConfig", STICKY_SESSION, &group.sticky_session)?;
    group.slow_start = config::read(params, "SlowStartConfig", SLOW_START, &group.slow_start)?;
    group.consistent_hash = config::read(params, "UchConfig", CONSISTENT_HASH, &group.consistent_hash)?;
    if let Some(cross_zone) = params.flag("CrossZoneEnabled")? {
        // Remote IP needs cross-zone balancing (cloud-apis.md section 4).
        if !cross_zone && group.servers.values().any(|server| server.remote_ip) {
            return Err(fault::illegal("CrossZoneEnabled"));
        }
        group.cross_zone = cross_zone;
    }
    group.keepalive = params.flag("UpstreamKeepaliveEnabled")?.unwrap_or(group.keepalive);
    group.affinity = params.get("IpVersionAffinityMode").unwrap_or(&group.affinity).to_owned();
    group.service_name = params.get("ServiceName").unwrap_or(&group.service_name).to_owned();
    let at = world.settings.latencies.after(now, world.settings.latencies.alb_write);
    group.status = Timed::changing(Status::Configuring, at, Status::Available);
    world.alb.server_groups.insert(id.clone(), group);
    let job = jobs::start(world, now, call, at, ("servergroup", &id));
    Ok(json!({"JobId": job}))
}

/// `DeleteServerGroup`: refused while a listener forwards to it.
pub(super) fn delete(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let id = call.params.required("ServerGroupId")?;
    let group = here(world, call, id)?;
    if !world.alb.related(now, id).is_empty() {
        return Err(fault::in_use("ServerGroup", id));
    }
    available(group, now)?;
    let at = world.settings.latencies.after(now, world.settings.latencies.alb_write);
    if let Some(group) = world.alb.server_groups.get_mut(id) {
        group.status = Timed::changing(Status::Deleting, at, Status::Gone);
    }
    let job = jobs::start(world, now, call, at, ("servergroup", id));
    Ok(json!({"JobId": job}))
}

/// `ListServerGroups`.
pub(super) fn list(world: &World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let page = Page::read(params, 100)?;
    let ids = filter(params, "ServerGroupIds", 20)?;
    let names = filter(params, "ServerGroupNames", 10)?;
    let is = |name: &str, value: &str| params.get(name).is_none_or(|wanted| wanted.eq_ignore_ascii_case(value));
    let items = world
        .alb
        .server_groups
        .values()
        .filter(|group| group.region == call.region)
        .filter(|group| passes(&ids, &group.id) && passes(&names, &group.name))
        .filter(|group| is("ServerGroupType", &group.kind) && is("VpcId", &group.vpc))
        .filter(|group| is("ResourceGroupId", &group.resource_group))
        .filter(|group| crate::tags::pass(&group.tags, params, "Tag"))
        .map(|group| (group.id.clone(), shown(&world.alb, group, now)))
        .collect();
    Ok(page.answer("ServerGroups", items))
}

fn shown(alb: &Alb, group: &ServerGroup, now: Timestamp) -> Value {
    let mut shown = json!({
        "ServerGroupId": group.id,
        "ServerGroupName": group.name,
        "ServerGroupType": group.kind,
        "ServerGroupStatus": group.status.get(now).name(),
        "ServerCount": group.servers.len(),
        "VpcId": group.vpc,
        "Protocol": group.protocol,
        "Scheduler": group.scheduler,
        "HealthCheckConfig": group.health_check.shown(),
        "StickySessionConfig": group.sticky_session,
        "ConnectionDrainConfig": {
            "ConnectionDrainEnabled": group.drain.enabled,
            "ConnectionDrainTimeout": group.drain.timeout,
        },
        "SlowStartConfig": group.slow_start,
        "CrossZoneEnabled": group.cross_zone,
        "Ipv6Enabled": group.ipv6,
        "IpVersionAffinityMode": group.affinity,
        "UpstreamKeepaliveEnabled": group.keepalive,
        "ConfigManagedEnabled": false,
        "RelatedLoadBalancerIds": alb.related(now, &group.id),
        "ResourceGroupId": group.resource_group,
        "ServiceName": group.service_name,
        "CreateTime": stamp::seconds(group.created),
        "Tags": crate::tags::list(&group.tags),
    });
    if group.scheduler == "Uch" {
        shown["UchConfig"] = Value::Object(group.consistent_hash.clone());
    }
    shown
}
