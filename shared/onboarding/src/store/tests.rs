//! Valid stores, and the errors of invalid ones.

mod all;
mod notify;
mod values;

use super::*;
use crate::binding::{OnStop, Provision};
use crate::topology::Generation;

/// The procedure's binding, for a non-upgraded ALB.
pub(crate) const CLASSIC: &str = include_str!("tests/classic.yml");
/// The same for an upgraded ALB.
pub(crate) const UPGRADED: &str = include_str!("tests/upgraded.yml");

fn complaint(text: &str) -> String {
    match Store::parse(text, "bindings.yml") {
        Ok(_) => "nothing".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// The error for the procedure's store with one line changed.
fn changed(from: &str, to: &str) -> String {
    assert!(CLASSIC.contains(from), "{from}");
    complaint(&CLASSIC.replacen(from, to, 1))
}

#[test]
fn the_procedures_binding_is_read_for_both_generations() {
    let classic = Store::parse(CLASSIC, "classic.yml").unwrap();
    let web = classic.binding("web").unwrap();
    assert_eq!(web.provision, Provision::Auto);
    assert_eq!(web.alb.generation, Some(Generation::Classic));
    assert_eq!(web.back_to_origin.as_ref().map(|origin| origin.cidrs.len()), Some(8));
    assert_eq!(web.server_group.ports(), [80]);

    let upgraded = Store::parse(UPGRADED, "upgraded.yml").unwrap();
    let web = upgraded.binding("web").unwrap();
    assert_eq!((web.provision, web.removal.on_stop), (Provision::Approved, OnStop::Keep));
    assert_eq!((web.server_group.protocol.as_str(), web.server_group.port, web.server_group.weight), ("HTTP", 80, 100));
    assert!(web.back_to_origin.is_none() && !upgraded.paused);
    assert!(upgraded.binding("other").is_none());
}

#[test]
fn a_store_reads_back_from_json() {
    for text in [CLASSIC, UPGRADED] {
        let store = Store::parse(text, "bindings.yml").unwrap();
        for json in [serde_json::to_string(&store).unwrap(), serde_json::to_string_pretty(&store).unwrap()] {
            assert_eq!(Store::parse(&json, "bindings.json").unwrap(), store);
            let tabs = json.replace("  ", "\t");
            assert_eq!(Store::parse(&tabs, "bindings.json").unwrap(), store);
        }
    }
}

#[test]
fn what_cannot_be_read_is_said_with_its_place() {
    let cases = [
        (
            "healthCheck:",
            "helthCheck:",
            "14:7: unknown field `helthCheck`, expected one of name, protocol, port, weight, scheduler, sticky, healthCheck, drainSeconds, ignore.",
        ),
        ("port: 80", "port: eighty", "12:13: bindings[0].serverGroup.port: is no number from 1 to 65535."),
        ("port: 80", "port: 70000", "12:13: bindings[0].serverGroup.port: is no number from 1 to 65535."),
        ("paused: false", "paused: false\npaused: true", "2:1: `paused` stands here twice. Keep one of them."),
        ("paused: false", "paused: maybe", "1:9: paused: is neither true nor false."),
        (
            "provision: auto",
            "provision: always",
            "4:16: bindings[0].provision: unknown variant `always`, expected one of approved, auto.",
        ),
        ("      id: alb-1\n", "", "6:7: bindings[0].alb: missing field `id`."),
        ("    listener: { protocol: HTTP, port: 80 }\n", "", "3:5: bindings[0]: missing field `listener`."),
        (
            "100.117.130.0/25",
            "100.117.130.0",
            "26:11: bindings[0].backToOrigin.cidrs[0]: is no prefix. Write one of the form 100.64.0.0/24.",
        ),
        ("[vsw-1, vsw-2]", "vsw-1", "8:28: bindings[0].alb.attachmentVswitches: expected a list."),
        ("maxPercent: 20", "maxPercent: -1", "35:42: bindings[0].removal.maxPercent: is no number from 0 to 100."),
    ];
    for (from, to, expected) in cases {
        assert_eq!(changed(from, to), format!("bindings.yml:{expected}"));
    }
    // Not a store, or not YAML: the parser's own message, in one line.
    for (text, expected) in [
        ("", "1:1: ends too early. Write `bindings:` and a list, which may be []."),
        ("[1, 2]", "1:1: expected fields with values."),
        ("bindings: 3", "1:11: bindings: expected a list."),
        ("---\nbindings: []\n---\nbindings: []\n", "4:1: a second document begins. Put all bindings into one."),
        ("bindings: [", "1:11: unclosed bracket '['."),
        (r#"{"bindings": [{"name": [3]}]}"#, "1:24: bindings[0].name: expected a text."),
    ] {
        assert_eq!(complaint(text), format!("bindings.yml:{expected}"));
    }
}

#[test]
fn what_cannot_be_meant_is_said_with_its_place_and_remedy() {
    let cases = [
        (
            "name: web\n",
            "name: Web_1\n",
            "3:11: bindings[0].name: is `Web_1`. Write a name of the form [a-z][a-z0-9-]{0,39}.",
        ),
        (
            "id: alb-1",
            "id: ''",
            "7:11: bindings[0].alb.id: is empty. Write a value, or leave the line out if it has a default.",
        ),
        ("[vsw-1, vsw-2]", "[]", "8:28: bindings[0].alb.attachmentVswitches: is empty. Name at least one vSwitch."),
        (
            "[vsw-1, vsw-2]",
            "[vsw-1, vsw-1]",
            "8:36: bindings[0].alb.attachmentVswitches[1]: `vsw-1` is listed twice. Name each vSwitch once.",
        ),
        (
            "[vsw-3, vsw-4]",
            "[vsw-3, '']",
            "22:38: bindings[0].backends[0].attachmentVswitches[1]: is empty. Write a value, or leave the line out if it has a default.",
        ),
        (
            "name: web-remote",
            "name: w",
            "11:13: bindings[0].serverGroup.name: is `w`. Write 2 to 128 letters, digits, blanks, `.`, `_` and `-`, the first a letter or a digit.",
        ),
        ("port: 80\n", "port: 0\n", "12:13: bindings[0].serverGroup.port: is 0. Write a number from 1 to 65535."),
        ("weight: 100", "weight: 0", "13:15: bindings[0].serverGroup.weight: is 0. Write a number from 1 to 100."),
        ("weight: 100", "weight: 101", "13:15: bindings[0].serverGroup.weight: is 101. Write a number from 1 to 100."),
        (
            "weight: 100",
            "protocol: http",
            "13:17: bindings[0].serverGroup.protocol: is `http`. Write one of HTTP, HTTPS, gRPC.",
        ),
        (
            "weight: 100",
            "scheduler: RoundRobin",
            "13:18: bindings[0].serverGroup.scheduler: is `RoundRobin`. Write one of Wrr, Wlc, Sch.",
        ),
        (
            "weight: 100",
            "drainSeconds: 901",
            "13:21: bindings[0].serverGroup.drainSeconds: is 901. Write a number from 0 to 900.",
        ),
        (
            "{ path: / }",
            "{ path: index.html }",
            "14:28: bindings[0].serverGroup.healthCheck.path: is `index.html`. Write a path of 1 to 80 characters that begins with /: letters, digits and -/.%?#&=_;~!()*[]@$^:\\\",+.",
        ),
        (
            "{ path: / }",
            "{ interval: 51 }",
            "14:32: bindings[0].serverGroup.healthCheck.interval: is 51. Write a number from 1 to 50.",
        ),
        (
            "{ path: / }",
            "{ timeout: 0 }",
            "14:31: bindings[0].serverGroup.healthCheck.timeout: is 0. Write a number from 1 to 300.",
        ),
        (
            "{ path: / }",
            "{ healthyThreshold: 1 }",
            "14:40: bindings[0].serverGroup.healthCheck.healthyThreshold: is 1. Write a number from 2 to 10.",
        ),
        (
            "{ path: / }",
            "{ method: PUT }",
            "14:30: bindings[0].serverGroup.healthCheck.method: is `PUT`. Write one of HEAD, GET.",
        ),
        (
            "{ path: / }",
            "{ codes: [200] }",
            "14:30: bindings[0].serverGroup.healthCheck.codes[0]: is `200`. Write one of http_2xx, http_3xx, http_4xx, http_5xx.",
        ),
        (
            "protocol: HTTP, port: 80",
            "protocol: TCP, port: 80",
            "15:27: bindings[0].listener.protocol: is `TCP`. Write one of HTTP, HTTPS, QUIC.",
        ),
        (
            "package: cenbwp-1, mbps: 10",
            "package: cenbwp-1, payByTraffic: true, mbps: 10",
            "18:18: bindings[0].cen.bandwidth: names both a package and payByTraffic. Keep one of them.",
        ),
        (
            "package: cenbwp-1, mbps: 10",
            "mbps: 10",
            "18:18: bindings[0].cen.bandwidth: names neither a package nor payByTraffic. Add one of them.",
        ),
        (
            "package: cenbwp-1, mbps: 10",
            "package: cenbwp-1, mbps: 0",
            "18:45: bindings[0].cen.bandwidth.mbps: is 0. Write a number from 1 to 10000.",
        ),
        (
            "tags: { app: web }",
            "tags: {}",
            "23:25: bindings[0].backends[0].select.tags: is empty, which would select every instance of the VPC. Name at least one tag.",
        ),
        (
            "tags: { app: web }",
            "tags: { '': web }",
            "23:25: bindings[0].backends[0].select.tags: has an empty key. Name the tag.",
        ),
        (
            "        select:",
            "        assumeRole: { arn: 'acs:ram::x:role/r' }\n        select:",
            "23:28: bindings[0].backends[0].assumeRole.arn: is `acs:ram::x:role/r`. Write acs:ram::<account number>:role/<role name>.",
        ),
        (
            "generation: classic",
            "generation: upgraded",
            "25:7: bindings[0].backToOrigin: is for non-upgraded ALBs, and alb.generation is upgraded. Leave one of the two out.",
        ),
        (
            "100.117.130.128/25",
            "100.117.130.0/24",
            "27:11: bindings[0].backToOrigin.cidrs[1]: 100.117.130.0/24 overlaps 100.117.130.0/25. Keep one of them.",
        ),
        (
            "100.117.130.0/25",
            "100.64.0.0/10",
            "26:11: bindings[0].backToOrigin.cidrs[0]: 100.64.0.0/10 cannot be a route of a VPC. Copy the longer prefixes from the ALB's console page.",
        ),
        (
            "100.117.130.0/25",
            "100.96.0.0/11",
            "26:11: bindings[0].backToOrigin.cidrs[0]: 100.96.0.0/11 cannot be a route of a VPC. Copy the longer prefixes from the ALB's console page.",
        ),
        (
            "100.117.130.0/25",
            "10.0.0.0/24",
            "26:11: bindings[0].backToOrigin.cidrs[0]: 10.0.0.0/24 is outside 100.64.0.0/10. Copy the prefixes from the ALB's console page.",
        ),
        (
            "100.117.130.0/25",
            "100.117.130.1/25",
            "26:11: bindings[0].backToOrigin.cidrs[0]: 100.117.130.1/25 is an address inside a prefix. Write 100.117.130.0/25.",
        ),
        (
            "host: www.example.com",
            "host: ' '",
            "34:21: bindings[0].verify.host: is empty. Write a value, or leave the line out if it has a default.",
        ),
        (
            "path: /, expect",
            "path: x, expect",
            "34:44: bindings[0].verify.path: is `x`. Write a path that begins with /, other characters than those of a URL escaped as %XX.",
        ),
        ("expect: 200", "expect: 99", "34:55: bindings[0].verify.expect: is 99. Write a number from 100 to 599."),
        (
            "maxPercent: 20",
            "maxPercent: 101",
            "35:42: bindings[0].removal.maxPercent: is 101. Write a number from 0 to 100.",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(changed(from, to), format!("bindings.yml:{expected}"));
    }
}

#[test]
fn bandwidth_is_needed_only_between_regions() {
    let without = CLASSIC.replace("      bandwidth: { package: cenbwp-1, mbps: 10 }\n", "");
    assert!(
        complaint(&without).starts_with("bindings.yml:17:7: bindings[0].cen: has no bandwidth, and cn-hangzhou is ")
    );
    assert_eq!(complaint(&without.replace("cn-hangzhou", "cn-chengdu")), "nothing");
}

#[test]
fn a_vpc_is_listed_once_in_a_binding() {
    let again =
        "      - { region: cn-hangzhou, vpc: vpc-2, attachmentVswitches: [vsw-5], select: { tags: { a: b } } }\n";
    assert_eq!(
        complaint(&format!("{UPGRADED}{again}")),
        "bindings.yml:9:37: bindings[0].backends[1].vpc: vpc-2 is listed twice. Give each VPC one entry."
    );
}

#[test]
fn two_bindings_share_neither_name_nor_listener_nor_server_group() {
    let one = |name: &str, port: u16, group: &str| {
        let text = UPGRADED.trim_start_matches("bindings:\n").replace("name: web\n", &format!("name: {name}\n"));
        text.replace("listener: {}", &format!("listener: {{ port: {port} }}")).replace("web-remote", group)
    };
    let with = |other: String| complaint(&format!("bindings:\n{}{other}", one("web", 80, "web-remote")));
    assert_eq!(with(one("api", 81, "api-remote")), "nothing");
    assert_eq!(
        with(one("web", 81, "api-remote")),
        "bindings.yml:9:11: bindings[1].name: two bindings are named `web`. Give each a name of its own."
    );
    assert_eq!(
        with(one("api", 80, "api-remote")),
        "bindings.yml:12:23: bindings[1].listener.port: binding `web` has the listener on port 80 of alb-1 already. Choose another port."
    );
    assert_eq!(
        with(one("api", 81, "web-remote")),
        "bindings.yml:11:26: bindings[1].serverGroup.name: binding `web` has the server group `web-remote` of alb-1 already. Choose another name."
    );
}

#[test]
fn a_name_has_at_most_forty_characters() {
    let named = |length: usize| changed("name: web\n", &format!("name: {}\n", "a".repeat(length)));
    assert_eq!(named(40), "nothing");
    assert!(named(41).starts_with("bindings.yml:3:11: bindings[0].name: is `aaa"));
}

#[test]
fn an_error_is_a_reason_and_data() {
    let error = Store::parse("bindings: 3", "oss://bucket.cn-hangzhou/bindings.yml").unwrap_err();
    let reason = error.reason();
    assert_eq!(
        (reason.code.as_str(), reason.resource.as_str()),
        ("XREG-STORE", "oss://bucket.cn-hangzhou/bindings.yml")
    );
    assert!(reason.message.starts_with("oss://bucket.cn-hangzhou/bindings.yml:1:11: "));
    let data = serde_json::to_value(&error).unwrap();
    assert_eq!(data["path"], "bindings");
}

#[test]
fn the_schema_describes_the_store() {
    let schema = schema();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], serde_json::json!(["bindings"]));
    assert_eq!(schema["$defs"]["BindingName"]["pattern"], "^[a-z][a-z0-9-]{0,39}$");
    assert_eq!(schema["$defs"]["ServerGroupSpec"]["properties"]["weight"]["maximum"], 100);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[-a-z:{}\\[\\], \n0-9&*'\"#|>!%@`]{0,60}", at in 0_usize..1200, cut in 0_usize..40) {
        let _ = Store::parse(&text, "x").map_err(|error| error.to_string());
        // The procedure's store with one part replaced by the text.
        let (from, to) = (at.min(CLASSIC.len()), (at + cut).min(CLASSIC.len()));
        let spoilt = format!("{}{text}{}", &CLASSIC[..from], &CLASSIC[to..]);
        if let Err(error) = Store::parse(&spoilt, "x") {
            proptest::prop_assert!(!error.message.is_empty() && !error.to_string().contains('\n'), "{}", error);
        }
    }
}
