//! Instances: launched, listed.

use std::collections::{BTreeSet, VecDeque};
use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::lifecycle::{self, State};
use super::{Instance, Interface, groups, stamp};
use crate::call::{Answer, ApiError, Call, Params};
use crate::listing::{Size, by_number, by_token};
use crate::tags::{self, Tags};
use crate::vpc;
use crate::world::World;

/// What a new instance is to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Launch {
    /// Given by a scenario; otherwise it is drawn.
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) region: String,
    pub(crate) switch: String,
    pub(crate) address: Option<Ipv4Addr>,
    pub(crate) groups: Vec<String>,
    pub(crate) instance_type: String,
    pub(crate) image: String,
    pub(crate) web_ports: BTreeSet<u16>,
    pub(crate) tags: Tags,
}

/// Puts an instance into the world, in `state`, with a primary interface; what it does next is the caller's to plan.
///
/// # Errors
/// A vSwitch that is not there or full, an address that is taken.
pub(crate) fn launch(world: &mut World, now: Timestamp, wanted: Launch, state: State) -> Result<String, ApiError> {
    let missing = || ApiError::not_found("InvalidVSwitchId.NotFound", "The specified VSwitchId does not exist.");
    let switch = world.vpc.switches.get(&wanted.switch).ok_or_else(missing)?;
    let (vpc, zone) = (switch.vpc.clone(), switch.zone.clone());
    let id = wanted.id.unwrap_or_else(|| world.ids.next("i-"));
    let interface = format!("eni-{}", id.strip_prefix("i-").unwrap_or(&id));
    let address = vpc::take_address(world, &wanted.switch, wanted.address, &interface)?;
    let mac = super::interfaces::mac(world);
    let primary = Interface {
        id: interface.clone(),
        region: wanted.region.clone(),
        zone: zone.clone(),
        vpc: vpc.clone(),
        switch: wanted.switch.clone(),
        instance: Some(id.clone()),
        primary: true,
        addresses: vec![address],
        groups: wanted.groups,
        mac,
        name: String::new(),
        description: String::new(),
        service_managed: false,
        created: now,
        tags: Tags::new(),
    };
    let instance = Instance {
        id: id.clone(),
        name: if wanted.name.is_empty() { id.clone() } else { wanted.name },
        description: wanted.description,
        region: wanted.region,
        zone,
        vpc,
        switch: wanted.switch,
        interface: interface.clone(),
        secondary: Vec::new(),
        instance_type: wanted.instance_type,
        image: wanted.image,
        state,
        steps: VecDeque::new(),
        web_ports: wanted.web_ports,
        created: now,
        started: (state == State::Running).then_some(now),
        tags: wanted.tags,
    };
    world.ecs.interfaces.insert(interface, primary);
    world.ecs.instances.insert(id.clone(), instance);
    Ok(id)
}

