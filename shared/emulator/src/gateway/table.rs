//! Which actions exist, and which parameters each one takes.
//!
//! The table is `data/api-parameters.json`, generated from the official SDKs' models and parsed once. RAM, which that
//! file lacks, is written by hand below, after the RAM 2015-05-01 API reference. Client code has tables of its own, so a
//! mistake cannot be shared.
//!
//! Stricter than the cloud on purpose: a parameter that the action does not have is refused, where the cloud would
//! silently ignore a misspelt one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::call::{ApiError, Params, Service};

static TABLE: LazyLock<Table> = LazyLock::new(Table::load);

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

/// Hand-written: actions of RAM, `*` marks what is required.
const RAM: [(&str, &str); 9] = [
    ("CreateRole", "RoleName* AssumeRolePolicyDocument* Description MaxSessionDuration Tag.N.Key Tag.N.Value"),
    ("GetRole", "RoleName*"),
    ("ListRoles", "Marker MaxItems Tag.N.Key Tag.N.Value"),
    ("UpdateRole", "RoleName* NewAssumeRolePolicyDocument"),
    ("DeleteRole", "RoleName*"),
    ("ListPoliciesForRole", "RoleName*"),
    ("AttachPolicyToRole", "PolicyType* PolicyName* RoleName*"),
    ("CreatePolicy", "PolicyName* PolicyDocument* Description Tag.N.Key Tag.N.Value"),
    ("GetPolicy", "PolicyName* PolicyType*"),
];

/// Marked as required in the SDKs' models, but not by the service.
const OPTIONAL: [(Service, &str, &str); 3] = [
    // Asked only when the instance changes its VPC: the models' own text again.
    (Service::Ecs, "ModifyInstanceVpcAttribute", "SecurityGroupId.N"),
    // Asked of plans that are paid ahead only: the models' own text on this parameter.
    (Service::Cbn, "CreateCenBandwidthPackage", "Period"),
    // Asked of instance types of supercomputing clusters only (RunInstances, ECS API reference).
    (Service::Ecs, "RunInstances", "HpcClusterId"),
];

#[derive(Debug, Default)]
struct Table {
    versions: BTreeMap<String, Service>,
    actions: BTreeMap<(Service, String), BTreeMap<String, Spec>>,
}

/// What the table says about one parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spec {
    kind: Kind,
    required: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Float,
    Flag,
    Json,
    /// Only says whether the object or list must be there.
    Group,
}

impl Spec {
    fn parse(text: &str) -> Self {
        let (required, kind) = match text.strip_prefix("required") {
            Some(kind) => (true, kind.trim()),
            None => (false, text),
        };
        let kind = match kind {
            "int" => Kind::Integer,
            "float" => Kind::Float,
            "bool" => Kind::Flag,
            "" => Kind::Group,
            kind if kind.starts_with("Dict") => Kind::Json,
            _ => Kind::Text,
        };
        Self { kind, required }
    }

    fn accepts(self, value: &str) -> bool {
        match self.kind {
            Kind::Text => true,
            Kind::Integer => value.parse::<i64>().is_ok(),
            Kind::Float => value.parse::<f64>().is_ok_and(f64::is_finite),
            Kind::Flag => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
            Kind::Json => serde_json::from_str::<serde_json::Value>(value).is_ok(),
            Kind::Group => false,
        }
    }
}

#[derive(Deserialize)]
struct ServiceEntry {
    version: String,
    actions: BTreeMap<String, ActionEntry>,
}

#[derive(Deserialize)]
struct ActionEntry {
    parameters: BTreeMap<String, String>,
}

impl Table {
    fn load() -> Self {
        let mut table = Self::default();
        // A file that does not parse would leave every action unknown; a test looks at what was read.
        let file: BTreeMap<String, ServiceEntry> =
            serde_json::from_str(include_str!("../../data/api-parameters.json")).unwrap_or_default();
        for (name, entry) in file {
            let Some(service) = service_named(&name) else { continue };
            table.versions.insert(entry.version, service);
            for (action, parameters) in entry.actions {
                let parameters = parameters.parameters.into_iter().map(|(name, text)| (name, Spec::parse(&text)));
                table.actions.insert((service, action), parameters.collect());
            }
        }
        for (service, action, parameter) in OPTIONAL {
            let spec = table.actions.get_mut(&(service, action.to_owned())).and_then(|entry| entry.get_mut(parameter));
            if let Some(spec) = spec {
                spec.required = false;
            }
        }
        table.versions.insert("2015-05-01".to_owned(), Service::Ram);
        for (action, parameters) in RAM {
            let parameters = parameters.split(' ').map(|name| {
                let required = name.ends_with('*');
                (name.trim_end_matches('*').to_owned(), Spec { kind: Kind::Text, required })
            });
            table.actions.insert((Service::Ram, action.to_owned()), parameters.collect());
        }
        table
    }
}

