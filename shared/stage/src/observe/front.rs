//! The ALB side: the load balancer, its VPC, its listeners, and the binding's server group with its members.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use jiff::Timestamp;
use onboarding::ids::{CenId, NetworkAclId, ServerGroupId, VpcId};
use onboarding::mark::{Role, TAG_KEY};
use onboarding::ordered::sort_few;
use onboarding::topology::context::ForwardingRule;
use onboarding::topology::{
    Endpoint, Health, HealthCheck, Known, Listener, LoadBalancer, LoadBalancerZone, NetworkAcl, Server, ServerGroup,
    ServerGroupSettings, Topology, Vpc,
};
use openapi::{Action, Error, alb};

use super::backend::reads_vpcs;
use super::neighbours::{self, Neighbours};
use super::reader::Reader;
use super::{network, parse};
use crate::cloud::Side;
use crate::needs::Needs;
use crate::readings::Reads;

/// Load balancers created since 2025-02-25 00:00 UTC+8 are upgraded (cloud-apis.md section 0).
const ALL_UPGRADED: Timestamp = Timestamp::constant(1_740_412_800, 0);

/// What was read about the ALB side.
#[derive(Default)]
pub(super) struct Front {
    load_balancer: Known<Option<LoadBalancer>>,
    vpc: Option<(VpcId, Known<Option<Vpc>>)>,
    network_acls: BTreeMap<NetworkAclId, Known<Option<NetworkAcl>>>,
    server_groups: Known<Vec<ServerGroup>>,
    servers: Known<Vec<Server>>,
    listeners: Known<Vec<Listener>>,
    rules: Known<Vec<ForwardingRule>>,
    unhealthy: Known<BTreeMap<Endpoint, Health>>,
    cens: BTreeSet<CenId>,
    neighbours: Neighbours,
}

