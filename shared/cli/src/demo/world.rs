//! Prints the network before the first step, read from the cloud: CIDRs, zones and names.

use openapi::{alb, cbn, ecs, vpc};
use serde_json::{Value, json};

use super::session::{CHENGDU, HANGZHOU, Session};
use crate::args::Alb;
use crate::output::CliError;

/// Describes it.
pub(crate) async fn describe(session: &Session) -> Result<(), CliError> {
    let mut vpcs = Vec::new();
    for region in [CHENGDU, HANGZHOU] {
        vpcs.push(network(session, region).await?);
    }
    let list = cbn::ListTransitRouters { cen_id: "cen-1".to_owned(), ..Default::default() };
    let routers = session.list(CHENGDU, list).await?;
    let routers: Vec<String> = routers.into_iter().map(|router| router.transit_router_id).collect();
    session.transcript.plain(&format!(
        "{:<12} transit routers {}; neither VPC is attached",
        "CEN1",
        routers.join(" and ")
    ));
    session
        .transcript
        .event(json!({"event": "world", "alb": name(session.alb), "vpcs": vpcs, "transitRouters": routers}));
    Ok(())
}

/// The generation's name.
pub(crate) const fn name(alb: Alb) -> &'static str {
    match alb {
        Alb::Upgraded => "upgraded",
        Alb::Classic => "classic",
    }
}

async fn network(session: &Session, region: &str) -> Result<Value, CliError> {
    let transcript = &session.transcript;
    let vpcs = session.list(region, vpc::DescribeVpcs::default()).await?;
    let balancers = session.list(region, alb::ListLoadBalancers::default()).await?;
    let instances = session.list(region, ecs::DescribeInstances::default()).await?;
    let mut told = Vec::new();
    for vpc in vpcs {
        let list = vpc::DescribeVSwitches { vpc_id: Some(vpc.vpc_id.clone()), ..Default::default() };
        let switches = session.list(region, list).await?;
        let words: Vec<String> = switches
            .iter()
            .map(|switch| format!("{} {} ({})", switch.vswitch_name, switch.cidr_block, switch.zone_id))
            .collect();
        transcript.plain(&format!("{region:<12} {} {}", vpc.vpc_name, vpc.cidr_block));
        transcript.plain(&format!("{:<12} {}", "", words.join(", ")));
        for balancer in balancers.iter().filter(|balancer| balancer.vpc_id == vpc.vpc_id) {
            let sends = match session.alb {
                Alb::Upgraded => "upgraded: reaches backends from its own vSwitches",
                Alb::Classic => "classic: reaches backends from back-to-origin prefixes",
            };
            transcript
                .plain(&format!("{:<12} {} ({}), {sends}", "", balancer.load_balancer_name, balancer.load_balancer_id));
        }
        let inside = instances.iter().filter(|instance| instance.vpc_attributes.vpc_id == vpc.vpc_id);
        for instance in inside {
            let tags: Vec<String> =
                instance.tags.iter().flatten().map(|tag| format!("{}={}", tag.tag_key, tag.tag_value)).collect();
            let tags = if tags.is_empty() { String::new() } else { format!(", tagged {}", tags.join(" ")) };
            let address = instance.vpc_attributes.private_ip_address.join(" ");
            let status = instance.status.to_lowercase();
            transcript.plain(&format!("{:<12} {} {address}, {status}{tags}", "", instance.instance_name));
        }
        let switches: Vec<Value> = switches
            .iter()
            .map(|switch| json!({"name": switch.vswitch_name, "zone": switch.zone_id, "cidr": switch.cidr_block}))
            .collect();
        told.push(json!({"name": vpc.vpc_name, "region": region, "cidr": vpc.cidr_block, "vswitches": switches}));
    }
    Ok(Value::Array(told))
}
