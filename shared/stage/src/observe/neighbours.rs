//! Other users of the load balancer and its VPC: the number of its servers over all groups; for a classic load balancer
//! also which VPCs of the region have remote servers, and which addresses belong to load balancers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use futures_util::future::try_join_all;
use onboarding::desired;
use onboarding::ids::{BindingName, ServerGroupId, VpcId};
use onboarding::ordered::Ordered;
use onboarding::topology::context::{AlbVpc, Holder, LeftGroup, Sibling};
use onboarding::topology::{Generation, Known, LoadBalancer, Topology};
use openapi::{Error, alb, ecs, vpc};

use super::reader::Reader;
use super::siblings;
use crate::needs::Needs;
use crate::readings::Reads;

/// What was read about the neighbours.
#[derive(Default)]
pub(super) struct Neighbours {
    balanced: Known<BTreeMap<ServerGroupId, u32>>,
    siblings: BTreeMap<BindingName, Known<Option<Sibling>>>,
    left_groups: Known<Vec<LeftGroup>>,
    alb_vpcs: Known<BTreeMap<VpcId, AlbVpc>>,
    holders: Known<BTreeMap<Ipv4Addr, Holder>>,
}

impl Neighbours {
    pub(super) fn put(self, topology: &mut Topology) {
        topology.context.balanced = self.balanced;
        topology.context.siblings = self.siblings;
        topology.context.left_groups = self.left_groups;
        topology.context.alb_vpcs = self.alb_vpcs;
        topology.context.holders = self.holders;
        topology.context.served = Known::nothing_to_read("nothing is about to be taken away");
    }
}

pub(super) async fn read(reader: &Reader<'_>, client: &Reads, load_balancer: &LoadBalancer) -> Neighbours {
    let region = load_balancer.region.as_str();
    let (groups, siblings) = tokio::join!(biased;
        async { reader.known(client.rows(region, alb::ListServerGroups::default()).await) },
        siblings::read(reader)
    );
    let mut neighbours = Neighbours { balanced: balanced(&groups, load_balancer), siblings, ..Neighbours::default() };
    if let Known::Known(groups) = &groups {
        neighbours.left_groups = reader.known(siblings::left(reader, client, groups).await);
    }
    if desired::generation(reader.binding, load_balancer) == Generation::Upgraded {
        let why = "only a classic load balancer has to do with its neighbours";
        neighbours.alb_vpcs = Known::nothing_to_read(why);
        neighbours.holders = Known::nothing_to_read(why);
        return neighbours;
    }
    (neighbours.alb_vpcs, neighbours.holders) = tokio::join!(biased;
        async {
            match &groups {
                Known::Known(groups) => {
                    let home = neighbours.siblings.values().any(|known| known.get().is_some_and(Option::is_some));
                    reader.known(alb_vpcs(client, load_balancer, groups, home).await)
                }
                Known::Failed(why) => Known::Failed(why.clone()),
                Known::NotAsked(why) => Known::NotAsked(why.clone()),
            }
        },
        async {
            // Only members can conflict with these addresses, and whoever decides about members reads the listeners, too.
            match reader.needs.has(Needs::MEMBERS.and(Needs::LISTENERS)) {
                true => reader.known(holders(client, load_balancer).await),
                false => Known::default(),
            }
        }
    );
    neighbours
}

fn balanced(
    groups: &Known<Arc<Vec<alb::ServerGroup>>>,
    load_balancer: &LoadBalancer,
) -> Known<BTreeMap<ServerGroupId, u32>> {
    let id = load_balancer.id.as_str();
    match groups {
        Known::Failed(why) => Known::Failed(why.clone()),
        Known::NotAsked(why) => Known::NotAsked(why.clone()),
        Known::Known(groups) => {
            let used = groups.iter().filter(|group| group.related_load_balancer_ids.iter().any(|used| used == id));
            Known::Known(used.map(|group| (group.server_group_id.as_str().into(), group.server_count)).collect())
        }
    }
}

