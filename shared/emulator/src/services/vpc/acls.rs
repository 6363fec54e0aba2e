//! Network ACLs: stateless lists of rules in front of vSwitches, the first match decides.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::checks::{owner, vpc_here};
use crate::call::{Answer, ApiError, Call, Params, done};
use crate::listing::{Size, by_number};
use crate::state::vpc::{AclEntry, AclPolicy, NetworkAcl, no_such_switch};
use crate::world::World;
use crate::{stamp, tags};

impl AclEntry {
    fn json(&self, end: &str) -> Value {
        let ports = self.ports.map_or_else(|| "-1/-1".to_owned(), |(first, last)| format!("{first}/{last}"));
        json!({
            "NetworkAclEntryId": self.id,
            "NetworkAclEntryName": self.name,
            "Description": self.description,
            "Policy": match self.policy { AclPolicy::Accept => "accept", AclPolicy::Drop => "drop" },
            "Protocol": self.protocol,
            "Port": ports,
            end: self.peer.to_string(),
            "EntryType": "custom",
            "IpVersion": "IPV4",
        })
    }
}

pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let vpc = vpc_here(world, call, params.required("VpcId")?)?.id.clone();
    let id = world.ids.next("nacl-");
    let mut everything = || AclEntry {
        id: world.ids.next("nae-"),
        name: String::new(),
        description: String::new(),
        policy: AclPolicy::Accept,
        protocol: "all".to_owned(),
        ports: None,
        peer: Ipv4Net::default(),
    };
    let acl = NetworkAcl {
        id: id.clone(),
        vpc,
        region: call.region.clone(),
        name: params.text("NetworkAclName"),
        description: params.text("Description"),
        ingress: vec![everything()],
        egress: vec![everything()],
        created: now,
        tags: tags::read(params),
    };
    let mut attribute = json(world, &acl);
    // This answer has fewer fields than the descriptions.
    for (list, entry) in [("IngressAclEntries", "IngressAclEntry"), ("EgressAclEntries", "EgressAclEntry")] {
        let rows = attribute.get_mut(list).and_then(|list| list.get_mut(entry)).and_then(Value::as_array_mut);
        rows.into_iter().flatten().for_each(|row| drop_fields(row, &["EntryType", "IpVersion"]));
    }
    drop_fields(&mut attribute, &["OwnerId", "Tags"]);
    world.vpc.acls.insert(id.clone(), acl);
    Ok(json!({"NetworkAclId": id, "NetworkAclAttribute": attribute}))
}

fn drop_fields(row: &mut Value, fields: &[&str]) {
    if let Value::Object(row) = row {
        row.retain(|field, _| !fields.contains(&field.as_str()));
    }
}

fn acl_here<'a>(world: &'a World, call: &Call) -> Result<&'a NetworkAcl, ApiError> {
    let id = call.params.required("NetworkAclId")?;
    let missing = || ApiError::bad("InvalidNetworkAcl.NotFound", "The specified network ACL does not exist.");
    world.vpc.acls.get(id).filter(|acl| acl.region == call.region).ok_or_else(missing)
}

pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let id = acl_here(world, call)?.id.clone();
    if world.vpc.switches.values().any(|switch| switch.acl.as_ref() == Some(&id)) {
        return Err(ApiError::bad("NetworkAclExistBinding", "The network ACL is associated with a VSwitch."));
    }
    world.vpc.acls.remove(&id);
    done()
}

pub(super) fn describe(world: &World, call: &Call) -> Answer {
    let params = &call.params;
    let is = |name: &str, value: &str| params.get(name).is_none_or(|sent| sent == value);
    let rows = world.vpc.acls.values().filter(|acl| {
        let bound = |id: &str| world.vpc.switches.get(id).is_some_and(|switch| switch.acl.as_ref() == Some(&acl.id));
        acl.region == call.region
            && is("VpcId", &acl.vpc)
            && is("NetworkAclId", &acl.id)
            && is("NetworkAclName", &acl.name)
            && params.get("ResourceId").is_none_or(bound)
            && tags::pass(&acl.tags, params, "Tags")
    });
    let rows: Vec<Value> = rows.map(|acl| json(world, acl)).collect();
    let page = by_number(params, Size::strict("PageSize", 10, 50), rows)?;
    // This action returns its numbers as strings.
    Ok(json!({
        "NetworkAcls": {"NetworkAcl": page.items},
        "TotalCount": page.total.to_string(),
        "PageNumber": page.number.to_string(),
        "PageSize": page.size.to_string(),
    }))
}

pub(super) fn attributes(world: &World, call: &Call) -> Answer {
    Ok(json!({"NetworkAclAttribute": json(world, acl_here(world, call)?)}))
}

