//! Security groups with their ingress rules, and the prefix lists in these rules.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use ipnet::Ipv4Net;
use onboarding::binding::Backend;
use onboarding::ids::{PrefixListId, SecurityGroupId};
use onboarding::ordered::Ordered;
use onboarding::topology::{Known, RuleSource, SecurityGroup, SecurityRule};
use openapi::{Error, ecs};

use super::parse;
use super::reader::Reader;
use crate::readings::Reads;

/// The most ids in one DescribeSecurityGroups call (section 11).
const BATCH: usize = 100;

type Groups = BTreeMap<SecurityGroupId, Known<Option<SecurityGroup>>>;
type PrefixLists = BTreeMap<PrefixListId, Known<Vec<Ipv4Net>>>;

pub(super) async fn read(
    reader: &Reader<'_>,
    client: &Reads,
    backend: &Backend,
    wanted: BTreeSet<SecurityGroupId>,
) -> (Groups, PrefixLists) {
    let wanted: Vec<_> = wanted.into_iter().collect();
    let groups: Groups = if reader.cloud.readings().is_shared(&backend.vpc) {
        // One listing serves all bindings of the VPC.
        batch(reader, client, backend, &wanted, of_vpc(backend)).await.into_iter().collect()
    } else {
        let batches = wanted.chunks(BATCH).map(|ids| {
            let ids_only = ecs::DescribeSecurityGroups {
                security_group_ids: ids.iter().map(ToString::to_string).collect(),
                ..Default::default()
            };
            batch(reader, client, backend, ids, ids_only)
        });
        join_all(batches).await.into_iter().flatten().collect()
    };
    let named: BTreeSet<_> = groups
        .values()
        .filter_map(|group| group.get()?.as_ref())
        .flat_map(|group| &group.rules)
        .filter_map(|rule| match &rule.source {
            RuleSource::PrefixList(id) => Some(id.clone()),
            RuleSource::Cidr(_) | RuleSource::Group(_) | RuleSource::Other(_) => None,
        })
        .ordered();
    let lists = named.into_iter().map(|id| async move {
        let action = ecs::DescribePrefixListAttributes { prefix_list_id: id.to_string() };
        let answer = client.call(backend.region.as_str(), &action).await;
        let prefixes = answer.map(|list| list.entries.iter().filter_map(|entry| parse::prefix(&entry.cidr)).collect());
        (id, reader.known(prefixes))
    });
    let lists = join_all(lists).await.into_iter().collect();
    (groups, lists)
}

/// All security groups of a backend's VPC.
pub(super) async fn all(reader: &Reader<'_>, client: &Reads, backend: &Backend) -> Vec<SecurityGroupId> {
    match client.rows(backend.region.as_str(), of_vpc(backend)).await {
        Ok(listed) => listed.iter().map(|group| group.security_group_id.as_str().into()).collect(),
        Err(error) => {
            // It is noted among the failed calls, and nothing is removed from a group that is not known.
            reader.unknown_reason(&error);
            Vec::new()
        }
    }
}

fn of_vpc(backend: &Backend) -> ecs::DescribeSecurityGroups {
    ecs::DescribeSecurityGroups { vpc_id: Some(backend.vpc.to_string()), ..Default::default() }
}

/// The groups of these ids, as `listing` has them.
async fn batch(
    reader: &Reader<'_>,
    client: &Reads,
    backend: &Backend,
    ids: &[SecurityGroupId],
    listing: ecs::DescribeSecurityGroups,
) -> Vec<(SecurityGroupId, Known<Option<SecurityGroup>>)> {
    if ids.is_empty() {
        return Vec::new();
    }
    let listed = match client.rows(backend.region.as_str(), listing).await {
        Ok(listed) => listed,
        Err(error) => {
            let why = reader.unknown_reason(&error);
            return ids.iter().map(|id| (id.clone(), Known::Failed(why.clone()))).collect();
        }
    };
    let listed: BTreeMap<&str, &ecs::SecurityGroup> =
        listed.iter().map(|group| (group.security_group_id.as_str(), group)).ordered();
    let listed = &listed;
    join_all(ids.iter().map(|id| async move {
        let group = match listed.get(id.as_str()) {
            None => Known::Known(None),
            Some(found) => reader.known_or_absent(with_rules(client, backend, found).await),
        };
        (id.clone(), group)
    }))
    .await
}

async fn with_rules(client: &Reads, backend: &Backend, found: &ecs::SecurityGroup) -> Result<SecurityGroup, Error> {
    let action = ecs::DescribeSecurityGroupAttribute {
        security_group_id: found.security_group_id.clone(),
        direction: Some("ingress".to_owned()),
        ..Default::default()
    };
    let permissions = client.list(backend.region.as_str(), action).await?;
    let mut rules: Vec<_> = permissions.into_iter().filter(|rule| rule.direction != "egress").map(rule).collect();
    rules.sort_by(|a, b| (a.priority, &a.id).cmp(&(b.priority, &b.id)));
    Ok(SecurityGroup {
        id: found.security_group_id.as_str().into(),
        region: backend.region.clone(),
        vpc: found.vpc_id.as_str().into(),
        service_managed: found.service_managed,
        rules,
    })
}

fn rule(found: ecs::Permission) -> SecurityRule {
    let (source, ports) = match parse::ports(&found.port_range) {
        Some(ports) if !is_narrowed(&found) => (source(&found), ports),
        // A rule that is understood only in part is treated as not understood.
        _ => (RuleSource::Other(format!("rule {}", found.security_group_rule_id)), None),
    };
    SecurityRule {
        id: found.security_group_rule_id.into(),
        protocol: found.ip_protocol.to_ascii_uppercase(),
        ports,
        source,
        accept: found.policy.eq_ignore_ascii_case("accept"),
        // 1 is the API's default; very old rules have no priority.
        priority: u8::try_from(found.priority).unwrap_or(100).clamp(1, 100),
        description: found.description,
    }
}

/// Whether the rule filters by more than source and destination ports: by a port list, source ports or a destination.
fn is_narrowed(found: &ecs::Permission) -> bool {
    !found.port_range_list_id.is_empty()
        || !matches!(found.source_port_range.as_str(), "" | "-1/-1" | "1/65535")
        || !matches!(found.dest_cidr_ip.as_str(), "" | "0.0.0.0/0")
}

fn source(found: &ecs::Permission) -> RuleSource {
    if let Some(prefix) = parse::prefix(&found.source_cidr_ip) {
        RuleSource::Cidr(prefix)
    } else if !found.source_prefix_list_id.is_empty() {
        RuleSource::PrefixList(found.source_prefix_list_id.as_str().into())
    } else if !found.source_group_id.is_empty() {
        RuleSource::Group(found.source_group_id.as_str().into())
    } else {
        RuleSource::Other(format!("{}{}", found.source_cidr_ip, found.ipv6_source_cidr_ip))
    }
}
