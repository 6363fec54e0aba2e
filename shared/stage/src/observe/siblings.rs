//! The load balancers of the other bindings in the store, and resources left by bindings that were removed from the store.

use std::collections::BTreeMap;

use futures_util::future::{join_all, try_join_all};
use onboarding::Binding;
use onboarding::ids::{BindingName, ServerGroupId};
use onboarding::mark::TAG_KEY;
use onboarding::ordered::Ordered;
use onboarding::topology::context::{LeftGroup, Sibling};
use onboarding::topology::{Generation, Known};
use openapi::{Error, alb};

use super::reader::Reader;
use crate::cloud::Side;
use crate::readings::Reads;

/// The load balancers of other bindings with the same region and CEN instance.
pub(super) async fn read(reader: &Reader<'_>) -> BTreeMap<BindingName, Known<Option<Sibling>>> {
    let own = reader.binding;
    let place = |name: &BindingName| reader.store.iter().position(|each| &each.name == name);
    let mine = place(&own.name);
    let shares = |other: &&Binding| {
        other.alb.id != own.alb.id && other.alb.region == own.alb.region && other.cen.id == own.cen.id
    };
    let read = reader.store.iter().filter(shares).map(|other| async move {
        let found = match reader.cloud.of(other, "").reads_for(Side::Alb).await {
            Ok(client) => {
                let action = alb::GetLoadBalancerAttribute { load_balancer_id: other.alb.id.to_string() };
                client.call(other.alb.region.as_str(), &action).await
            }
            Err(error) => Err(error),
        };
        let known = reader.known_or_absent(found).map(|found| {
            found.map(|found| Sibling {
                generation: other.alb.generation.unwrap_or_else(|| generation(&found)),
                vpc: found.vpc_id.into(),
                earlier: place(&other.name) < mine,
            })
        });
        (other.name.clone(), known)
    });
    join_all(read).await.into_iter().ordered()
}

/// The generation by the API's fields: local addresses mean upgraded.
pub(super) fn generation(found: &alb::GetLoadBalancerAttributeAnswer) -> Generation {
    let addresses = found.zone_mappings.iter().flat_map(|zone| &zone.load_balancer_addresses);
    let upgraded = addresses.into_iter().any(|address| !address.ipv4_local_addresses.is_empty());
    if upgraded { Generation::Upgraded } else { Generation::Classic }
}

/// Server groups that carry this deployment's ownership tag for a binding that is not in the store, with their members and
/// listeners. Calls are made only if there are such groups.
pub(super) async fn left(
    reader: &Reader<'_>,
    client: &Reads,
    groups: &[alb::ServerGroup],
) -> Result<Vec<LeftGroup>, Error> {
    let left = groups.iter().filter_map(|group| {
        let mark = group.tags.iter().find(|tag| tag.key == TAG_KEY)?;
        let (deployment, rest) = mark.value.split_once('/')?;
        let (binding, _) = rest.split_once('/')?;
        let gone = reader.store.iter().all(|known| known.name.as_str() != binding);
        (deployment == reader.deployment.as_str() && gone && binding != "-")
            .then(|| (group, BindingName::from(binding)))
    });
    try_join_all(left.map(|(group, binding)| left_group(reader, client, group, binding))).await
}

async fn left_group(
    reader: &Reader<'_>,
    client: &Reads,
    group: &alb::ServerGroup,
    binding: BindingName,
) -> Result<LeftGroup, Error> {
    let region = reader.binding.alb.region.as_str();
    let id = ServerGroupId::from(group.server_group_id.as_str());
    let servers = alb::ListServerGroupServers { server_group_id: id.to_string(), ..Default::default() };
    let balancers = group.related_load_balancer_ids.clone();
    let (servers, listeners) = tokio::try_join!(biased; client.list(region, servers), async {
        if balancers.is_empty() {
            return Ok(Vec::new());
        }
        client.list(region, alb::ListListeners { load_balancer_ids: balancers, ..Default::default() }).await
    })?;
    let forwards = |listener: &alb::Listener| {
        let tuples =
            listener.default_actions.iter().flat_map(|action| &action.forward_group_config.server_group_tuples);
        tuples.into_iter().any(|tuple| tuple.server_group_id == group.server_group_id)
    };
    let listeners = listeners
        .into_iter()
        .filter(forwards)
        .map(|listener| (listener.load_balancer_id.into(), listener.listener_id.into(), listener.listener_port));
    let mut members: Vec<String> =
        servers.iter().map(|server| format!("{}:{}", server.server_ip, server.port)).collect();
    members.sort();
    Ok(LeftGroup { id, name: group.server_group_name.clone(), binding, members, listeners: listeners.collect() })
}
