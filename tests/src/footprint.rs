//! The footprint of a deployment: its state without the ids that differ between runs. Two worlds in the same state have the
//! same footprint, and a duplicate appears twice.

use std::collections::BTreeMap;

use local::Local;
use openapi::{alb, cbn, ecs, vpc};

use crate::Console;

/// Sorted lines that describe the resources, by kind.
pub type Footprint = BTreeMap<&'static str, Vec<String>>;

/// The footprint of the procedure's world.
///
/// # Panics
/// If the world cannot be read.
pub async fn of(local: &Local) -> Footprint {
    let mut footprint = Footprint::new();
    let attachments = attachments(local, &mut footprint).await;
    balancer(local, &mut footprint).await;
    tables(local, &attachments, &mut footprint).await;
    routes(local, &attachments, &mut footprint).await;
    rules(local, &mut footprint).await;
    footprint.values_mut().for_each(|lines| lines.sort());
    footprint
}

/// The same with the health of the members; only for a world without changes in progress.
///
/// # Panics
/// If the world cannot be read.
pub async fn with_health(local: &Local) -> Footprint {
    let mut footprint = of(local).await;
    let mut ailing = Console(local).ailing().await;
    ailing.sort();
    footprint.insert("unhealthy", ailing);
    footprint
}

/// A description without the time in its mark: `.../drain-1795334400` becomes `.../drain`.
fn timeless(description: &str) -> &str {
    match description.rsplit_once('-') {
        Some((mark, time)) if !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit() || byte == b'Z') => {
            match mark.rsplit('/').next() {
                Some("drain" | "stopped" | "released") => mark,
                _ => description,
            }
        }
        _ => description,
    }
}

fn tags_of<'t>(tags: impl Iterator<Item = (&'t String, &'t String)>) -> String {
    let mut tags: Vec<_> = tags.map(|(key, value)| format!("{key}={value}")).collect();
    tags.sort();
    tags.join(" ")
}

/// The purpose of each attachment, by its id.
type Names = BTreeMap<String, String>;

#[expect(clippy::expect_used, reason = "a world that cannot be read ends the test")]
async fn attachments(local: &Local, footprint: &mut Footprint) -> Names {
    let client = local.operator();
    let cen = || Some("cen-1".to_owned());
    let list = cbn::ListTransitRouterVpcAttachments { cen_id: cen(), ..Default::default() };
    let mut names = Names::new();
    for found in client.list("cn-hangzhou", list).await.expect("ListTransitRouterVpcAttachments") {
        names.insert(found.transit_router_attachment_id, found.vpc_id.clone());
        let zones: Vec<_> = found.zone_mappings.iter().map(|zone| zone.vswitch_id.as_str()).collect();
        let (zones, tags) = (zones.join(","), tags_of(found.tags.iter().map(|tag| (&tag.key, &tag.value))));
        let publish = found.auto_publish_route_enabled;
        let line = format!("{} {} in {zones} publish={publish} {tags}", found.vpc_id, found.status);
        footprint.entry("attachments").or_default().push(line);
    }
    let list = cbn::ListTransitRouterPeerAttachments { cen_id: cen(), ..Default::default() };
    for found in client.list("cn-hangzhou", list).await.expect("ListTransitRouterPeerAttachments") {
        let mut ends = [found.transit_router_id, found.peer_transit_router_id];
        ends.sort();
        let name = ends.join("-");
        // Both ends list the same connection.
        if names.insert(found.transit_router_attachment_id, name.clone()).is_none() {
            let line = format!(
                "{name} {} {} Mbit/s publish={} {}",
                found.status,
                found.bandwidth.unwrap_or_default(),
                found.auto_publish_route_enabled,
                tags_of(found.tags.iter().map(|tag| (&tag.key, &tag.value)))
            );
            footprint.entry("connections").or_default().push(line);
        }
    }
    names
}

