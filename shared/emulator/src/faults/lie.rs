//! False answers: what a read is answered with instead of the truth.
//!
//! A listing that is empty, short or doubled looks like a whole one to a client that does not check. Each of these was observed
//! in the cloud, or no documented promise excludes it (corrections.md section 3: DescribeInstances answered callers without
//! permission with an empty list and TotalCount 0 until 2025-12-20).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A false answer, with status 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Lie {
    /// No byte at all.
    EmptyBody,
    /// `{}`.
    EmptyObject,
    /// `null`.
    Null,
    /// A refusal's code and message, with the status of a success.
    ErrorInSuccess,
    /// The lists are not there.
    NoList,
    /// The lists are `null`.
    NullList,
    /// Half of the rows, and no token for the rest; the count is the true one.
    FirstPageOnly,
    /// Half of the rows, on every page that is asked for.
    RepeatedPage,
    /// The rows lack the field that identifies them.
    RowsWithoutId,
    /// That field is empty in the first row.
    EmptyId,
    /// The rows lack their lists, of tags, zones or addresses.
    RowsWithoutLists,
    /// Each row twice.
    DoubledRows,
    /// The world before the latest write.
    OneWriteAgo,
    /// Every list is empty, and the count is 0.
    EmptyWorld,
    /// The count is larger than the number of rows.
    WrongCount,
}

/// Fields that identify a row, the most specific first: a listener has the id of its load balancer, too.
const IDS: [&str; 26] = [
    "ServerId",
    "ListenerId",
    "ServerGroupId",
    "NetworkInterfaceId",
    "InstanceId",
    "SecurityGroupRuleId",
    "TransitRouterRouteEntryId",
    "RouteEntryId",
    "TransitRouterAttachmentId",
    "TransitRouterRouteTableId",
    "RouteTableId",
    "TransitRouterId",
    "CenBandwidthPackageId",
    "CenId",
    "VSwitchId",
    "NetworkAclId",
    "SecurityGroupId",
    "PrefixListId",
    "LoadBalancerId",
    "ResourceId",
    "VpcId",
    "ZoneId",
    "RegionId",
    "Name",
    "Key",
    "DestinationCidrBlock",
];
const COUNTS: [&str; 2] = ["TotalCount", "Count"];
const TOKEN: &str = "NextToken";
/// Stands for a second page that is the first one again.
const AGAIN: &str = "YWZ0ZXI6YWdhaW4";

impl Lie {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::EmptyBody,
        Self::EmptyObject,
        Self::Null,
        Self::ErrorInSuccess,
        Self::NoList,
        Self::NullList,
        Self::FirstPageOnly,
        Self::RepeatedPage,
        Self::RowsWithoutId,
        Self::EmptyId,
        Self::RowsWithoutLists,
        Self::DoubledRows,
        Self::OneWriteAgo,
        Self::EmptyWorld,
        Self::WrongCount,
    ];

    /// Whether it makes anything of this answer untrue. The world before the latest write may always be another one.
    #[must_use]
    pub fn changes(self, answer: &Value) -> bool {
        match self {
            Self::OneWriteAgo => true,
            // An object without a field would lack its request id as well.
            Self::EmptyBody | Self::EmptyObject | Self::Null | Self::ErrorInSuccess => true,
            _ => self.falsified(answer.clone(), false) != *answer,
        }
    }

    /// The whole body where it is no object with the answer's own fields.
    pub(crate) const fn body(self) -> Option<&'static str> {
        match self {
            Self::EmptyBody => Some(""),
            Self::EmptyObject => Some("{}"),
            Self::Null => Some("null"),
            _ => None,
        }
    }

    /// The false answer. `continued` says that a page after the first was asked for.
    pub(crate) fn falsified(self, mut answer: Value, continued: bool) -> Value {
        let Some(fields) = answer.as_object_mut() else { return answer };
        match self {
            Self::EmptyBody | Self::EmptyObject | Self::Null | Self::OneWriteAgo => {}
            Self::ErrorInSuccess => {
                return json!({"Code": "Forbidden.RAM", "Message": "User not authorized to operate on the specified resource."});
            }
            Self::NoList => fields.retain(|_, value| rows(value).is_none()),
            Self::NullList => {
                for value in fields.values_mut() {
                    if rows(value).is_some() {
                        *value = Value::Null;
                    }
                }
            }
            Self::FirstPageOnly => {
                halve(fields);
                set_token(fields, "");
            }
            Self::RepeatedPage => {
                halve(fields);
                set_token(fields, if continued { "" } else { AGAIN });
            }
            Self::RowsWithoutId => each_row(fields, |row| {
                if let Some(id) = id(row) {
                    row.remove(id);
                }
            }),
            Self::EmptyId => {
                let first = fields.values_mut().filter_map(rows).find_map(|rows| rows.first_mut()?.as_object_mut());
                if let Some(row) = first
                    && let Some(id) = id(row)
                {
                    row.insert(id.to_owned(), Value::String(String::new()));
                }
            }
            Self::RowsWithoutLists => each_row(fields, |row| row.values_mut().for_each(empty)),
            Self::DoubledRows => {
                fields.values_mut().filter_map(rows).for_each(|rows| {
                    *rows = rows.drain(..).flat_map(|row| [row.clone(), row]).collect();
                });
            }
            Self::EmptyWorld => {
                fields.values_mut().for_each(empty);
                set_counts(fields, |_| 0);
                set_token(fields, "");
            }
            Self::WrongCount => set_counts(fields, |count| count + 7),
        }
        answer
    }
}

