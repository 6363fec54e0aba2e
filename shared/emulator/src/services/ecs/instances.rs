//! Instances: launched, listed.

use std::collections::{BTreeSet, VecDeque};
use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::instance_rows::{Each, Field, Row};
use super::{groups, lifecycle};
use crate::call::{Answer, ApiError, Body, Call, Params};
use crate::listing::{Page, Size, by_number, numbered, tokened};
use crate::platform::interfaces::mac;
use crate::state::ecs::{Instance, Interface, State};
use crate::tags::{self, Tags};
use crate::world::World;

/// What a new instance is to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Launch {
    /// Given by a scenario; otherwise generated.
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
    pub(crate) web_paths: Option<BTreeSet<String>>,
    pub(crate) tags: Tags,
}

/// Creates an instance, in `state`, with a primary interface. The caller plans its next transitions.
///
/// # Errors
/// A vSwitch that is not there or full, an address that is taken.
pub(crate) fn launch(world: &mut World, now: Timestamp, wanted: Launch, state: State) -> Result<String, ApiError> {
    let missing = || ApiError::not_found("InvalidVSwitchId.NotFound", "The specified VSwitchId does not exist.");
    let switch = world.vpc.switches.get(&wanted.switch).ok_or_else(missing)?;
    let (vpc, zone) = (switch.vpc.clone(), switch.zone.clone());
    let id = wanted.id.unwrap_or_else(|| world.ids.next("i-"));
    let interface = format!("eni-{}", id.strip_prefix("i-").unwrap_or(&id));
    let address = world.vpc.take_address(&wanted.switch, wanted.address, &interface)?;
    let mac = mac(world);
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
        web_paths: wanted.web_paths,
        created: now,
        started: (state == State::Running).then_some(now),
        tags: wanted.tags,
    };
    world.ecs.interfaces.insert(interface, primary);
    world.ecs.instances.insert(instance);
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
        web_paths: None,
        tags: tags::read(params),
    };
    let latencies = world.settings.latencies.clone();
    let (starting, running) =
        (latencies.after(now, latencies.instance_start.mul_f64(0.4)), latencies.after(now, latencies.instance_start));
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

pub(super) fn describe(world: &World, call: &Call) -> Result<Body, ApiError> {
    let params = &call.params;
    let filter = Filter::read(params)?;
    let everything = world.ecs.instances.of_region(&call.region);
    let page = if filter.is_open() {
        page_of(params, everything)?
    } else {
        let mut ids: Vec<&str> = filter.select(world, call).map(|instance| instance.id.as_str()).collect();
        if filter.has_tags() {
            // A tag filter stops at 1,000 resources (cloud-apis.md section 11).
            ids.truncate(1000);
        }
        page_of(params, &ids)?
    };
    let rows = || page.items.iter().filter_map(|id| Some(Row { world, instance: world.ecs.instances.get(id)? }));
    let listing = Listing {
        instances: Field("Instance", Each(rows)),
        total_count: page.total,
        page_number: page.number,
        page_size: page.size,
        next_token: &page.next,
    };
    Body::text(&listing, ROW * (page.items.len() + 1))
}

/// More bytes than a row of `DescribeInstances` has, tags aside.
const ROW: usize = 1536;

/// The answer of `DescribeInstances`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listing<'a, T: Serialize> {
    instances: T,
    total_count: usize,
    page_number: usize,
    page_size: usize,
    next_token: &'a str,
}

/// A page by number where the request names one or its size, by token otherwise.
fn page_of<K: AsRef<str>>(params: &Params, ids: &[K]) -> Result<Page<String>, ApiError> {
    if params.get("PageNumber").is_some() || params.get("PageSize").is_some() {
        numbered(params, Size::clamped("PageSize", 10, 1, 100), ids)
    } else {
        tokened(params, Size::clamped("MaxResults", 10, 10, 100), ids)
    }
}

