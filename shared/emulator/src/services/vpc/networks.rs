//! VPCs.

use ipnet::Ipv4Net;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::checks::{owner, stable, vpc_here};
use crate::call::{Answer, ApiError, Call, done};
use crate::listing::{Size, by_number};
use crate::state::vpc::{Status, TableKind, Vpc};
use crate::time::Timed;
use crate::world::World;
use crate::{stamp, tags};

pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let cidr = params.prefix("CidrBlock")?.unwrap_or(DEFAULT_CIDR);
    if !(8..=28).contains(&cidr.prefix_len()) {
        return Err(invalid_cidr());
    }
    let (id, router, table) = (world.ids.next("vpc-"), world.ids.next("vrt-"), world.ids.next("vtb-"));
    let at = world.settings.latencies.after(now, world.settings.latencies.network_create);
    let vpc = Vpc {
        id: id.clone(),
        region: call.region.clone(),
        name: params.text("VpcName"),
        description: params.text("Description"),
        cidr,
        secondary: Vec::new(),
        router: router.clone(),
        status: Timed::changing(Status::Pending, at, Status::Available),
        created: now,
        tags: tags::read(params),
    };
    world.vpc.insert_vpc(vpc, table.clone());
    Ok(json!({"VpcId": id, "VRouterId": router, "RouteTableId": table, "ResourceGroupId": ""}))
}

const DEFAULT_CIDR: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(172, 16, 0, 0), 12);

fn invalid_cidr() -> ApiError {
    ApiError::bad("InvalidCidrBlock", "Specified CIDR block is not valid.")
}

pub(super) fn delete(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let vpc = vpc_here(world, call, call.params.required("VpcId")?)?;
    let id = vpc.id.clone();
    stable(world, now, vpc)?;
    let refuse =
        |code: &str, what: &str| Err(ApiError::bad(code, format!("Specified VPC has {what}: it cannot be deleted.")));
    if world.vpc.switches_of(&id).next().is_some() {
        return refuse("DependencyViolation.VSwitch", "virtual switches");
    }
    if world.cen.cens_of_vpc(&id).next().is_some() {
        return refuse("DependencyViolation.CenAttachment", "an attachment to a transit router");
    }
    if world.ecs.groups.values().any(|group| group.vpc == id) {
        return refuse("DependencyViolation.SecurityGroup", "security groups");
    }
    if world.vpc.tables.values().any(|table| table.vpc == id && table.kind == TableKind::Custom) {
        return refuse("DependencyViolation.RouteTable", "custom route tables");
    }
    if world.vpc.acls.values().any(|acl| acl.vpc == id) {
        return refuse("DependencyViolation.NetworkAcl", "network ACLs");
    }
    world.vpc.tables.retain(|_, table| table.vpc != id);
    world.vpc.vpcs.remove(&id);
    done()
}

pub(super) fn add_cidr(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let vpc = vpc_here(world, call, call.params.required("VpcId")?)?;
    stable(world, now, vpc)?;
    let cidr = call.params.prefix("SecondaryCidrBlock")?.ok_or_else(invalid_cidr)?;
    if vpc.holds(cidr) || cidr.contains(&vpc.cidr) || vpc.secondary.iter().any(|held| cidr.contains(held)) {
        return Err(ApiError::bad("OperationFailed.CidrOverlap", "The CIDR block overlaps one of the VPC."));
    }
    let id = vpc.id.clone();
    if let Some(vpc) = world.vpc.vpcs.get_mut(&id) {
        vpc.secondary.push(cidr);
    }
    Ok(json!({"CidrBlock": cidr.to_string(), "IpVersion": "IPv4"}))
}

