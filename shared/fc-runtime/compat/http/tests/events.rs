//! The four HTTP event types of `aws_lambda_events`, and their answers, through a request of Function Compute.

use std::future::Future;

use aws_lambda_events::{
    alb::{AlbTargetGroupRequest, AlbTargetGroupResponse},
    apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse, ApiGatewayV2httpRequest, ApiGatewayV2httpResponse},
    encodings::Body,
    http::{HeaderMap, HeaderValue, Method},
    lambda_function_urls::{LambdaFunctionUrlRequest, LambdaFunctionUrlResponse},
    query_map::QueryMap,
};
use bytes::Bytes;
use compat_http::{ask, options, request, values};
use fc_runtime::{Endpoint, Error, HttpEventForm, LambdaEvent, service_fn};
use http::Response;
use serde::{Serialize, de::DeserializeOwned};

/// What a handler of `A` that checks its event makes of a request.
async fn answer<A, R, F>(form: HttpEventForm, handler: fn(A) -> F) -> Response<Bytes>
where
    A: DeserializeOwned + Send + 'static,
    R: Serialize + Send + 'static,
    F: Future<Output = R> + Send + 'static,
{
    let handler = service_fn(move |event: LambdaEvent<A>| async move { Ok::<_, Error>(handler(event.payload).await) });
    ask(&Endpoint::new(options(form), handler), request("PUT", "application/octet-stream", &b"\xff\x00"[..])).await
}

fn all<'m>(headers: &'m HeaderMap, name: &str) -> Vec<&'m str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

fn parameters<'m>(query: &'m QueryMap, name: &str) -> Vec<&'m str> {
    query.all(name).unwrap_or_default()
}

fn two_values() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.append("x-many", HeaderValue::from_static("c"));
    headers.append("x-many", HeaderValue::from_static("d"));
    headers.append("set-cookie", HeaderValue::from_static("e=5; Path=/"));
    headers.append("set-cookie", HeaderValue::from_static("f=6"));
    headers
}

const BINARY: &[u8] = b"\x00\xfe";

#[tokio::test]
async fn function_urls() {
    async fn handler(event: LambdaFunctionUrlRequest) -> LambdaFunctionUrlResponse {
        assert_eq!(event.version.as_deref(), Some("2.0"));
        assert_eq!(event.raw_path.as_deref(), Some("/shop/a%20b"));
        assert_eq!(event.raw_query_string.as_deref(), Some("x=1&y=%C3%A9%20z&x=2"));
        assert_eq!(event.cookies.unwrap(), ["a=1", "b=2"]);
        assert_eq!(event.headers["x-many"], "a,b");
        assert_eq!(event.query_string_parameters["x"], "1,2");
        assert_eq!(event.query_string_parameters["y"], "é z");
        assert_eq!((event.body.as_deref(), event.is_base64_encoded), (Some("/wA="), true));
        let context = event.request_context;
        assert_eq!(context.account_id.as_deref(), Some("1234"));
        assert_eq!(context.domain_prefix.as_deref(), Some("web"));
        assert_eq!(context.request_id.as_deref(), Some("1-64f6cd87"));
        assert_eq!(context.time.as_deref(), Some("01/Jan/1970:00:00:00 +0000"));
        assert_eq!(context.http.method.as_deref(), Some("PUT"));
        assert_eq!(context.http.source_ip.as_deref(), Some("11.11.11.11"));
        assert_eq!(context.http.user_agent.as_deref(), Some("test/1"));
        let mut answer = LambdaFunctionUrlResponse::default();
        answer.status_code = 201;
        answer.headers.insert("x-one", HeaderValue::from_static("1"));
        answer.cookies = vec!["e=5; Path=/".into(), "f=6".into()];
        answer.body = Some("AP4=".into());
        answer.is_base64_encoded = true;
        answer
    }
    let answer = answer(HttpEventForm::Lambda2, handler).await;
    assert_eq!((answer.status().as_u16(), &answer.body()[..]), (201, BINARY), "{answer:?}");
    assert_eq!(values(&answer, "x-one"), ["1"]);
    assert_eq!(values(&answer, "set-cookie"), ["e=5; Path=/", "f=6"]);
}

#[tokio::test]
async fn http_apis() {
    async fn handler(event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        assert_eq!(event.route_key.as_deref(), Some("$default"));
        assert_eq!(event.raw_path.as_deref(), Some("/shop/a%20b"));
        assert_eq!(event.cookies.unwrap(), ["a=1", "b=2"]);
        assert_eq!(event.headers["x-many"], "a,b");
        assert_eq!(parameters(&event.query_string_parameters, "x"), ["1", "2"]);
        assert_eq!(parameters(&event.query_string_parameters, "y"), ["é z"]);
        assert_eq!((event.body.as_deref(), event.is_base64_encoded), (Some("/wA="), true));
        let context = event.request_context;
        assert_eq!(context.stage.as_deref(), Some("$default"));
        assert_eq!(context.http.method, Method::PUT);
        assert_eq!(context.http.source_ip.as_deref(), Some("11.11.11.11"));
        let mut answer = ApiGatewayV2httpResponse::default();
        answer.status_code = 201;
        answer.multi_value_headers = two_values();
        answer.multi_value_headers.remove("set-cookie");
        answer.cookies = vec!["e=5; Path=/".into(), "f=6".into()];
        answer.body = Some(Body::Binary(BINARY.into()));
        answer.is_base64_encoded = true;
        answer
    }
    let answer = answer(HttpEventForm::Lambda2, handler).await;
    assert_eq!((answer.status().as_u16(), &answer.body()[..]), (201, BINARY), "{answer:?}");
    assert_eq!(values(&answer, "x-many"), ["c", "d"]);
    assert_eq!(values(&answer, "set-cookie"), ["e=5; Path=/", "f=6"]);
}