pub(super) fn describe_status(world: &World, call: &Call) -> Answer {
    let wanted: BTreeSet<String> = call.params.list("InstanceId").into_iter().collect();
    let zone = call.params.get("ZoneId");
    let instances = world.ecs.instances.of_region(&call.region).iter().filter_map(|id| world.ecs.instances.get(id));
    let rows = instances.filter(|instance| {
        (wanted.is_empty() || wanted.contains(&instance.id)) && zone.is_none_or(|zone| zone == instance.zone)
    });
    let page = by_number(&call.params, Size::strict("PageSize", 10, 50), rows.collect())?;
    let rows = page.items.iter().map(|row| json!({"InstanceId": row.id, "Status": row.state.name()}));
    Ok(
        json!({"InstanceStatuses": {"InstanceStatus": rows.collect::<Vec<_>>()}, "TotalCount": page.total, "PageNumber": page.number, "PageSize": page.size}),
    )
}

/// A field that a filter names.
type Text = fn(&Instance) -> &str;

/// The filters of a listing, read once.
struct Filter<'p> {
    ids: Option<BTreeSet<String>>,
    addresses: Option<BTreeSet<String>>,
    /// What a field must be.
    fields: Vec<(Text, &'p str)>,
    group: Option<&'p str>,
    tags: tags::Filter<'p>,
}

impl<'p> Filter<'p> {
    fn read(params: &'p Params) -> Result<Self, ApiError> {
        const FIELDS: [(&str, Text); 7] = [
            ("VpcId", |instance| &instance.vpc),
            ("VSwitchId", |instance| &instance.switch),
            ("ZoneId", |instance| &instance.zone),
            ("Status", |instance| instance.state.name()),
            ("InstanceName", |instance| &instance.name),
            ("InstanceType", |instance| &instance.instance_type),
            ("InstanceNetworkType", |_| "vpc"),
        ];
        let addresses = listed(params, "PrivateIpAddresses")?;
        if addresses.is_some() && params.get("InstanceNetworkType") != Some("vpc") && params.get("VpcId").is_none() {
            return Err(ApiError::bad(
                "InvalidParameter",
                "PrivateIpAddresses requires InstanceNetworkType to be vpc.",
            ));
        }
        Ok(Self {
            ids: listed(params, "InstanceIds")?,
            addresses,
            fields: FIELDS.into_iter().filter_map(|(name, field)| Some((field, params.get(name)?))).collect(),
            group: params.get("SecurityGroupId"),
            tags: tags::Filter::read(params, "Tag"),
        })
    }

    /// Whether everything passes.
    fn is_open(&self) -> bool {
        let without_lists = self.ids.is_none() && self.addresses.is_none() && self.group.is_none();
        without_lists && self.fields.is_empty() && self.tags.is_open()
    }

    fn has_tags(&self) -> bool {
        !self.tags.is_open()
    }

    /// The instances that pass, in the order of their ids: unknown ids are passed over without an error.
    fn select<'a>(&'a self, world: &'a World, call: &'a Call) -> impl Iterator<Item = &'a Instance> {
        let fleet = &world.ecs.instances;
        let named = self.ids.iter().flatten();
        let all = if self.ids.is_none() { fleet.of_region(&call.region) } else { &[] };
        let instances = named.chain(all).filter_map(|id| fleet.get(id));
        instances.filter(|instance| instance.region == call.region && self.passes(world, instance))
    }

    fn passes(&self, world: &World, instance: &Instance) -> bool {
        let fields = self.fields.iter().all(|(field, sent)| field(instance) == *sent);
        let interface = || world.ecs.interfaces.get(&instance.interface);
        let at_address = |sent: &BTreeSet<String>| {
            interface().is_some_and(|held| held.addresses.iter().any(|address| sent.contains(&address.to_string())))
        };
        let in_group = |group: &str| interface().is_some_and(|held| held.groups.iter().any(|held| held == group));
        fields
            && self.tags.passes(&instance.tags)
            && self.group.is_none_or(in_group)
            && self.addresses.as_ref().is_none_or(at_address)
    }
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

pub(super) fn regions(world: &World) -> Answer {
    let regions = world.settings.regions.iter().map(|region| {
        json!({"RegionId": region, "LocalName": region, "RegionEndpoint": format!("ecs.{region}.aliyuncs.com"), "Status": "available"})
    });
    Ok(json!({"Regions": {"Region": regions.collect::<Vec<_>>()}}))
}
