//! However deep, long or often repeated: a template is resolved or refused, on the stack of an ordinary thread and with a
//! bounded amount of work.

#![expect(clippy::unwrap_used, reason = "a test helper fails the test by panicking")]

use std::collections::BTreeMap;

use template::{Deployment, Pseudo, Template, TemplateError, TemplateFault as Fault};

/// Resolves on a thread with less stack than tokio's have.
fn resolve(text: &str, given: &[(&str, &str)]) -> Result<Deployment, TemplateError> {
    let given: BTreeMap<String, String> =
        given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let pseudo = Pseudo {
        region: "cn-hangzhou".to_owned(),
        account_id: "1234567890".to_owned(),
        stack_name: "stack".to_owned(),
        stack_id: "stack-1".to_owned(),
    };
    std::thread::scope(|scope| {
        let small = std::thread::Builder::new().stack_size(1_800 * 1024);
        let work = || Template::parse(text).and_then(|template| template.resolve(&pseudo, &given));
        small.spawn_scoped(scope, work).unwrap().join().unwrap()
    })
}

const HEAD: &str = "ROSTemplateFormatVersion: '2015-09-01'\n";

/// A template whose only resource has this name.
fn named(value: &str) -> String {
    format!("{HEAD}Resources:\n  P: {{Type: 'ALIYUN::SLS::Project', Properties: {{Name: {value}}}}}\n")
}

fn wrapped(levels: usize, before: &str, after: &str) -> String {
    named(&format!("{}x{}", before.repeat(levels), after.repeat(levels)))
}

#[test]
fn nested_intrinsics_are_resolved_or_refused() {
    for (before, after) in [
        ("{'Fn::Join': [',', [", "]]}"),
        ("{'Fn::Str': ", "}"),
        ("{'Fn::Select': [0, [", "]]}"),
        ("{'Fn::Replace': [{a: b}, ", "]}"),
        ("{'Fn::If': [No, 1, ", "]}"),
        ("{'Fn::Sub': ['${v}', {v: ", "}]}"),
        ("[", "]"),
        ("{a: ", "}"),
    ] {
        for levels in [10, 20, 64, 1_000, 100_000] {
            match resolve(&wrapped(levels, before, after), &[]) {
                Ok(_) => assert!(levels <= 20, "{levels} of {before}"),
                Err(error) if levels > 20 => assert_eq!(error.fault, Fault::Limit, "{levels} of {before}: {error}"),
                // What is no name, or a condition that is not there, is refused as ever.
                Err(error) => assert_ne!(error.fault, Fault::Syntax, "{levels} of {before}: {error}"),
            }
        }
    }
    let twenty = resolve(&wrapped(20, "{'Fn::Join': [',', [", "]]}"), &[]).unwrap_err();
    assert_eq!(twenty.code_and_reason(), ("TPL-LIMIT", "it is nested more than 40 levels deep at line 3, column 296"));
    assert!(resolve(&wrapped(10, "{'Fn::Join': [',', [", "]]}"), &[]).is_ok());
}

