//! Transit routers, and the zones they are offered in.

use ipnet::Ipv4Net;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::checks::{account, cen, is, known_filters, quiet, router};
use crate::call::{Answer, ApiError, Call, done};
use crate::listing::{Size, by_number};
use crate::stamp;
use crate::state::cen::{Edition, Router, Status};
use crate::tags::{self, Tags};
use crate::time::Timed;
use crate::world::World;

/// The zones of a region that take a transit router's interfaces (cloud-apis.md section 7); where they are not known,
/// the first two.
pub(super) fn zones(region: &str) -> Vec<String> {
    let letters = match region {
        "cn-hangzhou" => "bhijk",
        "cn-shanghai" => "bcefglmn",
        "cn-qingdao" => "bc",
        _ => "ab",
    };
    letters.chars().map(|letter| format!("{region}-{letter}")).collect()
}

/// Removes a transit router and its tables.
pub(super) fn remove(world: &mut World, id: &str) {
    world.cen.routers.remove(id);
    world.cen.tables.retain(|_, table| table.router != id);
}

/// The transit router that an attachment in `region` gets when none is named: made on the spot if it is missing.
pub(super) fn of_region(world: &mut World, now: Timestamp, cen: &str, region: &str) -> String {
    let held = world.cen.routers.values().find(|router| router.cen == cen && router.region == region);
    if let Some(router) = held {
        return router.id.clone();
    }
    let (id, table) = (world.ids.next("tr-"), world.ids.next("vtb-"));
    let router = Router {
        id: id.clone(),
        cen: cen.to_owned(),
        region: region.to_owned(),
        edition: Edition::Enterprise,
        name: String::new(),
        description: String::new(),
        cidrs: Vec::new(),
        status: Timed::settled(Status::Up),
        created: now,
        tags: Tags::new(),
    };
    world.cen.insert_router(router, table);
    id
}

pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let cen = cen(world, params.required("CenId")?)?.id.clone();
    let region = params.required("RegionId")?.to_owned();
    known_filters(world, params)?;
    quiet(world, now, &cen)?;
    if world.cen.routers.values().any(|router| router.cen == cen && router.region == region) {
        return Err(ApiError::bad("InstanceExist.TransitRouter", "The instance TransitRouter already exists."));
    }
    let mut cidrs: Vec<Ipv4Net> = Vec::new();
    for sent in params.objects("TransitRouterCidrList") {
        let illegal =
            |_| ApiError::bad("IllegalParam.TransitRouterCidrList", "The param of TransitRouterCidrList is illegal.");
        cidrs.extend(sent.prefix("Cidr").map_err(illegal)?);
    }
    let (id, table) = (world.ids.next("tr-"), world.ids.next("vtb-"));
    let at = world.settings.latencies.after(now, world.settings.latencies.network_create);
    let router = Router {
        id: id.clone(),
        cen,
        region,
        edition: Edition::Enterprise,
        name: params.text("TransitRouterName"),
        description: params.text("TransitRouterDescription"),
        cidrs,
        status: Timed::changing(Status::Coming, at, Status::Up),
        created: now,
        tags: tags::read(params),
    };
    world.cen.insert_router(router, table);
    Ok(json!({"TransitRouterId": id}))
}

pub(super) fn delete(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let router = router(world, call.params.required("TransitRouterId")?)?;
    let (id, cen) = (router.id.clone(), router.cen.clone());
    quiet(world, now, &cen)?;
    let refuse = |code: &str, what: &str| {
        Err(ApiError::bad(
            format!("OperationFailed.{code}"),
            format!("Operation failed because {what} of the transit router exists."),
        ))
    };
    let attached = world.cen.vpc_attachments.values().any(|held| held.router == id)
        || world.cen.peers.values().any(|peer| peer.other_side(&id).is_some());
    if attached {
        return refuse("TransitRouterAttachmentExist", "an attachment");
    }
    if world.cen.tables.values().any(|table| table.router == id && !table.system) {
        return refuse("TransitRouterRouteTableExist", "a custom route table");
    }
    let until = world.settings.latencies.after(now, world.settings.latencies.network_create);
    if let Some(router) = world.cen.routers.get_mut(&id) {
        router.status = Timed::changing(Status::Going, until, Status::Gone);
    }
    done()
}

pub(super) fn list(world: &World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let cen = params.get("CenId");
    if cen.is_some_and(|cen| !world.cen.instances.contains_key(cen)) {
        return Err(ApiError::bad("IllegalParam.CenId", "The param of CenId is illegal."));
    }
    let rows = world.cen.routers.values().filter(|router| {
        is(cen, &router.cen)
            && is(params.get("RegionId"), &router.region)
            && is(params.get("TransitRouterId"), &router.id)
            && is(params.get("TransitRouterName"), &router.name)
            && is(params.get("Type"), router.edition.name())
            && is(params.get("Status"), router.status.get(now).resource())
            && tags::pass(&router.tags, params, "Tag")
    });
    let rows: Vec<Value> = rows.map(|router| json(world, now, router)).collect();
    let page = by_number(params, Size::strict("PageSize", 10, 50), rows)?;
    Ok(
        json!({"TransitRouters": page.items, "TotalCount": page.total, "PageNumber": page.number, "PageSize": page.size}),
    )
}

fn json(world: &World, now: Timestamp, router: &Router) -> Value {
    let cidrs = router.cidrs.iter().enumerate().map(|(index, cidr)| {
        json!({"TransitRouterCidrId": format!("cidr-{index}"), "Cidr": cidr.to_string(), "Name": "", "Description": "", "PublishCidrRoute": true})
    });
    json!({
        "TransitRouterId": router.id,
        "TransitRouterName": router.name,
        "TransitRouterDescription": router.description,
        "CenId": router.cen,
        "RegionId": router.region,
        "Type": router.edition.name(),
        "Status": router.status.get(now).resource(),
        "AliUid": account(world),
        "SupportMulticast": false,
        "CreationTime": stamp::minutes(router.created),
        "TransitRouterCidrList": cidrs.collect::<Vec<_>>(),
        "Tags": tags::list(&router.tags),
    })
}

pub(super) fn available(world: &World, call: &Call) -> Answer {
    known_filters(world, &call.params)?;
    let zones = zones(call.params.required("RegionId")?);
    let (masters, slaves) = zones.split_at(zones.len().min(1));
    Ok(json!({"AvailableZones": zones, "MasterZones": masters, "SlaveZones": slaves, "SupportMulticast": false}))
}