pub(super) fn run(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let missing = || ApiError::not_found("InvalidVSwitchId.NotFound", "The specified VSwitchId does not exist.");
    let switch_id = params.required("VSwitchId")?;
    let switch = world.vpc.switches.get(switch_id).ok_or_else(missing)?;
    if world.vpc.vpcs.get(&switch.vpc).is_none_or(|vpc| vpc.region != call.region) {
        return Err(missing());
    }
    if params.get("ZoneId").is_some_and(|zone| zone != switch.zone) {
        return Err(ApiError::new(
            403,
            "InvalidZoneId.Mismatch",
            "The specified ZoneId does not match the zone of the VSwitch.",
        ));
    }
    let mut wanted_groups = params.list("SecurityGroupIds");
    wanted_groups.extend(params.get("SecurityGroupId").map(str::to_owned));
    if wanted_groups.is_empty() {
        params.required("SecurityGroupId")?;
    }
    for id in &wanted_groups {
        if groups::group_here(world, call, id)?.vpc != switch.vpc {
            return Err(ApiError::new(
                403,
                "InvalidSecurityGroupId.VPCMismatch",
                "The specified security group and the specified virtual switch are not in the same VPC.",
            ));
        }
    }
    let amount: usize = params.parse("Amount")?.unwrap_or(1);
    if !(1..=100).contains(&amount) {
        return Err(ApiError::bad("InvalidAmount.NotSupported", "The specified parameter \"Amount\" is not valid."));
    }
    let address = params.parse("PrivateIpAddress")?;
    if address.is_some() && amount > 1 {
        return Err(ApiError::bad(
            "InvalidParameter.Conflict",
            "PrivateIpAddress can be specified for one instance only.",
        ));
    }
    if switch.available() < amount {
        return Err(ApiError::bad(
            "InvalidVSwitchId.IpNotEnough",
            "The specified VSwitch has not enough IP addresses.",
        ));
    }
    let wanted = Launch {
        id: None,
        name: params.text("InstanceName"),
        description: params.text("Description"),
        region: call.region.clone(),
        switch: switch_id.to_owned(),
        address,
        groups: wanted_groups,
        instance_type: params.get("InstanceType").unwrap_or("ecs.g7.large").to_owned(),
        image: params.get("ImageId").unwrap_or("aliyun_3_x64_20G_alibase.vhd").to_owned(),
        web_ports: BTreeSet::from([80]),
        tags: tags::read(params),
    };
    let pace = world.settings.pace.clone();
    let (starting, running) = (pace.after(now, pace.instance_start.mul_f64(0.4)), pace.after(now, pace.instance_start));
    let mut ids = Vec::new();
    for _ in 0..amount {
        let id = launch(world, now, wanted.clone(), State::Pending)?;
        lifecycle::announce(world, now, &call.region, &id, "Created");
        lifecycle::plan(world, &id, [(starting, State::Starting), (running, State::Running)]);
        ids.push(id);
    }
    let order = world.ids.number() % 1_000_000_000_000;
    Ok(json!({"InstanceIdSets": {"InstanceIdSet": ids}, "OrderId": order.to_string(), "TradePrice": 0.0}))
}

pub(super) fn describe(world: &World, call: &Call) -> Answer {
    let mut rows: Vec<&Instance> = selected(world, call)?.collect();
    if !call.params.objects("Tag").is_empty() {
        // A tag filter stops at 1,000 resources (cloud-apis.md section 11).
        rows.truncate(1000);
    }
    if call.params.get("PageNumber").is_some() || call.params.get("PageSize").is_some() {
        let page = by_number(&call.params, Size::clamped("PageSize", 10, 1, 100), rows)?;
        let rows: Vec<Value> = page.items.iter().map(|instance| json(world, instance)).collect();
        return Ok(
            json!({"Instances": {"Instance": rows}, "TotalCount": page.total, "PageNumber": page.number, "PageSize": page.size, "NextToken": ""}),
        );
    }
    let page = by_token(&call.params, Size::clamped("MaxResults", 10, 10, 100), rows, |instance| instance.id.clone())?;
    let rows: Vec<Value> = page.items.iter().map(|instance| json(world, instance)).collect();
    Ok(
        json!({"Instances": {"Instance": rows}, "TotalCount": page.total, "PageNumber": 1, "PageSize": page.size, "NextToken": page.next}),
    )
}

pub(super) fn describe_status(world: &World, call: &Call) -> Answer {
    let ids = call.params.list("InstanceId");
    let zone = call.params.get("ZoneId");
    let rows = world.ecs.instances.values().filter(|instance| {
        instance.region == call.region
            && (ids.is_empty() || ids.contains(&instance.id))
            && zone.is_none_or(|zone| zone == instance.zone)
    });
    let rows = rows.map(|instance| json!({"InstanceId": instance.id, "Status": instance.state.name()})).collect();
    let page = by_number(&call.params, Size::strict("PageSize", 10, 50), rows)?;
    Ok(
        json!({"InstanceStatuses": {"InstanceStatus": page.items}, "TotalCount": page.total, "PageNumber": page.number, "PageSize": page.size}),
    )
}

