//! Which resources a call touches, as policies write them: `acs:<service>:<region>:<account>:<type>/<id>`.
//!
//! Parameters that name a resource decide; an action without one touches everything of its service. Sources: the
//! services' RAM pages, as far as workflow-events-template.md section 4 quotes them; other types are inferred.

use crate::call::{Call, Service};
use crate::world::World;

/// The prefix of a service's actions; CEN's product is called Cbn, its RAM code cen.
pub(super) const fn prefix(service: Service) -> &'static str {
    match service {
        Service::Alb => "alb",
        Service::Cbn => "cen",
        Service::Vpc => "vpc",
        Service::Ecs => "ecs",
        Service::Fnf => "fnf",
        Service::Sts => "sts",
        Service::Ram | Service::Ims => "ram",
        Service::EventBridge => "eventbridge",
        Service::Fc => "fc",
        Service::Oss => "oss",
        Service::Ros => "ros",
    }
}

/// The parameters that name a resource, and its type.
const fn named(service: Service) -> &'static [(&'static str, &'static str)] {
    match service {
        Service::Alb => {
            &[("ServerGroupId", "servergroup"), ("ListenerId", "listener"), ("LoadBalancerId", "loadbalancer")]
        }
        Service::Cbn => &[
            ("CenId", "ceninstance"),
            ("TransitRouterId", "transitrouter"),
            ("TransitRouterRouteTableId", "transitrouterroutetable"),
            ("TransitRouterAttachmentId", "centransitrouterattachment"),
        ],
        Service::Vpc => &[("VpcId", "vpc"), ("RouteTableId", "routetable"), ("VSwitchId", "vswitch")],
        Service::Ecs => &[("SecurityGroupId", "securitygroup"), ("InstanceId", "instance")],
        Service::Fc => &[("functionName", "functions")],
        _ => &[],
    }
}

/// Every resource that the call touches: each must be allowed.
pub(super) fn of(world: &World, call: &Call) -> Vec<String> {
    let account = &world.settings.account_id;
    match call.service {
        // Buckets belong to no region in policies.
        Service::Oss => {
            let (bucket, key) = (call.params.text("bucket"), call.params.text("key"));
            return vec![match (bucket.is_empty(), key.is_empty()) {
                (true, _) => format!("acs:oss:*:{account}:*"),
                (_, true) => format!("acs:oss:*:{account}:{bucket}"),
                _ => format!("acs:oss:*:{account}:{bucket}/{key}"),
            }];
        }
        // Roles belong to no region either.
        Service::Ram | Service::Ims => {
            let role = call.params.get("RoleName").map_or_else(|| "*".to_owned(), |name| format!("role/{name}"));
            return vec![format!("acs:ram:*:{account}:{role}")];
        }
        Service::Sts => return vec![call.params.get("RoleArn").unwrap_or("*").to_owned()],
        // No resource-level authorization (workflow-events-template.md section 4).
        Service::Fnf => return vec!["*".to_owned()],
        _ => {}
    }
    let base = format!("acs:{}:{}:{account}:", prefix(call.service), call.region);
    let found: Vec<String> = named(call.service)
        .iter()
        .filter_map(|(parameter, kind)| Some(format!("{base}{kind}/{}", call.params.get(parameter)?)))
        .collect();
    if found.is_empty() { vec![format!("{base}*")] } else { found }
}
