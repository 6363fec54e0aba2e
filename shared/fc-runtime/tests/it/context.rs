//! What a handler is told of its call.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use fc_runtime::{Config, Context, Credentials, Endpoint, Error, LambdaEvent, Options, service_fn};
use http::HeaderMap;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::support::{ARRIVAL_SECONDS, invoke, options};

type Headers<'a> = &'a [(&'static str, &'a str)];

/// The context that a handler sees of a request with these headers.
async fn seen(options: Options, headers: Headers<'_>) -> Context {
    seen_in_turn(options, &[headers]).await.remove(0)
}

/// The contexts that one handler sees of requests with these headers.
async fn seen_in_turn(options: Options, requests: &[Headers<'_>]) -> Vec<Context> {
    let (tell, mut told) = mpsc::unbounded_channel();
    let endpoint = Endpoint::new(
        options,
        service_fn(move |event: LambdaEvent<Value>| {
            tell.send(event.context).unwrap();
            async { Ok::<_, Error>(()) }
        }),
    );
    let mut contexts = Vec::new();
    for headers in requests {
        let mut request = invoke("1-67a720bd-15933561-8ab9b99753be", "{}");
        for (name, value) in *headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        assert_eq!(endpoint.call(request).await.status(), 200);
        contexts.push(told.recv().await.unwrap());
    }
    contexts
}

fn keys(id: &str, secret: &str, token: Option<&str>) -> Credentials {
    Credentials { access_key_id: id.into(), access_key_secret: secret.into(), security_token: token.map(str::to_owned) }
}

#[tokio::test]
async fn the_headers_fill_the_context() {
    let context = seen(
        options(),
        &[
            ("x-fc-account-id", "1234"),
            ("x-fc-region", "cn-hangzhou"),
            ("x-fc-qualifier", "LATEST"),
            ("x-fc-retry-count", "2"),
            ("x-fc-function-timeout", "300"),
            ("x-fc-tracing-opentracing-span-context", "124ed43254b54966:124ed43254b54966:0:1"),
        ],
    )
    .await;
    assert_eq!(context.request_id, "1-67a720bd-15933561-8ab9b99753be");
    assert_eq!((context.region.as_str(), context.account_id.as_str()), ("cn-hangzhou", "1234"));
    assert_eq!((context.qualifier.as_str(), context.retry_count), ("LATEST", 2));
    assert_eq!(context.span_context.as_deref(), Some("124ed43254b54966:124ed43254b54966:0:1"));
    assert_eq!(context.invoked_function_arn, "acs:fc:cn-hangzhou:1234:functions/echo");
    assert_eq!(context.env_config.memory, 512);
    assert_eq!(context.deadline, (ARRIVAL_SECONDS + 300) * 1000);
    assert_eq!(context.deadline(), SystemTime::UNIX_EPOCH + Duration::from_secs(ARRIVAL_SECONDS + 300));
}

#[tokio::test]
async fn what_the_headers_leave_out_comes_from_the_options() {
    let options = Options {
        region: "cn-chengdu".into(),
        account_id: "99".into(),
        default_timeout: Duration::from_secs(7),
        ..options()
    };
    let context =
        seen(options, &[("x-fc-region", ""), ("x-fc-function-timeout", "soon"), ("x-fc-retry-count", "-1")]).await;
    assert_eq!((context.region.as_str(), context.account_id.as_str()), ("cn-chengdu", "99"));
    assert_eq!((context.deadline, context.retry_count), ((ARRIVAL_SECONDS + 7) * 1000, 0));
    assert_eq!(context.credentials, None);
}

#[tokio::test]
async fn a_timeout_beyond_all_time_does_not_overflow() {
    let context = seen(options(), &[("x-fc-function-timeout", "18446744073709551615")]).await;
    assert_eq!(context.deadline, u64::MAX);
    assert!(context.deadline() >= SystemTime::UNIX_EPOCH);
}

#[tokio::test]
async fn credentials_are_the_requests_if_complete_else_the_environments() {
    let environment = keys("env-id", "env-secret", Some("env-token"));
    let options = Options { environment_credentials: Some(environment.clone()), ..options() };
    let complete =
        [("x-fc-access-key-id", "id"), ("x-fc-access-key-secret", "secret"), ("x-fc-security-token", "token")];
    let context = seen(options.clone(), &complete).await;
    assert_eq!(context.credentials, Some(keys("id", "secret", Some("token"))));

    let empty = complete.map(|(name, _)| (name, ""));
    // From custom.debian11 on the token does not come.
    for headers in [&empty[..], &complete[..2], &[]] {
        assert_eq!(seen(options.clone(), headers).await.credentials.as_ref(), Some(&environment), "{headers:?}");
    }
}

#[test]
fn secrets_stay_out_of_logs_and_serialized_contexts() {
    let mut context = Context::default();
    context.credentials = Some(keys("id", "top-secret", Some("top-token")));
    for text in [format!("{context:?}"), serde_json::to_string(&context).unwrap()] {
        assert!(!text.contains("top-"), "{text}");
    }
}

#[test]
fn a_context_can_be_made_from_headers_and_read_back_from_json() {
    let mut headers = HeaderMap::new();
    headers.insert("x-fc-region", "cn-hangzhou".parse().unwrap());
    let context = Context::new("1-a", Arc::new(Config::default()), &headers).unwrap();
    assert_eq!(context.region, "cn-hangzhou");
    let json = serde_json::to_string(&context).unwrap();
    assert_eq!(serde_json::from_str::<Context>(&json).unwrap(), context);
    assert!(Context::new("", Arc::new(Config::default()), &headers).is_err());
}

/// What is kept from call to call is never what another call sees.
#[tokio::test]
async fn each_call_has_what_its_own_headers_say() {
    fn signed(token: &str) -> [(&'static str, &str); 5] {
        [
            ("x-fc-access-key-id", "id"),
            ("x-fc-access-key-secret", "secret"),
            ("x-fc-security-token", token),
            ("x-fc-region", "cn-hangzhou"),
            ("x-fc-account-id", "1234"),
        ]
    }
    let options = Options {
        region: "cn-chengdu".into(),
        environment_credentials: Some(keys("environment", "secret", None)),
        ..options()
    };
    let moved = [("x-fc-region", "cn-beijing"), ("x-fc-account-id", "1234")];
    let requests: [Headers<'_>; 5] = [&signed("one"), &signed("one"), &signed("two"), &[], &moved];
    let seen = seen_in_turn(options, &requests).await;
    let credentials: Vec<_> = seen.iter().map(|context| context.credentials.clone().unwrap()).collect();
    let environment = keys("environment", "secret", None);
    let (one, two) = (keys("id", "secret", Some("one")), keys("id", "secret", Some("two")));
    assert_eq!(credentials, [one.clone(), one, two, environment.clone(), environment]);
    let regions: Vec<_> = seen.iter().map(|context| context.region.as_str()).collect();
    assert_eq!(regions, ["cn-hangzhou", "cn-hangzhou", "cn-hangzhou", "cn-chengdu", "cn-beijing"]);
    assert_eq!(seen[3].invoked_function_arn, "acs:fc:cn-chengdu::functions/echo");
    assert_eq!(seen[4].invoked_function_arn, "acs:fc:cn-beijing:1234:functions/echo");
}
