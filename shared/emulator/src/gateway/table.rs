//! Which actions exist, and which parameters each one takes.
//!
//! The modules below are static tables, written by `tests/conformance` from `data`: `api-parameters.json` (from the
//! official SDKs' models), `ram-parameters.json` (RAM and IMS, which that file lacks, after their API references) and
//! `refinements.yml` (bounds, and what the models mark wrongly). A test fails when they are not current. Client code has
//! tables of its own, so a mistake cannot be shared.
//!
//! Stricter than the cloud on purpose: a parameter that the action does not have is refused, where the cloud would
//! silently ignore a misspelt one.

#[rustfmt::skip]
mod alb;
#[rustfmt::skip]
mod cbn;
#[rustfmt::skip]
mod ecs;
#[rustfmt::skip]
mod eventbridge;
#[rustfmt::skip]
mod fnf;
#[rustfmt::skip]
mod ims;
#[rustfmt::skip]
mod ram;
#[rustfmt::skip]
mod ros;
#[rustfmt::skip]
mod sts;
#[rustfmt::skip]
mod vpc;
mod entry;
mod words;

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::forms;
use crate::call::{ApiError, Params, Service};
use entry::{Action, Bounds, Parameter};
use words::Words;

/// Parameters that every RPC request may carry: they belong to the protocol, not to the action.
const PROTOCOL: [&str; 12] = [
    "Action",
    "Version",
    "Format",
    "AccessKeyId",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "SignatureNonce",
    "SignatureType",
    "Timestamp",
    "SecurityToken",
    "BearerToken",
];

/// Every service with actions: versions identify them here.
const SERVICES: [(Service, &str, &[Action]); 10] = [
    (Service::Alb, alb::VERSION, alb::ACTIONS),
    (Service::Cbn, cbn::VERSION, cbn::ACTIONS),
    (Service::Ecs, ecs::VERSION, ecs::ACTIONS),
    (Service::EventBridge, eventbridge::VERSION, eventbridge::ACTIONS),
    (Service::Fnf, fnf::VERSION, fnf::ACTIONS),
    (Service::Ims, ims::VERSION, ims::ACTIONS),
    (Service::Ram, ram::VERSION, ram::ACTIONS),
    (Service::Ros, ros::VERSION, ros::ACTIONS),
    (Service::Sts, sts::VERSION, sts::ACTIONS),
    (Service::Vpc, vpc::VERSION, vpc::ACTIONS),
];

fn action(service: Service, name: &str) -> Option<&'static Action> {
    let (_, _, actions) = SERVICES.iter().find(|(known, ..)| *known == service)?;
    actions.get(actions.binary_search_by(|action| action.name.cmp(name)).ok()?)
}

/// The service whose API has this version.
pub(super) fn service_of_version(version: &str) -> Option<Service> {
    SERVICES.iter().find(|(_, known, _)| *known == version).map(|(service, ..)| *service)
}

/// Whether the service has the action.
pub(super) fn knows(service: Service, name: &str) -> bool {
    action(service, name).is_some()
}

/// Whether the action has no parameter of this name, but fields or elements of one.
pub(super) fn has_fields(service: Service, of: &str, name: &str) -> bool {
    action(service, of).is_some_and(|action| {
        let inside = |field: &Parameter| field.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        action.parameters.iter().all(|field| field.name != name) && action.parameters.iter().any(inside)
    })
}

/// Every action with its version and the names of its parameters, for tests that try them all.
#[cfg(test)]
pub(super) fn actions() -> Vec<(&'static str, &'static str, Vec<String>)> {
    let of = |(_, version, actions): &(Service, &'static str, &'static [Action])| {
        let version = *version;
        actions.iter().map(move |action| {
            let named = action.parameters.iter().filter(|parameter| parameter.kind != entry::Kind::Group);
            (version, action.name, named.map(|parameter| parameter.name.replace(".N", ".1")).collect())
        })
    };
    SERVICES.iter().flat_map(of).collect()
}