fn service_named(name: &str) -> Option<Service> {
    Some(match name {
        "alb" => Service::Alb,
        "cbn" => Service::Cbn,
        "vpc" => Service::Vpc,
        "ecs" => Service::Ecs,
        "fnf" => Service::Fnf,
        "sts" => Service::Sts,
        "ros" => Service::Ros,
        "eventbridge" => Service::EventBridge,
        _ => return None,
    })
}

/// The service whose API has this version: versions identify services here.
pub(super) fn service_of_version(version: &str) -> Option<Service> {
    TABLE.versions.get(version).copied()
}

/// Whether the service has the action.
pub(super) fn knows(service: Service, action: &str) -> bool {
    TABLE.actions.contains_key(&(service, action.to_owned()))
}

/// Whether the action has no parameter of this name, but fields or elements of one.
pub(super) fn has_fields(service: Service, action: &str, name: &str) -> bool {
    TABLE.actions.get(&(service, action.to_owned())).is_some_and(|entry| {
        let inside = |field: &String| field.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        !entry.contains_key(name) && entry.keys().any(inside)
    })
}

/// Every action with its version and the names of its parameters, for tests that try them all.
#[cfg(test)]
pub(super) fn actions() -> Vec<(String, String, Vec<String>)> {
    let version =
        |service: Service| TABLE.versions.iter().find(|(_, of)| **of == service).map(|(version, _)| version.clone());
    TABLE
        .actions
        .iter()
        .map(|((service, action), table)| {
            let named = table.keys().filter(|name| !name.ends_with('*'));
            (
                version(*service).unwrap_or_default(),
                action.clone(),
                named.map(|name| name.replace(".N", ".1")).collect(),
            )
        })
        .collect()
}

/// Whether the parameter belongs to the protocol.
pub(super) fn is_protocol(name: &str) -> bool {
    PROTOCOL.contains(&name)
}

/// Checks a call's parameters against the table.
pub(super) fn check(service: Service, action: &str, params: &Params) -> Result<(), ApiError> {
    let Some(table) = TABLE.actions.get(&(service, action.to_owned())) else {
        return Err(crate::world::unknown_action());
    };
    let words = Words(service);
    // Each sent object or list element, as in `Servers.2`: its required fields must be there.
    let mut parents: BTreeSet<String> = BTreeSet::new();
    parents.insert(String::new());
    for (name, value) in params.iter() {
        // The old core SDK sends a region with everything.
        if name == "RegionId" {
            continue;
        }
        let Some(spec) = pattern(name).and_then(|pattern| table.get(&pattern)) else { return Err(words.unknown(name)) };
        if !value.is_empty() && !spec.accepts(value) {
            return Err(words.illegal(name));
        }
        let mut parent = name;
        while let Some((shorter, _)) = parent.rsplit_once('.') {
            parents.insert(shorter.to_owned());
            parent = shorter;
        }
    }
    for (name, _) in table.iter().filter(|(_, spec)| spec.required) {
        if let Some(missing) = missing(name, &parents, params) {
            return Err(words.missing(&missing));
        }
    }
    Ok(())
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
            .filter(|parent| matches_pattern(outer, parent))
            .map(|parent| join(parent, last))
            .find(|path| !parents.contains(path));
    }
    parents
        .iter()
        .filter(|parent| matches_pattern(container, parent))
        .map(|parent| join(parent, field))
        .find(|path| path != "RegionId" && params.get(path).is_none())
}

fn join(parent: &str, field: &str) -> String {
    if parent.is_empty() { field.to_owned() } else { format!("{parent}.{field}") }
}

