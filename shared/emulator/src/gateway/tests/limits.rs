//! Whatever is nested, long or endless in a request: it is answered on the stack of an ordinary thread, and what is kept of
//! it is bounded.

use super::*;
use crate::faults;
use crate::services::oss::{self, Content};
use crate::testing::form;

/// Works on a thread with less stack than tokio's have.
fn on_a_small_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let small = std::thread::Builder::new().stack_size(1_900 * 1024);
        small.spawn_scoped(scope, work).unwrap().join().unwrap()
    })
}

/// So many levels of these brackets around a 1.
fn nested(levels: usize, open: &str, close: &str) -> String {
    format!("{}1{}", open.repeat(levels), close.repeat(levels))
}

/// The answer to a signed call.
fn called(gateway: &Gateway, version: &str, action: &str, params: &[(&str, &str)]) -> Response<Bytes> {
    let nonce = gateway.log().len().to_string();
    on_a_small_stack(|| ask(gateway, rpc(start(), &nonce, &root(), version, action, params)))
}

/// Version, action and parameters.
type Asked = (&'static str, &'static str, Vec<(&'static str, String)>);

/// Every way in which a call holds a document, with one that is nested so deeply.
fn calls(levels: usize) -> Vec<Asked> {
    let joins = nested(levels, "{'Fn::Join': [',', [", "]]}");
    let resource = |kind: &str, properties: &str| {
        format!("ROSTemplateFormatVersion: '2015-09-01'\nResources:\n  P: {{Type: {kind}, Properties: {properties}}}\n")
    };
    let project = resource("'ALIYUN::SLS::Project'", &format!("{{Name: {joins}}}"));
    let pattern = resource(
        "'ALIYUN::EventBridge::Rule'",
        &format!(
            "{{EventBusName: default, RuleName: r, FilterPattern: {}, Targets: [{{Id: '1', Type: acs.fc.function, Endpoint: x, ParamList: []}}]}}",
            nested(levels, "{a: ", "}")
        ),
    );
    let policy = resource(
        "'ALIYUN::RAM::ManagedPolicy'",
        &format!("{{PolicyName: p, PolicyDocument: {}}}", nested(levels, "{a: [", "]}")),
    );
    let flow = format!(
        "Type: StateMachine\nName: f\nSpecVersion: v1\nStartAt: A\nStates:\n  - {{Type: Pass, Name: A, End: true, OutputConstructor: {}}}\n",
        nested(levels, "{a: ", "}")
    );
    let json = nested(levels, r#"{"a":["#, "]}");
    let named = |text: String| vec![("StackName", "s".to_owned()), ("TemplateBody", text)];
    vec![
        ("2019-09-10", "CreateStack", named(project.clone())),
        ("2019-09-10", "CreateStack", named(pattern)),
        ("2019-09-10", "CreateStack", named(policy)),
        ("2019-09-10", "ValidateTemplate", vec![("TemplateBody", project)]),
        (
            "2019-03-15",
            "CreateFlow",
            vec![
                ("Name", "f".to_owned()),
                ("Type", "FDL".to_owned()),
                ("Description", "d".to_owned()),
                ("Definition", flow),
            ],
        ),
        ("2019-03-15", "StartExecution", vec![("FlowName", "f".to_owned()), ("Input", json.clone())]),
        ("2015-05-01", "CreatePolicy", vec![("PolicyName", "p".to_owned()), ("PolicyDocument", json.clone())]),
        ("2015-05-01", "CreateRole", vec![("RoleName", "r".to_owned()), ("AssumeRolePolicyDocument", json.clone())]),
        (
            "2020-04-01",
            "PutTargets",
            vec![
                ("EventBusName", "default".to_owned()),
                ("RuleName", "r".to_owned()),
                ("Targets", format!("[{json}]")),
            ],
        ),
        ("2014-05-26", "DescribeInstances", vec![("RegionId", HANGZHOU.to_owned()), ("InstanceIds", json)]),
    ]
}

#[test]
fn nesting_of_any_depth_in_any_document_is_answered() {
    for levels in [10, 20, 64, 1_000, 100_000] {
        let gateway = Gateway::new(world());
        for (version, action, params) in calls(levels) {
            let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = called(&gateway, version, action, &params);
            let code = code(&answer);
            assert!(answer.status().as_u16() < 500, "{action} with {levels} levels: {code}");
            if levels >= 1_000 {
                assert!(answer.status().is_client_error(), "{action} with {levels} levels is taken");
            }
        }
        // Events meet every pattern that was taken.
        on_a_small_stack(|| gateway.with(|world| world.advance(start())));
    }
}

#[test]
fn nesting_of_any_depth_in_scenarios_and_faults_is_read_or_refused() {
    for levels in [10, 64, 1_000, 100_000] {
        for text in
            [nested(levels, "[", "]"), nested(levels, "{vpcs: [", "]}"), nested(levels, "{effect: {delay: ", "}}")]
        {
            on_a_small_stack(|| {
                assert!(world().load(start(), &text).is_err(), "{levels}");
                assert!(faults::parse(&text).is_err(), "{levels}");
            });
        }
    }
    let bomb = (1..12).fold("a0: &a0 [x, x]\n".to_owned(), |text, at| {
        format!("{text}a{at}: &a{at} [{}]\n", vec![format!("*a{}", at - 1); 12].join(", "))
    });
    let why = faults::parse(&bomb).unwrap_err().to_string();
    assert!(why.contains("more than 50000 values"), "{why}");
}

#[test]
fn a_call_has_so_many_parameters_and_bytes() {
    let gateway = Gateway::new(world());
    let many: Vec<(String, String)> = (0..10_001).map(|at| (format!("InstanceId.{at}"), "i".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for answer in [
        ask(&gateway, form(&[&[("Action", "StartInstances"), ("Version", ECS)], &many[..]].concat())),
        called(&gateway, STS, "GetCallerIdentity", &[("X", &"x".repeat(5 << 20))]),
        called(
            &gateway,
            "2020-04-01",
            "PutTargets",
            &[
                ("EventBusName", "b"),
                ("RuleName", "r"),
                ("Targets", &format!("[{}{{}}]", "{\"Id\":\"1\"},".repeat(20_000))),
            ],
        ),
    ] {
        assert_eq!((answer.status().as_u16(), code(&answer).as_str()), (413, "RequestEntityTooLarge"));
    }
    let ids = format!("[{}\"i\"]", "\"i\",".repeat(2_000));
    let long = called(&gateway, ECS, "DescribeInstances", &[("RegionId", HANGZHOU), ("InstanceIds", &ids)]);
    assert_eq!(code(&long), "InvalidParameter");
}

#[test]
fn objects_are_kept_up_to_a_number_of_bytes_and_versions() {
    let mut world = world();
    world.put_object(start(), HANGZHOU, "bucket", "key", Vec::new());
    let body = Bytes::from(vec![0; 32 << 20]);
    let mut put = |key: &str, body: Bytes| {
        let content = Content { body, ..Content::default() };
        oss::put(&mut world, start(), HANGZHOU, "bucket", key, content)
    };
    for _ in 0..8 {
        put("large", body.clone()).unwrap();
    }
    let refused = put("large", body.slice(..1)).unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (507, "EmulatorLimitExceeded"));
    let most = (0..30_000).take_while(|_| put("small", Bytes::new()).is_ok()).count();
    assert_eq!(most, 20_000 - 9);
}
