use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    alb as albs, cbn as cbns, ecs as ecss, eventbridge, fc, fnf as fnfs, ims, ram, ros as ross, sts, vpc as vpcs,
};

/// Every action of every service.
fn wholes() -> Vec<(&'static str, &'static Whole)> {
    let all = [
        albs::WHOLES,
        cbns::WHOLES,
        vpcs::WHOLES,
        ecss::WHOLES,
        fc::WHOLES,
        fnfs::WHOLES,
        sts::WHOLES,
        ims::WHOLES,
        ram::WHOLES,
        ross::WHOLES,
        eventbridge::WHOLES,
    ];
    all.concat()
}

/// Puts `value` where a dotted name says.
fn put(object: &mut Value, name: &str, value: Value) {
    let mut here = object;
    for part in name.split('.') {
        here = here.as_object_mut().unwrap().entry(part).or_insert_with(|| json!({}));
    }
    *here = value;
}

/// Takes away what a dotted name says.
fn take(object: &mut Value, name: &str) {
    let (outer, last) = name.rsplit_once('.').map_or((None, name), |(outer, last)| (Some(outer), last));
    let here = outer.into_iter().flat_map(|outer| outer.split('.')).fold(object, |here, part| &mut here[part]);
    here.as_object_mut().unwrap().remove(last);
}

/// The least object that holds `fields`.
fn least(fields: &[Field]) -> Value {
    let mut object = json!({});
    for field in fields {
        match field {
            Field::Filled(name) => put(&mut object, name, json!("x")),
            Field::Given(name) => put(&mut object, name, json!("")),
            Field::List(name, inner) | Field::Some(name, inner) => put(&mut object, name, json!([element(inner)])),
            Field::Maybe(..) | Field::When(..) => {}
            Field::AnyList(names) => put(&mut object, names[0], json!([])),
        }
    }
    object
}

/// A row of an inner list: a text where nothing is asked of it.
fn element(fields: &[Field]) -> Value {
    if fields.is_empty() { json!("x") } else { least(fields) }
}

/// The least whole answer of an action, with one row where it lists.
fn answer(whole: &Whole) -> Value {
    let mut answer = least(whole.fields);
    if let Some(rows) = whole.rows {
        put(&mut answer, rows.at, json!([least(rows.fields)]));
    }
    answer
}

/// `whole` with each of `fields` broken in turn: left out, null, and, where it must hold something, empty.
fn broken(whole: &Value, fields: &[Field]) -> Vec<Value> {
    let without = |name: &str| {
        let mut value = whole.clone();
        take(&mut value, name);
        value
    };
    let with = |name: &str, instead: Value| {
        let mut value = whole.clone();
        put(&mut value, name, instead);
        value
    };
    let mut all = Vec::new();
    for field in fields {
        match field {
            Field::Filled(name) => {
                all.extend([without(name), with(name, Value::Null), with(name, json!("")), with(name, json!([]))]);
            }
            Field::Given(name) => all.extend([without(name), with(name, Value::Null), with(name, json!({}))]),
            Field::List(name, inner) => {
                all.extend([without(name), with(name, Value::Null), with(name, json!({})), with(name, json!("x"))]);
                all.extend(broken(&element(inner), inner).into_iter().map(|row| with(name, json!([row]))));
            }
            Field::Some(name, inner) => {
                all.extend([without(name), with(name, Value::Null), with(name, json!({})), with(name, json!([]))]);
                all.extend(broken(&element(inner), inner).into_iter().map(|row| with(name, json!([row]))));
            }
            Field::Maybe(name, inner) => {
                all.extend([with(name, Value::Null), with(name, json!({})), with(name, json!("x"))]);
                all.extend(broken(&element(inner), inner).into_iter().map(|row| with(name, json!([row]))));
            }
            Field::AnyList(names) => all.push(without(names[0])),
            Field::When(name, value, then) => {
                let met = with(name, json!(value));
                let mut full = met.clone();
                let missing = least(then);
                full.as_object_mut().unwrap().extend(missing.as_object().unwrap().clone());
                all.extend(broken(&full, then));
            }
        }
    }
    all
}

