//! Function Compute and OSS: the services whose requests have a path.

use crate::support::{Cloud, Step, ok, refuse};
use bytes::Bytes;
use openapi::{Endpoints, fc, oss};

const REGION: &str = "cn-chengdu";

#[tokio::test(start_paused = true)]
async fn a_function_is_invoked_on_its_path_and_its_failure_is_an_answer() {
    let failed = Step::Answer(
        200,
        vec![("x-fc-error-type", "UnhandledInvocationError".into()), ("x-fc-request-id", "1-67a7".into())],
        r#"{"errorType":"StillPending","errorMessage":"m"}"#.into(),
    );
    let (client, cloud) = Cloud::new([failed]);
    let request = fc::InvokeFunction {
        function_name: "verify".into(),
        qualifier: Some("LATEST".into()),
        body: Bytes::from_static(b"{}"),
    };
    let answer = client.invoke_function(REGION, &request).await.unwrap();
    assert_eq!(answer.error_type.as_deref(), Some("UnhandledInvocationError"));
    assert_eq!((answer.status, answer.request_id.as_str()), (200, "1-67a7"));
    let received = &cloud.received()[0];
    assert_eq!(
        received.request.uri(),
        "https://fcv3.cn-chengdu.aliyuncs.com/2023-03-30/functions/verify/invocations?qualifier=LATEST"
    );
    assert_eq!(received.request.body(), "{}");
    assert_eq!((received.header("x-acs-action"), received.header("x-acs-version")), ("InvokeFunction", "2023-03-30"));
    assert!(received.header("authorization").starts_with("ACS3-HMAC-SHA256 "));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_invocation_is_tried_again_and_a_doubtful_one_is_not() {
    let (client, cloud) = Cloud::new([refuse(429, "ResourceThrottled"), refuse(500, "InternalServerError")]);
    let request = fc::InvokeFunction { function_name: "verify".into(), ..Default::default() };
    let error = client.invoke_function(REGION, &request).await.unwrap_err();
    assert!(error.may_have_happened());
    assert_eq!(cloud.received().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_functions_configuration_is_read() {
    let body = r#"{"functionName":"verify","runtime":"custom.debian12","timeout":60,"environmentVariables":{"A":"1"}}"#;
    let (client, _) = Cloud::new([ok(body), refuse(404, "FunctionNotFound")]);
    let get = fc::GetFunction { function_name: "verify".into(), ..Default::default() };
    let function = client.get_function(REGION, &get).await.unwrap();
    assert_eq!((function.runtime.as_str(), function.timeout), ("custom.debian12", 60));
    assert_eq!(function.environment_variables["A"], "1");
    assert!(client.get_function(REGION, &get).await.unwrap_err().is_not_found());
}

#[tokio::test(start_paused = true)]
async fn a_trigger_is_read_or_is_not_there() {
    let body = r#"{"triggerName":"drift","triggerType":"timer","triggerConfig":"{\"enable\":true}"}"#;
    let (client, cloud) = Cloud::new([ok(body), refuse(404, "TriggerNotFound"), ok(r#"{"triggerType":"timer"}"#)]);
    let get = fc::GetTrigger { function_name: "dispatch".into(), trigger_name: "drift".into() };
    assert_eq!(client.get_trigger(REGION, &get).await.unwrap().trigger_config, r#"{"enable":true}"#);
    assert!(client.get_trigger(REGION, &get).await.unwrap_err().is_not_found());
    // An answer without a name says nothing about the trigger.
    assert!(client.get_trigger(REGION, &get).await.is_err());
    let url = "https://fcv3.cn-chengdu.aliyuncs.com/2023-03-30/functions/dispatch/triggers/drift";
    assert_eq!(cloud.received()[0].request.uri(), url);
}

#[tokio::test(start_paused = true)]
async fn an_object_is_read_with_its_version() {
    let object =
        Step::Answer(200, vec![("x-oss-version-id", "v2".into()), ("etag", "\"e\"".into())], "bindings: []\n".into());
    let (client, cloud) = Cloud::new([object]);
    let get = oss::GetObject { bucket: "store".into(), key: "a b/bindings.yml".into(), ..Default::default() };
    let object = client.get_object(REGION, &get).await.unwrap();
    assert_eq!((object.body.as_ref(), object.version_id.as_deref()), (&b"bindings: []\n"[..], Some("v2")));
    let received = &cloud.received()[0];
    assert_eq!(received.request.uri(), "https://store.oss-cn-chengdu.aliyuncs.com/a%20b/bindings.yml");
    assert_eq!(received.header("host"), "store.oss-cn-chengdu.aliyuncs.com");
    assert_eq!(received.header("x-oss-date"), "20261122T080000Z");
    let authorization = received.header("authorization");
    let scope = "OSS4-HMAC-SHA256 Credential=testid/20261122/cn-chengdu/oss/aliyun_v4_request,Signature=";
    assert!(authorization.starts_with(scope), "{authorization}");
}

#[tokio::test(start_paused = true)]
async fn an_overridden_endpoint_is_addressed_path_style() {
    let (client, cloud) = Cloud::configured([ok(""), ok("")], |config| {
        config.endpoints = Endpoints::parse(r#"{"cn-chengdu":"http://127.0.0.1:8080"}"#).unwrap();
    });
    let put = oss::PutObject {
        bucket: "store".into(),
        key: "k".into(),
        body: Bytes::from_static(b"x"),
        content_type: Some("text/yaml".into()),
        internal: false,
    };
    client.put_object(REGION, &put).await.unwrap();
    let get =
        oss::GetObject { bucket: "store".into(), key: "k".into(), version_id: Some("v1".into()), ..Default::default() };
    client.get_object(REGION, &get).await.unwrap();
    let received = cloud.received();
    assert_eq!((received[0].request.method().as_str(), received[0].header("content-type")), ("PUT", "text/yaml"));
    assert_eq!(received[0].request.uri(), "http://127.0.0.1:8080/store/k");
    assert_eq!(received[1].request.uri(), "http://127.0.0.1:8080/store/k?versionId=v1");
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_not_there_is_known_by_its_xml() {
    let missing =
        Step::Answer(404, Vec::new(), "<Error><Code>NoSuchKey</Code><RequestId>5C</RequestId></Error>".into());
    let (client, _) = Cloud::new([missing]);
    let error = client.get_object(REGION, &oss::GetObject::default()).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.request_id, "5C");
}

#[tokio::test(start_paused = true)]
async fn an_object_larger_than_it_may_be_is_one_clear_error() {
    let (client, cloud) = Cloud::new([ok("x".repeat(101)), ok("x".repeat(100))]);
    let get = oss::GetObject { bucket: "store".into(), key: "k".into(), most: Some(100), ..Default::default() };
    let error = client.get_object(REGION, &get).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "GetObject: AnswerTooLarge: the answer has more than 100 bytes, and the rest was not read"
    );
    assert_eq!(cloud.received().len(), 1, "asking again would bring as much");
    assert_eq!(client.get_object(REGION, &get).await.unwrap().body.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn pages_of_functions_are_joined_and_a_listing_without_its_list_or_its_end_is_none() {
    let page = |names: &[&str], token: &str| {
        let rows: Vec<String> = names.iter().map(|name| format!(r#"{{"functionName":"{name}","role":"r"}}"#)).collect();
        ok(format!(r#"{{"functions":[{}],"nextToken":"{token}"}}"#, rows.join(",")))
    };
    let (client, cloud) = Cloud::new([page(&["albridge-dispatch", "albridge2"], "t1"), page(&["albridge-verify"], "")]);
    let listed = client.list_functions(REGION, "albridge-").await.unwrap();
    let names: Vec<&str> = listed.iter().map(|function| function.function_name.as_str()).collect();
    assert_eq!(names, ["albridge-dispatch", "albridge-verify"]);
    let received = cloud.received();
    assert_eq!(received[0].request.uri().path(), "/2023-03-30/functions");
    assert_eq!(received[0].request.uri().query(), Some("limit=100&prefix=albridge-"));
    assert_eq!(received[1].request.uri().query(), Some("limit=100&nextToken=t1&prefix=albridge-"));

    let (client, _) = Cloud::new([page(&["a"], "t1"), page(&["b"], "t1")]);
    assert_eq!(client.list_functions(REGION, "").await.unwrap_err().code, "IncompleteListing");
    let (client, _) = Cloud::new([ok("{}")]);
    assert!(client.list_functions(REGION, "").await.is_err(), "no list is not an empty one");
    let triggers = r#"{"triggers":[{"triggerName":"drift","triggerType":"timer","triggerConfig":"{\"enable\":false}"},
        {"triggerName":"states","triggerType":"eventbridge","triggerConfig":"{\"triggerEnable\":true}"}]}"#;
    let (client, cloud) = Cloud::new([ok(triggers)]);
    let listed = client.list_triggers(REGION, "albridge-dispatch").await.unwrap();
    assert_eq!(listed.iter().map(fc::Trigger::is_enabled).collect::<Vec<_>>(), [false, true]);
    assert_eq!(cloud.received()[0].request.uri().path(), "/2023-03-30/functions/albridge-dispatch/triggers");
}
