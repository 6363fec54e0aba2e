//! CEN instances.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::checks::{cen, quiet};
use crate::call::{Answer, ApiError, Call, done};
use crate::listing::{Size, by_number};
use crate::state::cen::{CenInstance, Status};
use crate::time::Timed;
use crate::world::World;
use crate::{stamp, tags};

/// The service is open in this account: opening it costs money, so no stage ever does.
pub(super) fn check_service(world: &World) -> Answer {
    let open = !world.account.service_closed;
    Ok(json!({"Enabled": open.to_string()}))
}

pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let id = world.ids.next("cen-");
    let at = world.settings.latencies.after(now, world.settings.latencies.network_create);
    let instance = CenInstance {
        id: id.clone(),
        name: call.params.text("Name"),
        description: call.params.text("Description"),
        protection: call.params.get("ProtectionLevel").unwrap_or("REDUCED").to_owned(),
        status: Timed::changing(Status::Coming, at, Status::Up),
        created: now,
        tags: tags::read(&call.params),
    };
    world.cen.instances.insert(id.clone(), instance);
    Ok(json!({"CenId": id}))
}

pub(super) fn delete(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let id = cen(world, call.params.required("CenId")?)?.id.clone();
    quiet(world, now, &id)?;
    if world.cen.routers.values().any(|router| router.cen == id) {
        return Err(ApiError::bad(
            "InvalidOperation.CenInstanceStatus",
            "Not allowed to delete the CEN instance because transit routers exist in it.",
        ));
    }
    if world.cen.packages.values().any(|package| package.cen.as_ref() == Some(&id)) {
        return Err(ApiError::bad(
            "InvalidOperation.BandwidthPackageExist",
            "Not allowed to delete the CEN instance because bandwidth packages are associated with it.",
        ));
    }
    let until = world.settings.latencies.after(now, world.settings.latencies.network_create);
    if let Some(instance) = world.cen.instances.get_mut(&id) {
        instance.status = Timed::changing(Status::Going, until, Status::Gone);
    }
    done()
}

pub(super) fn describe(world: &World, now: Timestamp, call: &Call) -> Answer {
    let filters = call.params.objects("Filter");
    let rows = world.cen.instances.values().filter(|instance| {
        tags::pass(&instance.tags, &call.params, "Tag")
            && filters.iter().all(|filter| {
                let values = filter.list("Value");
                let held = match filter.get("Key") {
                    Some("CenId") => instance.id.as_str(),
                    Some("Name") => instance.name.as_str(),
                    _ => return true,
                };
                values.iter().any(|value| value == held)
            })
    });
    let rows: Vec<Value> = rows
        .map(|instance| {
            let packages = world.cen.packages.values().filter(|package| package.cen.as_ref() == Some(&instance.id));
            json!({
                "CenId": instance.id,
                "Name": instance.name,
                "Description": instance.description,
                "Status": instance.status.get(now).resource(),
                "ProtectionLevel": instance.protection,
                "Ipv6Level": "DISABLED",
                "ResourceGroupId": "",
                "CreationTime": stamp::minutes(instance.created),
                "CenBandwidthPackageIds": {"CenBandwidthPackageId": packages.map(|package| package.id.clone()).collect::<Vec<_>>()},
                "Tags": {"Tag": tags::list(&instance.tags)},
            })
        })
        .collect();
    let page = by_number(&call.params, Size::strict("PageSize", 10, 50), rows)?;
    Ok(json!({"Cens": {"Cen": page.items}, "TotalCount": page.total, "PageNumber": page.number, "PageSize": page.size}))
}
