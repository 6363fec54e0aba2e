//! What a definition is refused for, by name.

#![expect(clippy::expect_used, reason = "a test helper fails the test by panicking")]

use workflow::{Definition, DefinitionFault as Fault};

fn refused(states: &str) -> (Fault, String) {
    let text = format!("{{Type: StateMachine, Name: flow, SpecVersion: v1, StartAt: A, States: [{states}]}}");
    let error = Definition::parse(&text).expect_err(states);
    (error.fault, error.to_string())
}

const TASK: &str = "Type: Task, Name: A, Action: FC:InvokeFunction, Parameters: {resourceArn: r, invocationType: Sync}";

#[test]
fn every_fault_names_the_state_and_the_reason() {
    let cases = [
        ("{Type: Pass, Name: A, Next: B}", Fault::Target, "state A: Next names `B`, which is no state of its scope"),
        ("{Type: Pass, Name: A}", Fault::Missing, "state A: Next or End: true is missing"),
        ("{Type: Pass, Name: A, Next: A, End: true}", Fault::Value, "state A: Next and End exclude one another"),
        ("{Type: Pass, Name: A, End: true, Nxt: B}", Fault::Unknown, "state A: the field `Nxt` is not known here"),
        ("{Type: Passs, Name: A, End: true}", Fault::Value, "state A: Type `Passs` is no kind of state"),
        (
            "{Type: Wait, Name: A, Seconds: 301, End: true}",
            Fault::Value,
            "state A: Seconds must be a whole number from 1 to 300",
        ),
        ("{Type: Fail, Name: A}", Fault::Missing, "state A: Detail is missing"),
        ("{Type: Pass, Name: A, Next: A}", Fault::Unreachable, "definition: no state ends this scope"),
        (
            "{Type: Succeed, Name: A}, {Type: Succeed, Name: B}",
            Fault::Unreachable,
            "state B: nothing leads to this state",
        ),
        (
            "{Type: Succeed, Name: A}, {Type: Succeed, Name: A}",
            Fault::Duplicate,
            "state States[1]: the name `A` is used by another state",
        ),
        (
            "{Type: Choice, Name: A, Branches: [{Condition: '$Inputs.x == 1', Next: A}], Default: A}",
            Fault::Expression,
            "state A: Condition: `$Inputs` is not one of $Context, $Input, $Output, $Global",
        ),
        (
            "{Type: Pass, Name: A, End: true, OutputConstructor: {a.$: 1}}",
            Fault::Expression,
            "state A: OutputConstructor: a.$ must hold an expression as a string",
        ),
        (
            "{Type: Parallel, Name: A, End: true, Branches: []}",
            Fault::Value,
            "state A: Branches must hold 1 to 50 branches",
        ),
        (
            "{Type: Parallel, Name: A, End: true, Branches: [{StartAt: B, States: [{Type: Pass, Name: B, Next: A}]}]}",
            Fault::Target,
            "state A > Branch0 > B: Next names `A`, which is no state of its scope",
        ),
    ];
    for (states, fault, message) in cases {
        assert_eq!(refused(states), (fault, message.to_owned()));
    }
}

#[test]
fn retry_and_catch_are_checked() {
    let retry = |rules: &str| refused(&format!("{{{TASK}, End: true, Retry: [{rules}]}}"));
    assert_eq!(retry("{Errors: [X], MaxAttempts: 1, IntervalSeconds: 1}").1, "state A: Description is missing");
    assert_eq!(
        retry("{Description: d, Errors: [X], MaxAttempts: 1, IntervalSeconds: 86401}").1,
        "state A: IntervalSeconds must be a whole number from 1 to 86400"
    );
    let shadowed = retry(
        "{Description: d, Errors: [FnF.ALL], MaxAttempts: 1, IntervalSeconds: 1}, \
         {Description: d, Errors: [X], MaxAttempts: 1, IntervalSeconds: 1}",
    );
    assert_eq!(shadowed, (Fault::Shadowed, "state A: Retry: earlier rules already match X".to_owned()));
    let catch = refused(&format!("{{{TASK}, End: true, Catch: [{{Errors: [FnF.ALL], Next: B}}]}}"));
    assert_eq!(catch.0, Fault::Target);
}

#[test]
fn text_that_is_no_yaml_is_a_syntax_fault() {
    let error = Definition::parse("{").expect_err("unclosed");
    assert_eq!((error.fault, error.fault.code()), (Fault::Syntax, "FDL-SYNTAX"));
    assert_eq!(Definition::parse("[]").expect_err("a list").fault, Fault::Value);
}

#[test]
fn json_is_read_as_well_as_yaml() {
    let text = r#"{"Type":"StateMachine","Name":"flow","SpecVersion":"v1","StartAt":"A","States":[{"Type":"Succeed","Name":"A"}]}"#;
    assert_eq!(Definition::parse(text).map(|flow| flow.name().to_owned()), Ok("flow".to_owned()));
}
