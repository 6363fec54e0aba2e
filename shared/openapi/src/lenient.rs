//! A lenient deserializer for answers: the services write the same kinds of values in different ways.
//!
//! Numbers and booleans may come as text and the other way round, null may replace any default, and VPC and ECS wrap lists
//! in an object with one field (`RouteEntrys.RouteEntry[]`), which a list here sees through. So answers are declared as they
//! are meant, and this is the one place that knows how they are written (cloud-apis.md, section 1).

use serde::de::value::{MapDeserializer, SeqDeserializer, StringDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value};

/// Reads a value as `T`.
pub(crate) fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    T::deserialize(Lenient(value))
}

struct Lenient(Value);

impl<'de> IntoDeserializer<'de, Error> for Lenient {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl Lenient {
    fn text(self) -> Result<String, Error> {
        match self.0 {
            Value::Null => Ok(String::new()),
            Value::Bool(value) => Ok(value.to_string()),
            Value::Number(value) => Ok(value.to_string()),
            Value::String(value) => Ok(value),
            // A JSON value where text is declared, such as a policy document that came unquoted.
            value @ (Value::Array(_) | Value::Object(_)) => Ok(value.to_string()),
        }
    }

    fn items(self) -> Vec<Value> {
        match self.0 {
            Value::Null => Vec::new(),
            Value::String(text) if text.is_empty() => Vec::new(),
            Value::Array(items) => items,
            Value::Object(fields) if fields.len() <= 1 => {
                fields.into_iter().next().map_or_else(Vec::new, |(_, value)| Self(value).items())
            }
            value => vec![value],
        }
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty;)+) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
                let text = self.text()?;
                let text = text.trim();
                if text.is_empty() {
                    return visitor.$visit(<$type>::default());
                }
                // 1.0 for 1 is accepted, 1.5 is not.
                let whole = text.strip_suffix(".0").unwrap_or(text);
                match whole.parse::<$type>() {
                    Ok(number) => visitor.$visit(number),
                    Err(_) => Err(Error::custom(format_args!("{text:?} is not a number of the kind expected"))),
                }
            }
        )+
    };
}

impl<'de> Deserializer<'de> for Lenient {
    type Error = Error;

    numbers! {
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_f32 visit_f32 f32;
        deserialize_f64 visit_f64 f64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let text = self.text()?;
        match text.to_ascii_lowercase().as_str() {
            "true" | "on" | "1" => visitor.visit_bool(true),
            "false" | "off" | "0" | "" => visitor.visit_bool(false),
            _ => Err(Error::custom(format_args!("{text:?} is neither true nor false"))),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            value => visitor.visit_some(Self(value)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(self.items().into_iter().map(Lenient)))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            // One kind of iterator: each is another copy of every answer's code.
            Value::Null => Self(Value::Object(Map::new())).deserialize_map(visitor),
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (Key(name), Lenient(value)));
                visitor.visit_map(MapDeserializer::new(fields))
            }
            // An object written as text in another, or nothing.
            Value::String(text) if text.trim().is_empty() => Self(Value::Null).deserialize_map(visitor),
            Value::String(text) => match serde_json::from_str(&text)? {
                value @ Value::Object(_) => Self(value).deserialize_map(visitor),
                other => Err(Error::custom(format_args!("expected an object, found {}", kind(&other)))),
            },
            other => Err(Error::custom(format_args!("expected an object, found {}", kind(&other)))),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct enum identifier ignored_any
    }
}

/// The name of a field.
struct Key(String);

impl<'de> IntoDeserializer<'de, Error> for Key {
    type Deserializer = StringDeserializer<Error>;

