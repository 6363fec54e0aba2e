//! Elastic network interfaces, and the addresses on them.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Interface, lifecycle, stamp};
use crate::call::{Answer, ApiError, Call};
use crate::listing::{Size, by_token};
use crate::tags::{self, Tags};
use crate::world::{World, done};
use crate::{events, vpc};

pub(super) fn mac(world: &mut World) -> String {
    let [.., a, b, c] = world.ids.number().to_be_bytes();
    format!("00:16:3e:{a:02x}:{b:02x}:{c:02x}")
}

/// The interface that a transit router's attachment keeps in one vSwitch.
///
/// # Errors
/// When the vSwitch is not there or full.
pub(crate) fn make_service_interface(
    world: &mut World,
    now: Timestamp,
    switch: &str,
    attachment: &str,
) -> Result<String, ApiError> {
    let id = world.ids.next("eni-");
    let address = vpc::take_address(world, switch, None, &id)?;
    let mac = mac(world);
    let (vpc, zone) =
        world.vpc.switches.get(switch).map(|held| (held.vpc.clone(), held.zone.clone())).unwrap_or_default();
    let region = world.vpc.vpcs.get(&vpc).map(|held| held.region.clone()).unwrap_or_default();
    let interface = Interface {
        id: id.clone(),
        region,
        zone,
        vpc,
        switch: switch.to_owned(),
        instance: None,
        primary: false,
        addresses: vec![address],
        groups: Vec::new(),
        mac,
        name: String::new(),
        description: format!("Created by the transit router attachment {attachment}"),
        service_managed: true,
        created: now,
        tags: Tags::new(),
    };
    world.ecs.interfaces.insert(id.clone(), interface);
    Ok(id)
}

/// Removes an interface and gives its addresses back.
pub(crate) fn drop_interface(world: &mut World, id: &str) {
    if let Some(interface) = world.ecs.interfaces.remove(id) {
        vpc::release_addresses(world, &interface.switch, id);
    }
}

/// Gives an instance an interface beside its primary one, with security groups of its own. No action that the table of
/// calls knows makes one, so this is for scenarios.
///
/// # Errors
/// When the instance or vSwitch is not there, or the address is taken.
pub(crate) fn attach_secondary(
    world: &mut World,
    now: Timestamp,
    instance: &str,
    id: &str,
    switch: &str,
    address: Option<Ipv4Addr>,
    groups: Vec<String>,
) -> Result<(), ApiError> {
    let missing = || ApiError::not_found("InvalidInstanceId.NotFound", "The specified InstanceId does not exist.");
    let held = world.ecs.instances.get(instance).ok_or_else(missing)?;
    let (region, zone, vpc) = (held.region.clone(), held.zone.clone(), held.vpc.clone());
    if world.vpc.switches.get(switch).is_none_or(|switch| switch.vpc != vpc || switch.zone != zone) {
        return Err(ApiError::bad(
            "InvalidVSwitchId.Mismatch",
            "The VSwitch is not in the VPC and zone of the instance.",
        ));
    }
    let address = vpc::take_address(world, switch, address, id)?;
    let mac = mac(world);
    let interface = Interface {
        id: id.to_owned(),
        region,
        zone,
        vpc,
        switch: switch.to_owned(),
        instance: Some(instance.to_owned()),
        primary: false,
        addresses: vec![address],
        groups,
        mac,
        name: String::new(),
        description: String::new(),
        service_managed: false,
        created: now,
        tags: Tags::new(),
    };
    world.ecs.interfaces.insert(id.to_owned(), interface);
    if let Some(held) = world.ecs.instances.get_mut(instance) {
        held.secondary.push(id.to_owned());
    }
    Ok(())
}

const fn kind(interface: &Interface) -> &'static str {
    if interface.primary { "Primary" } else { "Secondary" }
}

fn addresses(interface: &Interface) -> Vec<Value> {
    let rows = interface.addresses.iter().enumerate();
    rows.map(|(index, address)| json!({"PrivateIpAddress": address, "Primary": index == 0, "PrivateDnsName": ""}))
        .collect()
}

