//! What a template is refused for, by name and line.

use std::collections::BTreeMap;

use template::{Pseudo, Template, TemplateError, TemplateFault as Fault};

fn pseudo() -> Pseudo {
    Pseudo {
        region: "cn-hangzhou".to_owned(),
        account_id: "1234567890".to_owned(),
        stack_name: "stack".to_owned(),
        stack_id: "stack-1".to_owned(),
    }
}

const HEAD: &str = "ROSTemplateFormatVersion: '2015-09-01'
Parameters:
  Size: {Type: Number, Default: 512, MinValue: 128, MaxValue: 512}
  Name: {Type: String, Default: web, AllowedPattern: '^[a-z]+$', ConstraintDescription: lower-case letters}
  Mode: {Type: String, AllowedValues: [one, two], Default: one}
Conditions:
  IsOne: {Fn::Equals: [{Ref: Mode}, one]}
Resources:
";

fn read(resources: &str) -> Result<Template, TemplateError> {
    Template::parse(&format!("{HEAD}{resources}"))
}

/// The fault, the line after the head, the path, and the reason.
fn refused(resources: &str) -> (Fault, Option<u64>, String, String) {
    let head = u64::try_from(HEAD.lines().count()).unwrap_or_default();
    let error = read(resources)
        .and_then(|template| template.resolve(&pseudo(), &BTreeMap::new()).map(drop))
        .err()
        .unwrap_or_else(|| TemplateError {
            fault: Fault::Syntax,
            location: None,
            path: String::new(),
            reason: "nothing was refused".to_owned(),
        });
    let line = error.location.map(|at| at.line.saturating_sub(head));
    (error.fault, line, error.path, error.reason)
}

#[test]
fn a_misspelt_property_is_named_with_its_line_and_what_was_meant() {
    let (fault, line, path, reason) = refused(
        "  F:
    Type: ALIYUN::FC3::Function
    Properties:
      FunctionName: f
      Handler: bootstrap
      Runtime: custom
      MemorySise: 512
",
    );
    assert_eq!((fault, line, path.as_str()), (Fault::Unknown, Some(7), "Resources.F.Properties"));
    assert_eq!(reason, "`MemorySise` is no property here; `MemorySize` is");
}

#[test]
fn faults_name_the_resource_and_the_property() {
    let function = |more: &str| {
        format!(
            "  F: {{Type: 'ALIYUN::FC3::Function', Properties: {{FunctionName: f, Handler: h, Runtime: custom, {more}}}}}\n"
        )
    };
    let cases = [
        (function("Role: {Ref: Nobody}"), Fault::Reference, "Resources.F.Properties.Role", "`Nobody` is no parameter, resource or pseudo parameter"),
        (function("Role: {Fn::GetAtt: [F, Arn]}"), Fault::Reference, "Resources.F.Properties.Role", "`F` is a ALIYUN::FC3::Function and has no attribute `Arn`"),
        (function("Role: {Fn::Sub: 'x-${Nobody}'}"), Fault::Reference, "Resources.F.Properties.Role", "`Nobody` is no parameter, resource or pseudo parameter"),
        (function("Role: {Fn::If: [IsTwo, a, b]}"), Fault::Reference, "Resources.F.Properties.Role", "the condition `IsTwo` does not exist"),
        (function("Role: {Fn::Magic: x}"), Fault::Unknown, "Resources.F.Properties.Role", "Fn::Magic is not known here"),
        (function("Timeout: 0"), Fault::Value, "Resources.F.Properties.Timeout", "a whole number from 1 to 86400 is expected, not 0"),
        (function("Timeout: {Ref: Mode}"), Fault::Value, "Resources.F.Properties.Timeout", "a whole number from 1 to 86400 is expected, not \"one\""),
        (function("VpcConfig: {VpcId: v, VSwitchIds: []}"), Fault::Value, "Resources.F.Properties.VpcConfig.VSwitchIds", "a list of 1 to 18446744073709551615 items is expected, not []"),
        (function("LogConfig: {Projekt: p}"), Fault::Unknown, "Resources.F.Properties.LogConfig", "`Projekt` is no property here; `Project` is"),
        ("  F: {Type: 'ALIYUN::FC3::Function', Properties: {FunctionName: f, Handler: h}}\n".to_owned(), Fault::Missing, "Resources.F.Properties", "Runtime is missing"),
        ("  F: {Type: 'ALIYUN::FC3::Funktion', Properties: {}}\n".to_owned(), Fault::Unknown, "Resources.F", "the type `ALIYUN::FC3::Funktion` is not known here"),
        ("  F: {Type: 'ALIYUN::SLS::Project', Properties: {Name: {Ref: F}}}\n".to_owned(), Fault::Reference, "Resources.F.Properties.Name", "`F.Name` leads back to itself"),
        (
            "  T: {Type: 'ALIYUN::FC3::Trigger', Properties: {FunctionName: f, TriggerName: t, TriggerType: timer, TriggerConfig: {cronExpression: often}}}\n".to_owned(),
            Fault::Value,
            "Resources.T.Properties.TriggerConfig",
            "`often` is no cron expression: six fields are needed, not 1",
        ),
    ];
    for (resources, fault, path, reason) in cases {
        let (found, _, at, why) = refused(&resources);
        assert_eq!((found, at.as_str(), why.as_str()), (fault, path, reason));
    }
}