fn matches_pattern(wanted: &str, sent: &str) -> bool {
    if sent.is_empty() || wanted.is_empty() {
        sent == wanted
    } else {
        pattern(sent).is_some_and(|pattern| pattern == wanted)
    }
}

/// `Servers.2.Port` as the table writes it, `Servers.N.Port`. Numbers begin at 1.
fn pattern(name: &str) -> Option<String> {
    let parts: Option<Vec<&str>> = name
        .split('.')
        .map(|part| match part.parse::<u32>() {
            Ok(0) => None,
            Ok(_) => Some("N"),
            Err(_) => Some(part),
        })
        .collect();
    parts.map(|parts| parts.join("."))
}

/// How a service words its refusals (cloud-apis.md section 1).
struct Words(Service);

impl Words {
    fn missing(&self, name: &str) -> ApiError {
        match self.0 {
            Service::Alb | Service::Cbn => {
                let field = last(name);
                ApiError::bad(format!("MissingParam.{field}"), format!("The param of {field} is missing."))
            }
            Service::Vpc => ApiError::bad("MissingParameter", format!("Miss mandatory parameter. ({name})")),
            _ => ApiError::bad(
                "MissingParameter",
                format!(
                    "The input parameter \"{name}\" that is mandatory for processing this request is not supplied."
                ),
            ),
        }
    }

    fn illegal(&self, name: &str) -> ApiError {
        let message = format!("The param of {name} is illegal.");
        match self.0 {
            Service::Alb | Service::Cbn => ApiError::bad(format!("IllegalParam.{}", last(name)), message),
            _ => ApiError::bad("InvalidParameter", message),
        }
    }

    fn unknown(&self, name: &str) -> ApiError {
        let message = format!("The parameter {name} is unknown to this action.");
        match self.0 {
            Service::Alb | Service::Cbn => ApiError::bad(format!("IllegalParam.{}", last(name)), message),
            _ => ApiError::bad("InvalidParameter", message),
        }
    }
}

/// The field's own name, without the path to it.
fn last(name: &str) -> &str {
    name.rsplit('.').find(|part| part.parse::<u32>().is_err()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_with(service: Service, action: &str, pairs: &[(&str, &str)]) -> Result<(), String> {
        let params = Params::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        check(service, action, &params).map_err(|error| error.code)
    }

    #[test]
    fn every_service_of_the_file_is_known() {
        assert_eq!(TABLE.versions.len(), 9);
        assert!(TABLE.actions.len() > 140, "{}", TABLE.actions.len());
        assert_eq!(service_of_version("2020-06-16"), Some(Service::Alb));
        assert!(knows(Service::Cbn, "ListTransitRouters"));
        assert!(!knows(Service::Alb, "ListTransitRouters"));
    }

    #[test]
    fn an_instance_needs_no_cluster() {
        assert_eq!(check_with(Service::Ecs, "RunInstances", &[("VSwitchId", "vsw-1")]), Ok(()));
        assert!(OPTIONAL.iter().all(|(service, action, name)| {
            TABLE.actions.get(&(*service, (*action).to_owned())).is_some_and(|entry| entry.contains_key(*name))
        }));
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
    fn unknown_and_ill_typed_parameters_are_refused() {
        let base = ("ServerGroupId", "sgp-1");
        assert_eq!(
            check_with(Service::Alb, "ListServerGroupServers", &[base, ("Colour", "red")]),
            Err("IllegalParam.Colour".into())
        );
        assert_eq!(
            check_with(Service::Alb, "ListServerGroupServers", &[base, ("MaxResults", "ten")]),
            Err("IllegalParam.MaxResults".into())
        );
        assert_eq!(
            check_with(Service::Alb, "ListServerGroupServers", &[base, ("ServerIds.0", "x")]),
            Err("IllegalParam.ServerIds".into())
        );
        assert_eq!(check_with(Service::Ecs, "DescribeInstances", &[("PageSize", "x")]), Err("InvalidParameter".into()));
    }

    #[test]
    fn a_region_is_taken_from_the_port_when_absent() {
        assert_eq!(check_with(Service::Ecs, "DescribeInstances", &[]), Ok(()));
        assert_eq!(check_with(Service::Alb, "ListServerGroups", &[("RegionId", "cn-chengdu")]), Ok(()));
    }
}
