//! Security-group rules: authorize, revoke, modify, list.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::groups::{self, group_here};
use crate::call::{Answer, ApiError, Call, Params, done};
use crate::listing::{Size, by_token};
use crate::state::ecs::{Policy, PortRange, Protocol, Rule, Source};
use crate::world::World;

impl Rule {
    fn json(&self) -> Value {
        let (mut cidr, mut list, mut group) = (String::new(), String::new(), String::new());
        match &self.source {
            Source::Cidr(net) => cidr = net.to_string(),
            Source::PrefixList(id) => list.clone_from(id),
            Source::Group(id) => group.clone_from(id),
        }
        json!({
            "SecurityGroupRuleId": self.id,
            "Direction": "ingress",
            "IpProtocol": self.protocol.name(),
            "PortRange": self.ports.text(),
            "SourcePortRange": "-1/-1",
            "SourceCidrIp": cidr,
            "SourcePrefixListId": list,
            "SourcePrefixListName": "",
            "SourceGroupId": group,
            "SourceGroupName": "",
            "SourceGroupOwnerAccount": "",
            "Ipv6SourceCidrIp": "",
            "DestCidrIp": self.destination.map(|net| net.to_string()).unwrap_or_default(),
            "DestGroupId": "",
            "DestGroupName": "",
            "DestGroupOwnerAccount": "",
            "DestPrefixListId": "",
            "DestPrefixListName": "",
            "Ipv6DestCidrIp": "",
            "PortRangeListId": "",
            "PortRangeListName": "",
            "Policy": self.policy.name(),
            "Priority": self.priority.to_string(),
            "NicType": "intranet",
            "Description": self.description,
            "CreateTime": self.created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        })
    }
}

pub(super) fn describe(world: &World, call: &Call) -> Answer {
    let group = group_here(world, call, call.params.required("SecurityGroupId")?)?;
    let direction = call.params.get("Direction").unwrap_or("all");
    let rules = if direction.eq_ignore_ascii_case("egress") { Vec::new() } else { group.rules.iter().collect() };
    let page = by_token(&call.params, Size::clamped("MaxResults", 500, 10, 1000), rules, |rule: &&Rule| {
        // In the order in which they decide: smaller priorities first, and Drop before Accept.
        let order = u8::from(rule.policy == Policy::Accept);
        format!("{:03}{order}{}{}", rule.priority, rule.created, rule.id)
    })?;
    Ok(json!({
        "SecurityGroupId": group.id,
        "SecurityGroupName": group.name,
        "Description": group.description,
        "RegionId": group.region,
        "VpcId": group.vpc,
        "InnerAccessPolicy": if group.enterprise { "Drop" } else { "Accept" },
        "SnapshotPolicyIds": {"SnapshotPolicyId": []},
        "Permissions": {"Permission": page.items.iter().map(|rule| rule.json()).collect::<Value>()},
        "NextToken": page.next,
    }))
}

pub(super) fn authorize(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let group = groups::editable(world, call)?;
    let (id, enterprise) = (group.id.clone(), group.enterprise);
    let sent = permissions(&call.params)?;
    let mut rules = Vec::new();
    for permission in &sent {
        let rule = read(world, call, permission, now)?;
        if enterprise && matches!(rule.source, Source::Group(_)) {
            return Err(ApiError::new(
                403,
                "InvalidOperation.EnterpriseSecurityGroup",
                "The operation is not supported for an enterprise security group.",
            ));
        }
        rules.push(rule);
    }
    let Some(group) = world.ecs.groups.get(&id) else { return Err(groups::no_such_group()) };
    // A duplicate is answered 200 and adds nothing.
    let mut added: Vec<Rule> = Vec::new();
    for rule in rules {
        if !group.rules.iter().chain(&added).any(|held| held.same(&rule)) {
            added.push(rule);
        }
    }
    if group.rules.len() + added.len() > RULES_PER_GROUP {
        return Err(ApiError::new(
            403,
            "AuthorizationLimitExceed",
            "The limit of authorization records in the security group reaches.",
        ));
    }
    for rule in &mut added {
        rule.id = world.ids.next("sgr-");
    }
    if let Some(group) = world.ecs.groups.get_mut(&id) {
        group.rules.extend(added);
    }
    done()
}

