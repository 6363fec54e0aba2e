//! Values at the limits in the parameter texts of the SDK packages: the last one that is accepted, and the first one that
//! is not.

use super::{CLASSIC, changed, complaint};
use crate::store::Store;

const CHECK: &str = "{ path: / }";

/// The error for the procedure's store with these health check fields.
fn check(fields: &str) -> String {
    changed(CHECK, &format!("{{ {fields} }}"))
}

/// The value is accepted.
fn passes(said: &str, what: &str) {
    assert_eq!(said, "nothing", "{what}");
}

/// The value is refused, and the error has its place.
fn refused(said: &str, at: &str, what: &str) {
    let place = said.strip_prefix("bindings.yml:").and_then(|rest| rest.split_once(": ")).unwrap_or_default();
    assert!(place.0.split(':').all(|number| number.parse::<u32>().is_ok()), "{what}: {said}");
    assert!(place.1.starts_with(&format!("bindings[0].{at}")), "{what}: {said}");
}

#[test]
fn server_group_names() {
    for name in ["ab", "1 web", "web-remote_1.x y", "组a", &"n".repeat(128)] {
        passes(&changed("name: web-remote", &format!("name: '{name}'")), name);
    }
    for name in ["a", "web/remote", "-web", " web", "wéb", "web:1", "web\\tremote", &"n".repeat(129)] {
        refused(&changed("name: web-remote", &format!("name: \"{name}\"")), "serverGroup.name", name);
    }
}

#[test]
fn health_check_paths_and_hosts() {
    let longest = format!("/{}", "p".repeat(79));
    for path in ["/", "/a%20b?c=d&e#f", "/_;~!()*[]@$^:,+", longest.as_str()] {
        passes(&check(&format!("path: '{path}'")), path);
    }
    for path in ["index.html", "/a b", "/é", "/{id}", "/a|b", &format!("{longest}p")] {
        refused(&check(&format!("path: '{path}'")), "serverGroup.healthCheck.path", path);
    }
    let longest = format!("{}.com", "h".repeat(76));
    for host in ["''", "www.example.com", "a-1.b", longest.as_str()] {
        passes(&check(&format!("host: {host}")), host);
    }
    let longer = format!("h{longest}");
    for host in
        ["localhost", "WWW.example.com", ".a.b", "a.b.", "a.c1", "-a.b", "a.b-c", "a_b.c", "$SERVER_IP", &longer]
    {
        refused(&check(&format!("host: '{host}'")), "serverGroup.healthCheck.host", host);
    }
}

#[test]
fn intervals_timeouts_and_thresholds() {
    for fields in ["interval: 1", "interval: 5", "interval: 50, timeout: 50", "timeout: 300", "timeout: 2"] {
        passes(&check(fields), fields);
    }
    for fields in ["interval: 6", "interval: 50, timeout: 49", "timeout: 1", "timeout: 301"] {
        refused(&check(fields), "serverGroup.healthCheck", fields);
    }
    for field in ["healthyThreshold", "unhealthyThreshold"] {
        passes(&check(&format!("{field}: 2")), field);
        passes(&check(&format!("{field}: 10")), field);
        refused(&check(&format!("{field}: 1")), "serverGroup.healthCheck", field);
        refused(&check(&format!("{field}: 11")), "serverGroup.healthCheck", field);
    }
    passes(&check("port: 0"), "the member's own port");
    passes(&check("port: 65535"), "the last port");
}

#[test]
fn a_grpc_check_has_methods_and_codes_of_its_own() {
    for fields in [
        "protocol: gRPC",
        "protocol: gRPC, method: GET, codes: [0, 99]",
        "protocol: HTTPS, method: GET, codes: [http_4xx]",
        "protocol: TCP",
    ] {
        passes(&check(fields), fields);
    }
    for fields in [
        "protocol: gRPC, method: HEAD",
        "protocol: gRPC, codes: [http_2xx]",
        "protocol: gRPC, codes: [100]",
        "protocol: gRPC, codes: ['01']",
        "method: POST",
        "codes: ['0']",
        "codes: []",
        "codes: [http_2xx, http_2xx]",
    ] {
        refused(&check(fields), "serverGroup.healthCheck", fields);
    }
    let text = CLASSIC.replacen(CHECK, "{ protocol: gRPC }", 1);
    let spec = Store::parse(&text, "x").unwrap().bindings[0].server_group.health_check.clone();
    assert_eq!((spec.method(), spec.codes()), ("POST", vec!["0".to_owned()]));
}

