//! The world before the first step, read from the cloud: CIDRs, zones and names.

use openapi::{alb, cbn, ecs, vpc};
use serde_json::{Value, json};

use super::play::{CHENGDU, HANGZHOU, Play};
use crate::args::Alb;
use crate::output::Trouble;

/// Describes it.
pub(crate) async fn describe(play: &Play) -> Result<(), Trouble> {
    let mut vpcs = Vec::new();
    for region in [CHENGDU, HANGZHOU] {
        vpcs.push(network(play, region).await?);
    }
    let list = cbn::ListTransitRouters { cen_id: "cen-1".to_owned(), ..Default::default() };
    let routers = play.list(CHENGDU, list).await?;
    let routers: Vec<String> = routers.into_iter().map(|router| router.transit_router_id).collect();
    play.story.plain(&format!("{:<12} transit routers {}; neither VPC is attached", "CEN1", routers.join(" and ")));
    play.story.event(json!({"event": "world", "alb": name(play.alb), "vpcs": vpcs, "transitRouters": routers}));
    Ok(())
}

/// The generation's name.
pub(crate) const fn name(alb: Alb) -> &'static str {
    match alb {
        Alb::Upgraded => "upgraded",
        Alb::Classic => "classic",
    }
}

async fn network(play: &Play, region: &str) -> Result<Value, Trouble> {
    let story = &play.story;
    let vpcs = play.list(region, vpc::DescribeVpcs::default()).await?;
    let balancers = play.list(region, alb::ListLoadBalancers::default()).await?;
    let instances = play.list(region, ecs::DescribeInstances::default()).await?;
    let mut told = Vec::new();
    for vpc in vpcs {
        let list = vpc::DescribeVSwitches { vpc_id: Some(vpc.vpc_id.clone()), ..Default::default() };
        let switches = play.list(region, list).await?;
        let words: Vec<String> = switches
            .iter()
            .map(|switch| format!("{} {} ({})", switch.vswitch_name, switch.cidr_block, switch.zone_id))
            .collect();
        story.plain(&format!("{region:<12} {} {}", vpc.vpc_name, vpc.cidr_block));
        story.plain(&format!("{:<12} {}", "", words.join(", ")));
        for balancer in balancers.iter().filter(|balancer| balancer.vpc_id == vpc.vpc_id) {
            let sends = match play.alb {
                Alb::Upgraded => "upgraded: reaches backends from its own vSwitches",
                Alb::Classic => "classic: reaches backends from back-to-origin prefixes",
            };
            story
                .plain(&format!("{:<12} {} ({}), {sends}", "", balancer.load_balancer_name, balancer.load_balancer_id));
        }
        let inside = instances.iter().filter(|instance| instance.vpc_attributes.vpc_id == vpc.vpc_id);
        for instance in inside {
            let tags: Vec<String> =
                instance.tags.iter().flatten().map(|tag| format!("{}={}", tag.tag_key, tag.tag_value)).collect();
            let tags = if tags.is_empty() { String::new() } else { format!(", tagged {}", tags.join(" ")) };
            let address = instance.vpc_attributes.private_ip_address.join(" ");
            let status = instance.status.to_lowercase();
            story.plain(&format!("{:<12} {} {address}, {status}{tags}", "", instance.instance_name));
        }
        let switches: Vec<Value> = switches
            .iter()
            .map(|switch| json!({"name": switch.vswitch_name, "zone": switch.zone_id, "cidr": switch.cidr_block}))
            .collect();
        told.push(json!({"name": vpc.vpc_name, "region": region, "cidr": vpc.cidr_block, "vswitches": switches}));
    }
    Ok(Value::Array(told))
}
