//! VPC attachments.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::checks::{
    account, attached, cut, dependents, is, known_filters, no_such_attachment, no_such_attachment_to_update, quiet,
    ready, router,
};
use super::{routers, zones};
use crate::call::{Answer, ApiError, Call, done};
use crate::listing::{Size, by_token};
use crate::platform::interfaces;
use crate::state::cen::{Status, VpcAttachment, ZoneMapping};
use crate::state::{ram, vpc};
use crate::time::Timed;
use crate::world::World;
use crate::{stamp, tags};

pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    if let Some(id) = call.params.get("TransitRouterId") {
        return attach(world, now, call, id);
    }
    let cen = call.params.required("CenId")?;
    let region = call.params.required("RegionId")?;
    known_filters(world, &call.params)?;
    quiet(world, now, cen)?;
    let before = world.cen.routers.len();
    let id = routers::of_region(world, now, cen, region);
    let answer = attach(world, now, call, &id);
    if answer.is_err() && world.cen.routers.len() > before {
        routers::remove(world, &id);
    }
    answer
}

fn attach(world: &mut World, now: Timestamp, call: &Call, router: &str) -> Answer {
    if world.account.service_closed {
        // The code is spelt so (cloud-apis.md section 7).
        return Err(ApiError::bad("Forbbiden.TransitRouterServiceNotOpen", "The transit router service is not open."));
    }
    if world.ram.role(ram::CEN_SERVICE_ROLE).is_none() {
        return Err(ApiError::bad(
            "NoPermission.AliyunServiceRoleForCEN",
            "The service-linked role AliyunServiceRoleForCEN does not exist.",
        ));
    }
    let params = &call.params;
    let vpc = params.required("VpcId")?.to_owned();
    let wanted = zones::read(params, "ZoneMappings");
    let (cen, region) = {
        let router = self::router(world, router)?;
        ready(router, now)?;
        (router.cen.clone(), router.region.clone())
    };
    let held = world.vpc.vpcs.get(&vpc).filter(|held| held.region == region);
    let held = held.ok_or_else(|| ApiError::bad("IllegalParam.VpcId", "The param of VpcId is illegal."))?;
    if wanted.is_empty() || wanted.len() > 10 {
        return Err(ApiError::bad("IllegalParam.ZoneMappings", "The param of ZoneMappings is illegal."));
    }
    zones::check(world, &vpc, &region, &wanted, &[])?;
    let auto_publish = params.flag("AutoPublishRouteEnabled")?.unwrap_or(false);
    quiet(world, now, &cen)?;
    if *held.status.get(now) != vpc::Status::Available || world.cen.is_moving(now, &vpc) {
        return Err(ApiError::bad("IncorrectStatus.Vpc", "The status of the VPC does not support this operation."));
    }
    let mut routes =
        world.vpc.tables.values().filter(|table| table.vpc == vpc).flat_map(|table| table.entries.values());
    if routes.any(|entry| entry.status.is_changing(now)) {
        return Err(ApiError::bad(
            "IncorrectStatus.VpcRouteTable",
            "The status of the VPC route table does not support this operation.",
        ));
    }
    let mut attached = world.cen.vpc_attachments.values().filter(|held| held.vpc == vpc);
    // The code is not documented (cloud-apis.md section 16); this one follows its sibling for route entries.
    if attached.clone().any(|held| held.router == router) {
        return Err(ApiError::bad(
            "InstanceExist.TransitRouterVpcAttachment",
            "The instance TransitRouterVpcAttachment already exists.",
        ));
    }
    if auto_publish && attached.any(|held| held.auto_publish && held.cen != cen) {
        return Err(published_elsewhere());
    }
    let id = world.ids.next("tr-attach-");
    let zones = zones::open(world, now, &id, &wanted)?;
    let at = world.settings.latencies.after(now, world.settings.latencies.vpc_attach);
    let attachment = VpcAttachment {
        id: id.clone(),
        cen,
        router: router.to_owned(),
        vpc,
        region,
        zones,
        auto_publish,
        order_type: "PayByCenOwner".to_owned(),
        name: params.text("TransitRouterAttachmentName"),
        description: params.text("TransitRouterAttachmentDescription"),
        status: Timed::changing(Status::Coming, at, Status::Up),
        created: now,
        tags: tags::read(params),
    };
    world.cen.vpc_attachments.insert(id.clone(), attachment);
    Ok(json!({"TransitRouterAttachmentId": id}))
}

fn published_elsewhere() -> ApiError {
    ApiError::bad(
        "InvalidOperation.VpcAutoRoutesPublishInOtherCEN",
        "The VPC has published routes automatically in another CEN instance.",
    )
}