#[test]
fn the_least_answer_of_each_action_is_whole_and_nothing_less_is() {
    let mut broken_ones = 0;
    for (name, whole) in wholes() {
        let least = answer(whole);
        assert_eq!(whole.check(&least).err(), None, "{name}: {least}");
        let mut all = broken(&least, whole.fields);
        if let Some(rows) = whole.rows {
            let row = answer(whole)[rows.at][0].clone();
            let with = |list: Value| {
                let mut answer = least.clone();
                put(&mut answer, rows.at, list);
                answer
            };
            let mut without = least.clone();
            take(&mut without, rows.at);
            all.extend([without, with(Value::Null), with(json!({})), with(json!("")), with(json!([null]))]);
            all.extend(broken(&row, rows.fields).into_iter().map(|row| with(json!([row]))));
            // The same wrapped, as VPC and ECS do, and with no row at all.
            assert_eq!(whole.check(&with(json!({ "Row": [row] }))).err(), None, "{name}");
            assert_eq!(whole.check(&with(json!([]))).err(), None, "{name}");
        }
        for answer in &all {
            assert!(whole.check(answer).is_err(), "{name}: {answer}");
        }
        broken_ones += all.len();
    }
    assert!(broken_ones > 500, "{broken_ones}");
}

#[test]
fn an_answer_that_says_nothing_is_never_a_reading() {
    for info in crate::actions().iter().filter(|info| !info.writes) {
        let Some((name, whole)) = wholes().into_iter().find(|(name, _)| *name == info.name) else {
            // Answers that are not JSON are checked where they are read.
            let others = ["GetObject", "GetBucketInfo", "ListObjects", "ListObjectVersions", "InvokeFunction"];
            assert!(others.contains(&info.name), "{} has no entry", info.name);
            continue;
        };
        for nothing in [json!(null), json!({}), json!([]), json!("x"), json!({ "Code": "Forbidden.RAM" })] {
            assert!(whole.check(&nothing).is_err(), "{name}: {nothing}");
        }
    }
}

#[test]
fn what_is_missing_is_named_with_its_row() {
    let check = |answer: Value| ecs::INSTANCES.check(&answer).unwrap_err();
    assert_eq!(check(json!({})), "the answer has no list Instances");
    let mut first = least(ecs::INSTANCES.rows.unwrap().fields);
    let mut second = first.clone();
    take(&mut second, "InstanceId");
    assert_eq!(check(json!({ "Instances": { "Instance": [first, second] } })), "row 2 of Instances has no InstanceId");
    put(&mut first, "Tags", json!({ "Tag": [{ "TagValue": "web" }] }));
    assert_eq!(check(json!({ "Instances": [first] })), "row 1 of Instances has no TagKey in Tags");
}

#[test]
fn rows_are_told_apart_by_their_key_or_by_all_that_they_hold() {
    let entry = |id: &str, hop: &str| {
        json!({
            "TransitRouterRouteEntryId": id, "TransitRouterRouteEntryDestinationCidrBlock": "10.0.0.0/8",
            "TransitRouterRouteEntryStatus": "Active", "TransitRouterRouteEntryType": "Propagated",
            "TransitRouterRouteEntryNextHopType": "Attachment", "TransitRouterRouteEntryNextHopId": hop,
        })
    };
    let keys = |rows: &[Value]| cbn::ROUTE_ENTRIES.check(&json!({ "TransitRouterRouteEntries": rows })).unwrap();
    assert_eq!(keys(&[entry("rte-1", "a")]), ["rte-1"]);
    let learned = keys(&[entry("", "a"), entry("", "b"), entry("", "a")]);
    assert!(learned[0] != learned[1] && learned[0] == learned[2], "{learned:?}");
}

