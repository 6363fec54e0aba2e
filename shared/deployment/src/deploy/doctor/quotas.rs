//! How many roles, policies and stacks the account may have, and whether those that are to come fit.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use onboarding::ids::Region;
use openapi::ims::{GetAccountSummary, Summary};
use openapi::ros::{DescribeRegions, ListStacks};
use serde_json::Value;
use template::{Deployment, Pseudo, Template};

use super::finding::{Code, Finding};
use crate::deploy::cloud::{Cloud, doing};
use crate::deploy::error::DeployError;
use crate::deploy::layout::Part;
use crate::deploy::observe::CENTRAL;
use crate::deploy::status::{Condition, Status};
use crate::deploy::text::TEMPLATE;

const MORE: &str = "Delete those that nobody needs, or ask for more in Quota Center.";

/// How many stacks an account may have in all regions together, unless it was granted more (ROS: limits, and the page of `CreateStack`). No
/// API tells what was granted.
const STACKS: usize = 200;

/// Reads what there is, and may be.
pub(super) async fn read(cloud: &Cloud) -> Result<Summary, DeployError> {
    let answer = cloud.client().call(CENTRAL, &GetAccountSummary {}).await;
    let what = "reading how many roles the account may have";
    Ok(answer.map_err(doing(what, &Region::from(CENTRAL)))?.summary_map)
}

/// How many stacks the account has in all regions. Nested ones are not listed.
pub(super) async fn stacks(cloud: &Cloud) -> Result<usize, DeployError> {
    let answer = cloud.client().call(CENTRAL, &DescribeRegions {}).await;
    let regions = answer.map_err(doing("reading which regions have stacks", &Region::from(CENTRAL)))?.regions;
    let listed = join_all(regions.iter().map(|region| async move {
        let region = Region::from(region.region_id.as_str());
        let listed = cloud.client().list(region.as_str(), ListStacks::default()).await;
        listed.map_err(doing(format!("listing the stacks of {region}"), &region))
    }));
    let mut count = 0;
    for listed in listed.await {
        let is_there = |status: &str| Status::new(status).condition() != Condition::Gone;
        count += listed?.iter().filter(|stack| is_there(&stack.status)).count();
    }
    Ok(count)
}

/// Whether the stacks that are to come fit.
pub(super) fn say_stacks(is: &Result<usize, DeployError>, coming: usize) -> Finding {
    let subject = "stacks of the account";
    let is = match is {
        Ok(is) => *is,
        Err(error) => return Finding::unread(Code::Quotas, subject, error),
    };
    if is > STACKS {
        let says = format!("It has {is}, so it was granted more than the usual {STACKS}; no API tells how many.");
        return Finding::not_checked(Code::Quotas, subject, says, "Look at the quota in Quota Center.");
    }
    if is + coming > STACKS {
        let says = format!("It has {is}, {coming} are to come, and it may have {STACKS}, unless it was granted more.");
        return Finding::wrong(Code::Quotas, subject, says, MORE);
    }
    Finding::well(Code::Quotas, subject, format!("{is} of {STACKS}"))
}

/// What stacks make in RAM.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Makes {
    roles: usize,
    policies: usize,
    /// The characters of the longest policy.
    longest: usize,
}

/// `coming` are the stacks that are to be made.
pub(super) fn say(read: &Result<Summary, DeployError>, coming: &[Part]) -> Vec<Finding> {
    let subject = "roles and policies";
    let is = match read {
        Ok(is) => is,
        Err(error) => return vec![Finding::unread(Code::Quotas, subject, error), untold()],
    };
    let parts = coming.iter().map(|part| makes(*part));
    let more = parts.fold(Makes::default(), |all, part| Makes {
        roles: all.roles + part.roles,
        policies: all.policies + part.policies,
        longest: all.longest.max(part.longest),
    });
    let over = [
        ("roles", is.roles, more.roles, is.roles_quota),
        ("custom policies", is.policies, more.policies, is.policies_quota),
    ];
    let over = over.into_iter().find(|(_, is, more, most)| *more > 0 && is + more > *most);
    let found = if let Some((what, is, more, most)) = over {
        let says = format!("The account has {is} {what}, {more} are to come, and it may have no more than {most}.");
        Finding::wrong(Code::Quotas, subject, says, MORE)
    } else if more.longest > is.policy_size_quota {
        let (longest, most) = (more.longest, is.policy_size_quota);
        let says = format!("A policy that is to come has {longest} characters, and the account takes {most}.");
        Finding::wrong(Code::Quotas, subject, says, "Ask for longer custom policies in Quota Center.")
    } else {
        let says = format!(
            "{} of {} roles, {} of {} custom policies",
            is.roles, is.roles_quota, is.policies, is.policies_quota
        );
        Finding::well(Code::Quotas, subject, says)
    };
    vec![found, untold()]
}