pub(super) fn delete(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let id = call.params.required("TransitRouterAttachmentId")?;
    let held = world.cen.vpc_attachments.get(id).ok_or_else(no_such_attachment)?;
    quiet(world, now, &held.cen)?;
    attached(&held.status, now)?;
    if call.params.flag("Force")? == Some(true) {
        cut(world, id);
    }
    dependents(world, id)?;
    let until = world.settings.latencies.after(now, world.settings.latencies.vpc_detach);
    if let Some(held) = world.cen.vpc_attachments.get_mut(id) {
        held.status = Timed::changing(Status::Going, until, Status::Gone);
    }
    done()
}

pub(super) fn update(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let id = params.required("TransitRouterAttachmentId")?;
    let Some(held) = world.cen.vpc_attachments.get(id) else { return no_such_attachment_to_update(world, params) };
    quiet(world, now, &held.cen)?;
    attached(&held.status, now)?;
    let auto_publish = params.flag("AutoPublishRouteEnabled")?;
    let elsewhere = |other: &VpcAttachment| other.vpc == held.vpc && other.auto_publish && other.cen != held.cen;
    if auto_publish == Some(true) && world.cen.vpc_attachments.values().any(elsewhere) {
        return Err(published_elsewhere());
    }
    let until = world.settings.latencies.after(now, world.settings.latencies.table_link);
    if let Some(held) = world.cen.vpc_attachments.get_mut(id) {
        if let Some(auto_publish) = auto_publish.filter(|wanted| *wanted != held.auto_publish) {
            held.auto_publish = auto_publish;
            held.status = Timed::changing(Status::Changing, until, Status::Up);
        }
        if let Some(name) = params.get("TransitRouterAttachmentName") {
            name.clone_into(&mut held.name);
        }
        if let Some(description) = params.get("TransitRouterAttachmentDescription") {
            description.clone_into(&mut held.description);
        }
        if let Some(order_type) = params.get("OrderType") {
            order_type.clone_into(&mut held.order_type);
        }
    }
    done()
}

/// Releases the addresses of deleted attachments.
pub(super) fn sweep(world: &mut World, now: Timestamp) {
    let gone = |held: &VpcAttachment| *held.status.get(now) == Status::Gone;
    let interfaces: Vec<String> = world
        .cen
        .vpc_attachments
        .values()
        .filter(|held| gone(held))
        .flat_map(|held| held.zones.iter().map(|zone| zone.interface.clone()))
        .collect();
    world.cen.vpc_attachments.retain(|_, held| !gone(held));
    for interface in interfaces {
        interfaces::drop_interface(world, &interface);
    }
}

pub(super) fn list(world: &World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    known_filters(world, params)?;
    let rows = world.cen.vpc_attachments.values().filter(|held| {
        is(params.get("CenId"), &held.cen)
            && is(params.get("RegionId"), &held.region)
            && is(params.get("TransitRouterId"), &held.router)
            && is(params.get("TransitRouterAttachmentId"), &held.id)
            && is(params.get("VpcId"), &held.vpc)
            && is(params.get("Status"), held.status.get(now).attachment())
            && is(params.get("OrderType"), &held.order_type)
            && tags::pass(&held.tags, params, "Tag")
    });
    let page =
        by_token(params, Size::strict("MaxResults", 20, 100), rows.collect(), |held: &&VpcAttachment| held.id.clone())?;
    let rows: Vec<Value> = page.items.iter().map(|held| json(world, now, held)).collect();
    Ok(
        json!({"TransitRouterAttachments": rows, "TotalCount": page.total, "MaxResults": page.size, "NextToken": page.next}),
    )
}

fn json(world: &World, now: Timestamp, held: &VpcAttachment) -> Value {
    let zones = held.zones.iter().map(|ZoneMapping { zone, switch, interface }| {
        json!({"ZoneId": zone, "VSwitchId": switch, "NetworkInterfaceId": interface})
    });
    json!({
        "TransitRouterAttachmentId": held.id,
        "TransitRouterAttachmentName": held.name,
        "TransitRouterAttachmentDescription": held.description,
        "TransitRouterId": held.router,
        "CenId": held.cen,
        "VpcId": held.vpc,
        "VpcRegionId": held.region,
        "VpcOwnerId": account(world),
        "Status": held.status.get(now).attachment(),
        "ResourceType": "VPC",
        "ZoneMappings": zones.collect::<Vec<_>>(),
        "AutoPublishRouteEnabled": held.auto_publish,
        "ChargeType": "POSTPAY",
        "OrderType": held.order_type,
        "ManagedService": "",
        "TransitRouterVPCAttachmentOptions": {"ipv6Support": "disable"},
        "CreationTime": stamp::minutes(held.created),
        "Tags": tags::list(&held.tags),
    })
}