/// Rows of instances, most of them nearly whole.
fn any_instance() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        8 => Just(json!("x")),
        1 => Just(json!("")),
        1 => Just(json!(null)),
        1 => Just(json!(7)),
        1 => Just(json!([])),
        1 => Just(json!({})),
    ];
    let list = prop_oneof![
        4 => Just(json!({ "Item": ["x"] })),
        2 => Just(json!([])),
        1 => Just(json!({ "Item": [] })),
        1 => Just(json!({})),
        1 => Just(json!(null)),
        1 => Just(json!({ "Tag": [{ "TagKey": "app" }] })),
        1 => Just(json!({ "Tag": [{ "TagValue": "web" }] })),
    ];
    let field = |name: &'static str, value: BoxedStrategy<Value>| {
        (proptest::bool::weighted(0.9), value).prop_map(move |(there, value)| there.then(|| (name.to_owned(), value)))
    };
    let attributes = (field("VpcId", text.clone().boxed()), field("PrivateIpAddress", list.clone().boxed()))
        .prop_map(|(vpc, address)| Value::Object(vpc.into_iter().chain(address).collect()));
    let row = (
        field("InstanceId", text.clone().boxed()),
        field("Status", text.boxed()),
        field("VpcAttributes", attributes.boxed()),
        field("SecurityGroupIds", list.clone().boxed()),
        field("Tags", list.boxed()),
    )
        .prop_map(|(id, status, attributes, groups, tags)| {
            Value::Object([id, status, attributes, groups, tags].into_iter().flatten().collect())
        });
    prop_oneof![9 => row, 1 => Just(json!(null))]
}

/// The same rule in words of its own: what a row of DescribeInstances has to be.
fn is_whole_instance(row: &Value) -> bool {
    let filled = |value: &Value| match value {
        Value::String(text) => !text.is_empty(),
        Value::Number(_) | Value::Bool(_) => true,
        _ => false,
    };
    let listed = |value: &Value| match value {
        Value::Array(items) => Some(items.clone()),
        Value::Object(wrapper) if wrapper.len() == 1 => wrapper.values().next().unwrap().as_array().cloned(),
        _ => None,
    };
    let has_keys = |tags: &[Value]| tags.iter().all(|tag| tag.get("TagKey").is_some_and(filled));
    row.is_object()
        && filled(&row["InstanceId"])
        && filled(&row["Status"])
        && filled(&row["VpcAttributes"]["VpcId"])
        && listed(&row["VpcAttributes"]["PrivateIpAddress"]).is_some()
        && listed(&row["SecurityGroupIds"]).is_some()
        && (row.get("Tags").is_none() || listed(&row["Tags"]).is_some_and(|tags| has_keys(&tags)))
}

/// Any JSON, a few levels deep, with field names that answers have.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z]{0,3}".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let names = ["Instances", "Tags", "VpcAttributes", "InstanceId", "Vpcs", "VpcId", "TotalCount", "Servers"];
        let name = proptest::sample::select(names.map(str::to_owned).to_vec());
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name, inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_listing_of_instances_is_whole_exactly_if_each_row_is(rows in proptest::collection::vec(any_instance(), 0..4)) {
        let whole = rows.iter().all(is_whole_instance);
        let answer = json!({ "Instances": { "Instance": rows } });
        prop_assert_eq!(ecs::INSTANCES.check(&answer).is_ok(), whole, "{}", answer);
    }

    #[test]
    fn no_answer_makes_it_panic(answer in any_json()) {
        for (_, whole) in wholes() {
            if let Ok(keys) = whole.check(&answer) {
                // Whatever counts as read is an object, and its list is there.
                prop_assert!(answer.is_object());
                let listed = whole.rows.and_then(|rows| list(answer.get(rows.at))).map(<[Value]>::len);
                prop_assert_eq!(listed.unwrap_or(0), keys.len());
            }
        }
    }
}