pub(super) fn revoke(world: &mut World, call: &Call) -> Answer {
    let id = groups::editable(world, call)?.id.clone();
    let by_id = call.params.list("SecurityGroupRuleId");
    let doomed = if by_id.is_empty() {
        let sent = permissions(&call.params)?;
        sent.iter()
            .map(|permission| read(world, call, permission, Timestamp::UNIX_EPOCH))
            .collect::<Result<Vec<_>, _>>()?
    } else {
        Vec::new()
    };
    let Some(group) = world.ecs.groups.get_mut(&id) else { return Err(groups::no_such_group()) };
    if let Some(unknown) = by_id.iter().find(|id| group.rules.iter().all(|rule| rule.id != **id)) {
        return Err(ApiError::not_found(
            "InvalidSecurityGroupRuleId.NotFound",
            format!("The specified security group rule {unknown} does not exist."),
        ));
    }
    // Revoking what is not there is answered 200, as authorizing what is there already.
    group.rules.retain(|rule| !by_id.contains(&rule.id) && !doomed.iter().any(|gone| gone.same(rule)));
    done()
}

pub(super) fn modify(world: &mut World, call: &Call) -> Answer {
    let group = groups::editable(world, call)?;
    let (id, rule_id) = (group.id.clone(), call.params.required("SecurityGroupRuleId")?);
    let no_rule = || {
        ApiError::not_found("InvalidSecurityGroupRuleId.NotFound", "The specified security group rule does not exist.")
    };
    let old = group.rules.iter().find(|rule| rule.id == rule_id).ok_or_else(no_rule)?.clone();
    // What is not sent stays as it is: the old rule is written out as parameters, and those sent laid over it.
    let mut merged: Vec<(String, String)> = vec![
        ("IpProtocol".to_owned(), old.protocol.name().to_owned()),
        ("PortRange".to_owned(), old.ports.text()),
        ("Policy".to_owned(), old.policy.name().to_owned()),
        ("Priority".to_owned(), old.priority.to_string()),
        ("Description".to_owned(), old.description.clone()),
    ];
    let sources = ["SourceCidrIp", "SourcePrefixListId", "SourceGroupId"];
    if sources.iter().all(|name| call.params.get(name).is_none()) {
        merged.push(match &old.source {
            Source::Cidr(net) => ("SourceCidrIp".to_owned(), net.to_string()),
            Source::PrefixList(id) => ("SourcePrefixListId".to_owned(), id.clone()),
            Source::Group(id) => ("SourceGroupId".to_owned(), id.clone()),
        });
    }
    if let Some(net) = old.destination {
        merged.push(("DestCidrIp".to_owned(), net.to_string()));
    }
    merged.extend(call.params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    let rule = Rule { id: old.id.clone(), ..read(world, call, &Params::new(merged), old.created)? };
    let Some(group) = world.ecs.groups.get_mut(&id) else { return Err(groups::no_such_group()) };
    if group.rules.iter().any(|held| held.id != rule.id && held.same(&rule)) {
        return Err(ApiError::bad(
            "InvalidSecurityGroupRule.Duplicated",
            "The specified security group rule already exists.",
        ));
    }
    if let Some(held) = group.rules.iter_mut().find(|held| held.id == rule.id) {
        *held = rule;
    }
    done()
}

fn protocol(text: &str) -> Result<Protocol, ApiError> {
    match text.to_ascii_uppercase().as_str() {
        "TCP" => Ok(Protocol::Tcp),
        "UDP" => Ok(Protocol::Udp),
        "ICMP" => Ok(Protocol::Icmp),
        "GRE" => Ok(Protocol::Gre),
        "ALL" => Ok(Protocol::All),
        _ => Err(ApiError::bad("InvalidIpProtocol.Malformed", "The specified parameter \"IpProtocol\" is not valid.")),
    }
}

/// Ports go with TCP and UDP, `-1/-1` with the others.
fn port_range(text: &str, protocol: Protocol) -> Result<PortRange, ApiError> {
    let malformed =
        || ApiError::bad("InvalidPortRange.Malformed", "The specified parameter \"PortRange\" is not valid.");
    let has_ports = matches!(protocol, Protocol::Tcp | Protocol::Udp);
    if text == "-1/-1" && !has_ports {
        return Ok(PortRange::All);
    }
    let (first, last) = text.split_once('/').ok_or_else(malformed)?;
    let (first, last): (u16, u16) = (first.parse().map_err(|_| malformed())?, last.parse().map_err(|_| malformed())?);
    if has_ports && (1..=last).contains(&first) { Ok(PortRange::Between(first, last)) } else { Err(malformed()) }
}

/// `Permissions.N`, or the older flat form that means one of them.
fn permissions(params: &Params) -> Result<Vec<Params>, ApiError> {
    let sent = params.objects("Permissions");
    match sent.len() {
        0 => Ok(vec![params.clone()]),
        1..=100 => Ok(sent),
        _ => Err(ApiError::bad("InvalidParameter.Permissions", "The number of permissions exceeds the limit of 100.")),
    }
}

fn read(world: &World, call: &Call, sent: &Params, created: Timestamp) -> Result<Rule, ApiError> {
    let protocol = protocol(sent.required("IpProtocol")?)?;
    let ports = port_range(sent.required("PortRange")?, protocol)?;
    let policy = match sent.get("Policy").unwrap_or("accept").to_ascii_lowercase().as_str() {
        "accept" => Policy::Accept,
        "drop" => Policy::Drop,
        _ => return Err(ApiError::bad("InvalidPolicy.Malformed", "The specified parameter \"Policy\" is not valid.")),
    };
    let priority: u8 =
        sent.get("Priority").unwrap_or("1").parse().ok().filter(|priority| (1..=100).contains(priority)).ok_or_else(
            || ApiError::bad("InvalidPriority.ValueNotSupported", "The specified parameter \"Priority\" is not valid."),
        )?;
    let prefix = |name: &str| {
        sent.prefix(name).map_err(|_| {
            ApiError::bad(
                format!("Invalid{name}.Malformed"),
                format!("The specified parameter \"{name}\" is not valid."),
            )
        })
    };
    Ok(Rule {
        id: String::new(),
        protocol,
        ports,
        source: source(world, call, sent, prefix("SourceCidrIp")?)?,
        destination: prefix("DestCidrIp")?.filter(|net| net.addr() != Ipv4Addr::UNSPECIFIED),
        policy,
        priority,
        description: sent.text("Description"),
        created,
    })
}

fn source(world: &World, call: &Call, sent: &Params, cidr: Option<Ipv4Net>) -> Result<Source, ApiError> {
    if let Some(net) = cidr {
        return Ok(Source::Cidr(net));
    }
    if let Some(id) = sent.get("SourcePrefixListId") {
        let here = world.ecs.prefix_lists.get(id).is_some_and(|list| list.region == call.region);
        let missing =
            || ApiError::not_found("InvalidPrefixListId.NotFound", "The specified prefix list was not found.");
        return if here { Ok(Source::PrefixList(id.to_owned())) } else { Err(missing()) };
    }
    if let Some(id) = sent.get("SourceGroupId") {
        let missing =
            || ApiError::not_found("InvalidSourceGroupId.NotFound", "The specified SourceGroupId does not exist.");
        return group_here(world, call, id).map(|group| Source::Group(group.id.clone())).map_err(|_| missing());
    }
    Err(ApiError::bad(
        "MissingParameter",
        "The input parameter \"SourceCidrIp\" that is mandatory for processing this request is not supplied.",
    ))
}

/// Per security group (cloud-apis.md section 11, the older figure: the stricter one).
const RULES_PER_GROUP: usize = 200;
