//! Remote members of the server groups in the load balancer's VPC that were made for no binding of the store: another deployment's, or a
//! person's. Their packets go the ways that a binding made, so they are read before anything of these is taken away.

use std::net::Ipv4Addr;

use futures_util::future::try_join_all;
use onboarding::ids::VpcId;
use onboarding::mark::TAG_KEY;
use onboarding::topology::Known;
use onboarding::topology::context::Served;
use onboarding::{Binding, Deployment, FailedCalls};
use openapi::{Action, Error, alb};

use super::reader::Reader;
use crate::cloud::{Cloud, Side};
use crate::needs::Needs;
use crate::readings::Reads;

/// The members, and the calls that failed.
pub(crate) async fn served(
    cloud: &Cloud,
    binding: &Binding,
    store: &[Binding],
    deployment: &Deployment,
    home: &VpcId,
) -> (Known<Vec<Served>>, FailedCalls) {
    let reader = Reader::new(cloud, binding, store, deployment, Needs::NONE);
    let found = async {
        let client = reader.cloud.reads_for(Side::Alb).await?;
        read(&reader, &client, home).await
    };
    let found = found.await;
    let known = reader.known(found);
    (known, reader.failures().0)
}

async fn read(reader: &Reader<'_>, client: &Reads, home: &VpcId) -> Result<Vec<Served>, Error> {
    let region = reader.binding.alb.region.as_str();
    let groups = client.rows(region, alb::ListServerGroups::default()).await?;
    let others = groups.iter().filter(|group| {
        group.vpc_id == home.as_str()
            && group.server_group_type == "Ip"
            && group.server_count > 0
            && !is_of_store(reader, group)
    });
    let listed = others.map(|group| async move {
        let id = &group.server_group_id;
        let action = alb::ListServerGroupServers { server_group_id: id.clone(), ..Default::default() };
        let servers = client.list(region, action).await?;
        if servers.is_empty() {
            let what = format!("no server of {id} is listed, and the group counts {}", group.server_count);
            return Err(Error::contradiction(alb::ListServerGroupServers::NAME, what));
        }
        Ok(servers.into_iter().filter(|server| server.remote_ip_enabled).filter_map(|server| member(group, &server)))
    });
    Ok(try_join_all(listed).await?.into_iter().flatten().collect())
}

/// Whether a group was made for a binding of the store, or for the one in question: what these want is known otherwise.
fn is_of_store(reader: &Reader<'_>, group: &alb::ServerGroup) -> bool {
    let Some(mark) = group.tags.iter().find(|tag| tag.key == TAG_KEY) else { return false };
    let Some((deployment, rest)) = mark.value.split_once('/') else { return false };
    let binding = rest.split_once('/').map_or(rest, |(binding, _)| binding);
    let mut known = reader.store.iter().chain([reader.binding]);
    deployment == reader.deployment.as_str() && known.any(|known| known.name.as_str() == binding)
}

/// `None` of members without an IPv4 address.
fn member(group: &alb::ServerGroup, server: &alb::Server) -> Option<Served> {
    let address: Ipv4Addr = server.server_ip.parse().or_else(|_| server.server_id.parse()).ok()?;
    let checked = group.health_check_config.health_check_connect_port.unwrap_or_default();
    Some(Served {
        group: group.server_group_id.as_str().into(),
        name: group.server_group_name.clone(),
        address,
        ports: [server.port, checked].into_iter().filter(|port| *port != 0).collect(),
    })
}
