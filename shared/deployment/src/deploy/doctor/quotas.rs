//! How many roles and policies the account may have, and whether those that are to come fit.

use std::collections::BTreeMap;

use onboarding::ids::Region;
use openapi::ims::{GetAccountSummary, Summary};
use serde_json::Value;
use template::{Deployment, Pseudo, Template};

use super::finding::{Code, Finding};
use crate::deploy::cloud::{Cloud, doing};
use crate::deploy::error::DeployError;
use crate::deploy::layout::Part;
use crate::deploy::observe::CENTRAL;
use crate::deploy::text::TEMPLATE;

const MORE: &str = "Delete those that nobody needs, or ask for more in Quota Center.";

/// Reads what there is, and may be.
pub(super) async fn read(cloud: &Cloud) -> Result<Summary, DeployError> {
    let answer = cloud.client().call(CENTRAL, &GetAccountSummary {}).await;
    let what = "reading how many roles the account may have";
    Ok(answer.map_err(doing(what, &Region::from(CENTRAL)))?.summary_map)
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

fn untold() -> Finding {
    Finding::not_checked(
        Code::Quotas,
        "stacks and functions",
        "No API that is used here tells how many the account may have.",
        "Look at them in Quota Center; a stack that meets one says so.",
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
