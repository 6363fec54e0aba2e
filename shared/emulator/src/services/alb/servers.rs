//! The servers of a group: added, weighted and removed in batches, one batch at a time per group.

use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::Ipv4Net;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::paging::{Page, filter, passes};
use super::server_groups::{available, here};
use super::{fault, jobs};
use crate::call::{Answer, ApiError, Call, Params};
use crate::state::alb::server::{Server, ServerKey, Status};
use crate::state::alb::server_group::{ServerGroup, Status as GroupStatus};
use crate::time::Timed;
use crate::world::World;

/// Servers per call; older pages say 40 (section 4).
const PER_CALL: usize = 200;
/// Servers per group.
const PER_GROUP: usize = 1_000;

/// Where a server with Remote IP may be.
const REMOTE: [Ipv4Net; 4] = [
    Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10),
    Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 12),
    Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 0), 16),
];

/// The parameters `list.N`, 1 to 200 of them.
fn batch(params: &Params, list: &str) -> Result<Vec<Params>, ApiError> {
    let servers = params.objects(list);
    if servers.is_empty() {
        return Err(fault::missing(list));
    }
    if servers.len() > PER_CALL {
        return Err(fault::over_quota("ServersPerRequest", servers.len(), PER_CALL));
    }
    Ok(servers)
}

fn key(server: &Params) -> Result<ServerKey, ApiError> {
    let port = fault::ranged(server, "Port", 1, u16::MAX, 0)?;
    if port == 0 {
        return Err(fault::missing("Servers.Port"));
    }
    Ok((server.get("ServerId").ok_or_else(|| fault::missing("Servers.ServerId"))?.to_owned(), port))
}

fn weight(server: &Params, default: u32) -> Result<u32, ApiError> {
    fault::ranged(server, "Weight", 0, 100, default)
}

/// A new server as one entry of a request describes it.
fn read(world: &World, group: &ServerGroup, server: &Params, status: Timed<Status>) -> Result<Server, ApiError> {
    let (id, port) = key(server)?;
    let kind = fault::choice(server, "ServerType", &["Ecs", "Eni", "Eci", "Ip", "Fc"], "")?;
    if (kind == "Ip") != (group.kind == "Ip") {
        return Err(fault::mismatch("ServerType"));
    }
    let remote_ip = server.flag("RemoteIpEnabled")?.unwrap_or(false);
    let address = if kind == "Ip" {
        let address: Ipv4Addr = id.parse().map_err(|_| fault::illegal("ServerId"))?;
        if server.get("ServerIp").is_some_and(|other| other.parse() != Ok(address)) {
            return Err(fault::illegal("ServerIp"));
        }
        in_range(world, group, address, remote_ip)?;
        address
    } else {
        attached_address(world, group, &id, server.parse("ServerIp")?)?
    };
    Ok(Server {
        id,
        address,
        port,
        kind,
        weight: weight(server, 100)?,
        description: fault::description(server, "Description")?.unwrap_or_default(),
        remote_ip,
        status,
    })
}

/// With Remote IP a private address anywhere, without it one of the group's VPC; never a public one.
fn in_range(world: &World, group: &ServerGroup, address: Ipv4Addr, remote_ip: bool) -> Result<(), ApiError> {
    let allowed = if remote_ip {
        if !group.cross_zone || group.ipv6 {
            return Err(fault::illegal("RemoteIpEnabled"));
        }
        REMOTE.iter().any(|net| net.contains(&address))
    } else {
        world.vpc.vpcs.get(&group.vpc).is_some_and(|vpc| vpc.holds(Ipv4Net::from(address)))
    };
    if allowed { Ok(()) } else { Err(fault::illegal("ServerIp")) }
}

/// The address of an instance or network interface of the group's VPC.
fn attached_address(
    world: &World,
    group: &ServerGroup,
    id: &str,
    wanted: Option<Ipv4Addr>,
) -> Result<Ipv4Addr, ApiError> {
    let interface = world
        .ecs
        .instances
        .get(id)
        .and_then(|instance| world.ecs.interfaces.get(&instance.interface))
        .or_else(|| world.ecs.interfaces.get(id))
        .ok_or_else(|| fault::not_found("BackendServer", id))?;
    if interface.vpc != group.vpc {
        return Err(fault::mismatch("VpcId"));
    }
    let address = wanted.or_else(|| interface.addresses.first().copied());
    address.filter(|address| interface.addresses.contains(address)).ok_or_else(|| fault::illegal("ServerIp"))
}

/// Adds a batch of new servers to a group.
fn admit(world: &World, group: &mut ServerGroup, servers: &[Params], at: Timestamp) -> Result<(), ApiError> {
    for server in servers {
        let server = read(world, group, server, Timed::changing(Status::Adding, at, Status::Available))?;
        let key = (server.id.clone(), server.port);
        if let Some(known) = group.servers.get(&key) {
            // Twice in this request, or there before it.
            return Err(if known.status == server.status {
                fault::duplicated("Server")
            } else {
                fault::already_exists("BackendServer", &format!("{}:{}", key.0, key.1))
            });
        }
        group.servers.insert(key, server);
    }
    if group.servers.len() > PER_GROUP {
        return Err(fault::over_quota("ServersPerServerGroup", group.servers.len(), PER_GROUP));
    }
    Ok(())
}

