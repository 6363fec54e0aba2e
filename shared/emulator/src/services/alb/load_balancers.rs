//! Load balancers: made in two zones or more, each zone with a virtual address and, if upgraded, local addresses.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::paging::{Page, filter, passes};
use super::{fault, jobs, tags};
use crate::call::{Answer, ApiError, Call, Params};
use crate::stamp;
use crate::state::alb::Generation;
use crate::state::alb::load_balancer::{LoadBalancer, Status, Zone};
use crate::tags::Tags;
use crate::time::Timed;
use crate::world::World;

/// Local addresses per zone at creation; they grow with the load (cloud-apis.md section 0.2).
const LOCAL_ADDRESSES: usize = 2;

/// A load balancer in the region of the call.
pub(super) fn here<'a>(world: &'a World, call: &Call, id: &str) -> Result<&'a LoadBalancer, ApiError> {
    let found = world.alb.load_balancers.get(id).filter(|lb| lb.region == call.region);
    found.ok_or_else(|| fault::not_found("LoadBalancer", id))
}

/// What has to be known to make one, by call or from a scenario.
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) vpc: String,
    pub(crate) generation: Generation,
    pub(crate) address_type: String,
    pub(crate) edition: String,
    pub(crate) address_mode: String,
    /// Zone, vSwitch, and the wanted virtual address.
    pub(crate) zones: Vec<(String, String, Option<Ipv4Addr>)>,
    pub(crate) status: Timed<Status>,
}

/// Puts a load balancer that a scenario declares into the world, whose VPCs and vSwitches are there already.
pub(crate) fn declare(world: &mut World, now: Timestamp, order: Order) -> Result<(), ApiError> {
    if world.vpc.vpcs.get(&order.vpc).is_none_or(|vpc| vpc.region != order.region) {
        return Err(fault::not_found("Vpc", &order.vpc));
    }
    if world.alb.load_balancers.contains_key(&order.id) {
        return Err(fault::already_exists("LoadBalancer", &order.id));
    }
    make(world, now, order).map(drop)
}

/// Takes the addresses and puts the load balancer into the world.
fn make(world: &mut World, now: Timestamp, order: Order) -> Result<&mut LoadBalancer, ApiError> {
    for (zone, vswitch, _) in &order.zones {
        let switch = world.vpc.switches.get(vswitch).filter(|switch| switch.vpc == order.vpc);
        let switch = switch.ok_or_else(|| fault::not_found("VSwitch", vswitch))?;
        if switch.zone != *zone {
            return Err(fault::mismatch("ZoneId"));
        }
        let wanted = if order.generation == Generation::Upgraded { LOCAL_ADDRESSES + 1 } else { 1 };
        if switch.available() < wanted {
            return Err(ApiError::bad(
                "ResourceInsufficient.VSwitchIp",
                format!("The available IP addresses of the vSwitch {vswitch} are insufficient."),
            ));
        }
    }
    let mut zones = Vec::new();
    for (zone, vswitch, wanted) in &order.zones {
        zones.push(occupy(world, &order.id, order.generation, (zone, vswitch, *wanted))?);
    }
    let host = order.id.trim_start_matches("alb-");
    let dns_name = match (order.generation, order.address_type.as_str()) {
        (Generation::Upgraded, _) => format!("alb-{host}.{}.alb.aliyuncsslb.com", order.region),
        (Generation::Classic, "Intranet") => format!("alb-{host}.internal.{}.alb.aliyuncs.com", order.region),
        (Generation::Classic, _) => format!("alb-{host}.{}.alb.aliyuncs.com", order.region),
    };
    let made = LoadBalancer {
        region: order.region,
        name: order.name,
        vpc: order.vpc,
        generation: order.generation,
        address_type: order.address_type,
        edition: order.edition,
        address_mode: order.address_mode,
        dns_name,
        zones,
        security_groups: Vec::new(),
        resource_group: format!("rg-{}", world.settings.account_id),
        deletion_protection: None,
        modification_protection: ("NonProtection".to_owned(), String::new()),
        pay_type: "PostPay".to_owned(),
        tags: Tags::new(),
        created: made_at(order.generation, now),
        status: order.status,
        id: order.id.clone(),
    };
    Ok(world.alb.load_balancers.entry(order.id).or_insert(made))
}

/// When it counts as made. A non-upgraded one is older than the day since which all are upgraded, 2025-02-25 00:00 UTC+8
/// (cloud-apis.md section 0), whenever a scenario puts it into the world.
fn made_at(generation: Generation, now: Timestamp) -> Timestamp {
    const LAST_CLASSIC: Timestamp = Timestamp::constant(1_740_412_799, 0);
    match generation {
        Generation::Upgraded => now,
        Generation::Classic => now.min(LAST_CLASSIC),
    }
}

/// Takes the addresses of one zone.
fn occupy(
    world: &mut World,
    id: &str,
    generation: Generation,
    (zone, vswitch, wanted): (&str, &str, Option<Ipv4Addr>),
) -> Result<Zone, ApiError> {
    let address = world.vpc.take_address(vswitch, wanted, id)?;
    let count = if generation == Generation::Upgraded { LOCAL_ADDRESSES } else { 0 };
    let local = (0..count).map(|_| world.vpc.take_address(vswitch, None, id)).collect::<Result<_, _>>()?;
    Ok(Zone { zone: zone.to_owned(), vswitch: vswitch.to_owned(), address, local })
}

