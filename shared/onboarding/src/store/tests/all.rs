//! Every error of a store at once.

use super::{CLASSIC, UPGRADED};
use crate::store::Store;

fn complaints(text: &str) -> Vec<String> {
    Store::validate(text, "b.yml").err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// The procedure's store with all of these lines changed.
fn changed(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(CLASSIC.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

#[test]
fn errors_of_every_kind_are_named_together_in_the_order_of_the_text() {
    let text = changed(&[
        ("paused: false", "paused: maybe"),
        ("name: web\n", "name: Web_1\n"),
        ("provision: auto", "provision: always"),
        ("      id: alb-1\n", ""),
        ("[vsw-1, vsw-2]", "[]"),
        ("weight: 100", "weight: 101"),
        ("healthCheck:", "helthCheck:"),
        ("listener: { protocol: HTTP, port: 80 }", "listener: { protocol: TCP, port: 70000 }"),
        ("mbps: 10", "mbps: 0"),
        ("vpc: vpc-2", "vpc: vpc-2\n        vpc: vpc-3"),
        ("tags: { app: web }", "tags: {}"),
        ("100.117.130.0/25", "100.117.130.0"),
        ("path: /, expect: 200", "path: x, expect: 99"),
    ]);
    let found = complaints(&text);
    let expected = [
        "1:9: paused: is neither true nor false.",
        "3:11: bindings[0].name: is `Web_1`. Write a name of the form [a-z][a-z0-9-]{0,39}.",
        "4:16: bindings[0].provision: unknown variant `always`, expected one of approved, auto.",
        "6:7: bindings[0].alb: missing field `id`.",
        "7:28: bindings[0].alb.attachmentVswitches: is empty. Name at least one vSwitch.",
        "12:15: bindings[0].serverGroup.weight: is 101. Write a number from 1 to 100.",
        "13:7: bindings[0].serverGroup: unknown field `helthCheck`, expected one of name, protocol, port, weight, scheduler, sticky, healthCheck, drainSeconds, ignore.",
        "14:27: bindings[0].listener.protocol: is `TCP`. Write one of HTTP, HTTPS, QUIC.",
        "14:38: bindings[0].listener.port: is no number from 1 to 65535.",
        "17:45: bindings[0].cen.bandwidth.mbps: is 0. Write a number from 1 to 10000.",
        "21:9: bindings[0].backends[0]: `vpc` stands here twice. Keep one of them.",
        "23:25: bindings[0].backends[0].select.tags: is empty, which would select every instance of the VPC. Name at least one tag.",
        "26:11: bindings[0].backToOrigin.cidrs[0]: is no prefix. Write one of the form 100.64.0.0/24.",
        "34:44: bindings[0].verify.path: is `x`. Write a path that begins with /, other characters than those of a URL escaped as %XX.",
        "34:55: bindings[0].verify.expect: is 99. Write a number from 100 to 599.",
    ];
    let expected: Vec<String> = expected.into_iter().map(|error| format!("b.yml:{error}")).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_an_author_did_not_write_is_no_error_of_its_own() {
    // Each of the two is missing as a whole; nothing is said about what would be in it.
    let text = changed(&[("    listener: { protocol: HTTP, port: 80 }\n", "")]);
    assert_eq!(complaints(&text), ["b.yml:3:5: bindings[0]: missing field `listener`."]);
    let both = format!("{UPGRADED}  - name: other\n");
    let found = complaints(&both);
    assert_eq!(found.len(), 5, "{found:#?}");
    assert!(found.iter().all(|error| error.contains("bindings[1]: missing field")), "{found:#?}");
}

#[test]
fn what_cannot_be_ignored_or_is_ignored_twice_is_named_where_it_stands() {
    let weight = "      weight: 100\n";
    let text =
        changed(&[(weight, &format!("{weight}      ignore: [weight, description, healthCheck.enabled, weight]\n"))]);
    let found = complaints(&text);
    let words = "expected one of weight, scheduler, sticky, drainSeconds, healthCheck.path, healthCheck.method";
    let [description, enabled, twice] = &found[..] else { panic!("{found:#?}") };
    let at = "bindings[0].serverGroup.ignore";
    let unknown = |name: &str| format!("unknown variant `{name}`, {words}");
    assert!(description.starts_with(&format!("b.yml:14:24: {at}[1]: {}", unknown("description"))), "{description}");
    assert!(enabled.starts_with(&format!("b.yml:14:37: {at}[2]: {}", unknown("healthCheck.enabled"))), "{enabled}");
    assert_eq!(twice, &format!("b.yml:14:58: {at}[3]: stands in the list twice. Keep one of them."));
    let good = changed(&[(weight, &format!("{weight}      ignore: [weight, healthCheck.path]\n"))]);
    assert_eq!(complaints(&good), Vec::<String>::new());
}

#[test]
fn a_good_store_has_no_error_and_a_broken_text_has_one() {
    assert_eq!(complaints(CLASSIC), Vec::<String>::new());
    assert_eq!(complaints(UPGRADED), Vec::<String>::new());
    for text in ["", "bindings: [", "[1, 2]", "bindings: 3", "---\nbindings: []\n---\nbindings: []\n"] {
        let first = Store::parse(text, "b.yml").unwrap_err().to_string();
        assert_eq!(complaints(text), [first], "{text:?}");
    }
}

#[test]
fn what_the_parser_names_is_among_all_errors() {
    for (from, to) in [
        ("port: 80", "port: eighty"),
        ("port: 80", "port: '80'"),
        ("port: 80", "port: 80.5"),
        ("maxPercent: 20", "maxPercent: -1"),
        ("name: web\n", "name: [3]\n"),
        ("name: web\n", "name: 3\n"),
        ("name: web\n", "name:\n"),
        ("{ app: web }", "{ app: [1] }"),
        ("{ app: web }", "{ app: 1 }"),
        ("[vsw-1, vsw-2]", "vsw-1"),
        ("paused: false", "paused: false\npaused: true"),
        ("expect: 200", "expect: 99"),
    ] {
        let text = changed(&[(from, to)]);
        match Store::parse(&text, "b.yml") {
            Ok(_) => assert_eq!(complaints(&text), Vec::<String>::new(), "{to}"),
            Err(first) => {
                let all = Store::validate(&text, "b.yml").unwrap_err();
                assert!(all.iter().any(|error| error.at == first.at), "{to}: {first}: {all:#?}");
                assert_eq!(all.len(), 1, "{to}: {all:#?}");
            }
        }
    }
}

proptest::proptest! {
    #[test]
    fn a_text_is_valid_for_both_or_for_none(text in "[-a-z:{}\\[\\], \n0-9&*'\"#|>!%@`]{0,60}", at in 0_usize..1200, cut in 0_usize..40) {
        let (from, to) = (at.min(CLASSIC.len()), (at + cut).min(CLASSIC.len()));
        let spoilt = format!("{}{text}{}", &CLASSIC[..from], &CLASSIC[to..]);
        match (Store::parse(&spoilt, "x"), Store::validate(&spoilt, "x")) {
            (Ok(one), Ok(other)) => proptest::prop_assert_eq!(one, other),
            (Err(first), Err(all)) => proptest::prop_assert!(all.iter().any(|error| error.at == first.at)),
            (one, other) => proptest::prop_assert!(false, "{one:?} {other:?}"),
        }
    }
}
