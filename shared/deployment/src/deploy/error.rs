//! Why a deployment is not made.

use std::collections::BTreeSet;

use onboarding::ids::{AlbId, Region, SecurityGroupId};

use super::packages::PackagesError;
use super::status::Status;

/// Why a deployment is not made, or not wholly.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// No region of the bindings offers CloudFlow.
    #[error(
        "no region of the bindings offers CloudFlow, which the home stack needs: name one with --region ({})",
        list(offered)
    )]
    NoHome {
        /// The regions that do.
        offered: BTreeSet<Region>,
    },
    /// There is no binding, and no home from before.
    #[error(
        "the bindings name no region, because there is none of them: add one, or name the region of the home stack with --region ({})",
        list(offered)
    )]
    NoBindings {
        /// The regions that offer CloudFlow.
        offered: BTreeSet<Region>,
    },
    /// The home region does not offer CloudFlow.
    #[error(
        "{region} does not offer CloudFlow, which the home stack needs: name another with --region ({})",
        list(offered)
    )]
    NoFlows {
        /// The region.
        region: Region,
        /// The regions that do.
        offered: BTreeSet<Region>,
    },
    /// Home is elsewhere.
    #[error(
        "the home stack is in {is}, not in {wanted}, and two would both change the cloud: deploy with --region {is}, or take it away first"
    )]
    HomeMoved {
        /// Where it is.
        is: Region,
        /// Where it was asked for.
        wanted: Region,
    },
    /// A stack of the name is not this deployment's.
    #[error("the stack {name} in {region} is not of this deployment: choose another name with --deployment")]
    Foreign {
        /// Its region.
        region: Region,
        /// Its name.
        name: String,
    },
    /// A bucket of the name is in another region.
    #[error(
        "the bucket {name} is in {is}, not in {wanted}: name another one in the settings file, under storeBucket or codeBuckets"
    )]
    BucketElsewhere {
        /// Its name.
        name: String,
        /// Where it is.
        is: Region,
        /// Where it has to be.
        wanted: Region,
    },
    /// A parameter is not the operator's to set.
    #[error("the parameter {name} cannot be set: {reason}")]
    Parameter {
        /// Its name.
        name: String,
        /// Why.
        reason: String,
    },
    /// The template does not take its parameters.
    #[error("the template cannot be deployed to {region} with these parameters: {reason}")]
    Template {
        /// The region.
        region: Region,
        /// Where and why.
        reason: String,
    },
    /// It is not known which security group the probe takes.
    #[error(
        "the function verify needs a security group of {alb}'s VPC in {region}, which has {}: name one with --probe-security-group {region}=sg-...",
        many(groups)
    )]
    SecurityGroup {
        /// The region.
        region: Region,
        /// The ALB.
        alb: AlbId,
        /// Those that there are.
        groups: Vec<SecurityGroupId>,
    },
    /// The packages cannot be used.
    #[error(transparent)]
    Packages(#[from] PackagesError),
    /// A call failed. `doing` is what it was for.
    #[error("{doing}: {}", sentence(error).trim_end_matches('.'))]
    Call {
        /// What it was for.
        doing: String,
        /// The failure.
        error: Box<openapi::Error>,
    },
    /// The store or a package cannot be reached from here.
    #[error(
        "{doing}: OSS refuses it from outside of the region ({}). This account may not use the public endpoints of buckets: run this on a \
         machine that reaches the internal one, with ALBRIDGE_ENDPOINTS='{{\"oss-{region}\":\"https://oss-{region}-internal.aliyuncs.com\"}}', and \
         an entry for each further region",
        error.code
    )]
    Outside {
        /// What it was for.
        doing: String,
        /// The bucket's region.
        region: Region,
        /// The failure.
        error: Box<openapi::Error>,
    },
    /// A stack's change failed and was taken back, or was not.
    #[error(transparent)]
    Stack(#[from] StackFailure),
    /// Somebody changed a stack after it was shown.
    #[error("the stack in {region} was changed by somebody else meanwhile, so nothing more was done: run deploy again")]
    Moved {
        /// The stack's region.
        region: Region,
    },
    /// A stack does not end what it does.
    #[error(
        "the stack in {region} is still {status} after {minutes} minutes: look at it in the console, then run deploy again"
    )]
    Slow {
        /// The stack's region.
        region: Region,
        /// Its state.
        status: Status,
        /// How long it was watched.
        minutes: i64,
    },
}

/// A stack's change that failed: which resource, and the cloud's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the stack in {region} is {status}{}. {}", causes(failed, reason), remedy(status))]
pub struct StackFailure {
    /// The stack's region.
    pub region: Region,
    /// Its state at the end.
    pub status: Status,
    /// The service's reason.
    pub reason: String,
    /// The resources that failed, with the service's words, the first one first.
    pub failed: Vec<(String, String)>,
}

impl DeployError {
    /// Whether the command line, the settings or the bindings have to be mended, and nothing was tried.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::NoHome { .. }
                | Self::NoBindings { .. }
                | Self::NoFlows { .. }
                | Self::HomeMoved { .. }
                | Self::Foreign { .. }
                | Self::BucketElsewhere { .. }
                | Self::Parameter { .. }
                | Self::Template { .. }
                | Self::SecurityGroup { .. }
                | Self::Packages(_)
        )
    }
}

/// A failed call with its remedy. It is no function's call, so `albridge policy` prints nothing about it: it is the operator's own key that lacks a
/// permission.
fn sentence(error: &openapi::Error) -> String {
    if error.fault() != openapi::Fault::Permission {
        return stage::sentence(error);
    }
    let (text, action) = (error.to_string(), stage::permission(error.action));
    format!(
        "{}. Give your user or role {action} on this resource; docs/getting-started.md, \"What you need\", lists the services that are called",
        text.trim_end_matches('.')
    )
}

fn list(regions: &BTreeSet<Region>) -> String {
    regions.iter().map(Region::as_str).collect::<Vec<_>>().join(", ")
}

fn many(groups: &[SecurityGroupId]) -> String {
    match groups {
        [] => "none".to_owned(),
        groups => groups.iter().map(SecurityGroupId::as_str).collect::<Vec<_>>().join(", "),
    }
}

fn causes(failed: &[(String, String)], reason: &str) -> String {
    match failed {
        [] if reason.is_empty() => String::new(),
        [] => format!(": {reason}"),
        failed => {
            let each = failed.iter().map(|(resource, words)| format!("{resource}: {words}"));
            format!(": {}", each.collect::<Vec<_>>().join("; "))
        }
    }
}

fn remedy(status: &Status) -> &'static str {
    match status.to_string().as_str() {
        "ROLLBACK_COMPLETE" => "It is as it was before; mend what failed, and run deploy again",
        "CREATE_ROLLBACK_COMPLETE" | "CREATE_FAILED" => {
            "Mend what failed, and run deploy again: it takes the remains away and makes the stack anew"
        }
        _ => "Mend what failed, and run deploy again",
    }
}
