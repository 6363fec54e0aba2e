//! Inter-region connections.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::bandwidth;
use super::checks::{
    account, attached, cut, dependents, is, known_filters, no_such_attachment, no_such_attachment_to_update, quiet,
    ready, router,
};
use crate::call::{Answer, ApiError, Call, Params, done};
use crate::listing::{Size, by_token};
use crate::state::cen::{Peer, Status};
use crate::time::Timed;
use crate::world::World;
use crate::{stamp, tags};

pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let near = near_router(world, params)?;
    let near = router(world, &near)?;
    let far = world.cen.routers.get(params.required("PeerTransitRouterId")?).ok_or_else(|| {
        ApiError::bad("InvalidPeerTransitRouterId.NotFound", "The specified PeerTransitRouterId is not found.")
    })?;
    if far.cen != near.cen || far.id == near.id || !is(params.get("PeerTransitRouterRegionId"), &far.region) {
        return Err(ApiError::bad("IllegalParam.PeerTransitRouterId", "The param of PeerTransitRouterId is illegal."));
    }
    ready(near, now)?;
    ready(far, now)?;
    let allotment = Allotment::read(params, None)?;
    quiet(world, now, &near.cen)?;
    // The code is not documented (cloud-apis.md section 16).
    if world.cen.peers.values().any(|peer| peer.other_side(&near.id) == Some(&far.id)) {
        return Err(ApiError::bad(
            "InstanceExist.TransitRouterPeerAttachment",
            "The instance TransitRouterPeerAttachment already exists.",
        ));
    }
    allotment.check(world, &near.cen, None)?;
    let sides = (near.id.clone(), near.region.clone(), far.id.clone(), far.region.clone(), near.cen.clone());
    let (router, region, far_router, far_region, cen) = sides;
    let id = world.ids.next("tr-attach-");
    let at = world.settings.latencies.after(now, world.settings.latencies.peer_attach);
    let peer = Peer {
        id: id.clone(),
        cen,
        router,
        region,
        far_router,
        far_region,
        bandwidth_type: allotment.kind,
        bandwidth: allotment.mbps,
        package: allotment.package,
        link_type: allotment.link_type,
        auto_publish: params.flag("AutoPublishRouteEnabled")?.unwrap_or(false),
        published: at,
        name: params.text("TransitRouterAttachmentName"),
        description: params.text("TransitRouterAttachmentDescription"),
        status: Timed::changing(Status::Coming, at, Status::Up),
        created: now,
        tags: tags::read(params),
    };
    world.cen.peers.insert(id.clone(), peer);
    Ok(json!({"TransitRouterAttachmentId": id}))
}

fn near_router(world: &World, params: &Params) -> Result<String, ApiError> {
    if let Some(id) = params.get("TransitRouterId") {
        return Ok(id.to_owned());
    }
    let (cen, region) = (params.required("CenId")?, params.required("RegionId")?);
    let found = world.cen.routers.values().find(|router| router.cen == cen && router.region == region);
    let missing = || ApiError::bad("InvalidTransitRouterId.NotFound", "The specified TransitRouterId is not found.");
    found.map(|router| router.id.clone()).ok_or_else(missing)
}

/// The bandwidth a connection asks for, and how it is paid.
struct Allotment {
    kind: String,
    /// 0 stands for the test bandwidth of 1 kbit/s that a connection without plan and bandwidth gets.
    mbps: u32,
    package: Option<String>,
    link_type: String,
}

impl Allotment {
    /// What is not sent stays as `held` has it.
    fn read(params: &Params, held: Option<&Peer>) -> Result<Self, ApiError> {
        let illegal =
            |name: &str| ApiError::bad(format!("IllegalParam.{name}"), format!("The param of {name} is illegal."));
        let package = params.get("CenBandwidthPackageId").map(str::to_owned).or_else(|| held?.package.clone());
        let kind =
            params.get("BandwidthType").or_else(|| Some(held?.bandwidth_type.as_str())).unwrap_or("BandwidthPackage");
        let sent: Option<u32> = params.parse("Bandwidth").map_err(|_| illegal("Bandwidth"))?;
        let mbps = sent.or_else(|| held.map(|peer| peer.bandwidth)).filter(|mbps| *mbps > 0);
        let paid = kind == "DataTransfer" || package.is_some();
        if paid && mbps.is_none() {
            return Err(ApiError::bad("MissingParam.Bandwidth", "The parameter Bandwidth is mandatory."));
        }
        let link_type = params.get("DefaultLinkType").or_else(|| Some(held?.link_type.as_str())).unwrap_or("Gold");
        match kind {
            "BandwidthPackage" if package.is_none() && mbps.is_some() => return Err(illegal("CenBandwidthPackageId")),
            "BandwidthPackage" if link_type != "Gold" => {
                return Err(ApiError::bad(
                    "ParameterIllegal.BandwidthPackageDefaultLinkTypeOnlySupportGold",
                    "The default link type of a bandwidth package only supports Gold.",
                ));
            }
            "DataTransfer" if mbps.is_some_and(|mbps| mbps > MAINLAND_DATA_TRANSFER) => {
                return Err(ApiError::bad("QuotaExceeded.Bandwidth", "The bandwidth exceeds the quota."));
            }
            "BandwidthPackage" | "DataTransfer" => {}
            _ => return Err(illegal("BandwidthType")),
        }
        let package = package.filter(|_| kind == "BandwidthPackage");
        Ok(Self { kind: kind.to_owned(), mbps: mbps.unwrap_or(0), package, link_type: link_type.to_owned() })
    }