/// Moves a load balancer to other zones; those that it keeps keep their addresses.
pub(crate) fn move_to(world: &mut World, id: &str, wanted: &[(String, String)]) -> Result<(), ApiError> {
    let held = world.alb.load_balancers.get_mut(id).ok_or_else(|| fault::not_found("LoadBalancer", id))?;
    let generation = held.generation;
    let stays = |zone: &Zone| wanted.iter().any(|(_, vswitch)| *vswitch == zone.vswitch);
    let (mut zones, left): (Vec<Zone>, Vec<Zone>) = std::mem::take(&mut held.zones).into_iter().partition(stays);
    for zone in left {
        world.vpc.release_addresses(&zone.vswitch, id);
    }
    for (zone, vswitch) in wanted {
        if !zones.iter().any(|held| held.vswitch == *vswitch) {
            zones.push(occupy(world, id, generation, (zone, vswitch, None))?);
        }
    }
    if let Some(held) = world.alb.load_balancers.get_mut(id) {
        held.zones = zones;
    }
    Ok(())
}

fn zones(params: &Params) -> Result<Vec<(String, String, Option<Ipv4Addr>)>, ApiError> {
    let mut zones = Vec::new();
    for zone in params.objects("ZoneMappings") {
        let (name, vswitch) = (zone.text("ZoneId"), zone.text("VSwitchId"));
        if zones.iter().any(|(known, _, _)| *known == name) {
            return Err(fault::duplicated("ZoneMappings"));
        }
        zones.push((name, vswitch, zone.parse::<Ipv4Addr>("IntranetAddress")?));
    }
    // Every region of this emulator has two zones or more, so two are required, as the API does.
    if (2..=10).contains(&zones.len()) { Ok(zones) } else { Err(fault::illegal("ZoneMappings")) }
}

/// `CreateLoadBalancer`. The generation is the world's present one: no parameter of the API chooses it.
pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let vpc = params.required("VpcId")?.to_owned();
    if world.vpc.vpcs.get(&vpc).is_none_or(|vpc| vpc.region != call.region) {
        return Err(fault::not_found("Vpc", &vpc));
    }
    let (status, reason) = (
        fault::choice(
            params,
            "ModificationProtectionConfig.Status",
            &["NonProtection", "ConsoleProtection"],
            "NonProtection",
        )?,
        params.text("ModificationProtectionConfig.Reason"),
    );
    let tags = tags::read(params)?;
    let protected = params.flag("DeletionProtectionEnabled")? == Some(true);
    let ready = world.settings.latencies.after(now, world.settings.latencies.alb_create);
    let order = Order {
        id: world.ids.next("alb-"),
        region: call.region.clone(),
        name: fault::name(params, "LoadBalancerName")?.unwrap_or_default(),
        vpc,
        generation: world.alb.policy.generation,
        address_type: fault::choice(params, "AddressType", &["Internet", "Intranet"], "")?,
        edition: fault::choice(params, "LoadBalancerEdition", &["Basic", "Standard", "StandardWithWaf"], "")?,
        address_mode: fault::choice(params, "AddressAllocatedMode", &["Fixed", "Dynamic"], "Dynamic")?,
        zones: zones(params)?,
        status: Timed::changing(Status::Provisioning, ready, Status::Active),
    };
    let pay_type = fault::choice(params, "LoadBalancerBillingConfig.PayType", &["PostPay"], "PostPay")?;
    let made = make(world, now, order)?;
    made.tags = tags;
    made.pay_type = pay_type;
    made.modification_protection = (status, reason);
    made.deletion_protection = protected.then_some(now);
    made.security_groups =
        params.objects("SecurityGroupIds").iter().map(|group| group.text("SecurityGroupId")).collect();
    if let Some(group) = params.get("ResourceGroupId") {
        group.clone_into(&mut made.resource_group);
    }
    let id = made.id.clone();
    jobs::start(world, now, call, ready, ("loadbalancer", &id));
    Ok(json!({"LoadBalancerId": id}))
}

/// `DeleteLoadBalancer`: deletes its listeners too; server groups stay.
pub(super) fn delete(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let id = call.params.required("LoadBalancerId")?;
    let lb = here(world, call, id)?;
    if lb.deletion_protection.is_some() {
        return Err(ApiError::bad(
            "OperationDenied.DeletionProtection",
            "The operation is not allowed because of DeletionProtection.",
        ));
    }
    writable(world, now, id)?;
    let at = world.settings.latencies.after(now, world.settings.latencies.alb_write);
    if let Some(lb) = world.alb.load_balancers.get_mut(id) {
        lb.status = Timed::changing(Status::Deleting, at, Status::Gone);
    }
    for listener in world.alb.listeners.values_mut().filter(|listener| listener.load_balancer == id) {
        listener.leave(at);
    }
    let job = jobs::start(world, now, call, at, ("loadbalancer", id));
    Ok(json!({"JobId": job}))
}

