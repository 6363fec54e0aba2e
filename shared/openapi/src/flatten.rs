//! Requests as flat parameters: `Servers.1.ServerIp`, `HealthCheckConfig.HealthCheckPath` (cloud-apis.md, section 1).

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// Parameters by name, in the order in which they are signed.
pub(crate) type Parameters = BTreeMap<String, String>;

/// Flattens a request. What is absent (null) or an empty list is left out; an empty text is sent.
pub(crate) fn parameters<T: Serialize>(request: &T) -> Result<Parameters, serde_json::Error> {
    let mut parameters = Parameters::new();
    descend(String::new(), serde_json::to_value(request)?, &mut parameters);
    Ok(parameters)
}

fn descend(name: String, value: Value, into: &mut Parameters) {
    match value {
        Value::Null => {}
        Value::Bool(value) => {
            into.insert(name, value.to_string());
        }
        Value::Number(value) => {
            into.insert(name, value.to_string());
        }
        Value::String(value) => {
            into.insert(name, value);
        }
        Value::Array(items) => {
            for (index, item) in items.into_iter().enumerate() {
                descend(join(&name, &(index + 1).to_string()), item, into);
            }
        }
        Value::Object(fields) => {
            for (field, value) in fields {
                descend(join(&name, &field), value, into);
            }
        }
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// A list that the API takes as one parameter holding a JSON array, such as ECS's `InstanceIds`.
pub(crate) fn json_list<S: Serializer>(items: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    json_text(items.is_empty(), items, serializer)
}

/// A map that the API takes as one parameter holding a JSON object.
pub(crate) fn json_map<S: Serializer>(map: &BTreeMap<String, String>, serializer: S) -> Result<S::Ok, S::Error> {
    json_text(map.is_empty(), map, serializer)
}

fn json_text<S: Serializer, T: Serialize + ?Sized>(empty: bool, value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    if empty {
        return serializer.serialize_none();
    }
    let text = serde_json::to_string(value).map_err(serde::ser::Error::custom)?;
    serializer.serialize_str(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{alb, cbn, ecs};

    fn flat<T: Serialize>(request: &T) -> Vec<(String, String)> {
        parameters(request).unwrap().into_iter().collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn lists_count_from_one_and_objects_join_with_dots() {
        let request = alb::AddServersToServerGroup {
            server_group_id: "sgp-1".into(),
            servers: vec![alb::NewServer {
                server_type: "Ip".into(),
                server_id: "192.168.7.10".into(),
                server_ip: Some("192.168.7.10".into()),
                port: 80,
                weight: Some(100),
                remote_ip_enabled: Some(true),
                description: None,
            }],
            ..Default::default()
        };
        assert_eq!(
            flat(&request),
            pairs(&[
                ("ServerGroupId", "sgp-1"),
                ("Servers.1.Port", "80"),
                ("Servers.1.RemoteIpEnabled", "true"),
                ("Servers.1.ServerId", "192.168.7.10"),
                ("Servers.1.ServerIp", "192.168.7.10"),
                ("Servers.1.ServerType", "Ip"),
                ("Servers.1.Weight", "100"),
            ])
        );
    }

    #[test]
    fn a_listener_forwards_through_four_levels() {
        let request = alb::CreateListener {
            listener_port: 80,
            default_actions: vec![alb::ListenerAction::forward_to("sgp-1")],
            ..Default::default()
        };
        let parameters = parameters(&request).unwrap();
        assert_eq!(parameters["DefaultActions.1.ForwardGroupConfig.ServerGroupTuples.1.ServerGroupId"], "sgp-1");
        assert_eq!(parameters["DefaultActions.1.Type"], "ForwardGroup");
    }

    #[test]
    fn some_lists_and_maps_are_json_in_one_parameter() {
        let request = ecs::DescribeInstances { instance_ids: vec!["i-1".into(), "i-2".into()], ..Default::default() };
        assert_eq!(flat(&request), pairs(&[("InstanceIds", r#"["i-1","i-2"]"#)]));
        let request = cbn::CreateTransitRouterVpcAttachment {
            vpc_id: "vpc-1".into(),
            zone_mappings: vec![cbn::ZoneMapping {
                zone_id: "z-a".into(),
                vswitch_id: "vsw-1".into(),
                network_interface_id: "eni-1".into(),
            }],
            transit_router_vpc_attachment_options: [("ipv6Support".to_owned(), "disable".to_owned())].into(),
            ..Default::default()
        };
        assert_eq!(
            flat(&request),
            pairs(&[
                ("TransitRouterVPCAttachmentOptions", r#"{"ipv6Support":"disable"}"#),
                ("VpcId", "vpc-1"),
                ("ZoneMappings.1.VSwitchId", "vsw-1"),
                ("ZoneMappings.1.ZoneId", "z-a"),
            ])
        );
    }

    #[test]
    fn filters_have_lists_in_lists() {
        let request = cbn::DescribeCens {
            filter: vec![cbn::Filter { key: "CenId".into(), value: vec!["cen-1".into(), "cen-2".into()] }],
            ..Default::default()
        };
        assert_eq!(
            flat(&request),
            pairs(&[("Filter.1.Key", "CenId"), ("Filter.1.Value.1", "cen-1"), ("Filter.1.Value.2", "cen-2")])
        );
    }
}