    fn check(&self, world: &World, cen: &str, except: Option<&str>) -> Result<(), ApiError> {
        self.package.as_ref().map_or(Ok(()), |package| bandwidth::reserve(world, cen, package, self.mbps, except))
    }
}

/// Mbit/s of a pay-by-traffic connection inside the mainland (cloud-apis.md section 8).
const MAINLAND_DATA_TRANSFER: u32 = 1000;

pub(super) fn update(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let id = params.required("TransitRouterAttachmentId")?;
    let Some(held) = world.cen.peers.get(id) else { return no_such_attachment_to_update(world, params) };
    quiet(world, now, &held.cen)?;
    attached(&held.status, now)?;
    let allotment = Allotment::read(params, Some(held))?;
    allotment.check(world, &held.cen, Some(id))?;
    let auto_publish = params.flag("AutoPublishRouteEnabled")?.unwrap_or(held.auto_publish);
    let until = world.settings.latencies.after(now, world.settings.latencies.table_link);
    if let Some(peer) = world.cen.peers.get_mut(id) {
        if auto_publish && !peer.auto_publish {
            peer.published = until;
        }
        peer.auto_publish = auto_publish;
        peer.bandwidth_type = allotment.kind;
        peer.bandwidth = allotment.mbps;
        peer.package = allotment.package;
        peer.link_type = allotment.link_type;
        if let Some(name) = params.get("TransitRouterAttachmentName") {
            name.clone_into(&mut peer.name);
        }
        if let Some(description) = params.get("TransitRouterAttachmentDescription") {
            description.clone_into(&mut peer.description);
        }
        peer.status = Timed::changing(Status::Changing, until, Status::Up);
    }
    done()
}

pub(super) fn delete(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let id = call.params.required("TransitRouterAttachmentId")?;
    let held = world.cen.peers.get(id).ok_or_else(no_such_attachment)?;
    quiet(world, now, &held.cen)?;
    attached(&held.status, now)?;
    if call.params.flag("Force")? == Some(true) {
        cut(world, id);
    }
    dependents(world, id)?;
    let until = world.settings.latencies.after(now, world.settings.latencies.vpc_detach);
    if let Some(peer) = world.cen.peers.get_mut(id) {
        peer.status = Timed::changing(Status::Going, until, Status::Gone);
    }
    done()
}

/// A connection is listed in the region it was made from only: whether the other side lists it too is not documented
/// (cloud-apis.md section 8, [INF]), so a client has to ask for both.
pub(super) fn list(world: &World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    known_filters(world, params)?;
    let rows = world.cen.peers.values().filter(|peer| {
        is(params.get("CenId"), &peer.cen)
            && is(params.get("RegionId"), &peer.region)
            && is(params.get("TransitRouterId"), &peer.router)
            && is(params.get("TransitRouterAttachmentId"), &peer.id)
            && tags::pass(&peer.tags, params, "Tag")
    });
    let page = by_token(params, Size::strict("MaxResults", 20, 100), rows.collect(), |peer: &&Peer| peer.id.clone())?;
    let rows: Vec<Value> = page.items.iter().map(|peer| json(world, now, peer)).collect();
    Ok(
        json!({"TransitRouterAttachments": rows, "TotalCount": page.total, "MaxResults": page.size, "NextToken": page.next}),
    )
}

fn json(world: &World, now: Timestamp, peer: &Peer) -> Value {
    let span = peer.package.as_ref().and_then(|package| world.cen.packages.get(package)).map(bandwidth::span);
    json!({
        "TransitRouterAttachmentId": peer.id,
        "TransitRouterAttachmentName": peer.name,
        "TransitRouterAttachmentDescription": peer.description,
        "TransitRouterId": peer.router,
        "RegionId": peer.region,
        "PeerTransitRouterId": peer.far_router,
        "PeerTransitRouterRegionId": peer.far_region,
        "PeerTransitRouterOwnerId": account(world),
        "CenId": peer.cen,
        "Status": peer.status.get(now).attachment(),
        "ResourceType": "TR",
        "Bandwidth": peer.bandwidth,
        "BandwidthType": peer.bandwidth_type,
        "CenBandwidthPackageId": peer.package.as_deref().unwrap_or_default(),
        "GeographicSpanId": span.unwrap_or_default(),
        "DefaultLinkType": peer.link_type,
        "AutoPublishRouteEnabled": peer.auto_publish,
        "CreationTime": stamp::minutes(peer.created),
        "Tags": tags::list(&peer.tags),
    })
}