#[test]
fn a_group_stands_behind_a_listener_that_speaks_its_protocol() {
    let listener = "listener: { protocol: HTTP, port: 80 }";
    let both = |group: &str, with: &str| {
        let text = CLASSIC.replacen("weight: 100", &format!("protocol: {group}"), 1);
        complaint(&text.replacen(listener, &format!("listener: {{ protocol: {with}, port: 443 }}"), 1))
    };
    for (group, with) in
        [("HTTP", "HTTP"), ("HTTP", "HTTPS"), ("HTTP", "QUIC"), ("HTTPS", "HTTPS"), ("gRPC", "HTTPS"), ("gRPC", "QUIC")]
    {
        passes(&both(group, with), group);
    }
    for (group, with) in [("HTTPS", "HTTP"), ("HTTPS", "QUIC"), ("gRPC", "HTTP")] {
        refused(&both(group, with), "serverGroup.protocol", group);
    }
}

#[test]
fn ids_and_regions_are_spelt_as_the_cloud_spells_them() {
    for (from, to, at) in [
        ("id: alb-1", "id: 'alb 1'", "alb.id"),
        ("id: alb-1", "id: \"alb-1\\n\"", "alb.id"),
        ("region: cn-chengdu", "region: evil.example/", "alb.region"),
        ("[vsw-1, vsw-2]", "[vsw-1, 'vsw/2']", "alb.attachmentVswitches[1]"),
        ("package: cenbwp-1", "package: 'cenbwp 1'", "cen.bandwidth.package"),
    ] {
        refused(&changed(from, to), at, to);
    }
    passes(&changed("id: alb-1", &format!("id: {}", "a".repeat(64))), "64 characters");
    refused(&changed("id: alb-1", &format!("id: {}", "a".repeat(65))), "alb.id", "65 characters");
    let zones = |count: usize| {
        let ids: Vec<String> = (1..=count).map(|number| format!("vsw-1{number}")).collect();
        changed("[vsw-1, vsw-2]", &format!("[{}]", ids.join(", ")))
    };
    passes(&zones(10), "ten zones");
    refused(&zones(11), "alb.attachmentVswitches", "eleven zones");
}

#[test]
fn roles_bandwidth_quotas_and_the_proving_request() {
    let role = |arn: &str, external: &str| {
        changed(
            "        select:",
            &format!("        assumeRole: {{ arn: '{arn}', externalId: '{external}' }}\n        select:"),
        )
    };
    let longest = format!("acs:ram::123:role/{}", "r".repeat(64));
    passes(&role("acs:ram::1234567890123456:role/a.b-C1", "x="), "a role");
    passes(&role(&longest, &"x".repeat(1224)), "the longest");
    for arn in [
        "acs:ram::123:role/",
        "acs:ram::123:role/a_b",
        "acs:ram::123:user/a",
        "acs:ram::99999999999999999999:role/a",
        &format!("{longest}r"),
    ] {
        refused(&role(arn, "xx"), "backends[0].assumeRole.arn", arn);
    }
    for external in ["x", "a b", "a;b", &"x".repeat(1225)] {
        refused(&role("acs:ram::123:role/a", external), "backends[0].assumeRole.externalId", external);
    }
    passes(&changed("mbps: 10 }", "mbps: 10000 }"), "the largest plan");
    refused(&changed("mbps: 10 }", "mbps: 10001 }"), "cen.bandwidth.mbps", "more than the largest plan");
    refused(&changed("id: alb-1", "id: alb-1\n      serverQuota: 0"), "alb.serverQuota", "no server at all");
    passes(&changed("id: alb-1", "id: alb-1\n      serverQuota: 1"), "one server");
    for host in ["www.example.com", "intranet", "10.0.0.1:8080", "a_b.example.com"] {
        passes(&changed("host: www.example.com", &format!("host: '{host}'")), host);
    }
    for host in ["a b", "a/b", "-a", "a.", "a..b", "a:0", "a:x", "a\\r\\nX: y"] {
        refused(&changed("host: www.example.com", &format!("host: \"{host}\"")), "verify.host", host);
    }
    passes(&changed("path: /, expect", "path: '/a?b=c%20d', expect"), "a query");
    for path in ["/a b", "/é", "/a#b", "/a\\r\\nb"] {
        refused(&changed("path: /, expect", &format!("path: \"{path}\", expect")), "verify.path", path);
    }
}

