//! `albridge validate`: every error of a file at once, and no cloud.

use crate::support::{tool, tool_with_input};

const WRONG: &str = "\
paused: maybe
bindings:
  - name: Web_1
    alb: { region: cn-chengdu, attachmentVswitches: [vsw-1, vsw-1] }
    serverGroup: { name: web-remote, prot: 80, weight: 0 }
    listener: {}
    cen: { id: cen-1, bandwidth: { mbps: ten } }
    backends:
      - { region: cn-hangzhou, vpc: vpc-2, attachmentVswitches: [vsw-3], select: { tags: {} } }
";

#[test]
fn every_error_is_named_with_file_line_and_column() {
    let ran = tool_with_input(&["validate", "-"], &[], WRONG);
    assert_eq!(ran.code, 64, "{}", ran.stderr);
    insta::assert_snapshot!(format!("{}--- stderr\n{}", ran.stdout, ran.stderr));
    let lines = tool_with_input(&["validate", "-", "--json"], &[], WRONG).json();
    assert_eq!(lines.len(), ran.stdout.lines().count() + 1);
    assert_eq!(lines[0]["event"], "error");
    assert_eq!((&lines[0]["line"], &lines[0]["column"], &lines[0]["path"]), (&1.into(), &9.into(), &"paused".into()));
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], &last["ok"], &last["exitCode"]), (&"finished".into(), &false.into(), &64.into()));
}

#[test]
fn what_is_valid_is_said_for_each_file_and_ends_with_0() {
    let good = concat!(env!("CARGO_MANIFEST_DIR"), "/../local/bindings/procedure.yml");
    let ran = tool(&["validate", good], &[]);
    assert_eq!((ran.code, ran.stdout), (0, format!("{good}: valid, 1 binding\n")), "{}", ran.stderr);
    let named = tool(&["validate", "--json"], &[("ALBRIDGE_BINDINGS", good)]).json();
    assert_eq!(named[0]["bindings"], serde_json::json!(["web"]));
    assert_eq!(named[1]["ok"], true);
}

#[test]
fn one_bad_file_of_several_is_enough() {
    let good = concat!(env!("CARGO_MANIFEST_DIR"), "/../local/bindings/procedure.yml");
    let ran = tool(&["validate", good, "no-such-file.yml"], &[]);
    assert_eq!(ran.code, 64);
    assert!(ran.stdout.contains("valid, 1 binding\nno-such-file.yml: cannot be read: "), "{}", ran.stdout);
}

#[test]
fn a_store_in_the_cloud_is_not_fetched() {
    let ran = tool(&["validate"], &[("ALBRIDGE_BINDINGS", "oss://b.cn-hangzhou/k")]);
    assert_eq!(ran.code, 64);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("give a FILE"), "{}", ran.stderr);
}

/// Standard input is not read to its end to say so, wherever the limit cuts a character.
#[test]
fn an_input_that_is_too_large_is_said_to_be_larger_than_the_limit() {
    for text in ["#".repeat(5_000_000), "#é".repeat(2_000_000)] {
        let ran = tool_with_input(&["validate", "-"], &[], &text);
        assert_eq!(ran.code, 64);
        assert!(ran.stdout.contains("<stdin>: cannot be read: it has more than 4194304 bytes."), "{}", ran.stdout);
    }
}