#[test]
fn parameters_are_checked_before_anything_is_resolved() {
    let template =
        read("  P: {Type: 'ALIYUN::SLS::Project', Properties: {Name: {Fn::Sub: '${Name}-${Size}'}}}\n").unwrap();
    let resolve = |name: &str, value: &str| {
        let given = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        template.resolve(&pseudo(), &given).map(|deployment| deployment.resources["P"].properties["Name"].clone())
    };
    assert_eq!(resolve("Size", "256"), Ok("web-256".into()));
    let cases = [
        ("Size", "64", "64 is out of range"),
        ("Size", "big", "`\"big\"` has the wrong type"),
        ("Name", "Web1", "`Web1` does not match ^[a-z]+$: lower-case letters"),
        ("Mode", "three", "`three` is not one of one, two"),
        ("Colour", "red", "the template has no parameter `Colour`"),
    ];
    for (name, value, reason) in cases {
        let error = resolve(name, value).unwrap_err();
        assert_eq!((error.fault, error.reason.as_str()), (Fault::Parameter, reason));
    }
}

#[test]
fn intrinsics_have_their_values() {
    let resources = "  P:
    Type: ALIYUN::SLS::Project
    Properties:
      Name: {Fn::Join: ['-', [{Ref: 'ALIYUN::Region'}, {Fn::Select: [1, {Fn::Split: ['/', a/b/c]}]}, {Fn::Calculate: ['{0}/2', 0, [{Ref: Size}]]}]]}
      Description: {Fn::If: [IsOne, {Fn::Sub: ['${x} and ${!y} of ${ALIYUN::TenantId}', {x: {Ref: Mode}}]}, {Ref: 'ALIYUN::NoValue'}]}
  L:
    Type: ALIYUN::SLS::Logstore
    Condition: IsOne
    Properties: {ProjectName: {Ref: P}, LogstoreName: {Fn::Replace: [{lower: upper}, lower-case]}}
";
    let template = read(resources).unwrap();
    let deployment = template.resolve(&pseudo(), &BTreeMap::new()).unwrap();
    assert_eq!(deployment.resources["P"].properties["Name"], "cn-hangzhou-b-256");
    assert_eq!(deployment.resources["P"].properties["Description"], "one and ${y} of 1234567890");
    assert_eq!(deployment.log_stores[0].name, "upper-case");
    let two = BTreeMap::from([("Mode".to_owned(), "two".to_owned())]);
    let deployment = template.resolve(&pseudo(), &two).unwrap();
    assert!(deployment.resources["P"].properties.get("Description").is_none(), "NoValue removes the property");
    assert!(deployment.log_stores.is_empty());
}

#[test]
fn what_depends_on_nothing_and_lists_with_no_value_are_refused() {
    let (fault, _, path, reason) =
        refused("  P: {Type: 'ALIYUN::SLS::Project', DependsOn: [Q], Properties: {Name: a}}\n");
    assert_eq!((fault, path.as_str()), (Fault::Reference, "Resources.P.DependsOn"));
    assert_eq!(reason, "the resource `Q` does not exist");
    let layers = "[a, {Fn::If: [IsOne, {Ref: 'ALIYUN::NoValue'}, b]}]";
    let function = format!(
        "  F: {{Type: 'ALIYUN::FC3::Function', Properties: {{FunctionName: f, Handler: h, Runtime: custom, Layers: {layers}}}}}\n"
    );
    let (fault, _, path, reason) = refused(&function);
    assert_eq!((fault, path.as_str()), (Fault::Value, "Resources.F.Properties.Layers.1"));
    assert!(reason.starts_with("`ALIYUN::NoValue` as an element of a list"), "{reason}");
}

#[test]
fn a_syntax_fault_has_its_line() {
    let error = Template::parse("Resources:\n  A: [1\nB: 2\n").unwrap_err();
    assert_eq!(error.fault, Fault::Syntax);
    assert!(error.location.is_some_and(|at| at.line >= 2), "{error}");
}

#[test]
fn short_forms_are_refused_rather_than_read_as_text() {
    let error = read("  P: {Type: 'ALIYUN::SLS::Project', Properties: {Name: !Ref Name}}\n").unwrap_err();
    assert_eq!(error.fault, Fault::Syntax, "{error}");
}

#[test]
fn a_key_that_is_given_twice_is_refused() {
    let error = read("  P: {Type: 'ALIYUN::SLS::Project', Properties: {Name: a, Name: b}}\n").unwrap_err();
    assert_eq!(error.fault, Fault::Syntax, "{error}");
}
