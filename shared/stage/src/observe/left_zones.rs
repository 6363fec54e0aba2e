//! Zones that the load balancer seems to have left.
//!
//! Routes and rules for a vSwitch are removed when its zone is no longer a zone of the load balancer. But the answer may
//! also be incomplete, and then requests from that zone would lose their path. So before routes and rules for such a
//! vSwitch count as unwanted, another action is asked, the listing by zone. If it still shows the load balancer in that
//! zone, the reading was incomplete.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use ipnet::Ipv4Net;
use onboarding::desired;
use onboarding::ordered::Ordered;
use onboarding::topology::{Generation, Known, LoadBalancer, RuleSource, Topology};
use openapi::{Action, Error, alb};

use super::reader::Reader;
use crate::cloud::Side;

/// Makes the load balancer unknown if the two answers disagree.
pub(super) async fn settle(reader: &Reader<'_>, topology: &mut Topology) {
    let Some(load_balancer) = topology.alb() else { return };
    let zones = in_doubt(reader, load_balancer, topology);
    if let Err(error) = ask(reader, load_balancer, zones).await {
        topology.load_balancer = Known::Failed(reader.unknown_reason(&error));
    }
}

/// Zones that are not the load balancer's, with a vSwitch in its VPC for which we made routes or rules.
fn in_doubt<'t>(reader: &Reader<'_>, load_balancer: &LoadBalancer, topology: &'t Topology) -> BTreeSet<&'t str> {
    let Some(vpc) = topology.vpc(&load_balancer.vpc) else { return BTreeSet::new() };
    if desired::generation(reader.binding, load_balancer) == Generation::Classic {
        // The source addresses of a classic load balancer do not depend on its zones.
        return BTreeSet::new();
    }
    let ours = marked(reader, topology);
    let has = |zone| load_balancer.zones.iter().any(|known| &known.zone == zone);
    let left = vpc.vswitches.values().filter(|vswitch| !has(&vswitch.zone) && ours.contains(&vswitch.cidr));
    left.map(|vswitch| vswitch.zone.as_str()).ordered()
}

/// Destinations of this deployment's routes, and sources of its security group rules.
fn marked(reader: &Reader<'_>, topology: &Topology) -> BTreeSet<Ipv4Net> {
    let is_ours = |description: &str| reader.deployment.binding_of(description).is_some();
    let vpcs = topology.vpcs.values().filter_map(Known::get).flatten();
    let routes = vpcs.flat_map(|vpc| vpc.tables.values()).flat_map(|table| &table.routes);
    let groups = topology.security_groups.values().filter_map(Known::get).flatten();
    let rules = groups.flat_map(|group| &group.rules).filter(|rule| is_ours(&rule.description));
    let sources = rules.filter_map(|rule| match &rule.source {
        RuleSource::Cidr(prefix) => Some(*prefix),
        _ => None,
    });
    routes.filter(|route| is_ours(&route.description)).map(|route| route.destination).chain(sources).ordered()
}

async fn ask(reader: &Reader<'_>, load_balancer: &LoadBalancer, zones: BTreeSet<&str>) -> Result<(), Error> {
    if zones.is_empty() {
        return Ok(());
    }
    let client = reader.cloud.reads_for(Side::Alb).await?;
    try_join_all(zones.into_iter().map(|zone| {
        let client = &client;
        async move {
            let action = alb::ListLoadBalancers {
                load_balancer_ids: vec![load_balancer.id.to_string()],
                zone_id: Some(zone.to_owned()),
                ..Default::default()
            };
            match client.list(load_balancer.region.as_str(), action).await?.is_empty() {
                true => Ok(()),
                false => {
                    let what = format!("{} is listed in {zone}, which is not among its zones", load_balancer.id);
                    Err(Error::contradiction(alb::GetLoadBalancerAttribute::NAME, what))
                }
            }
        }
    }))
    .await
    .map(|_| ())
}
