//! One real HTTP request through the ALB: from this function if it runs in the ALB's VPC, else through the probe in the
//! ALB's region. Without either, the result is "not probed", never a silent "ok".

use std::time::Duration;

use bytes::Bytes;
use onboarding::topology::Topology;
use onboarding::{Code, Reason};
use openapi::{BodyLimit, fc};
use serde::{Deserialize, Serialize};
use stage::{Host, Session};

/// The timeout of the request. The ALB's own request timeout is 60 s, but a healthy backend answers at once.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most characters of a body that are kept.
const EXCERPT: usize = 120;
/// The most bytes of a body that are read.
const PAGE: usize = 64 << 10;

/// A request to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// The ALB's own name.
    pub name: String,
    /// The listener's port.
    pub port: u16,
    /// The Host header.
    pub host: String,
    /// The path.
    pub path: String,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The URL of the request.
    pub url: String,
    /// The status, if there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The server that answered, from the header `X-Served-By`, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served_by: Option<String>,
    /// The first part of the body, or why there was no answer.
    pub text: String,
}

/// Tests a binding with `members` members, if a probe is available. Returns the answer, and the fault.
pub(crate) async fn of_binding(
    session: &Session<'_>,
    topology: &Topology,
    members: usize,
) -> (Option<Answer>, Option<Reason>) {
    let binding = session.binding();
    let Some(load_balancer) = topology.alb() else { return (None, None) };
    if members == 0 {
        return (None, None); // no member could answer
    }
    let spec = binding.verify.as_ref();
    let probe = Probe {
        name: load_balancer.dns_name.clone(),
        port: binding.listener.port,
        host: spec.map_or_else(|| load_balancer.dns_name.clone(), |spec| spec.host.clone()),
        path: spec.map_or_else(|| "/".to_owned(), |spec| spec.path.clone()),
    };
    let settings = session.host().settings();
    let answer = if settings.probe_vpc.as_ref() == Some(&load_balancer.vpc) {
        Ok(send(session.host(), &probe).await)
    } else if settings.probes.contains(&load_balancer.region) {
        ask(session, load_balancer.region.as_str(), &probe).await
    } else {
        let message = format!("No function sits in {}, so no request was sent.", load_balancer.vpc);
        return (None, Some(Reason::new(Code::NotProbed, &load_balancer.id, message)));
    };
    let expected = spec.map_or(200, |spec| spec.expect);
    match answer {
        Ok(answer) if answer.status == Some(expected) => (Some(answer), None),
        Ok(answer) => {
            let came = answer.status.map_or_else(|| "no answer".to_owned(), |status| format!("status {status}"));
            let message = format!("{} gave {came} instead of {expected}: {}.", answer.url, answer.text);
            (Some(answer), Some(Reason::new(Code::ProbeFailed, &load_balancer.id, message)))
        }
        Err(reason) => (None, Some(reason)),
    }
}

/// Sends a request from this function.
pub(crate) async fn send(host: &Host, probe: &Probe) -> Answer {
    let url = format!("http://{}:{}{}", probe.name, probe.port, probe.path);
    let base = host.settings().resolve.get(&format!("{}:{}", probe.name, probe.port));
    let target = base.map_or_else(|| url.clone(), |base| format!("{base}{}", probe.path));
    let failed = |text: String| Answer { url: url.clone(), status: None, served_by: None, text };
    let request = http::Request::get(&target).header(http::header::HOST, &probe.host).body(Bytes::new());
    let mut request = match request {
        Ok(request) => request,
        Err(error) => return failed(error.to_string()),
    };
    // The page may be long, but only the status and its first part are needed.
    request.extensions_mut().insert(BodyLimit::First(PAGE));
    match host.clock().timeout(PATIENCE, host.transport().send(request)).await {
        Err(elapsed) => failed(elapsed.to_string()),
        Ok(Err(error)) => failed(error.to_string()),
        Ok(Ok(response)) => Answer {
            status: Some(response.status().as_u16()),
            served_by: response.headers().get("x-served-by").and_then(|name| name.to_str().ok()).map(str::to_owned),
            text: String::from_utf8_lossy(response.body()).trim().chars().take(EXCERPT).collect(),
            url,
        },
    }
}

/// Invokes the probe of a region to send the request.
async fn ask(session: &Session<'_>, region: &str, probe: &Probe) -> Result<Answer, Reason> {
    let function = format!("{}-verify", session.deployment().as_str());
    let failed = |what: String| {
        Reason::new(Code::NotProbed, &function, format!("The probe {function} in {region} did not answer: {what}."))
    };
    let body = serde_json::to_vec(&serde_json::json!({ "probe": probe })).map_err(|error| failed(error.to_string()))?;
    let invoke = fc::InvokeFunction { function_name: function.clone(), body: body.into(), ..Default::default() };
    let invocation =
        session.cloud().own().invoke_function(region, &invoke).await.map_err(|error| failed(error.to_string()))?;
    if let Some(kind) = invocation.error_type {
        return Err(failed(format!("{kind}: {}", String::from_utf8_lossy(&invocation.body))));
    }
    serde_json::from_slice(&invocation.body).map_err(|error| failed(error.to_string()))
}
