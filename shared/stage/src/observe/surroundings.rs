//! Around the load balancer: how many servers it has in all, and, for a classic one, which other VPCs of the region have
//! remote servers and which addresses are load balancers' own.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use futures_util::future::try_join_all;
use onboarding::ids::{AlbId, ServerGroupId, VpcId};
use onboarding::surroundings::AlbVpc;
use onboarding::topology::{Generation, Known, LoadBalancer, Topology};
use onboarding::wanted;
use openapi::{Client, Error, alb, vpc};

use super::Reader;

/// What was seen of it.
#[derive(Default)]
pub(super) struct Around {
    balanced: Known<BTreeMap<ServerGroupId, u32>>,
    alb_vpcs: Known<BTreeMap<VpcId, AlbVpc>>,
    balancer_addresses: Known<BTreeMap<Ipv4Addr, AlbId>>,
}

impl Around {
    pub(super) fn put(self, topology: &mut Topology) {
        topology.surroundings.balanced = self.balanced;
        topology.surroundings.alb_vpcs = self.alb_vpcs;
        topology.surroundings.balancer_addresses = self.balancer_addresses;
    }
}

pub(super) async fn read(reader: &Reader<'_>, client: &Client, load_balancer: &LoadBalancer) -> Around {
    let region = load_balancer.region.as_str();
    let groups = reader.known(client.list(region, alb::ListServerGroups::default()).await);
    let mut around = Around { balanced: balanced(&groups, load_balancer), ..Around::default() };
    if wanted::generation(reader.binding, load_balancer) == Generation::Upgraded {
        return around;
    }
    (around.alb_vpcs, around.balancer_addresses) = tokio::join!(biased;
        async {
            match &groups {
                Known::Known(groups) => reader.known(alb_vpcs(client, load_balancer, groups).await),
                Known::Unknown(why) => Known::Unknown(why.clone()),
            }
        },
        async { reader.known(balancer_addresses(client, load_balancer).await) }
    );
    around
}

fn balanced(
    groups: &Known<Vec<alb::ServerGroup>>,
    load_balancer: &LoadBalancer,
) -> Known<BTreeMap<ServerGroupId, u32>> {
    let id = load_balancer.id.as_str();
    match groups {
        Known::Unknown(why) => Known::Unknown(why.clone()),
        Known::Known(groups) => {
            let used = groups.iter().filter(|group| group.related_load_balancer_ids.iter().any(|used| used == id));
            Known::Known(used.map(|group| (group.server_group_id.as_str().into(), group.server_count)).collect())
        }
    }
}

/// Groups of other VPCs that a load balancer uses and that have remote servers, by VPC.
async fn alb_vpcs(
    client: &Client,
    load_balancer: &LoadBalancer,
    groups: &[alb::ServerGroup],
) -> Result<BTreeMap<VpcId, AlbVpc>, Error> {
    let region = load_balancer.region.as_str();
    let candidates = groups.iter().filter(|group| {
        group.vpc_id != load_balancer.vpc.as_str()
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
    let mut vpcs: BTreeMap<VpcId, AlbVpc> = BTreeMap::new();
    for (group, servers) in members {
        let remote: BTreeSet<Ipv4Addr> = servers
            .iter()
            .filter(|server| server.remote_ip_enabled)
            .filter_map(|server| server.server_ip.parse().or_else(|_| server.server_id.parse()).ok())
            .collect();
        if !remote.is_empty() {
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

/// The private addresses of every ALB in the load balancer's VPC, its own included. CLB and NLB have APIs of their own,
/// which nothing else here calls: their addresses are not known.
async fn balancer_addresses(client: &Client, load_balancer: &LoadBalancer) -> Result<BTreeMap<Ipv4Addr, AlbId>, Error> {
    let region = load_balancer.region.as_str();
    let action = alb::ListLoadBalancers { vpc_ids: vec![load_balancer.vpc.to_string()], ..Default::default() };
    let listed = client.list(region, action).await?;
    let found = try_join_all(listed.iter().map(|found| async move {
        let action = alb::GetLoadBalancerAttribute { load_balancer_id: found.load_balancer_id.clone() };
        client.call(region, &action).await
    }))
    .await?;
    let mut addresses = BTreeMap::new();
    for balancer in &found {
        for address in balancer.zone_mappings.iter().flat_map(|zone| &zone.load_balancer_addresses) {
            let texts = [&address.address, &address.intranet_address];
            let own = texts.into_iter().filter_map(|text| text.parse::<Ipv4Addr>().ok()).filter(Ipv4Addr::is_private);
            addresses.extend(own.map(|address| (address, AlbId::from(balancer.load_balancer_id.as_str()))));
        }
    }
    Ok(addresses)
}