/// The instances that pass the filters: unknown ids are passed over without an error.
fn selected<'a>(world: &'a World, call: &'a Call) -> Result<impl Iterator<Item = &'a Instance>, ApiError> {
    let params = &call.params;
    let ids = listed(params, "InstanceIds")?;
    let addresses = listed(params, "PrivateIpAddresses")?;
    if addresses.is_some() && params.get("InstanceNetworkType") != Some("vpc") && params.get("VpcId").is_none() {
        return Err(ApiError::bad("InvalidParameter", "PrivateIpAddresses requires InstanceNetworkType to be vpc."));
    }
    let is = |name: &str, value: &str| params.get(name).is_none_or(|sent| sent == value);
    Ok(world.ecs.instances.values().filter(move |instance| {
        let interface = world.ecs.interfaces.get(&instance.interface);
        let held_addresses = interface.map(|interface| interface.addresses.as_slice()).unwrap_or_default();
        let held_groups = interface.map(|interface| interface.groups.as_slice()).unwrap_or_default();
        instance.region == call.region
            && ids.as_ref().is_none_or(|ids| ids.contains(&instance.id))
            && addresses.as_ref().is_none_or(|sent| held_addresses.iter().any(|held| sent.contains(&held.to_string())))
            && is("VpcId", &instance.vpc)
            && is("VSwitchId", &instance.switch)
            && is("ZoneId", &instance.zone)
            && is("Status", instance.state.name())
            && is("InstanceName", &instance.name)
            && is("InstanceType", &instance.instance_type)
            && is("InstanceNetworkType", "vpc")
            && params.get("SecurityGroupId").is_none_or(|group| held_groups.iter().any(|held| held == group))
            && tags::pass(&instance.tags, params, "Tag")
    }))
}

fn listed(params: &Params, name: &str) -> Result<Option<BTreeSet<String>>, ApiError> {
    let list = params.json_list(name)?;
    if list.as_ref().is_some_and(|list| list.len() > 100) {
        return Err(ApiError::bad(
            format!("InvalidParameter.{name}"),
            format!("The number of {name} exceeds the limit of 100."),
        ));
    }
    Ok(list.map(|list| list.into_iter().collect()))
}

fn json(world: &World, instance: &Instance) -> Value {
    let ids = std::iter::once(&instance.interface).chain(&instance.secondary);
    let interfaces: Vec<&Interface> = ids.filter_map(|id| world.ecs.interfaces.get(id)).collect();
    let primary = interfaces.first();
    let rows: Vec<Value> = interfaces.iter().map(|interface| super::interfaces::brief(interface)).collect();
    json!({
        "InstanceId": instance.id,
        "InstanceName": instance.name,
        "HostName": instance.name,
        "Description": instance.description,
        "RegionId": instance.region,
        "ZoneId": instance.zone,
        "ClusterId": "",
        "Status": instance.state.name(),
        "InstanceType": instance.instance_type,
        "InstanceTypeFamily": instance.instance_type.rsplit_once('.').map(|(family, _)| family).unwrap_or_default(),
        "ImageId": instance.image,
        "Cpu": 2,
        "Memory": 8192,
        "OSType": "linux",
        "InstanceChargeType": "PostPaid",
        "InstanceNetworkType": "vpc",
        "CreationTime": stamp(instance.created),
        "StartTime": instance.started.map(stamp).unwrap_or_default(),
        "DeletionProtection": false,
        "DeviceAvailable": true,
        "StoppedMode": "Not-applicable",
        "ResourceGroupId": "",
        "SecurityGroupIds": {"SecurityGroupId": primary.map(|primary| primary.groups.clone()).unwrap_or_default()},
        "VpcAttributes": {
            "VpcId": instance.vpc,
            "VSwitchId": instance.switch,
            "NatIpAddress": "",
            "PrivateIpAddress": {"IpAddress": primary.and_then(|primary| primary.addresses.first()).into_iter().collect::<Vec<_>>()},
        },
        "NetworkInterfaces": {"NetworkInterface": rows},
        "InnerIpAddress": {"IpAddress": []},
        "PublicIpAddress": {"IpAddress": []},
        "OperationLocks": {"LockReason": []},
        "Tags": {"Tag": tags::ecs_list(&instance.tags)},
    })
}

pub(super) fn regions(world: &World) -> Answer {
    let regions = world.settings.regions.iter().map(|region| {
        json!({"RegionId": region, "LocalName": region, "RegionEndpoint": format!("ecs.{region}.aliyuncs.com"), "Status": "available"})
    });
    Ok(json!({"Regions": {"Region": regions.collect::<Vec<_>>()}}))
}
