//! Function Compute 2023-03-30: paths instead of actions.
//!
//! `/2023-03-30/functions/{name}` with its invocations and triggers, signed with ACS3 over the real path (checked against the
//! official SDK's client, which sends these paths).

use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::reply::{Pending, Reply, Served, served};
use super::request::Incoming;
use super::respond::{Frame, status};
use super::shared::Inner;
use super::visit::Visit;
use super::{faults, identity};
use crate::call::{ApiError, Call, Params, Service};
use crate::platform::{access, invocations};
use crate::services::fc::{self as actions, triggers};
use crate::state::fc::{Attempt, InvocationId, Origin, Outcome};

const VERSION: &str = "2023-03-30";

/// Whether the request is for Function Compute.
pub(super) fn is_for(incoming: &Incoming) -> bool {
    incoming.path.trim_start_matches('/').starts_with(VERSION)
}

/// What a request led to.
enum Done {
    Json(Value),
    /// Something is gone.
    Deleted,
    /// An asynchronous invocation was taken.
    Accepted,
    Invoked(InvocationId),
}

pub(super) fn serve(inner: &mut Inner, visit: &mut Visit<'_>, incoming: &Incoming) -> Served {
    visit.service = Some(Service::Fc);
    match answer(inner, visit, incoming) {
        Ok(Done::Json(body)) => served(
            visit.frame.raw(StatusCode::OK, "application/json", Bytes::from(body.to_string()), &headers(&visit.frame)),
            None,
        ),
        Ok(Done::Deleted) => served(
            visit.frame.raw(StatusCode::NO_CONTENT, "application/json", Bytes::new(), &headers(&visit.frame)),
            None,
        ),
        Ok(Done::Accepted) => served(
            visit.frame.raw(StatusCode::ACCEPTED, "application/octet-stream", Bytes::new(), &headers(&visit.frame)),
            None,
        ),
        Ok(Done::Invoked(id)) => (Reply::Pending(Pending { id, frame: visit.frame.clone() }), 200, None),
        Err(error) => {
            let body = json!({"RequestId": visit.frame.request_id, "Code": error.code, "Message": error.message});
            let response = visit.frame.raw(
                status(error.status),
                "application/json",
                Bytes::from(body.to_string()),
                &headers(&visit.frame),
            );
            served(response, Some(&error))
        }
    }
}