/// Function Compute limits no number of functions (its page of limits, 3.0), but how many of their instances run at once.
fn untold() -> Finding {
    Finding::not_checked(
        Code::Quotas,
        "instances of functions",
        "How many may run at once in a region, 100 at least, is told by no API that is used here.",
        "Look at it in Quota Center, if other functions of the account need many.",
    )
}

/// By the template that would be deployed.
fn makes(part: Part) -> Makes {
    let pseudo = Pseudo {
        region: "cn-hangzhou".to_owned(),
        // As long as a real one.
        account_id: "1234567890123456".to_owned(),
        stack_name: String::new(),
        stack_id: String::new(),
    };
    let given = [("Role", part.as_str()), ("CodeBucket", "code"), ("StoreBucket", "store")];
    let given: BTreeMap<String, String> =
        given.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let resolved = Template::parse(TEMPLATE).and_then(|template| template.resolve(&pseudo, &given));
    resolved.map(|deployment| count(&deployment)).unwrap_or_default()
}

fn count(deployment: &Deployment) -> Makes {
    let mut makes = Makes::default();
    let mut policy = |document: &Value| {
        makes.policies += 1;
        makes.longest = makes.longest.max(document.to_string().chars().count());
    };
    for resource in deployment.resources.values() {
        match resource.kind.as_str() {
            "ALIYUN::RAM::ManagedPolicy" => policy(&resource.properties["PolicyDocument"]),
            "ALIYUN::RAM::Role" => {
                let own = resource.properties["Policies"].as_array().into_iter().flatten();
                own.for_each(|one| policy(&one["PolicyDocument"]));
            }
            _ => {}
        }
    }
    makes.roles = deployment.roles.len();
    makes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::doctor::finding::Verdict;

    const ROOM: Summary =
        Summary { roles: 19, roles_quota: 1_000, policies: 13, policies_quota: 1_500, policy_size_quota: 6_144 };

    #[test]
    fn a_policy_of_the_template_is_as_long_as_any_account_takes() {
        let home = makes(Part::Home);
        assert_eq!((home.roles, home.policies), (13, 14));
        // What an older account takes (the example of the page): no more than that is known of all accounts.
        assert!((500..=2_048).contains(&home.longest), "{}", home.longest);
        assert_eq!((makes(Part::Outpost).roles, makes(Part::Probe).roles), (1, 1));
    }

    #[test]
    fn stacks_that_are_to_come_have_to_fit() {
        for (is, coming, verdict, words) in [
            (0, 2, Verdict::Well, "0 of 200"),
            (198, 2, Verdict::Well, "198 of 200"),
            (199, 2, Verdict::Wrong, "has 199, 2 are to come"),
            (200, 1, Verdict::Wrong, "has 200"),
            (201, 1, Verdict::NotChecked, "granted more"),
        ] {
            let found = say_stacks(&Ok(is), coming);
            assert!(found.verdict == verdict && found.says.contains(words), "{is}: {}", found.says);
        }
    }

    #[test]
    fn what_is_to_come_has_to_fit() {
        let said = |is: Summary, coming: &[Part]| {
            let found = say(&Ok(is), coming).remove(0);
            (found.verdict, found.says)
        };
        assert_eq!(said(ROOM, &[Part::Home]).0, Verdict::Well);
        let (verdict, says) = said(Summary { roles: 987, ..ROOM }, &[Part::Home, Part::Outpost]);
        assert_eq!(verdict, Verdict::Wrong);
        assert!(says.contains("987 roles, 14 are to come"), "{says}");
        assert_eq!(said(Summary { roles: 986, ..ROOM }, &[Part::Home, Part::Outpost]).0, Verdict::Well);
        assert_eq!(said(Summary { roles: 1_001, ..ROOM }, &[]).0, Verdict::Well, "what is there was taken");
        assert_eq!(said(Summary { policies: 1_499, ..ROOM }, &[Part::Home]).0, Verdict::Wrong);
        let (verdict, says) = said(Summary { policy_size_quota: 300, ..ROOM }, &[Part::Home]);
        assert!(verdict == Verdict::Wrong && says.contains("the account takes 300"), "{says}");
    }
}