/// An interface as `DescribeInstances` shows it.
pub(super) fn brief(interface: &Interface) -> Value {
    json!({
        "NetworkInterfaceId": interface.id,
        "Type": kind(interface),
        "MacAddress": interface.mac,
        "PrimaryIpAddress": interface.addresses.first(),
        "PrivateIpSets": {"PrivateIpSet": addresses(interface)},
        "Ipv6Sets": {"Ipv6Set": []},
        "Ipv4PrefixSets": {"Ipv4PrefixSet": []},
        "Ipv6PrefixSets": {"Ipv6PrefixSet": []},
    })
}

pub(super) fn describe(world: &World, call: &Call) -> Answer {
    let params = &call.params;
    let ids = params.list("NetworkInterfaceId");
    let sent = params.list("PrivateIpAddress");
    let managed = params.flag("ServiceManaged")?;
    let is = |name: &str, value: &str| params.get(name).is_none_or(|sent| sent == value);
    let rows = world.ecs.interfaces.values().filter(|interface| {
        interface.region == call.region
            && (ids.is_empty() || ids.contains(&interface.id))
            && (sent.is_empty() || interface.addresses.iter().any(|address| sent.contains(&address.to_string())))
            && managed.is_none_or(|managed| managed == interface.service_managed)
            && is("InstanceId", interface.instance.as_deref().unwrap_or_default())
            && is("Type", kind(interface))
            && is("VpcId", &interface.vpc)
            && is("VSwitchId", &interface.switch)
            && is("Status", "InUse")
            && is("NetworkInterfaceName", &interface.name)
            && is("PrimaryIpAddress", &interface.addresses.first().map(ToString::to_string).unwrap_or_default())
            && params.get("SecurityGroupId").is_none_or(|group| interface.groups.iter().any(|held| held == group))
            && tags::pass(&interface.tags, params, "Tag")
    });
    let page = by_token(params, Size::clamped("MaxResults", 50, 10, 500), rows.collect(), |interface: &&Interface| {
        interface.id.clone()
    })?;
    let rows: Vec<Value> = page.items.iter().map(|interface| json(world, interface)).collect();
    Ok(
        json!({"NetworkInterfaceSets": {"NetworkInterfaceSet": rows}, "TotalCount": page.total, "PageNumber": 1, "PageSize": page.size, "NextToken": page.next}),
    )
}

fn json(world: &World, interface: &Interface) -> Value {
    let instance = interface.instance.as_deref().unwrap_or_default();
    json!({
        "NetworkInterfaceId": interface.id,
        "NetworkInterfaceName": interface.name,
        "Description": interface.description,
        "Type": kind(interface),
        "Status": "InUse",
        "InstanceId": instance,
        "Attachment": {"InstanceId": instance, "DeviceIndex": u8::from(!interface.primary), "NetworkCardIndex": 0, "TrunkNetworkInterfaceId": ""},
        "MacAddress": interface.mac,
        "PrivateIpAddress": interface.addresses.first(),
        "PrivateIpSets": {"PrivateIpSet": addresses(interface)},
        "Ipv6Sets": {"Ipv6Set": []},
        "Ipv4PrefixSets": {"Ipv4PrefixSet": []},
        "Ipv6PrefixSets": {"Ipv6PrefixSet": []},
        "SecurityGroupIds": {"SecurityGroupId": interface.groups},
        "VpcId": interface.vpc,
        "VSwitchId": interface.switch,
        "ZoneId": interface.zone,
        "OwnerId": world.settings.account_id,
        "ServiceManaged": interface.service_managed,
        "ServiceID": 0,
        "SourceDestCheck": true,
        "QueueNumber": 2,
        "QueuePairNumber": 0,
        "DeleteOnRelease": true,
        "ResourceGroupId": "",
        "NetworkInterfaceTrafficMode": "Standard",
        "CreationTime": stamp(interface.created),
        "Tags": {"Tag": tags::ecs_list(&interface.tags)},
    })
}

