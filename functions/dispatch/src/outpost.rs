//! What `dispatch` of a region other than home does: it hands the trigger to `dispatch` at home and answers what that answers.
//!
//! An outpost has no store, and its role may do nothing but this (decision 0056). Its own region's events are read by home's
//! function as any others are: they name the region.

use onboarding::StageName;
use openapi::fc::InvokeFunction;
use serde::Deserialize;
use serde_json::Value;
use stage::{Invocation, StageError};

use crate::answer::{self, Dispatched, Started};
use crate::start;

/// Marks what an outpost has handed on.
const HANDED_ON: &str = "albridgeHandedOn";

/// Hands a trigger on. With the kill switch on, nothing leaves the outpost.
///
/// # Errors
/// [`StageError`]: home's function cannot be called, or failed; then the platform delivers the event again.
pub(crate) async fn hand_on(invocation: &Invocation<'_>, event: &Value) -> Result<Dispatched, StageError> {
    let settings = invocation.host.settings();
    if settings.read_only {
        return Ok(answer::ignored("writes are switched off in this outpost, so it was not handed to home"));
    }
    let home = start::home(invocation)?;
    if event.get(HANDED_ON).is_some() {
        // Otherwise two outposts, or one whose home is its own region, would hand it on for ever.
        let what = format!("{home}, where this event was handed to, is no home: look at HomeRegion of the stacks");
        return Err(StageError::CloudFailing { what });
    }
    let mut handed = event.clone();
    if let Some(fields) = handed.as_object_mut() {
        fields.insert(HANDED_ON.to_owned(), true.into());
    }
    let function_name = format!("{}-{}", settings.deployment.as_str(), StageName::Dispatch);
    let failing = |what: String| StageError::CloudFailing { what: format!("{function_name} in {home} {what}") };
    let invoke =
        InvokeFunction { function_name: function_name.clone(), body: handed.to_string().into(), qualifier: None };
    let answered =
        invocation.client().invoke_function(&home, &invoke).await.map_err(|error| StageError::cloud(&error))?;
    let body = String::from_utf8_lossy(&answered.body);
    if let Some(kind) = &answered.error_type {
        return Err(failing(format!("failed with {kind}: {body}")));
    }
    let dispatched = read(&body).map_err(|error| failing(format!("answered what cannot be read: {error}")))?;
    tracing::info!(started = dispatched.started.len(), "handed to home");
    Ok(dispatched)
}

/// What home answered. A newer home may say more than this version knows; what it started is told all the same.
fn read(body: &str) -> Result<Dispatched, serde_json::Error> {
    #[derive(Deserialize)]
    struct Least {
        started: Vec<Started>,
    }
    serde_json::from_str(body).or_else(|_| {
        let Least { started } = serde_json::from_str(body)?;
        Ok(Dispatched { started, ..Dispatched::default() })
    })
}