/// Groups with remote servers that are used by a classic load balancer, by VPC. Those in the load balancer's own VPC only
/// if `home` is set. The limit does not apply to upgraded load balancers, and their groups do not count.
async fn alb_vpcs(
    client: &Reads,
    load_balancer: &LoadBalancer,
    groups: &[alb::ServerGroup],
    home: bool,
) -> Result<BTreeMap<VpcId, AlbVpc>, Error> {
    let region = load_balancer.region.as_str();
    let candidates = groups.iter().filter(|group| {
        (home || group.vpc_id != load_balancer.vpc.as_str())
            && group.server_group_type == "Ip"
            && group.server_count > 0
            && !group.related_load_balancer_ids.is_empty()
    });
    let members = try_join_all(candidates.map(|group| async move {
        let action =
            alb::ListServerGroupServers { server_group_id: group.server_group_id.clone(), ..Default::default() };
        Ok::<_, Error>((group, client.list(region, action).await?))
    }))
    .await?;
    let remote = |server: &alb::Server| server.remote_ip_enabled;
    let users = members.iter().filter(|(_, servers)| servers.iter().any(remote));
    let classic = classic(client, region, users.flat_map(|(group, _)| &group.related_load_balancer_ids)).await?;
    let mut vpcs: BTreeMap<VpcId, AlbVpc> = BTreeMap::new();
    for (group, servers) in members {
        let remote: BTreeSet<Ipv4Addr> = servers
            .iter()
            .filter(|server| server.remote_ip_enabled)
            .filter_map(|server| server.server_ip.parse::<Ipv4Addr>().or_else(|_| server.server_id.parse()).ok())
            .ordered();
        if !remote.is_empty() && group.related_load_balancer_ids.iter().any(|id| classic.contains(id)) {
            let vpc = vpcs.entry(group.vpc_id.as_str().into()).or_default();
            vpc.groups.insert(group.server_group_id.as_str().into());
            vpc.remote.extend(remote);
        }
    }
    let attached = try_join_all(
        vpcs.keys()
            .map(|id| async move { client.call(region, &vpc::DescribeVpcAttribute { vpc_id: id.to_string() }).await }),
    )
    .await?;
    for (vpc, found) in vpcs.values_mut().zip(attached) {
        vpc.cens = found.associated_cens.iter().map(|cen| cen.cen_id.as_str().into()).collect();
    }
    Ok(vpcs)
}

/// Which of these load balancers are classic. One that was deleted meanwhile is not.
async fn classic<'i>(
    client: &Reads,
    region: &str,
    ids: impl Iterator<Item = &'i String>,
) -> Result<BTreeSet<String>, Error> {
    let ids: BTreeSet<&String> = ids.ordered();
    let found = try_join_all(ids.into_iter().map(|id| async move {
        let action = alb::GetLoadBalancerAttribute { load_balancer_id: id.clone() };
        match client.call(region, &action).await {
            Ok(found) => Ok((siblings::generation(&found) == Generation::Classic).then(|| id.clone())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }))
    .await?;
    Ok(found.into_iter().flatten().collect())
}

/// The owners of addresses in the load balancer's VPC: all network interfaces, and the ALBs, including this one. NLB and
/// CLB have their own APIs, which are not called here: interfaces of an NLB are service-managed, and a CLB has none.
async fn holders(client: &Reads, load_balancer: &LoadBalancer) -> Result<BTreeMap<Ipv4Addr, Holder>, Error> {
    let region = load_balancer.region.as_str();
    let (interfaces, balancers) = tokio::try_join!(biased;
        client.list(
            region,
            ecs::DescribeNetworkInterfaces { vpc_id: Some(load_balancer.vpc.to_string()), ..Default::default() }
        ),
        balancers(client, load_balancer)
    )?;
    let mut holders = BTreeMap::new();
    for interface in &interfaces {
        let addresses = interface.private_ip_sets.iter().map(|ip| &ip.private_ip_address);
        let addresses = addresses.chain([&interface.private_ip_address]).filter_map(|text| text.parse().ok());
        let holder = holder(interface);
        holders.extend(addresses.map(|address: Ipv4Addr| (address, holder.clone())));
    }
    for balancer in &balancers {
        for address in balancer.zone_mappings.iter().flat_map(|zone| &zone.load_balancer_addresses) {
            let texts = [&address.address, &address.intranet_address];
            let own = texts.into_iter().filter_map(|text| text.parse::<Ipv4Addr>().ok()).filter(Ipv4Addr::is_private);
            let holder = Holder::LoadBalancer(balancer.load_balancer_id.as_str().into());
            holders.extend(own.map(|address| (address, holder.clone())));
        }
    }
    Ok(holders)
}

fn holder(interface: &ecs::NetworkInterface) -> Holder {
    let id = interface.network_interface_id.as_str().into();
    if interface.service_managed {
        Holder::Service { interface: id, description: interface.description.clone() }
    } else if interface.instance_id.is_empty() {
        Holder::Interface(id)
    } else {
        Holder::Instance(interface.instance_id.as_str().into())
    }
}

/// All ALBs of the VPC.
async fn balancers(
    client: &Reads,
    load_balancer: &LoadBalancer,
) -> Result<Vec<alb::GetLoadBalancerAttributeAnswer>, Error> {
    let region = load_balancer.region.as_str();
    let action = alb::ListLoadBalancers { vpc_ids: vec![load_balancer.vpc.to_string()], ..Default::default() };
    let listed = client.list(region, action).await?;
    try_join_all(listed.iter().map(|found| async move {
        let action = alb::GetLoadBalancerAttribute { load_balancer_id: found.load_balancer_id.clone() };
        client.call(region, &action).await
    }))
    .await
}
