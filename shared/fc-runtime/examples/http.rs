//! The requests of an HTTP trigger, in the form of Lambda's function URLs and HTTP APIs, and answers with cookies.
//! `cargo run --example http`, then `scripts/call http POST /visits -H 'cookie: name=Ada'`.
//!
//! Deployed code mostly leaves the form to the variable `RUNTIME_HTTP_EVENT` and calls `run`; and a type of the crate
//! `aws_lambda_events` (here `LambdaFunctionUrlRequest`) has all of the event's fields.

use fc_runtime::{Error, HttpEventForm, LambdaEvent, Options, Runtime, layers::TracingLayer, service_fn};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    raw_path: String,
    #[serde(default)]
    cookies: Vec<String>,
    request_context: RequestContext,
}

#[derive(Deserialize)]
struct RequestContext {
    http: Http,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    source_ip: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    /// Each becomes a `Set-Cookie` header.
    cookies: Vec<String>,
    body: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    fc_runtime::tracing::init_default_subscriber();
    let options = Options { http_event: HttpEventForm::Lambda2, ..Options::from_env() };
    Runtime::new(service_fn(visit)).layer(TracingLayer::new()).run_with(options).await
}

async fn visit(event: LambdaEvent<Request>) -> Result<Answer, Error> {
    let Request { raw_path, cookies, request_context: RequestContext { http } } = event.payload;
    let name = cookies.iter().find_map(|cookie| cookie.strip_prefix("name=")).unwrap_or("stranger");
    Ok(Answer {
        status_code: if raw_path == "/visits" { 200 } else { 404 },
        cookies: vec!["seen=yes; Path=/".to_owned(), format!("name={name}; Path=/")],
        body: format!("{name} from {:?} asked for {} {raw_path}\n", http.source_ip, http.method),
    })
}
