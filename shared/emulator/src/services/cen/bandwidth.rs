//! Bandwidth plans, and how much of one is still free.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::checks::cen;
use crate::call::{Answer, ApiError, Call, done};
use crate::listing::{Size, by_number};
use crate::state::cen::{Package, Peer};
use crate::world::World;
use crate::{stamp, tags};

/// The two areas of a plan and how a span of them is called.
pub(super) fn span(package: &Package) -> String {
    let word = |area: &str| area.to_ascii_lowercase();
    format!("{}_{}", word(&package.areas.0), word(&package.areas.1))
}

/// The connections that draw on a plan.
fn drawing<'a>(world: &'a World, package: &'a str) -> impl Iterator<Item = &'a Peer> {
    world.cen.peers.values().filter(move |peer| peer.package.as_deref() == Some(package))
}

/// Refuses a connection that needs more than the plan has left, not counting the connection `except`.
///
/// # Errors
/// `InvalidOperation.BwpNotAssociated`, `InvalidOperation.BwpBandwidthExceeded`, `IllegalParam.CenBandwidthPackageId`.
pub(super) fn reserve(world: &World, cen: &str, id: &str, mbps: u32, except: Option<&str>) -> Result<(), ApiError> {
    let illegal =
        || ApiError::bad("IllegalParam.CenBandwidthPackageId", "The param of CenBandwidthPackageId is illegal.");
    let package = world.cen.packages.get(id).ok_or_else(illegal)?;
    if package.cen.as_deref() != Some(cen) {
        return Err(ApiError::bad(
            "InvalidOperation.BwpNotAssociated",
            "The bandwidth package is not associated with the CEN instance.",
        ));
    }
    if world.account.package_status(id) != "Normal" {
        return Err(ApiError::bad(
            "InvalidOperation.BwpBusinessStatus",
            "The business status of the bandwidth package does not support this operation.",
        ));
    }
    let drawn: u32 =
        drawing(world, id).filter(|peer| Some(peer.id.as_str()) != except).map(|peer| peer.bandwidth).sum();
    if drawn.saturating_add(mbps) > package.bandwidth {
        return Err(ApiError::bad(
            "InvalidOperation.BwpBandwidthExceeded",
            "The bandwidth exceeds the remaining bandwidth of the bandwidth package.",
        ));
    }
    Ok(())
}

pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let bandwidth = params.parse("Bandwidth")?.filter(|mbps| (2..=10_000).contains(mbps));
    let bandwidth =
        bandwidth.ok_or_else(|| ApiError::bad("IllegalParam.Bandwidth", "The param of Bandwidth is illegal."))?;
    let charge_type = params.get("BandwidthPackageChargeType").unwrap_or("PREPAY");
    if charge_type == "PREPAY" && params.parse::<u32>("Period")?.is_none() {
        return Err(ApiError::bad("MissingParam.Period", "The parameter Period is mandatory."));
    }
    let areas =
        (params.required("GeographicRegionAId")?.to_owned(), params.required("GeographicRegionBId")?.to_owned());
    let id = world.ids.next("cenbwp-");
    let package = Package {
        id: id.clone(),
        name: params.text("Name"),
        description: params.text("Description"),
        bandwidth,
        areas,
        charge_type: charge_type.to_owned(),
        cen: None,
        created: now,
        tags: tags::read(params),
    };
    world.cen.packages.insert(id.clone(), package);
    Ok(
        json!({"CenBandwidthPackageId": id, "CenBandwidthPackageOrderId": (world.ids.number() % 1_000_000_000).to_string()}),
    )
}

pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let package = package(world, call)?;
    if package.cen.is_some() {
        return Err(ApiError::bad(
            "InvalidOperation.BandwidthPackageInUse",
            "The bandwidth package is associated with a CEN instance.",
        ));
    }
    let id = package.id.clone();
    world.cen.packages.remove(&id);
    done()
}