/// Refuses unless the load balancer is Active: one write at a time (cloud-apis.md section 5).
pub(super) fn writable(world: &World, now: Timestamp, id: &str) -> Result<(), ApiError> {
    match world.alb.load_balancers.get(id).map(|lb| *lb.status.get(now)) {
        Some(Status::Active) => Ok(()),
        _ => Err(fault::incorrect_status("LoadBalancer", id)),
    }
}

/// Marks the load balancer as being written until `at`.
pub(super) fn configure(world: &mut World, id: &str, at: Timestamp) {
    if let Some(lb) = world.alb.load_balancers.get_mut(id) {
        lb.status = Timed::changing(Status::Configuring, at, Status::Active);
    }
}

fn shown(world: &World, lb: &LoadBalancer, now: Timestamp) -> Value {
    let mut shown = json!({
        "LoadBalancerId": lb.id,
        "LoadBalancerName": lb.name,
        "VpcId": lb.vpc,
        "AddressType": lb.address_type,
        "AddressIpVersion": "IPv4",
        "AddressAllocatedMode": lb.address_mode,
        "Ipv6AddressType": "",
        "DNSName": lb.dns_name,
        "LoadBalancerStatus": world.account.balancer_status(&lb.id).unwrap_or(lb.status.get(now).name()),
        "LoadBalancerBussinessStatus": "Normal",
        "LoadBalancerEdition": lb.edition,
        "LoadBalancerBillingConfig": {"PayType": lb.pay_type},
        "LoadBalancerOperationLocks": world.account.balancer_locks(&lb.id),
        "ModificationProtectionConfig": {"Status": lb.modification_protection.0, "Reason": lb.modification_protection.1},
        "DeletionProtectionConfig": {"Enabled": lb.deletion_protection.is_some()},
        "AccessLogConfig": {},
        "ResourceGroupId": lb.resource_group,
        "SecurityGroupIds": lb.security_groups,
        "CreateTime": stamp::seconds(lb.created),
        "Tags": crate::tags::list(&lb.tags),
    });
    if let Some(since) = lb.deletion_protection {
        shown["DeletionProtectionConfig"]["EnabledTime"] = stamp::seconds(since).into();
    }
    shown
}

/// `GetLoadBalancerAttribute`: the one answer with zones and local addresses.
pub(super) fn attribute(world: &World, now: Timestamp, call: &Call) -> Answer {
    let lb = here(world, call, call.params.required("LoadBalancerId")?)?;
    let zones = lb.zones.iter().map(|zone| {
        let address = json!({
            "Address": zone.address,
            "IntranetAddress": zone.address,
            "IntranetAddressHcStatus": "Healthy",
            "Ipv4LocalAddresses": zone.local,
            "Ipv6LocalAddresses": [],
        });
        json!({"ZoneId": zone.zone, "VSwitchId": zone.vswitch, "Status": "Active", "LoadBalancerAddresses": [address]})
    });
    let mut answer = shown(world, lb, now);
    answer["ZoneMappings"] = zones.collect();
    answer["RegionId"] = lb.region.clone().into();
    Ok(answer)
}

/// `ListLoadBalancers`.
pub(super) fn list(world: &World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let page = Page::read(params, 100)?;
    let ids = filter(params, "LoadBalancerIds", 20)?;
    let names = filter(params, "LoadBalancerNames", 10)?;
    let vpcs = filter(params, "VpcIds", 10)?;
    let is = |name: &str, value: &str| params.get(name).is_none_or(|wanted| wanted.eq_ignore_ascii_case(value));
    let items = world
        .alb
        .load_balancers
        .values()
        .filter(|lb| lb.region == call.region)
        .filter(|lb| passes(&ids, &lb.id) && passes(&names, &lb.name) && passes(&vpcs, &lb.vpc))
        .filter(|lb| is("AddressType", &lb.address_type) && is("LoadBalancerStatus", lb.status.get(now).name()))
        .filter(|_| is("LoadBalancerBussinessStatus", "Normal") && is("AddressIpVersion", "IPv4"))
        .filter(|lb| is("DNSName", &lb.dns_name) && is("PayType", &lb.pay_type))
        .filter(|lb| is("ResourceGroupId", &lb.resource_group))
        .filter(|lb| params.get("ZoneId").is_none_or(|zone| lb.zones.iter().any(|known| known.zone == zone)))
        .filter(|lb| crate::tags::pass(&lb.tags, params, "Tag"))
        .map(|lb| (lb.id.clone(), shown(world, lb, now)))
        .collect();
    Ok(page.answer("LoadBalancers", items))
}

/// Releases the addresses of deleted load balancers.
pub(super) fn sweep(world: &mut World, now: Timestamp) {
    let gone: Vec<LoadBalancer> = world.alb.load_balancers.values().filter(|lb| lb.is_gone(now)).cloned().collect();
    for lb in gone {
        for zone in &lb.zones {
            world.vpc.release_addresses(&zone.vswitch, &lb.id);
        }
        world.alb.load_balancers.remove(&lb.id);
    }
}