pub(super) fn assign(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let interface = interface_here(world, call)?;
    let (id, switch) = (interface.id.clone(), interface.switch.clone());
    let mut wanted: Vec<Option<Ipv4Addr>> = Vec::new();
    for address in call.params.list("PrivateIpAddress") {
        wanted.push(Some(address.parse().map_err(|_| malformed())?));
    }
    if wanted.is_empty() {
        let count: usize = call.params.parse("SecondaryPrivateIpAddressCount")?.unwrap_or(0);
        if !(1..=49).contains(&count) {
            return Err(ApiError::bad(
                "InvalidParameter",
                "The specified parameter \"SecondaryPrivateIpAddressCount\" is not valid.",
            ));
        }
        wanted.resize(count, None);
    }
    let mut assigned: Vec<Ipv4Addr> = Vec::new();
    for address in wanted {
        match vpc::take_address(world, &switch, address, &id) {
            Ok(address) => assigned.push(address),
            Err(error) => {
                // All or nothing.
                assigned.iter().for_each(|address| vpc::release_address(world, &switch, *address));
                return Err(error);
            }
        }
    }
    if let Some(interface) = world.ecs.interfaces.get_mut(&id) {
        interface.addresses.extend(&assigned);
    }
    announce(world, now, &id, "PrivateIPAssigned", &assigned);
    Ok(json!({"AssignedPrivateIpAddressesSet": {
        "NetworkInterfaceId": id,
        "PrivateIpSet": {"PrivateIpAddress": assigned},
        "Ipv4PrefixSet": {"Ipv4Prefixes": []},
    }}))
}

pub(super) fn unassign(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let interface = interface_here(world, call)?;
    let (id, switch) = (interface.id.clone(), interface.switch.clone());
    let mut removed: Vec<Ipv4Addr> = Vec::new();
    for address in call.params.list("PrivateIpAddress") {
        let address = address.parse().map_err(|_| malformed())?;
        if interface.addresses.first() == Some(&address) || !interface.addresses.contains(&address) {
            return Err(ApiError::bad(
                "InvalidPrivateIpAddress.NotFound",
                "The specified private IP address is not a secondary one of the network interface.",
            ));
        }
        removed.push(address);
    }
    for address in &removed {
        vpc::release_address(world, &switch, *address);
    }
    if let Some(interface) = world.ecs.interfaces.get_mut(&id) {
        interface.addresses.retain(|address| !removed.contains(address));
    }
    announce(world, now, &id, "PrivateIPUnassigned", &removed);
    done()
}

/// `ecs:NetworkInterface:PrivateIPAssigned` and `...Unassigned`. The shape of their data is not documented: the ids and
/// addresses are there, so that a reader has to look them up.
fn announce(world: &mut World, now: Timestamp, id: &str, what: &str, addresses: &[Ipv4Addr]) {
    let Some(interface) = world.ecs.interfaces.get(id) else { return };
    let region = interface.region.clone();
    let data = json!({"networkInterfaceId": id, "instanceId": interface.instance, "privateIpAddresses": addresses});
    let subject = lifecycle::subject(world, &region, "eni", id);
    events::publish(world, now, &region, "acs.ecs", &format!("ecs:NetworkInterface:{what}"), &subject, data);
}

fn malformed() -> ApiError {
    ApiError::bad("InvalidPrivateIpAddress.Malformed", "The specified private IP address is malformed.")
}

fn interface_here<'a>(world: &'a World, call: &Call) -> Result<&'a Interface, ApiError> {
    let id = call.params.required("NetworkInterfaceId")?;
    let missing = || ApiError::not_found("InvalidEniId.NotFound", "The specified NetworkInterfaceId does not exist.");
    let held = world.ecs.interfaces.get(id).filter(|interface| interface.region == call.region).ok_or_else(missing)?;
    if held.service_managed {
        return Err(ApiError::new(
            403,
            "InvalidOperation.EniServiceManaged",
            "The specified network interface is managed by a cloud service.",
        ));
    }
    Ok(held)
}