pub(super) fn associate(world: &mut World, call: &Call) -> Answer {
    let cen = cen(world, call.params.required("CenId")?)?.id.clone();
    let package = package(world, call)?;
    if package.cen.as_ref().is_some_and(|held| *held != cen) {
        return Err(ApiError::bad(
            "InvalidOperation.BandwidthPackageInUse",
            "The bandwidth package is associated with another CEN instance.",
        ));
    }
    let id = package.id.clone();
    if let Some(package) = world.cen.packages.get_mut(&id) {
        package.cen = Some(cen);
    }
    done()
}

pub(super) fn unassociate(world: &mut World, call: &Call) -> Answer {
    let id = package(world, call)?.id.clone();
    if drawing(world, &id).next().is_some() {
        return Err(ApiError::bad(
            "InvalidOperation.BandwidthLimitExist",
            "Bandwidth is still allocated from the bandwidth package.",
        ));
    }
    if let Some(package) = world.cen.packages.get_mut(&id) {
        package.cen = None;
    }
    done()
}

fn package<'a>(world: &'a World, call: &Call) -> Result<&'a Package, ApiError> {
    let missing = || ApiError::bad("ParameterCenBandwidthPackageId", "The specified bandwidth package does not exist.");
    world.cen.packages.get(call.params.required("CenBandwidthPackageId")?).ok_or_else(missing)
}

pub(super) fn describe(world: &World, now: Timestamp, call: &Call) -> Answer {
    let filters = call.params.objects("Filter");
    let any = call.params.flag("IsOrKey")? == Some(true) && !filters.is_empty();
    let rows = world.cen.packages.values().filter(|package| {
        let status = status(package);
        let held = |key: &str| match key {
            "CenId" => Some(package.cen.clone().unwrap_or_default()),
            "Status" => Some(status.to_owned()),
            "CenBandwidthPackageId" => Some(package.id.clone()),
            "Name" => Some(package.name.clone()),
            _ => None,
        };
        let mut passes = filters.iter().map(|filter| {
            let values = filter.list("Value");
            held(&filter.text("Key")).is_none_or(|held| values.contains(&held))
        });
        tags::pass(&package.tags, &call.params, "Tag")
            && if any { passes.any(|pass| pass) } else { passes.all(|pass| pass) }
    });
    let rows: Vec<Value> = rows.map(|package| json(world, now, package)).collect();
    let page = by_number(&call.params, Size::strict("PageSize", 10, 50), rows)?;
    Ok(
        json!({"CenBandwidthPackages": {"CenBandwidthPackage": page.items}, "TotalCount": page.total, "PageNumber": page.number, "PageSize": page.size}),
    )
}

const fn status(package: &Package) -> &'static str {
    if package.cen.is_some() { "InUse" } else { "Idle" }
}

fn json(world: &World, now: Timestamp, package: &Package) -> Value {
    let span = span(package);
    let limits = drawing(world, &package.id).map(|peer| {
        json!({
            "LocalRegionId": peer.region,
            "OppositeRegionId": peer.far_region,
            "BandwidthLimit": peer.bandwidth.to_string(),
            "GeographicSpanId": span,
        })
    });
    let expires = package.created.max(now).checked_add(SignedDuration::from_hours(24 * 30)).unwrap_or(Timestamp::MAX);
    json!({
        "CenBandwidthPackageId": package.id,
        "Name": package.name,
        "Description": package.description,
        "Bandwidth": package.bandwidth,
        "BandwidthPackageChargeType": package.charge_type,
        "Status": status(package),
        "BusinessStatus": world.account.package_status(&package.id),
        "GeographicRegionAId": package.areas.0,
        "GeographicRegionBId": package.areas.1,
        "GeographicSpanId": span,
        "IsCrossBorder": package.areas.0 != package.areas.1,
        "CenIds": {"CenId": package.cen.iter().collect::<Vec<_>>()},
        "OrginInterRegionBandwidthLimits": {"OrginInterRegionBandwidthLimit": limits.collect::<Vec<_>>()},
        "CreationTime": stamp::minutes(package.created),
        "ExpiredTime": stamp::minutes(expires),
        "HasReservationData": "false",
        "ReservationActiveTime": "",
        "ReservationBandwidth": "",
        "ReservationInternetChargeType": "",
        "ReservationOrderType": "",
        "ResourceGroupId": "",
        "Tags": {"Tag": tags::list(&package.tags)},
    })
}
