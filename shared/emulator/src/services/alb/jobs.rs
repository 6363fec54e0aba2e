//! Asynchronous jobs: every write returns one, and `ListAsynJobs` shows when it is done.

use jiff::Timestamp;
use serde_json::json;

use super::paging::{Page, filter, passes};
use crate::call::{Answer, Call};
use crate::state::alb::job::Job;
use crate::world::World;

/// How many jobs are remembered; the cloud keeps them for some days.
const KEPT: usize = 2_000;

/// Records the job of `call` on a resource and returns its id.
pub(super) fn start(
    world: &mut World,
    now: Timestamp,
    call: &Call,
    done: Timestamp,
    on: (&'static str, &str),
) -> String {
    // Jobs have lower-case ids in the API's examples, unlike requests.
    let id = world.ids.uuid().to_lowercase();
    let jobs = &mut world.alb.jobs;
    if jobs.len() >= KEPT {
        jobs.pop_front();
    }
    jobs.push_back(Job {
        id: id.clone(),
        region: call.region.clone(),
        api: call.action.clone(),
        kind: on.0,
        resource: on.1.to_owned(),
        created: now,
        done,
    });
    id
}

/// `ListAsynJobs`. An unknown id filters to nothing.
pub(super) fn list(world: &World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let page = Page::read(params, 100)?;
    let (ids, resources) = (filter(params, "JobIds", 20)?, filter(params, "ResourceIds", 20)?);
    let (from, until) = (params.parse::<i64>("BeginTime")?, params.parse::<i64>("EndTime")?);
    let mut items: Vec<_> = world
        .alb
        .jobs
        .iter()
        .filter(|job| job.region == call.region)
        .filter(|job| passes(&ids, &job.id) && passes(&resources, &job.resource))
        .filter(|job| params.get("ApiName").is_none_or(|api| api == job.api))
        .filter(|job| params.get("ResourceType").is_none_or(|kind| kind.eq_ignore_ascii_case(job.kind)))
        .filter(|job| from.is_none_or(|from| job.created.as_millisecond() >= from))
        .filter(|job| until.is_none_or(|until| job.created.as_millisecond() <= until))
        .map(|job| {
            let finished = job.done <= now;
            let shown = json!({
                "Id": job.id,
                "ApiName": job.api,
                "OperateType": operation(&job.api),
                "ResourceType": job.kind,
                "ResourceId": job.resource,
                "Status": if finished { "Succeeded" } else { "Processing" },
                "CreateTime": job.created.as_millisecond(),
                "ModifyTime": if finished { job.done } else { job.created }.as_millisecond(),
            });
            (format!("{:020} {}", job.created.as_millisecond(), job.id), shown)
        })
        .collect();
    items.sort_by(|(left, _), (right, _)| left.cmp(right));
    Ok(page.answer("Jobs", items))
}

fn operation(api: &str) -> &'static str {
    if api.starts_with("Create") {
        "Create"
    } else if api.starts_with("Delete") {
        "Delete"
    } else {
        "Update"
    }
}