impl Front {
    pub(super) fn put(self, topology: &mut Topology) {
        topology.load_balancer = self.load_balancer;
        if let Some((id, _)) = &self.vpc {
            topology.context.cens.insert(id.clone(), self.cens);
        }
        self.neighbours.put(topology);
        topology.vpcs.extend(self.vpc);
        topology.network_acls.extend(self.network_acls);
        topology.server_groups = self.server_groups;
        topology.servers = self.servers;
        topology.listeners = self.listeners;
        topology.context.rules = self.rules;
        topology.unhealthy = self.unhealthy;
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Front {
    let mut front = Front::default();
    let needs = reader.needs;
    if !needs.has(Needs::ALB) && !needs.has(Needs::LISTENERS) {
        return front;
    }
    let client = match reader.cloud.reads_for(Side::Alb).await {
        Ok(client) => client,
        Err(error) => {
            let why = reader.unknown_reason(&error);
            front.load_balancer = Known::Failed(why.clone());
            front.server_groups = Known::Failed(why.clone());
            front.servers = Known::Failed(why.clone());
            front.listeners = Known::Failed(why.clone());
            front.rules = Known::Failed(why.clone());
            front.unhealthy = Known::Failed(why);
            return front;
        }
    };
    let (load_balancer, listeners, rules) = tokio::join!(biased;
        async {
            match needs.has(Needs::ALB) {
                true => reader.known_or_absent(load_balancer(reader, &client).await),
                false => Known::default(),
            }
        },
        async {
            match needs.has(Needs::LISTENERS) {
                true => reader.known(listeners(reader, &client).await),
                false => Known::default(),
            }
        },
        async {
            match needs.has(Needs::LEFT) {
                true => reader.known(rules(reader, &client).await),
                false if needs.has(Needs::ALB) => Known::nothing_to_read("only a teardown looks at forwarding rules"),
                false => Known::default(),
            }
        }
    );
    front.load_balancer = load_balancer;
    front.listeners = listeners;
    front.rules = rules;
    let home = match &front.load_balancer {
        Known::Known(Some(found)) => found.vpc.clone(),
        Known::Known(None) if needs.has(Needs::LEFT) => match reader.known(left_home(reader, &client).await) {
            Known::Known(Some(vpc)) => vpc,
            Known::Known(None) => {
                front.server_groups = Known::Known(Vec::new());
                front.servers = Known::Known(Vec::new());
                return front;
            }
            Known::Failed(why) | Known::NotAsked(Some(why)) => {
                front.server_groups = Known::Failed(why.clone());
                front.servers = Known::Failed(why);
                return front;
            }
            Known::NotAsked(None) => return front,
        },
        Known::Known(None) => {
            let why = "there is no load balancer";
            front.server_groups = Known::nothing_to_read(why);
            front.servers = Known::nothing_to_read(why);
            front.unhealthy = Known::nothing_to_read(why);
            return front;
        }
        Known::NotAsked(_) => return front,
        Known::Failed(why) => {
            if needs.has(Needs::GROUPS) {
                front.server_groups = Known::Failed(why.clone());
                front.servers = Known::Failed(why.clone());
                front.unhealthy = Known::Failed(why.clone());
            }
            return front;
        }
    };
    let ((), (), ()) = {
        let Front {
            load_balancer,
            vpc,
            cens,
            neighbours,
            network_acls,
            server_groups,
            servers,
            listeners,
            unhealthy,
            ..
        } = &mut front;
        tokio::join!(biased;
            async {
                // Preflight refuses a backend in the ALB's own VPC; that VPC is read once, as a backend.
                let shared = reads_vpcs(reader) && reader.binding.backends.iter().any(|backend| backend.vpc == home);
                if needs.has(Needs::HOME_VSWITCHES) && !shared {
                    let routes = needs.has(Needs::HOME_ROUTES);
                    let seen = network::read(reader, &client, &reader.binding.alb.region, &home, routes).await;
                    *vpc = Some((home.clone(), seen.vpc));
                    *network_acls = seen.network_acls;
                    *cens = seen.cens;
                }
            },
            async {
                if needs.has(Needs::GROUPS) {
                    *server_groups = reader.known(groups(reader, &client, &home).await);
                    let group = own_group(reader, server_groups);
                    (*servers, *unhealthy) = tokio::join!(biased;
                        members(reader, &client, group.as_ref()),
                        health(reader, &client, group.as_ref(), listeners)
                    );
                }
            },
            async {
                if let (true, Known::Known(Some(found))) = (needs.has(Needs::SURROUNDINGS), &*load_balancer) {
                    *neighbours = neighbours::read(reader, &client, found).await;
                }
            }
        )
    };
    front
}

async fn load_balancer(reader: &Reader<'_>, client: &Reads) -> Result<LoadBalancer, Error> {
    let wanted = &reader.binding.alb;
    let action = alb::GetLoadBalancerAttribute { load_balancer_id: wanted.id.to_string() };
    let found = client.call(wanted.region.as_str(), &action).await?;
    if wanted.generation.is_none() {
        tells_its_generation(&found)?;
    }
    let mut locks: Vec<String> = found
        .load_balancer_operation_locks
        .iter()
        .map(|lock| format!("{} {}", lock.lock_type, lock.lock_reason).trim().to_owned())
        .collect();
    if found.load_balancer_bussiness_status == "Abnormal" {
        locks.push("business status Abnormal".to_owned());
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = found.zone_mappings.iter().find(|zone| !seen.insert(&zone.zone_id)) {
        // The row of another zone may be missing, with this row in its place.
        let what = format!("{} is listed twice among the zones of {}", twice.zone_id, wanted.id);
        return Err(Error::contradiction(alb::GetLoadBalancerAttribute::NAME, what));
    }
    let zones = found.zone_mappings.iter().map(|zone| LoadBalancerZone {
        zone: zone.zone_id.as_str().into(),
        vswitch: zone.vswitch_id.as_str().into(),
        local_addresses: zone
            .load_balancer_addresses
            .iter()
            .flat_map(|address| &address.ipv4_local_addresses)
            .filter_map(|address| address.parse().ok())
            .collect(),
    });
    Ok(LoadBalancer {
        id: wanted.id.clone(),
        name: found.load_balancer_name.clone(),
        region: wanted.region.clone(),
        vpc: found.vpc_id.as_str().into(),
        status: found.load_balancer_status.clone().into(),
        edition: found.load_balancer_edition.clone(),
        address_type: found.address_type.clone(),
        dns_name: found.dns_name.clone(),
        locks,
        zones: zones.collect(),
    })
}

/// A load balancer with local addresses is upgraded. Without them it is classic only if it was created before all new ones
/// were upgraded (cloud-apis.md sections 0 and 10). If it is newer, or shows no creation time, the answer is incomplete.
fn tells_its_generation(found: &alb::LoadBalancer) -> Result<(), Error> {
    let mut addresses = found.zone_mappings.iter().flat_map(|zone| &zone.load_balancer_addresses);
    if addresses.any(|address| !address.ipv4_local_addresses.is_empty()) {
        return Ok(());
    }
    match found.create_time.parse::<Timestamp>() {
        Ok(made) if made < ALL_UPGRADED => Ok(()),
        Ok(made) => Err(Error::contradiction(
            alb::GetLoadBalancerAttribute::NAME,
            format!(
                "{} was made at {made}, since all load balancers are upgraded, and none of its zones shows a local address",
                found.load_balancer_id
            ),
        )),
        Err(_) => Err(Error::contradiction(
            alb::GetLoadBalancerAttribute::NAME,
            format!("{} shows neither a local address nor when it was made", found.load_balancer_id),
        )),
    }
}

async fn listeners(reader: &Reader<'_>, client: &Reads) -> Result<Vec<Listener>, Error> {
    let wanted = &reader.binding.alb;
    let action = alb::ListListeners { load_balancer_ids: vec![wanted.id.to_string()], ..Default::default() };
    let found = client.list(wanted.region.as_str(), action).await?;
    let mut listeners: Vec<_> = found
        .into_iter()
        .map(|listener| Listener {
            server_groups: listener
                .default_actions
                .iter()
                .flat_map(|action| &action.forward_group_config.server_group_tuples)
                .map(|tuple| tuple.server_group_id.as_str().into())
                .collect(),
            mark: parse::mark(listener.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()))),
            id: listener.listener_id.into(),
            protocol: listener.listener_protocol,
            port: listener.listener_port,
            status: listener.listener_status.into(),
            description: listener.listener_description,
        })
        .collect();
    sort_few(&mut listeners, |a, b| a.id < b.id);
    Ok(listeners)
}

/// The forwarding rules of all listeners of the load balancer. A listing holds those of requests unless it asks for those of
/// responses, which go with their listener, too.
async fn rules(reader: &Reader<'_>, client: &Reads) -> Result<Vec<ForwardingRule>, Error> {
    let wanted = &reader.binding.alb;
    let of = |direction: &str| {
        let (load_balancer_ids, direction) = (vec![wanted.id.to_string()], Some(direction.to_owned()));
        client.list(wanted.region.as_str(), alb::ListRules { load_balancer_ids, direction, ..Default::default() })
    };
    let (requests, responses) = tokio::try_join!(of("Request"), of("Response"))?;
    let mut rules: Vec<_> = requests
        .into_iter()
        .chain(responses)
        .map(|rule| ForwardingRule {
            server_groups: rule.rule_actions.iter().flat_map(alb::RuleAction::server_groups).map(Into::into).collect(),
            id: rule.rule_id.into(),
            name: rule.rule_name,
            listener: rule.listener_id.into(),
        })
        .collect();
    sort_few(&mut rules, |one, other| one.id < other.id);
    Ok(rules)
}

/// Our server groups in the listing of all groups: those of the region, where these may be needed anyway, else those of the VPC. If
/// it shows none that is marked, the groups are asked for by tag and by name: nothing is created because of what an
/// unfiltered listing lacks.
async fn groups(reader: &Reader<'_>, client: &Reads, vpc: &VpcId) -> Result<Vec<ServerGroup>, Error> {
    let within = (!reader.needs.has(Needs::SERVERS)).then(|| vpc.to_string());
    let listing = alb::ListServerGroups { vpc_id: within, ..Default::default() };
    let all = client.rows(reader.binding.alb.region.as_str(), listing).await?;
    let mark = reader.deployment.tag(&reader.binding.name, Role::ServerGroup);
    let carries = |group: &&alb::ServerGroup| group.tags.iter().any(|tag| tag.key == TAG_KEY && tag.value == mark);
    let here = || all.iter().filter(|group| group.vpc_id == vpc.as_str());
    if here().any(|group| carries(&group)) {
        let named = |group: &alb::ServerGroup| group.server_group_name == reader.binding.server_group.name;
        return Ok(sorted(here().filter(|group| carries(group) || named(group)).cloned()));
    }
    asked_for(reader, client, vpc).await
}

/// The VPC of the server group that was made for the binding, for a load balancer that is gone.
async fn left_home(reader: &Reader<'_>, client: &Reads) -> Result<Option<VpcId>, Error> {
    let mark = reader.deployment.tag(&reader.binding.name, Role::ServerGroup);
    let tag = vec![alb::Tag { key: TAG_KEY.to_owned(), value: mark }];
    let listing = alb::ListServerGroups { tag, ..Default::default() };
    let found = client.list(reader.binding.alb.region.as_str(), listing).await?;
    Ok(found.into_iter().next().map(|group| group.vpc_id.into()))
}

fn sorted(groups: impl Iterator<Item = alb::ServerGroup>) -> Vec<ServerGroup> {
    let mut seen = BTreeSet::new();
    let mut groups: Vec<_> = groups.map(group).filter(|group| seen.insert(group.id.clone())).collect();
    groups.sort_by(|a, b| (&a.created, &a.id).cmp(&(&b.created, &b.id)));
    groups
}

/// Server groups of the ALB's VPC that carry the binding's ownership tag or have the desired name.
async fn asked_for(reader: &Reader<'_>, client: &Reads, vpc: &VpcId) -> Result<Vec<ServerGroup>, Error> {
    let region = reader.binding.alb.region.as_str();
    let mark = reader.deployment.tag(&reader.binding.name, Role::ServerGroup);
    let marked = alb::ListServerGroups {
        vpc_id: Some(vpc.to_string()),
        tag: vec![alb::Tag { key: TAG_KEY.to_owned(), value: mark.clone() }],
        ..Default::default()
    };
    let named = alb::ListServerGroups {
        vpc_id: Some(vpc.to_string()),
        server_group_names: vec![reader.binding.server_group.name.clone()],
        ..Default::default()
    };
    let (marked, named) = tokio::try_join!(biased; client.list(region, marked), client.list(region, named))?;
    let carries = |group: &alb::ServerGroup| group.tags.iter().any(|tag| tag.key == TAG_KEY && tag.value == mark);
    if let Some(group) = marked.iter().find(|group| !carries(group)) {
        // If this group did not count as ours, a duplicate would be created.
        let what = format!("{} was listed by its tag {TAG_KEY}={mark} and does not show it", group.server_group_id);
        return Err(Error::contradiction(alb::ListServerGroups::NAME, what));
    }
    Ok(sorted(marked.into_iter().chain(named)))
}

fn group(found: alb::ServerGroup) -> ServerGroup {
    let check = found.health_check_config;
    let drain = found.connection_drain_config;
    let drains = drain.connection_drain_enabled.unwrap_or(false);
    ServerGroup {
        id: found.server_group_id.into(),
        name: found.server_group_name,
        kind: found.server_group_type.into(),
        vpc: found.vpc_id.into(),
        status: found.server_group_status.into(),
        created: found.create_time,
        mark: parse::mark(found.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()))),
        server_count: found.server_count,
        settings: ServerGroupSettings {
            protocol: found.protocol,
            scheduler: found.scheduler,
            sticky: found.sticky_session_config.sticky_session_enabled.unwrap_or(false),
            // Fields that are absent have the API's defaults (cloud-apis.md section 4).
            health_check: HealthCheck {
                enabled: check.health_check_enabled.unwrap_or(false),
                protocol: check.health_check_protocol.unwrap_or_else(|| "HTTP".to_owned()),
                port: check.health_check_connect_port.unwrap_or(0),
                path: check.health_check_path.unwrap_or_else(|| "/".to_owned()),
                method: check.health_check_method.unwrap_or_else(|| "HEAD".to_owned()),
                // `$SERVER_IP` is the API's value for "the member's own address".
                host: check.health_check_host.filter(|host| host != "$SERVER_IP").unwrap_or_default(),
                codes: check.health_check_codes,
                interval: check.health_check_interval.unwrap_or(2),
                timeout: check.health_check_timeout.unwrap_or(5),
                healthy_threshold: check.healthy_threshold.unwrap_or(3),
                unhealthy_threshold: check.unhealthy_threshold.unwrap_or(3),
            },
            drain_seconds: drains.then(|| drain.connection_drain_timeout.unwrap_or(0)),
        },
        load_balancers: found.related_load_balancer_ids.into_iter().map(Into::into).collect(),
        cross_zone: found.cross_zone_enabled.unwrap_or(true),
    }
}