/// Starts the removal of a batch of servers: immediate, or after the group's drain time.
fn dismiss(world: &World, now: Timestamp, group: &mut ServerGroup, servers: &[Params]) -> Result<(), ApiError> {
    // Basic load balancers do not drain (ConnectionDrainConfig's page); their groups remove servers at once.
    let drains = group.drain.enabled
        && world
            .alb
            .related(now, &group.id)
            .iter()
            .filter_map(|id| world.alb.load_balancers.get(id))
            .all(|lb| lb.edition != "Basic");
    let write = world.settings.latencies.alb_write;
    let lasts = if drains { write.max(Duration::from_secs(u64::from(group.drain.timeout))) } else { write };
    let at = world.settings.latencies.after(now, lasts);
    for server in servers {
        let (id, port) = key(server)?;
        let name = format!("{id}:{port}");
        let known = group.servers.get_mut(&(id, port)).ok_or_else(|| fault::not_found("BackendServer", &name))?;
        if *known.status.get(now) == Status::Removing {
            return Err(fault::incorrect_status("BackendServer", &name));
        }
        known.status = Timed::changing(Status::Removing, at, Status::Gone);
    }
    Ok(())
}

/// Runs one write on a copy of the group, so that a refused batch changes nothing.
fn write(
    world: &mut World,
    now: Timestamp,
    call: &Call,
    change: impl FnOnce(&World, &mut ServerGroup, Timestamp) -> Result<(), ApiError>,
) -> Answer {
    let id = call.params.required("ServerGroupId")?.to_owned();
    let mut group = here(world, call, &id)?.clone();
    available(&group, now)?;
    let at = world.settings.latencies.after(now, world.settings.latencies.alb_write);
    change(world, &mut group, at)?;
    quota(world, now, &group)?;
    group.status = Timed::changing(GroupStatus::Configuring, at, GroupStatus::Available);
    world.alb.server_groups.insert(id.clone(), group);
    let job = jobs::start(world, now, call, at, ("servergroup", &id));
    Ok(json!({"JobId": job}))
}

/// A load balancer's servers, counted once per listener that uses their group.
pub(super) fn quota(world: &World, now: Timestamp, changed: &ServerGroup) -> Result<(), ApiError> {
    for id in world.alb.related(now, &changed.id) {
        let Some(lb) = world.alb.load_balancers.get(&id) else { continue };
        let size = |group: &String| {
            if *group == changed.id {
                changed.servers.len()
            } else {
                world.alb.server_groups.get(group).map_or(0, |group| group.servers.len())
            }
        };
        let used: usize = world
            .alb
            .listeners
            .values()
            .filter(|listener| listener.load_balancer == id)
            .map(|listener| size(&listener.server_group))
            .sum();
        if used > lb.server_quota() {
            return Err(fault::over_quota("ServersPerLoadBalancer", used, lb.server_quota()));
        }
    }
    Ok(())
}

/// `AddServersToServerGroup`.
pub(super) fn add(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let servers = batch(&call.params, "Servers")?;
    write(world, now, call, |world, group, at| admit(world, group, &servers, at))
}

/// `RemoveServersFromServerGroup`.
pub(super) fn remove(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let servers = batch(&call.params, "Servers")?;
    write(world, now, call, |world, group, _| dismiss(world, now, group, &servers))
}

/// `ReplaceServersInServerGroup`. It has no Remote IP parameter, so what it adds is in the VPC.
pub(super) fn replace(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let added = batch(&call.params, "AddedServers")?;
    let removed = batch(&call.params, "RemovedServers")?;
    write(world, now, call, |world, group, at| {
        dismiss(world, now, group, &removed)?;
        admit(world, group, &added, at)
    })
}

/// `UpdateServerGroupServersAttribute`: weight and description; Remote IP cannot be changed.
pub(super) fn update(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let servers = batch(&call.params, "Servers")?;
    write(world, now, call, |_, group, at| {
        for server in &servers {
            let (id, port) = key(server)?;
            let name = format!("{id}:{port}");
            let known = group.servers.get_mut(&(id, port)).ok_or_else(|| fault::not_found("BackendServer", &name))?;
            if *known.status.get(now) == Status::Removing {
                return Err(fault::incorrect_status("BackendServer", &name));
            }
            known.weight = weight(server, known.weight)?;
            if let Some(description) = fault::description(server, "Description")? {
                known.description = description;
            }
            known.status = Timed::changing(Status::Configuring, at, Status::Available);
        }
        Ok(())
    })
}

/// `ListServerGroupServers`. Without a group: those of all groups of the region.
pub(super) fn list(world: &World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let page = Page::read(params, 100)?;
    let ids = filter(params, "ServerIds", 40)?;
    if let Some(id) = params.get("ServerGroupId") {
        here(world, call, id)?;
    }
    let items = world
        .alb
        .server_groups
        .values()
        .filter(|group| group.region == call.region)
        .filter(|group| params.get("ServerGroupId").is_none_or(|id| id == group.id))
        .filter(|group| crate::tags::pass(&group.tags, params, "Tag"))
        .flat_map(|group| group.servers.values().map(move |server| (group, server)))
        .filter(|(_, server)| passes(&ids, &server.id))
        .map(|(group, server)| {
            (format!("{} {} {:05}", group.id, server.id, server.port), shown(&group.id, server, now))
        })
        .collect();
    Ok(page.answer("Servers", items))
}

fn shown(group: &str, server: &Server, now: Timestamp) -> Value {
    json!({
        "ServerGroupId": group,
        "ServerId": server.id,
        "ServerIp": server.address,
        "ServerType": server.kind,
        "Port": server.port,
        "Weight": server.weight,
        "Description": server.description,
        "RemoteIpEnabled": server.remote_ip,
        "Status": server.status.get(now).name(),
    })
}
