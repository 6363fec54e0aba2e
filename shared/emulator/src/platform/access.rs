//! Authorization: whether the caller's policies allow a call. Deny wins over Allow, and without an Allow a call is refused. The
//! account's own key may do everything.

mod policy;
mod resource;

use serde_json::{Value, json};

use crate::call::{ApiError, Call, Caller, Service};
use crate::state::ram::Role;
use crate::world::World;

pub(crate) use policy::Verdict;

/// Refuses a call that the caller's policies do not allow.
pub(crate) fn authorize(world: &World, call: &Call) -> Result<(), ApiError> {
    if is_allowed(world, call) { Ok(()) } else { Err(refusal(call.service)) }
}

fn is_allowed(world: &World, call: &Call) -> bool {
    // Anyone may ask who they are; AssumeRole is judged by the trust policy as well, in sts, and a token of an identity provider by that alone.
    let open = call.service == Service::Sts && matches!(&*call.action, "GetCallerIdentity" | "AssumeRoleWithOIDC");
    if call.caller == Caller::Nobody {
        return open;
    }
    call.caller == Caller::Root || open || !world.settings.enforce_ram || judged(world, call).0 == Verdict::Allowed
}

/// The verdict on a call, and the kind of the policy that decides: the role's own, or that of the session.
fn judged(world: &World, call: &Call) -> (Verdict, &'static str) {
    let Some(role) = call.caller.role() else { return (Verdict::Allowed, "") };
    let (action, resources) = (action(call), resource::of(world, call));
    let own = verdict(world, role, &action, &resources);
    let Caller::Restricted { policy, .. } = &call.caller else { return (own, ROLE_POLICY) };
    let document: Value = serde_json::from_str(policy).unwrap_or_default();
    let session = over(&[&document], &action, &resources);
    if session > own { (session, "SessionPolicy") } else { (own, ROLE_POLICY) }
}

/// The kind of a role's own policies, as refusals name it.
const ROLE_POLICY: &str = "AccountLevelIdentityBasedPolicy";

/// Whether a text is a policy document: an object with statements.
pub(crate) fn is_document(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|document| document["Statement"].is_array())
}

/// What a role's policies say of an action on every one of these resources.
pub(crate) fn verdict(world: &World, role: &str, action: &str, resources: &[String]) -> Verdict {
    let Some(role) = world.ram.role(role) else { return Verdict::Unsaid };
    let documents: Vec<&Value> = role.policies.iter().map(|(_, document)| document).collect();
    over(&documents, action, resources)
}

fn over(documents: &[&Value], action: &str, resources: &[String]) -> Verdict {
    resources.iter().map(|resource| policy::judge(documents, action, resource)).max().unwrap_or(Verdict::Unsaid)
}

/// Whether the trust policy lets the caller assume the role.
pub(crate) fn may_assume(world: &World, role: &Role, caller: &Caller, external_id: Option<&str>) -> bool {
    let account = &world.settings.account_id;
    let mut principals = vec![format!("acs:ram::{account}:root")];
    if let Some(name) = caller.role() {
        principals.push(world.role_arn(name));
    }
    let known = external_id.map(|id| ("sts:ExternalId", id));
    policy::trusts(&role.trust, "RAM", &principals, known.as_slice())
}

/// Whether the trust policy lets who has a token of this identity provider, with these claims, assume the role.
pub(crate) fn trusts_token(role: &Role, provider: &str, claims: &[(&str, &str)]) -> bool {
    policy::trusts(&role.trust, "Federated", &[provider.to_owned()], claims)
}

/// Whether the trust policy lets a service such as `fc.aliyuncs.com` act as the role.
pub(crate) fn trusts_service(role: &Role, service: &str) -> bool {
    policy::trusts(&role.trust, "Service", &[service.to_owned()], &[])
}

/// The details that a refusal carries (cloud-apis.md section 1): which action was refused, to whom and why.
pub(crate) fn denial(world: &World, call: &Call) -> Option<Value> {
    let role = call.caller.role()?;
    if is_allowed(world, call) {
        return None;
    }
    let (verdict, kind) = judged(world, call);
    Some(json!({
        "AuthAction": action(call),
        "AuthPrincipalDisplayName": role,
        "AuthPrincipalOwnerId": world.settings.account_id,
        "AuthPrincipalType": "AssumedRoleUser",
        "NoPermissionType": if verdict == Verdict::Denied { "ExplicitDeny" } else { "ImplicitDeny" },
        "PolicyType": kind,
    }))
}

/// The action as policies write it, as in `cen:ListTransitRouters`.
fn action(call: &Call) -> String {
    format!("{}:{}", resource::prefix(call.service), call.action)
}

pub(crate) fn refusal(service: Service) -> ApiError {
    let by_ram = "User not authorized to operate on the specified resource, or this API doesn't support RAM.";
    match service {
        Service::Alb => {
            ApiError::new(403, "Forbidden.NoPermission", "You are not authorized to perform this operation.")
        }
        Service::Vpc | Service::Ecs => ApiError::new(403, "Forbidden.RAM", by_ram),
        Service::Fnf | Service::Fc | Service::Oss => {
            ApiError::new(403, "AccessDenied", "The caller has no right to perform this operation.")
        }
        _ => ApiError::new(
            403,
            "NoPermission",
            "You are not authorized to do this action. You should be authorized by RAM.",
        ),
    }
}