/// The binding's server group, and its own count of members.
struct OwnGroup {
    id: ServerGroupId,
    members: u32,
}

/// The group whose members are read. `Err`: why it is not known; `Ok(None)`: it does not exist.
fn own_group(reader: &Reader<'_>, groups: &Known<Vec<ServerGroup>>) -> Result<Option<OwnGroup>, String> {
    if let Known::Failed(why) = groups {
        return Err(why.clone());
    }
    let mark = reader.deployment.tag(&reader.binding.name, Role::ServerGroup);
    // The rule which group is ours belongs to the domain crate; it is applied through a topology that contains only the
    // groups.
    let view = Topology { server_groups: groups.clone(), ..Topology::default() };
    let own = view.server_group(&mark, &reader.binding.server_group.name);
    Ok(own.map(|group| OwnGroup { id: group.id.clone(), members: group.server_count }))
}

async fn members(reader: &Reader<'_>, client: &Reads, group: Result<&Option<OwnGroup>, &String>) -> Known<Vec<Server>> {
    if !reader.needs.has(Needs::SERVERS) {
        return Known::default();
    }
    let group = match group {
        Err(why) => return Known::Failed(why.clone()),
        Ok(None) => return Known::Known(Vec::new()),
        Ok(Some(group)) => group,
    };
    let action = alb::ListServerGroupServers { server_group_id: group.id.to_string(), ..Default::default() };
    let listed = client.list(reader.binding.alb.region.as_str(), action).await;
    reader.known(listed.and_then(|found| {
        if found.is_empty() && group.members > 0 {
            // The plan would register all of them again.
            let what = format!("no server of {} is listed, and the group counts {}", group.id, group.members);
            return Err(Error::contradiction(alb::ListServerGroupServers::NAME, what));
        }
        let mut servers: Vec<_> = found.into_iter().filter_map(server).collect();
        servers.sort_by_key(Server::endpoint);
        Ok(servers)
    }))
}