/// The rows of a field that is a list: an array, or an object around one, as in `Instances.Instance`.
fn rows(value: &mut Value) -> Option<&mut Vec<Value>> {
    match value {
        Value::Array(rows) => Some(rows),
        Value::Object(around) if around.len() == 1 => around.values_mut().next().and_then(Value::as_array_mut),
        _ => None,
    }
}

fn each_row(fields: &mut Map<String, Value>, alter: impl Fn(&mut Map<String, Value>)) {
    let rows = fields.values_mut().filter_map(rows).flatten();
    rows.filter_map(Value::as_object_mut).for_each(alter);
}

fn id(row: &Map<String, Value>) -> Option<&'static str> {
    IDS.into_iter().find(|id| row.contains_key(*id))
}

fn halve(fields: &mut Map<String, Value>) {
    fields.values_mut().filter_map(rows).for_each(|rows| rows.truncate(rows.len().div_ceil(2)));
}

/// Empties every list in a value, however deep.
fn empty(value: &mut Value) {
    match value {
        Value::Array(rows) => rows.clear(),
        Value::Object(fields) => fields.values_mut().for_each(empty),
        _ => {}
    }
}

fn set_token(fields: &mut Map<String, Value>, token: &str) {
    if let Some(held) = fields.get_mut(TOKEN) {
        *held = Value::String(token.to_owned());
    }
}

fn set_counts(fields: &mut Map<String, Value>, count: impl Fn(u64) -> u64) {
    for name in COUNTS {
        if let Some(held) = fields.get_mut(name)
            && let Some(number) = held.as_u64()
        {
            *held = count(number).into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Value {
        let row = |id: &str| json!({"InstanceId": id, "VpcId": "vpc-1", "Tags": {"Tag": [{"Key": "app"}]}});
        json!({"Instances": {"Instance": [row("i-1"), row("i-2"), row("i-3")]}, "TotalCount": 3, "NextToken": ""})
    }

    fn told(lie: Lie) -> Value {
        lie.falsified(listing(), false)
    }

    #[test]
    fn each_falsifies_what_its_name_says() {
        let ids = |answer: &Value| -> Vec<String> {
            let rows = answer["Instances"]["Instance"].as_array().cloned().unwrap_or_default();
            rows.iter().map(|row| row["InstanceId"].as_str().unwrap_or("-").to_owned()).collect()
        };
        assert_eq!(told(Lie::NoList), json!({"TotalCount": 3, "NextToken": ""}));
        assert_eq!(told(Lie::NullList)["Instances"], Value::Null);
        assert_eq!(ids(&told(Lie::FirstPageOnly)), ["i-1", "i-2"]);
        assert_eq!(told(Lie::FirstPageOnly)["TotalCount"], 3);
        assert_eq!(ids(&told(Lie::RepeatedPage)), ["i-1", "i-2"]);
        assert_ne!(told(Lie::RepeatedPage)["NextToken"], "");
        assert_eq!(Lie::RepeatedPage.falsified(listing(), true)["NextToken"], "", "there is an end to it");
        assert_eq!(ids(&told(Lie::RowsWithoutId)), ["-", "-", "-"]);
        assert_eq!(told(Lie::RowsWithoutId)["Instances"]["Instance"][0]["VpcId"], "vpc-1");
        assert_eq!(ids(&told(Lie::EmptyId)), ["", "i-2", "i-3"]);
        assert_eq!(told(Lie::RowsWithoutLists)["Instances"]["Instance"][0]["Tags"], json!({"Tag": []}));
        assert_eq!(ids(&told(Lie::DoubledRows)), ["i-1", "i-1", "i-2", "i-2", "i-3", "i-3"]);
        assert_eq!(told(Lie::EmptyWorld), json!({"Instances": {"Instance": []}, "TotalCount": 0, "NextToken": ""}));
        assert_eq!(told(Lie::WrongCount)["TotalCount"], 10);
        assert_eq!(told(Lie::ErrorInSuccess)["Code"], "Forbidden.RAM");
    }

    #[test]
    fn what_changes_nothing_is_no_lie() {
        for lie in Lie::ALL {
            assert!(lie.changes(&listing()), "{lie:?}");
        }
        let bare = json!({"Status": "Active"});
        let changing: Vec<Lie> = Lie::ALL.into_iter().filter(|lie| lie.changes(&bare)).collect();
        let told = [Lie::EmptyBody, Lie::EmptyObject, Lie::Null, Lie::ErrorInSuccess, Lie::OneWriteAgo];
        assert_eq!(changing, told);
    }
}