/// Whether the parameter belongs to the protocol.
pub(super) fn is_protocol(name: &str) -> bool {
    PROTOCOL.contains(&name)
}

/// Checks a call's parameters against the table.
pub(super) fn check(service: Service, name: &str, params: &Params) -> Result<(), ApiError> {
    let Some(action) = action(service, name) else { return Err(crate::call::unknown_action()) };
    let words = Words(service);
    for (name, value) in params.iter() {
        // The old core SDK sends a region with everything.
        if name == "RegionId" {
            continue;
        }
        let found = action.parameters.binary_search_by(|parameter| against(parameter.name, name));
        let Some(parameter) = found.ok().and_then(|at| action.parameters.get(at)) else {
            return Err(words.unknown(name));
        };
        if !value.is_empty() && !parameter.accepts(value) {
            return Err(words.illegal(name));
        }
        if !value.is_empty() && !forms::holds(service, action.name, parameter.name, value) {
            return Err(words.malformed(name));
        }
        if !value.is_empty() && !parameter.holds(value) {
            return Err(match parameter.bounds {
                Some(Bounds::Length(..)) => words.malformed(name),
                _ => words.out_of_range(name),
            });
        }
    }
    let mut sent = None;
    for parameter in action.parameters.iter().filter(|parameter| parameter.required) {
        let missing = if parameter.name.contains('.') {
            missing(parameter.name, sent.get_or_insert_with(|| parents(params)), params)
        } else {
            let there = parameter.name == "RegionId" || params.get(parameter.name).is_some();
            (!there).then(|| parameter.name.to_owned())
        };
        if let Some(missing) = missing {
            return Err(words.missing(&missing));
        }
    }
    Ok(())
}

/// How a name of the table compares with one that was sent: `Servers.N.Port` stands for `Servers.2.Port`.
fn against(known: &str, sent: &str) -> Ordering {
    known.bytes().cmp(pattern(sent))
}

/// `Servers.2.Port` as the table writes it, `Servers.N.Port`. Numbers begin at 1: a 0 stands for itself, and fits nothing.
fn pattern(name: &str) -> impl Iterator<Item = u8> {
    let part = |part| if is_number(part) { "N" } else { part };
    name.split('.').enumerate().flat_map(move |(at, text)| {
        let dot = if at == 0 { "" } else { "." };
        dot.bytes().chain(part(text).bytes())
    })
}

fn is_number(part: &str) -> bool {
    part.parse::<u32>().is_ok_and(|number| number > 0)
}

/// Each sent object or list element, as in `Servers.2`, and the request itself as the empty one.
fn parents(params: &Params) -> BTreeSet<String> {
    let mut parents = BTreeSet::from([String::new()]);
    for (name, _) in params.iter() {
        let mut parent = name;
        while let Some((shorter, _)) = parent.rsplit_once('.') {
            parents.insert(shorter.to_owned());
            parent = shorter;
        }
    }
    parents
}

/// The name of a required parameter as it should have been sent, if it was not.
fn missing(name: &str, parents: &BTreeSet<String>, params: &Params) -> Option<String> {
    // `Servers.N.*` asks for one element, `X.*` for the object, `ServerIds.N` for one entry.
    let (container, field) = name.rsplit_once('.').unwrap_or(("", name));
    if field == "*" || field == "N" {
        let wanted = container.strip_suffix(".N").unwrap_or(container);
        let (outer, last) = wanted.rsplit_once('.').unwrap_or(("", wanted));
        return parents
            .iter()
            .filter(|parent| against(outer, parent).is_eq())
            .map(|parent| join(parent, last))
            .find(|path| !parents.contains(path));
    }
    parents
        .iter()
        .filter(|parent| against(container, parent).is_eq())
        .map(|parent| join(parent, field))
        .find(|path| params.get(path).is_none())
}