/// `None` for members without an IPv4 address: they are not ours and cannot conflict with ours.
fn server(found: alb::Server) -> Option<Server> {
    let address: Ipv4Addr = found.server_ip.parse().or_else(|_| found.server_id.parse()).ok()?;
    Some(Server {
        address,
        port: found.port,
        weight: found.weight,
        remote: found.remote_ip_enabled,
        status: found.status.into(),
        description: found.description,
    })
}

/// The health seen by the listener that forwards to the group; if there are several, the binding's own listener.
async fn health(
    reader: &Reader<'_>,
    client: &Reads,
    group: Result<&Option<OwnGroup>, &String>,
    listeners: &Known<Vec<Listener>>,
) -> Known<BTreeMap<Endpoint, Health>> {
    if !reader.needs.has(Needs::HEALTH) {
        return Known::default();
    }
    let listeners = match listeners {
        Known::Known(listeners) => listeners,
        Known::Failed(why) => return Known::Failed(why.clone()),
        Known::NotAsked(why) => return Known::NotAsked(why.clone()),
    };
    let id = match group {
        Err(why) => return Known::Failed(why.clone()),
        Ok(None) => return Known::nothing_to_read("there is no server group yet"),
        Ok(Some(group)) => &group.id,
    };
    let wanted_port = reader.binding.listener.port;
    let forwarding = listeners.iter().filter(|listener| listener.server_groups.contains(id));
    let Some(listener) = forwarding.min_by_key(|listener| listener.port != wanted_port) else {
        // Members that no listener uses are not listed as unhealthy either, so the answer would say nothing about them.
        return Known::nothing_to_read(format!("no listener forwards to {id} yet"));
    };
    let action = alb::GetListenerHealthStatus { listener_id: listener.id.to_string(), ..Default::default() };
    let listed = client.list(reader.binding.alb.region.as_str(), action).await;
    reader.known(listed.and_then(|found| {
        let infos = found.into_iter().flat_map(|listener| listener.server_group_infos);
        let ours: Vec<_> = infos.filter(|info| info.server_group_id == id.as_str()).collect();
        if ours.is_empty() {
            // Only servers that are not healthy are listed: a missing group must not make all of its members healthy.
            let what = format!("{} forwards to {id}, and its health says nothing of that group", listener.id);
            return Err(Error::contradiction(alb::GetListenerHealthStatus::NAME, what));
        }
        let unwell = ours.into_iter().flat_map(|info| info.non_normal_servers).filter_map(|server| {
            let address = server.server_ip.parse().or_else(|_| server.server_id.parse()).ok()?;
            let health = Health { status: server.status.into(), reason: server.reason.reason_code };
            Some((Endpoint { address, port: server.port }, health))
        });
        Ok(unwell.collect())
    }))
}