#[tokio::test]
async fn rest_apis() {
    async fn handler(event: ApiGatewayProxyRequest) -> ApiGatewayProxyResponse {
        assert_eq!(event.resource.as_deref(), Some("/{proxy+}"));
        assert_eq!(event.path.as_deref(), Some("/shop/a%20b"));
        assert_eq!(event.path_parameters["proxy"], "shop/a b");
        assert_eq!(event.http_method, Method::PUT);
        assert_eq!(event.headers["x-many"], "b");
        assert_eq!(all(&event.multi_value_headers, "x-many"), ["a", "b"]);
        assert_eq!(all(&event.multi_value_headers, "cookie"), ["a=1; b=2"]);
        assert_eq!(parameters(&event.query_string_parameters, "x"), ["2"]);
        assert_eq!(parameters(&event.multi_value_query_string_parameters, "x"), ["1", "2"]);
        assert_eq!(parameters(&event.multi_value_query_string_parameters, "y"), ["é z"]);
        assert_eq!((event.body.as_deref(), event.is_base64_encoded), (Some("/wA="), true));
        let context = event.request_context;
        assert_eq!(context.identity.source_ip.as_deref(), Some("11.11.11.11"));
        assert_eq!(context.identity.user_agent.as_deref(), Some("test/1"));
        assert_eq!(context.http_method, Method::PUT);
        assert_eq!(context.stage.as_deref(), Some("$default"));
        assert_eq!(context.request_time_epoch, 0);
        let mut answer = ApiGatewayProxyResponse::default();
        answer.status_code = 201;
        answer.headers.insert("x-one", HeaderValue::from_static("1"));
        answer.multi_value_headers = two_values();
        answer.body = Some(Body::Binary(BINARY.into()));
        answer.is_base64_encoded = true;
        answer
    }
    let answer = answer(HttpEventForm::Lambda1, handler).await;
    assert_eq!((answer.status().as_u16(), &answer.body()[..]), (201, BINARY), "{answer:?}");
    assert_eq!(values(&answer, "x-one"), ["1"]);
    assert_eq!(values(&answer, "x-many"), ["c", "d"]);
    assert_eq!(values(&answer, "set-cookie"), ["e=5; Path=/", "f=6"]);
}

fn of_target_group() -> AlbTargetGroupResponse {
    let mut answer = AlbTargetGroupResponse::default();
    answer.status_code = 201;
    answer.status_description = Some("201 Created".into());
    // Both kinds, as lambda_http answers: a load balancer takes one of them.
    answer.headers = two_values();
    answer.multi_value_headers = two_values();
    answer.body = Some(Body::Binary(BINARY.into()));
    answer.is_base64_encoded = true;
    answer
}

#[tokio::test]
async fn target_groups() {
    async fn handler(event: AlbTargetGroupRequest) -> AlbTargetGroupResponse {
        assert_eq!(event.http_method, Method::PUT);
        assert_eq!(event.path.as_deref(), Some("/shop/a%20b"));
        assert_eq!(event.headers["x-many"], "b");
        assert_eq!(event.headers["x-forwarded-for"], "11.11.11.11, 22.22.22.22");
        assert_eq!(parameters(&event.query_string_parameters, "x"), ["2"]);
        assert_eq!(parameters(&event.query_string_parameters, "y"), ["%C3%A9%20z"], "a load balancer does not decode");
        assert_eq!((event.body.as_deref(), event.is_base64_encoded), (Some("/wA="), true));
        assert!(event.request_context.elb.target_group_arn.is_some());
        of_target_group()
    }
    let answer = answer(HttpEventForm::Alb, handler).await;
    assert_eq!((answer.status().as_u16(), &answer.body()[..]), (201, BINARY), "{answer:?}");
    assert_eq!(values(&answer, "x-many"), ["c", "d"]);
    assert_eq!(values(&answer, "set-cookie"), ["e=5; Path=/", "f=6"]);
}

#[tokio::test]
async fn target_groups_with_multi_value_headers() {
    async fn handler(event: AlbTargetGroupRequest) -> AlbTargetGroupResponse {
        assert_eq!(all(&event.multi_value_headers, "x-many"), ["a", "b"]);
        assert_eq!(parameters(&event.multi_value_query_string_parameters, "x"), ["1", "2"]);
        assert!(event.headers.is_empty() && event.query_string_parameters.is_empty());
        of_target_group()
    }
    let answer = answer(HttpEventForm::AlbMultiValue, handler).await;
    assert_eq!(answer.status(), 201, "{answer:?}");
    assert_eq!(values(&answer, "x-many"), ["c", "d"]);
}