    fn into_deserializer(self) -> Self::Deserializer {
        self.0.into_deserializer()
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{alb, cbn, ecs, vpc};

    #[test]
    fn wrapped_and_plain_lists_read_alike() {
        let wrapped = json!({"RouteEntrys": {"RouteEntry": [{
            "RouteEntryId": "rte-1", "DestinationCidrBlock": "10.0.0.0/8", "Status": "Available",
            "NextHops": {"NextHop": [{"NextHopType": "Attachment", "NextHopId": "tr-attach-1", "Weight": "0", "Enabled": 1}]}
        }]}, "NextToken": "", "RequestId": "R"});
        let answer: vpc::DescribeRouteEntryListAnswer = from_value(wrapped).unwrap();
        assert_eq!(answer.route_entrys[0].next_hops[0].next_hop_id, "tr-attach-1");
        assert_eq!(answer.route_entrys[0].next_hops[0].enabled, 1);
        let plain = json!({"TransitRouters": [{"TransitRouterId": "tr-1", "Type": "Enterprise", "AliUid": "17"}]});
        let answer: cbn::ListTransitRoutersAnswer = from_value(plain).unwrap();
        assert_eq!((answer.transit_routers[0].kind.as_str(), answer.transit_routers[0].ali_uid), ("Enterprise", 17));
    }

    #[test]
    fn text_numbers_booleans_and_nulls_are_what_the_field_wants() {
        let answer: alb::ListServerGroupsAnswer = from_value(json!({"ServerGroups": [{
            "ServerGroupId": "sgp-1", "ServerCount": "3", "VpcId": null, "CrossZoneEnabled": "True",
            "HealthCheckConfig": {"HealthCheckEnabled": "true", "HealthCheckConnectPort": "80", "HealthCheckCodes": null},
            "StickySessionConfig": null, "RelatedLoadBalancerIds": {}, "Tags": []
        }], "TotalCount": "1", "NextToken": null}))
        .unwrap();
        let group = &answer.server_groups[0];
        assert_eq!((group.server_count, group.vpc_id.as_str(), group.cross_zone_enabled), (3, "", Some(true)));
        assert_eq!(group.health_check_config.health_check_connect_port, Some(80));
        assert_eq!((answer.total_count, answer.next_token.as_str()), (Some(1), ""));
    }

    #[test]
    fn nested_wrapped_lists_of_text_are_lists() {
        let answer: ecs::DescribeInstancesAnswer = from_value(json!({"Instances": {"Instance": [{
            "InstanceId": "i-1", "SecurityGroupIds": {"SecurityGroupId": ["sg-1"]},
            "VpcAttributes": {"PrivateIpAddress": {"IpAddress": ["192.168.0.5"]}, "VSwitchId": "vsw-1"},
            "Tags": {"Tag": [{"TagKey": "app", "TagValue": "web"}]},
        }]}}))
        .unwrap();
        let instance = &answer.instances[0];
        assert_eq!(instance.vpc_attributes.private_ip_address, ["192.168.0.5"]);
        assert_eq!(
            (instance.vpc_attributes.vswitch_id.as_str(), instance.tags.as_ref().unwrap()[0].tag_value.as_str()),
            ("vsw-1", "web")
        );
        assert_eq!(instance.security_group_ids, ["sg-1"]);
    }

    /// Any JSON, a few levels deep, with field names that answers have.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a-z0-9{\"]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            let name = prop_oneof![
                Just("Instances".to_owned()),
                Just("Instance".to_owned()),
                Just("Tags".to_owned()),
                Just("VpcAttributes".to_owned()),
                Just("TotalCount".to_owned()),
                "[A-Z][a-z]{0,3}",
            ];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map(name, inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(value in any_json()) {
            let read: Result<ecs::DescribeInstancesAnswer, _> = from_value(value.clone());
            // Whatever is read can only come from an object or from nothing.
            prop_assert!(read.is_err() || value.is_object() || value.is_null() || value.is_string());
        }
    }

    #[test]
    fn what_cannot_be_meant_is_an_error() {
        assert!(from_value::<cbn::DescribeCensAnswer>(json!({"TotalCount": "many"})).is_err());
        assert!(from_value::<alb::Listener>(json!({"ListenerPort": 70000})).is_err());
        assert!(from_value::<alb::Listener>(json!([1, 2])).is_err());
        assert!(from_value::<alb::Listener>(json!("x")).is_err());
    }
}
