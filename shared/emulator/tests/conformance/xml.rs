//! Answers in XML say what those in JSON say, leaf by leaf.

use serde_json::Value;

use crate::answer::plain;
use crate::case;
use crate::client::{Ask, Client};

/// A request's parameters.
type Pairs<'a> = &'a [(&'a str, &'a str)];

/// Every leaf of a JSON value: its path without the places in lists, and its text.
fn leaves_of_json(value: &Value, path: &str, into: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            let before = into.len();
            fields.iter().for_each(|(name, value)| leaves_of_json(value, &format!("{path}/{name}"), into));
            // An element around empty lists is an empty one.
            if into.len() == before {
                into.push((path.to_owned(), String::new()));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| leaves_of_json(item, path, into)),
        Value::Null => into.push((path.to_owned(), String::new())),
        other => into.push((path.to_owned(), plain(other))),
    }
}

/// The same of a document of elements and text, which is all that the services write.
fn leaves_of_xml(text: &str) -> Vec<(String, String)> {
    let body = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap();
    let (mut open, mut leaves, mut rest, mut fresh) = (Vec::<&str>::new(), Vec::new(), body, false);
    while let Some((content, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap();
        if let Some(name) = tag.strip_prefix('/') {
            // Only what was opened last and holds no element is a leaf.
            if fresh {
                let path: String = open[1..].iter().map(|name| format!("/{name}")).collect();
                leaves.push((path, unescaped(content)));
            } else {
                assert_eq!(content, "", "text beside elements");
            }
            assert_eq!(open.pop(), Some(name));
            fresh = false;
        } else {
            open.push(tag);
            fresh = true;
        }
        rest = after;
    }
    assert!(open.is_empty() && rest.is_empty(), "{rest:?} is left, {open:?} are open");
    leaves
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[test]
fn both_formats_say_the_same() {
    let mut client = Client::new(case::World::Procedure);
    let calls: [(&str, &str, &str, Pairs<'_>); 6] = [
        ("alb", "cn-chengdu", "GetLoadBalancerAttribute", &[("LoadBalancerId", "alb-1")]),
        ("alb", "cn-chengdu", "ListServerGroups", &[("ServerGroupIds.1", "<none> & \"none\"")]),
        ("vpc", "cn-hangzhou", "DescribeVSwitches", &[("VpcId", "vpc-2")]),
        ("ecs", "cn-hangzhou", "DescribeInstances", &[("VpcId", "vpc-2")]),
        ("vpc", "cn-hangzhou", "DescribeVpcAttribute", &[("VpcId", "<&>")]),
        ("cbn", "cn-hangzhou", "CreateTransitRouter", &[("RegionId", "cn-hangzhou")]),
    ];
    for (service, region, action, params) in calls {
        let mut answers = ["JSON", "XML"].map(|format| {
            let all = params.iter().copied().chain([("Format", format)]);
            let params = all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            client.ask(Ask { service, action, region, params, ..Ask::default() }, None)
        });
        let [json, xml] = &mut answers;
        assert_eq!(xml.response.headers()["content-type"], "text/xml;charset=utf-8");
        let mut expected = Vec::new();
        leaves_of_json(&json.body, "", &mut expected);
        let mut found = leaves_of_xml(&xml.text);
        // Each request has an id of its own, which a refusal names twice.
        for leaves in [&mut expected, &mut found] {
            leaves.retain(|(path, _)| path != "/RequestId" && path != "/Recommend");
            leaves.sort();
        }
        assert_eq!(expected, found, "{action}");
        assert_eq!(xml.text.matches("<RequestId>").count(), 1, "{action}");
        assert!(xml.text.contains(if json.status == 200 { "Response>" } else { "<Error>" }), "{}", xml.text);
    }
}
