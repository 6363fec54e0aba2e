//! The procedure's binding for tests: an upgraded ALB in Chengdu, instances of one VPC in Hangzhou. Tests change what they are about.
//! Behind the feature `fixtures`, which only tests turn on.

use serde_json::{Value, json};

/// The binding `web` as a store holds it: the vSwitches of the ALB's attachment, the backends' VPC, the vSwitches of its attachment.
///
/// ```
/// use onboarding::{Binding, fixtures};
///
/// let mut web = fixtures::binding(&["vsw-1", "vsw-2"], "vpc-2", &["vsw-3", "vsw-4"]);
/// web["provision"] = "auto".into();
/// let web: Binding = serde_json::from_value(web).unwrap();
/// assert_eq!((web.name.as_str(), web.backends[0].vpc.as_str()), ("web", "vpc-2"));
/// ```
#[must_use]
pub fn binding(alb_vswitches: &[&str], vpc: &str, vswitches: &[&str]) -> Value {
    json!({
        "name": "web",
        "alb": { "region": "cn-chengdu", "id": "alb-1", "attachmentVswitches": alb_vswitches },
        "serverGroup": { "name": "web-remote" },
        "listener": {},
        "cen": { "id": "cen-1" },
        "backends": [{
            "region": "cn-hangzhou",
            "vpc": vpc,
            "attachmentVswitches": vswitches,
            "select": { "tags": { "app": "web" } }
        }]
    })
}
