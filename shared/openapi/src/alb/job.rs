//! Asynchronous jobs, and the actions that set tags.

use serde::{Deserialize, Serialize};

use super::tag::Tag;
use crate::listing::listing;

/// The state of asynchronous writes, by the job ids that they answered with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAsynJobs {
    pub job_ids: Vec<String>,
    pub resource_ids: Vec<String>,
    pub resource_type: Option<String>,
    pub api_name: Option<String>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`ListAsynJobs`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListAsynJobsAnswer {
    pub jobs: Vec<Job>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

/// One asynchronous write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Job {
    pub id: String,
    pub api_name: String,
    pub resource_id: String,
    pub resource_type: String,
    pub operate_type: String,
    /// `Processing`, `Succeeded` or `Failed`.
    pub status: String,
    pub error_code: String,
    pub error_message: String,
}

listing!(ListAsynJobs, jobs: Job, token max_results 100);

/// The answer of an asynchronous write that names nothing new.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct JobStarted {
    pub job_id: String,
    pub request_id: String,
}

/// Sets tags on resources of one type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagResources {
    pub resource_id: Vec<String>,
    /// `serverGroup`, `listener` or `loadbalancer`, in lower camel case.
    pub resource_type: String,
    pub tag: Vec<Tag>,
}

/// Takes tags off resources of one type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UnTagResources {
    pub resource_id: Vec<String>,
    pub resource_type: String,
    pub tag_key: Vec<String>,
}