#[expect(clippy::expect_used, reason = "a world that cannot be read ends the test")]
async fn balancer(local: &Local, footprint: &mut Footprint) {
    let client = local.operator();
    let region = "cn-chengdu";
    let mut groups = Names::new();
    for group in client.list(region, alb::ListServerGroups::default()).await.expect("ListServerGroups") {
        let name = group.server_group_name;
        let check = &group.health_check_config;
        let line = format!(
            "{name} {} {} in {} {} {} check={:?}:{} {}",
            group.server_group_status,
            group.server_group_type,
            group.vpc_id,
            group.protocol,
            group.scheduler,
            check.health_check_enabled,
            check.health_check_path.as_deref().unwrap_or_default(),
            tags_of(group.tags.iter().map(|tag| (&tag.key, &tag.value)))
        );
        footprint.entry("groups").or_default().push(line);
        let list = alb::ListServerGroupServers { server_group_id: group.server_group_id.clone(), ..Default::default() };
        for server in client.list(region, list).await.expect("ListServerGroupServers") {
            let alb::Server { server_ip, port, weight, remote_ip_enabled, description, status, .. } = server;
            let description = timeless(&description);
            let line =
                format!("{name} {server_ip}:{port} {status} weight={weight} remote={remote_ip_enabled} {description}");
            footprint.entry("members").or_default().push(line);
        }
        groups.insert(group.server_group_id, name);
    }
    for listener in client.list(region, alb::ListListeners::default()).await.expect("ListListeners") {
        let targets =
            listener.default_actions.iter().flat_map(|action| &action.forward_group_config.server_group_tuples);
        let targets: Vec<_> = targets.map(|tuple| name_of(&groups, &tuple.server_group_id)).collect();
        let (port, protocol) = (listener.listener_port, &listener.listener_protocol);
        let (status, tags, targets) = (
            &listener.listener_status,
            tags_of(listener.tags.iter().map(|tag| (&tag.key, &tag.value))),
            targets.join(" "),
        );
        let line = format!("{port} {protocol} {status} -> {targets} {tags}");
        footprint.entry("listeners").or_default().push(line);
    }
}

#[expect(clippy::expect_used, reason = "a world that cannot be read ends the test")]
async fn tables(local: &Local, attachments: &Names, footprint: &mut Footprint) {
    let client = local.operator();
    for (region, table) in [("cn-chengdu", "vtb-tr-chengdu"), ("cn-hangzhou", "vtb-tr-hangzhou")] {
        let id = || Some(table.to_owned());
        let list =
            cbn::ListTransitRouterRouteTableAssociations { transit_router_route_table_id: id(), ..Default::default() };
        for found in client.list(region, list).await.expect("ListTransitRouterRouteTableAssociations") {
            let line =
                format!("{table} {} {}", name_of(attachments, &found.transit_router_attachment_id), found.status);
            footprint.entry("associations").or_default().push(line);
        }
        let list = cbn::ListTransitRouterRouteTablePropagations {
            transit_router_route_table_id: table.to_owned(),
            ..Default::default()
        };
        for found in client.list(region, list).await.expect("ListTransitRouterRouteTablePropagations") {
            let line =
                format!("{table} {} {}", name_of(attachments, &found.transit_router_attachment_id), found.status);
            footprint.entry("propagations").or_default().push(line);
        }
        let list = cbn::ListTransitRouterRouteEntries {
            transit_router_route_table_id: table.to_owned(),
            transit_router_route_entry_type: Some("Static".to_owned()),
            transit_router_route_entry_status: Some("All".to_owned()),
            ..Default::default()
        };
        for found in client.list(region, list).await.expect("ListTransitRouterRouteEntries") {
            let next = name_of(attachments, &found.transit_router_route_entry_next_hop_id);
            let prefix = found.transit_router_route_entry_destination_cidr_block;
            let (status, description) =
                (found.transit_router_route_entry_status, found.transit_router_route_entry_description);
            let line = format!("{table} {prefix} -> {next} {status} {description}");
            footprint.entry("transit routes").or_default().push(line);
        }
    }
}

#[expect(clippy::expect_used, reason = "a world that cannot be read ends the test")]
async fn routes(local: &Local, attachments: &Names, footprint: &mut Footprint) {
    for (region, table) in [("cn-chengdu", "vtb-vpc-1"), ("cn-hangzhou", "vtb-vpc-2")] {
        let list = vpc::DescribeRouteEntryList {
            route_table_id: table.to_owned(),
            route_entry_type: Some("Custom".to_owned()),
            ..Default::default()
        };
        for found in local.operator().list(region, list).await.expect("DescribeRouteEntryList") {
            let hops: Vec<_> = found.next_hops.iter().map(|hop| name_of(attachments, &hop.next_hop_id)).collect();
            let line = format!(
                "{table} {} -> {} {} {}",
                found.destination_cidr_block,
                hops.join(" "),
                found.status,
                found.description
            );
            footprint.entry("routes").or_default().push(line);
        }
    }
}

#[expect(clippy::expect_used, reason = "a world that cannot be read ends the test")]
async fn rules(local: &Local, footprint: &mut Footprint) {
    let list = ecs::DescribeSecurityGroupAttribute {
        security_group_id: "sg-2".to_owned(),
        direction: Some("ingress".to_owned()),
        ..Default::default()
    };
    for rule in local.operator().list("cn-hangzhou", list).await.expect("DescribeSecurityGroupAttribute") {
        let ecs::Permission { source_cidr_ip, ip_protocol, port_range, policy, priority, description, .. } = rule;
        footprint
            .entry("rules")
            .or_default()
            .push(format!("{policy} {ip_protocol} {port_range} from {source_cidr_ip} at {priority} {description}"));
    }
}

fn name_of(names: &Names, id: &str) -> String {
    names.get(id).cloned().unwrap_or_else(|| id.to_owned())
}