fn json(world: &World, acl: &NetworkAcl) -> Value {
    let bound = world.vpc.switches.values().filter(|switch| switch.acl.as_ref() == Some(&acl.id));
    let resources = bound.map(|switch| json!({"ResourceId": switch.id, "ResourceType": "VSwitch", "Status": "BINDED"}));
    json!({
        "NetworkAclId": acl.id,
        "NetworkAclName": acl.name,
        "Description": acl.description,
        "VpcId": acl.vpc,
        "RegionId": acl.region,
        "OwnerId": owner(world),
        "Status": "Available",
        "CreationTime": stamp::seconds(acl.created),
        "IngressAclEntries": {"IngressAclEntry": acl.ingress.iter().map(|entry| entry.json("SourceCidrIp")).collect::<Vec<_>>()},
        "EgressAclEntries": {"EgressAclEntry": acl.egress.iter().map(|entry| entry.json("DestinationCidrIp")).collect::<Vec<_>>()},
        "Resources": {"Resource": resources.collect::<Vec<_>>()},
        "Tags": {"Tag": tags::list(&acl.tags)},
    })
}

/// The vSwitches that a call names, all of the ACL's VPC.
fn named_switches(world: &World, call: &Call, vpc: &str) -> Result<BTreeSet<String>, ApiError> {
    let mut ids = BTreeSet::new();
    for sent in call.params.objects("Resource") {
        let id = sent.required("ResourceId")?;
        if world.vpc.switches.get(id).is_none_or(|switch| switch.vpc != vpc) {
            return Err(no_such_switch());
        }
        ids.insert(id.to_owned());
    }
    Ok(ids)
}

pub(super) fn associate(world: &mut World, call: &Call) -> Answer {
    let acl = acl_here(world, call)?;
    let (id, vpc) = (acl.id.clone(), acl.vpc.clone());
    let switches = named_switches(world, call, &vpc)?;
    if switches.iter().any(|switch| world.vpc.switches.get(switch).is_some_and(|held| held.acl.is_some())) {
        return Err(ApiError::bad(
            "ResourceAlreadyAssociated",
            "The VSwitch is associated with a network ACL already.",
        ));
    }
    for switch in &switches {
        if let Some(switch) = world.vpc.switches.get_mut(switch) {
            switch.acl = Some(id.clone());
        }
    }
    done()
}

pub(super) fn unassociate(world: &mut World, call: &Call) -> Answer {
    let acl = acl_here(world, call)?;
    let (id, vpc) = (acl.id.clone(), acl.vpc.clone());
    for switch in named_switches(world, call, &vpc)? {
        if let Some(switch) = world.vpc.switches.get_mut(&switch).filter(|held| held.acl.as_ref() == Some(&id)) {
            switch.acl = None;
        }
    }
    done()
}

/// Replaces the lists whose `Update...` flag is set.
pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    let params = &call.params;
    let id = acl_here(world, call)?.id.clone();
    let ingress = entries(world, params, "UpdateIngressAclEntries", "IngressAclEntries", "SourceCidrIp")?;
    let egress = entries(world, params, "UpdateEgressAclEntries", "EgressAclEntries", "DestinationCidrIp")?;
    if let Some(acl) = world.vpc.acls.get_mut(&id) {
        if let Some(ingress) = ingress {
            acl.ingress = ingress;
        }
        if let Some(egress) = egress {
            acl.egress = egress;
        }
    }
    done()
}

fn entries(
    world: &mut World,
    params: &Params,
    flag: &str,
    list: &str,
    end: &str,
) -> Result<Option<Vec<AclEntry>>, ApiError> {
    if params.flag(flag)? != Some(true) {
        return Ok(None);
    }
    let mut entries = Vec::new();
    for sent in params.objects(list) {
        let invalid =
            |name: &str| ApiError::bad(format!("InvalidParameter.{name}"), format!("The param of {name} is illegal."));
        let protocol = sent.required("Protocol")?.to_ascii_lowercase();
        if !["tcp", "udp", "icmp", "gre", "all"].contains(&protocol.as_str()) {
            return Err(invalid("Protocol"));
        }
        let ports = match sent.get("Port") {
            None | Some("-1/-1") => None,
            Some(text) => {
                let range =
                    text.split_once('/').and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
                Some(range.ok_or_else(|| invalid("Port"))?)
            }
        };
        let policy = match sent.required("Policy")?.to_ascii_lowercase().as_str() {
            "accept" => AclPolicy::Accept,
            "drop" => AclPolicy::Drop,
            _ => return Err(invalid("Policy")),
        };
        entries.push(AclEntry {
            id: sent.get("NetworkAclEntryId").map_or_else(|| world.ids.next("nae-"), str::to_owned),
            name: sent.text("NetworkAclEntryName"),
            description: sent.text("Description"),
            policy,
            protocol,
            ports,
            peer: sent.prefix(end)?.unwrap_or_default(),
        });
    }
    Ok(Some(entries))
}