/// Tags are only compared, so the cloud's own tags can be selected too.
#[test]
fn any_tag_may_select() {
    for tags in [
        "{ 'acs:autoscaling:scalingGroupId': asg-1 }",
        "{ ack.alibabacloud.com/nodepool-id: np1 }",
        "{ app: '' }",
        "{ aliyun: 'http://x' }",
    ] {
        passes(&changed("{ app: web }", tags), tags);
    }
}

/// A value with control characters is shown escaped, and a long value is truncated.
#[test]
fn a_refused_value_is_shown_tamely() {
    let said = changed("name: web-remote", "name: \"web\\e[2J\"");
    assert!(said.contains("is `web\\u{1b}[2J`."), "{said}");
    let said = changed("name: web-remote", &format!("name: {}", "n".repeat(5000)));
    assert!(said.len() < 500 && said.contains("of 5000 characters"), "{said}");
}

#[test]
fn a_text_that_multiplies_is_refused_at_once() {
    // Each level has nine references to the level before, so ten levels stand for 10^9 values.
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let before = format!("*a{}", level - 1);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", [before.as_str(); 9].join(", ")));
    }
    bomb.push_str("bindings: *a9\n");
    assert!(complaint(&bomb).contains("aliases stand for more than a store can hold"), "{}", complaint(&bomb));
    let merged = format!("x: &x {{{}}}\n", (0..2000).map(|n| format!("k{n}: v")).collect::<Vec<_>>().join(", "));
    let many = format!("{merged}bindings: [{}]\n", ["*x"; 2000].join(", "));
    assert!(complaint(&many).contains("aliases stand for more than a store can hold"), "{}", complaint(&many));

    let deep = |depth: usize| complaint(&format!("bindings: {}{}", "[".repeat(depth), "]".repeat(depth)));
    assert!(deep(200_000).len() < 300, "{}", deep(200_000));
    assert!(deep(17).contains("nested"), "{}", deep(17));
}

#[test]
fn aliases_that_bindings_share_are_welcome() {
    let mut text = CLASSIC.replacen("      cidrs:\n", "      cidrs: &prefixes\n", 1);
    let start = text.find("  - name: web").unwrap();
    let one = CLASSIC[CLASSIC.find("  - name: web").unwrap()..].to_owned();
    let cidrs = one.find("      cidrs:\n").unwrap();
    let tail: String = one[cidrs + "      cidrs:\n".len()..]
        .lines()
        .skip_while(|line| line.trim_start().starts_with("- "))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(start > 0);
    for number in 0..150 {
        let copy = format!("{}      cidrs: *prefixes\n{tail}", &one[..cidrs]);
        let copy = copy
            .replace("name: web\n", &format!("name: web{number}\n"))
            .replace("name: web-remote", &format!("name: web-{number}"));
        text.push_str(
            &copy
                .replace("listener: { protocol: HTTP, port: 80 }", &format!("listener: {{ port: {} }}", 1000 + number)),
        );
    }
    assert_eq!(complaint(&text), "nothing");
}

#[test]
fn a_store_has_a_largest_size() {
    let fill = |bytes: usize| {
        let text = format!("bindings: []\n#{}", "x".repeat(bytes - "bindings: []\n#".len()));
        assert_eq!(text.len(), bytes);
        complaint(&text)
    };
    assert_eq!(fill(Store::MAX_BYTES), "nothing");
    assert!(
        fill(Store::MAX_BYTES + 1).starts_with("bindings.yml: has 4194305 bytes, and a store has at most 4194304.")
    );
}
