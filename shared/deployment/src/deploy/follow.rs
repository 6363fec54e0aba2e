//! Follows a stack until it is at rest.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use onboarding::ids::Region;
use openapi::ros;

use super::cloud::{Cloud, doing};
use super::error::DeployError;
use super::status::{Condition, Status};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(5);
/// How long a change of a stack is watched: longer than its own limit of an hour with its roll-back.
const MOST: SignedDuration = SignedDuration::from_mins(130);

/// What became of a stack.
pub(crate) struct Rest {
    /// Its state at the end; none if it is gone.
    pub(crate) status: Option<Status>,
    pub(crate) reason: String,
}

/// Follows a stack until it is at rest, and tells each event once.
pub(crate) async fn until_at_rest(
    cloud: &Cloud,
    region: &Region,
    id: &str,
    tell: &mut (dyn FnMut(&ros::Event) + Send),
) -> Result<Rest, DeployError> {
    let clock = cloud.client().clock();
    let began = clock.now();
    let mut told = BTreeSet::new();
    loop {
        let get = ros::GetStack { stack_id: id.to_owned() };
        let (status, reason) = match cloud.client().call(region.as_str(), &get).await {
            Ok(stack) => (Status::new(&stack.status), stack.status_reason),
            Err(error) if error.is_not_found() => return Ok(Rest { status: None, reason: String::new() }),
            Err(error) => return Err(doing(format!("following the stack in {region}"), region)(error)),
        };
        // What happened is for people to read: a listing that changed under the reader is read at the next look.
        for event in events(cloud, region, id).await.unwrap_or_default() {
            if told.insert(key(&event)) {
                tell(&event);
            }
        }
        match status.condition() {
            Condition::Busy => {}
            Condition::Gone => return Ok(Rest { status: None, reason }),
            _ => return Ok(Rest { status: Some(status), reason }),
        }
        let watched = clock.now().duration_since(began);
        if watched > MOST {
            return Err(DeployError::Slow { region: region.clone(), status, minutes: watched.as_mins() });
        }
        clock.sleep(LOOK).await;
    }
}

/// What tells an event from all others of its stack.
pub(crate) fn key(event: &ros::Event) -> String {
    format!("{} {} {}", event.event_id, event.status, event.create_time)
}

/// The events of a stack, the oldest first.
pub(crate) async fn events(cloud: &Cloud, region: &Region, id: &str) -> Result<Vec<ros::Event>, DeployError> {
    let list = ros::ListStackEvents { stack_id: id.to_owned(), ..Default::default() };
    let listed = cloud.client().list(region.as_str(), list).await;
    let mut events = listed.map_err(doing(format!("reading the events of the stack in {region}"), region))?;
    events.sort_by(|one, other| one.create_time.cmp(&other.create_time));
    Ok(events)
}

/// The resources that failed after `before`, with the service's words.
pub(crate) fn failures(events: &[ros::Event], before: &BTreeSet<String>) -> Vec<(String, String)> {
    let mut failed: Vec<(String, String)> = Vec::new();
    for event in events.iter().filter(|event| event.status.ends_with("_FAILED") && !before.contains(&key(event))) {
        let named = failed.iter().any(|(resource, _)| *resource == event.logical_resource_id);
        if !named && !event.status_reason.is_empty() {
            failed.push((event.logical_resource_id.clone(), event.status_reason.clone()));
        }
    }
    failed
}