fn answer(inner: &mut Inner, visit: &mut Visit<'_>, incoming: &Incoming) -> Result<Done, ApiError> {
    let segments = incoming.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (action, name, trigger) = match (incoming.method.as_str(), path.as_slice()) {
        ("POST", [VERSION, "functions", name, "invocations"]) => ("InvokeFunction", *name, ""),
        ("POST", [VERSION, "functions"]) => ("CreateFunction", "", ""),
        ("GET", [VERSION, "functions"]) => ("ListFunctions", "", ""),
        ("GET", [VERSION, "functions", name]) => ("GetFunction", *name, ""),
        ("PUT", [VERSION, "functions", name]) => ("UpdateFunction", *name, ""),
        ("DELETE", [VERSION, "functions", name]) => ("DeleteFunction", *name, ""),
        ("GET", [VERSION, "functions", name, "triggers"]) => ("ListTriggers", *name, ""),
        ("POST", [VERSION, "functions", name, "triggers"]) => ("CreateTrigger", *name, ""),
        ("GET", [VERSION, "functions", name, "triggers", trigger]) => ("GetTrigger", *name, *trigger),
        ("PUT", [VERSION, "functions", name, "triggers", trigger]) => ("UpdateTrigger", *name, *trigger),
        ("DELETE", [VERSION, "functions", name, "triggers", trigger]) => ("DeleteTrigger", *name, *trigger),
        _ => return Err(ApiError::not_found("PathNotSupported", "The specified path or method is not supported.")),
    };
    action.clone_into(&mut visit.action);
    let named = [("functionName", name), ("triggerName", trigger)].into_iter().filter(|(_, value)| !value.is_empty());
    visit.params = Params::new(named.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let caller = identity::verify(&inner.world, &mut inner.nonces, visit.clocks, incoming)?;
    visit.caller = Some(caller.clone());
    let qualifier = incoming.filled("qualifier").unwrap_or("LATEST");
    if qualifier != "LATEST" {
        return Err(ApiError::not_found(
            "VersionNotFound",
            format!("version '{qualifier}' does not exist in function '{name}'"),
        ));
    }
    if !inner.world.account.is_open("FC", inner.world.settings.strict.services) {
        return Err(ApiError::new(403, "AccessDenied", "FC service is not enabled for current user."));
    }
    let call = visit.call(caller).ok_or_else(crate::call::unknown_action)?;
    access::authorize(&inner.world, &call)?;
    faults::meet(inner, visit, &call)?;
    let (world, now, region, body) = (&mut inner.world, visit.frame.now, visit.region, &incoming.body);
    let done = match action {
        "CreateFunction" => actions::create(world, now, region, body).map(Done::Json),
        "UpdateFunction" => actions::update(world, now, region, name, body).map(Done::Json),
        "DeleteFunction" => actions::delete(world, region, name).map(|()| Done::Deleted),
        "GetFunction" => actions::describe(world, region, name).map(Done::Json),
        "ListFunctions" => actions::list(world, region).map(Done::Json),
        "ListTriggers" => triggers::list(world, region, name).map(Done::Json),
        "GetTrigger" => triggers::get(world, region, name, trigger).map(Done::Json),
        "CreateTrigger" => triggers::create(world, now, region, name, body).map(Done::Json),
        "UpdateTrigger" => triggers::update(world, now, region, name, trigger, body).map(Done::Json),
        "DeleteTrigger" => triggers::delete(world, region, name, trigger).map(|()| Done::Deleted),
        _ => invoke(inner, now, &call, name, incoming),
    };
    faults::told(visit)?;
    done
}

fn invoke(inner: &mut Inner, now: Timestamp, call: &Call, name: &str, incoming: &Incoming) -> Result<Done, ApiError> {
    let kind = incoming.header("x-fc-invocation-type").unwrap_or_else(|| "Sync".to_owned());
    let (origin, limit) = match kind.as_str() {
        "Sync" => (Origin::Caller, 32 << 20),
        "Async" => (Origin::Nobody, 128 << 10),
        _ => return Err(ApiError::bad("InvalidArgument", "x-fc-invocation-type must be Sync or Async")),
    };
    // fc-runtime.md section 1.2.
    if incoming.body.len() > limit {
        return Err(ApiError::new(413, "EntityTooLarge", "The payload size exceeds maximum allowed size."));
    }
    let asynchronous = matches!(origin, Origin::Nobody);
    let attempt = Attempt {
        region: call.region.clone(),
        function: name.to_owned(),
        payload: incoming.body.to_vec(),
        origin,
        retry: 0,
    };
    let id = invocations::start(&mut inner.world, now, attempt)?;
    Ok(if asynchronous { Done::Accepted } else { Done::Invoked(id) })
}

/// The answer once the function is done (fc-runtime.md section 1.2, "Caller-side error header").
pub(super) fn outcome(frame: &Frame, outcome: Outcome) -> Response<Bytes> {
    let failed = |kind: &'static str, body: &Value| {
        let mut all = headers(frame).to_vec();
        all.push(("x-fc-error-type", kind));
        frame.raw(StatusCode::OK, "application/json", Bytes::from(body.to_string()), &all)
    };
    match outcome {
        Outcome::Answered(body) => {
            frame.raw(StatusCode::OK, "application/octet-stream", Bytes::from(body), &headers(frame))
        }
        Outcome::Failed { error_type, message } => {
            failed("HandledInvocationError", &json!({"errorType": error_type, "errorMessage": message}))
        }
        Outcome::Crashed(message) => failed("UnhandledInvocationError", &json!({"errorMessage": message})),
    }
}

fn headers(frame: &Frame) -> [(&'static str, &str); 1] {
    [("x-fc-request-id", frame.request_id.as_str())]
}