fn join(parent: &str, field: &str) -> String {
    if parent.is_empty() { field.to_owned() } else { format!("{parent}.{field}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_with(service: Service, action: &str, pairs: &[(&str, &str)]) -> Result<(), String> {
        let params = Params::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        check(service, action, &params).map_err(|error| error.code)
    }

    #[test]
    fn tables_are_sorted() {
        for (_, version, actions) in SERVICES {
            assert!(actions.is_sorted_by(|left, right| left.name < right.name), "{version}");
            for action in actions {
                assert!(action.parameters.is_sorted_by(|left, right| left.name < right.name), "{}", action.name);
            }
        }
        assert_eq!(service_of_version("2020-06-16"), Some(Service::Alb));
        assert!(knows(Service::Cbn, "ListTransitRouters"));
        assert!(!knows(Service::Alb, "ListTransitRouters"));
    }

    #[test]
    fn an_instance_needs_no_cluster() {
        assert_eq!(check_with(Service::Ecs, "RunInstances", &[("VSwitchId", "vsw-1")]), Ok(()));
    }

    #[test]
    fn list_elements_must_be_whole() {
        let whole = [("ServerGroupId", "sgp-1"), ("Servers.1.Port", "80"), ("Servers.1.ServerType", "Ip")];
        assert_eq!(check_with(Service::Alb, "AddServersToServerGroup", &whole), Ok(()));
        let without = [("ServerGroupId", "sgp-1")];
        assert_eq!(check_with(Service::Alb, "AddServersToServerGroup", &without), Err("MissingParam.Servers".into()));
        let half = [
            ("ServerGroupId", "sgp-1"),
            ("Servers.1.Port", "80"),
            ("Servers.1.ServerType", "Ip"),
            ("Servers.2.Port", "80"),
        ];
        assert_eq!(check_with(Service::Alb, "AddServersToServerGroup", &half), Err("MissingParam.ServerType".into()));
    }

    #[test]
    fn fields_of_an_absent_object_are_not_missed() {
        let params = [("ServerGroupName", "web"), ("HealthCheckConfig.HealthCheckEnabled", "True")];
        assert_eq!(check_with(Service::Alb, "CreateServerGroup", &params), Ok(()));
        let with = [params[0], params[1], ("UchConfig.Type", "QueryString")];
        assert_eq!(check_with(Service::Alb, "CreateServerGroup", &with), Err("MissingParam.Value".into()));
    }

    #[test]
    fn elements_are_numbered_from_one() {
        let sent =
            |name| check_with(Service::Alb, "ListServerGroupServers", &[("ServerGroupId", "sgp-1"), (name, "x")]);
        assert_eq!(sent("ServerIds.0"), Err("IllegalParam.ServerIds".into()));
        assert_eq!(sent("ServerIds.12"), Ok(()));
        assert_eq!(sent("Colour"), Err("IllegalParam.Colour".into()));
    }

    #[test]
    fn bounds_are_kept() {
        let sized = |value| check_with(Service::Alb, "ListServerGroups", &[("MaxResults", value)]);
        assert_eq!(sized("100"), Ok(()));
        assert_eq!(sized("101"), Err("IllegalParam.MaxResults".into()));
        assert_eq!(sized("ten"), Err("IllegalParam.MaxResults".into()));
        // An empty value counts as not sent.
        assert_eq!(sized(""), Ok(()));
        let named = |value: &str| check_with(Service::Vpc, "CreateVpc", &[("VpcName", value)]);
        assert_eq!(named(&"ü".repeat(128)), Ok(()));
        assert_eq!(named(&"ü".repeat(129)), Err("InvalidVpcName.Malformed".into()));
    }

    #[test]
    fn a_region_is_taken_from_the_port_when_absent() {
        assert_eq!(check_with(Service::Ecs, "DescribeInstances", &[]), Ok(()));
        assert_eq!(check_with(Service::Alb, "ListServerGroups", &[("RegionId", "cn-chengdu")]), Ok(()));
    }
}