pub(super) fn describe(world: &World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let ids: Option<Vec<&str>> = params.get("VpcId").map(|ids| ids.split(',').map(str::trim).collect());
    let rows = world.vpc.vpcs.values().filter(|vpc| {
        vpc.region == call.region
            && ids.as_ref().is_none_or(|ids| ids.contains(&vpc.id.as_str()))
            && params.get("VpcName").is_none_or(|name| name == vpc.name)
            && tags::pass(&vpc.tags, params, "Tag")
    });
    let rows: Vec<Value> = rows
        .map(|vpc| {
            let tables: Vec<&str> =
                world.vpc.tables.values().filter(|table| table.vpc == vpc.id).map(|table| table.id.as_str()).collect();
            let mut row = common(world, now, vpc);
            row.insert("CenStatus".to_owned(), attached_word(world, vpc).into());
            row.insert("RouterTableIds".to_owned(), json!({"RouterTableIds": tables}));
            row.insert("NatGatewayIds".to_owned(), json!({"NatGatewayIds": []}));
            Value::Object(row)
        })
        .collect();
    let page = by_number(params, Size::strict("PageSize", 10, 50), rows)?;
    Ok(json!({"Vpcs": {"Vpc": page.items}, "TotalCount": page.total, "PageNumber": page.number, "PageSize": page.size}))
}

fn attached_word(world: &World, vpc: &Vpc) -> &'static str {
    if world.cen.cens_of_vpc(&vpc.id).next().is_some() { "Attached" } else { "" }
}

pub(super) fn attribute(world: &World, now: Timestamp, call: &Call) -> Answer {
    let vpc = vpc_here(world, call, call.params.required("VpcId")?)?;
    let owner = owner(world);
    let cens =
        world.cen.cens_of_vpc(&vpc.id).map(|cen| json!({"CenId": cen, "CenOwnerId": owner, "CenStatus": "Attached"}));
    let mut row = common(world, now, vpc);
    row.insert("AssociatedCens".to_owned(), json!({"AssociatedCen": cens.collect::<Vec<_>>()}));
    row.insert("AssociatedPropagationSources".to_owned(), json!({"AssociatedPropagationSources": []}));
    row.insert("ClassicLinkEnabled".to_owned(), false.into());
    row.insert("Ipv4GatewayId".to_owned(), "".into());
    row.insert("SupportIpv4Gateway".to_owned(), true.into());
    let count = |kind: &str, count: usize| json!({"ResourceType": kind, "ResourceCount": count});
    let tables = world.vpc.tables.values().filter(|table| table.vpc == vpc.id).count();
    let resources =
        [count("VSwitch", world.vpc.switches_of(&vpc.id).count()), count("VRouter", 1), count("RouteTable", tables)];
    row.insert("CloudResources".to_owned(), json!({"CloudResourceSetType": resources}));
    Ok(Value::Object(row))
}

/// What both descriptions of a VPC say.
fn common(world: &World, now: Timestamp, vpc: &Vpc) -> serde_json::Map<String, Value> {
    let switches: Vec<&str> = world.vpc.switches_of(&vpc.id).map(|switch| switch.id.as_str()).collect();
    let secondary: Vec<String> = vpc.secondary.iter().map(ToString::to_string).collect();
    let row = json!({
        "VpcId": vpc.id,
        "VpcName": vpc.name,
        "Description": vpc.description,
        "RegionId": vpc.region,
        "Status": vpc.status.get(now).name(),
        "CidrBlock": vpc.cidr.to_string(),
        "SecondaryCidrBlocks": {"SecondaryCidrBlock": secondary},
        "UserCidrs": {"UserCidr": []},
        "VRouterId": vpc.router,
        "VSwitchIds": {"VSwitchId": switches},
        "EnabledIpv6": false,
        "Ipv6CidrBlock": "",
        "Ipv6CidrBlocks": {"Ipv6CidrBlock": []},
        "IsDefault": false,
        "DhcpOptionsSetId": "",
        "DhcpOptionsSetStatus": "",
        "DnsHostnameStatus": "DISABLED",
        "OwnerId": owner(world),
        "ResourceGroupId": "",
        "CreationTime": stamp::seconds(vpc.created),
        "Tags": {"Tag": tags::list(&vpc.tags)},
    });
    match row {
        Value::Object(row) => row,
        _ => serde_json::Map::new(),
    }
}

pub(super) fn regions(world: &World) -> Answer {
    let regions = world.settings.regions.iter().map(|region| {
        json!({"RegionId": region, "LocalName": region, "RegionEndpoint": format!("vpc.{region}.aliyuncs.com")})
    });
    Ok(json!({"Regions": {"Region": regions.collect::<Vec<_>>()}}))
}