trait CodeAndReason {
    fn code_and_reason(&self) -> (&'static str, &str);
}

impl CodeAndReason for TemplateError {
    fn code_and_reason(&self) -> (&'static str, &str) {
        (self.fault.code(), &self.reason)
    }
}

#[test]
fn attributes_that_lead_to_one_another_are_followed_so_far() {
    let chain = |length: usize| {
        let links = (0..length).map(|at| {
            let name = format!("{{'Fn::GetAtt': [R{}, Name]}}", at + 1);
            format!("  R{at}: {{Type: 'ALIYUN::SLS::Project', Properties: {{Name: {name}}}}}\n")
        });
        let end = format!("  R{length}: {{Type: 'ALIYUN::SLS::Project', Properties: {{Name: end}}}}\n");
        format!("{HEAD}Resources:\n{}{end}", links.collect::<String>())
    };
    let short = resolve(&chain(10), &[]).unwrap();
    assert_eq!(short.resources["R0"].properties["Name"], "end");
    for length in [64, 1_000] {
        assert_eq!(resolve(&chain(length), &[]).unwrap_err().fault, Fault::Limit, "{length}");
    }
}

#[test]
fn what_doubles_with_every_line_is_refused_at_the_limit_of_work() {
    let doubled = (0..30).map(|at| {
        let next = format!("{{'Fn::GetAtt': [R{}, Name]}}", at + 1);
        format!(
            "  R{at}: {{Type: 'ALIYUN::SLS::Project', Properties: {{Name: {{'Fn::Join': ['', [{next}, {next}]]}}}}}}\n"
        )
    });
    let end = "  R30: {Type: 'ALIYUN::SLS::Project', Properties: {Name: x}}\n";
    let text = format!("{HEAD}Resources:\n{}{end}", doubled.collect::<String>());
    assert_eq!(resolve(&text, &[]).unwrap_err().fault, Fault::Limit);

    let letters: String =
        ('a'..='z').map(|letter| format!("{letter}: '{next}{next}', ", next = letter as u32 + 1)).collect();
    let replaced =
        named(&format!("{{'Fn::Replace': [{{{letters}'1': '{}'}}, '{}']}}", "1".repeat(1_000), "1".repeat(9_000)));
    assert_eq!(resolve(&replaced, &[]).unwrap_err().fault, Fault::Limit);

    let numbers = vec!["1"; 20_000].join(", ");
    let calculated = named(&format!("{{'Fn::Calculate': ['{}', 0, [{numbers}]]}}", "1+".repeat(5_000)));
    assert_eq!(resolve(&calculated, &[]).unwrap_err().fault, Fault::Limit);
}

#[test]
fn a_condition_is_evaluated_once_however_often_it_is_named() {
    // Ten times as much with every line.
    let conditions = (0..14).map(|at| {
        let next = vec![format!("C{}", at + 1); 10].join(", ");
        format!("  C{at}: {{'Fn::And': [{next}]}}\n")
    });
    let text = format!(
        "{HEAD}Conditions:\n{}  C14: {{'Fn::Equals': [1, 1]}}\n{}",
        conditions.collect::<String>(),
        named("{'Fn::If': [C0, yes, no]}").replace(HEAD, "")
    );
    assert_eq!(resolve(&text, &[]).unwrap().resources["P"].properties["Name"], "yes");
}

/// A template with one parameter of this pattern.
fn pattern(pattern: &str) -> String {
    let parameter = format!("Parameters:\n  A: {{Type: String, AllowedPattern: '{pattern}', Default: aaa}}\n");
    named("{Ref: A}").replace("Resources:", &format!("{parameter}Resources:"))
}

#[test]
fn a_pattern_has_a_size_and_a_match_a_number_of_steps() {
    let nested = |levels: usize| format!("{}a{}", "(".repeat(levels), ")*".repeat(levels));
    for large in [
        "^((a{1000}){1000}){1000}$",
        "(\\\\pL{1000}){1000}".replace("\\\\", "\\").as_str(),
        &"(a{1000}){40}".repeat(20),
    ] {
        let error = resolve(&pattern(large), &[]).unwrap_err();
        assert_eq!(error.fault, Fault::Value);
        assert!(error.reason.contains("repeats too much"), "{error}");
    }
    for levels in [64, 400, 1_000, 100_000] {
        let error = resolve(&pattern(&nested(levels)), &[]).unwrap_err();
        assert!(error.reason.contains("nested groups") || error.reason.contains("1024 bytes"), "{levels}: {error}");
    }
    assert!(resolve(&pattern(&nested(10)), &[]).is_ok());
    let slow = pattern("^(a|aa){1,200}(a|b|c|d|e)*$");
    assert!(resolve(&slow, &[("A", &"a".repeat(300))]).is_ok());
    let long = resolve(&slow, &[("A", &"a".repeat(60_000))]).unwrap_err();
    assert!(long.reason.contains("too long to be matched"), "{long}");
    let longer = resolve(&slow, &[("A", &"a".repeat(70_000))]).unwrap_err();
    assert!(longer.reason.contains("more than 65536 bytes"), "{longer}");
}

#[test]
fn there_are_at_most_200_parameters_and_keys_have_a_length() {
    let parameters: String = (0..201).map(|at| format!("  P{at}: {{Type: String, Default: x}}\n")).collect();
    let text = named("x").replace("Resources:", &format!("Parameters:\n{parameters}Resources:"));
    let error = resolve(&text, &[]).unwrap_err();
    assert_eq!((error.fault, error.path.as_str()), (Fault::Limit, "Parameters"));
    let error = resolve(&named(&format!("{{? {} : x}}", "k".repeat(2_000))), &[]).unwrap_err();
    assert!(error.reason.contains("more than 1024 bytes"), "{error}");
}
