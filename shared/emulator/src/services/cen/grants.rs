//! Permission for another account's CEN to attach a VPC of this one.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::checks::{account, is};
use crate::call::{Answer, ApiError, Call, done};
use crate::listing::{Size, by_token};
use crate::state::cen::Grant;
use crate::world::World;

pub(super) fn grant(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let instance = params.required("InstanceId")?;
    let kind = params.required("InstanceType")?;
    let region = params.get("RegionId").unwrap_or(&call.region);
    if kind != "VPC" {
        return Err(ApiError::bad("IllegalParam.InstanceType", "The param of InstanceType is illegal."));
    }
    if world.vpc.vpcs.get(instance).is_none_or(|vpc| vpc.region != region) {
        return Err(ApiError::bad("IllegalParam.InstanceId", "The param of InstanceId is illegal."));
    }
    let grant = Grant {
        instance: instance.to_owned(),
        kind: kind.to_owned(),
        region: region.to_owned(),
        cen: params.required("CenId")?.to_owned(),
        cen_owner: params.parse("CenOwnerId")?.unwrap_or_default(),
        order_type: params.get("OrderType").unwrap_or("PayByCenOwner").to_owned(),
        created: now,
    };
    if !world.cen.grants.iter().any(|held| held.instance == grant.instance && held.cen == grant.cen) {
        world.cen.grants.push(grant);
    }
    done()
}

pub(super) fn revoke(world: &mut World, call: &Call) -> Answer {
    let (instance, cen) = (call.params.required("InstanceId")?, call.params.required("CenId")?);
    if world.cen.vpc_attachments.values().any(|held| held.vpc == instance && held.cen == cen) {
        return Err(ApiError::bad("InvalidOperation.GrantInUse", "The instance is attached to the CEN instance."));
    }
    world.cen.grants.retain(|grant| grant.instance != instance || grant.cen != cen);
    done()
}

pub(super) fn describe(world: &World, call: &Call) -> Answer {
    let params = &call.params;
    let cen = params.required("CenId")?;
    let rows = world.cen.grants.iter().filter(|grant| {
        grant.cen == cen
            && is(params.get("RegionId"), &grant.region)
            && is(params.get("ChildInstanceId"), &grant.instance)
    });
    let page =
        by_token(params, Size::strict("MaxResults", 20, 100), rows.collect(), |grant: &&Grant| grant.instance.clone())?;
    let rows: Vec<Value> = page
        .items
        .iter()
        .map(|grant| {
            json!({
                "CenId": grant.cen,
                "CenOwnerId": grant.cen_owner,
                "ChildInstanceId": grant.instance,
                "ChildInstanceOwnerId": account(world),
                "ChildInstanceRegionId": grant.region,
                "ChildInstanceType": grant.kind,
                "CreateTime": grant.created.as_millisecond(),
                "EffectiveOrderType": grant.order_type,
                "OrderType": grant.order_type,
            })
        })
        .collect();
    Ok(
        json!({"GrantRules": {"GrantRule": rows}, "TotalCount": page.total, "MaxResults": page.size, "NextToken": page.next}),
    )
}
