//! Resource Access Management: roles, their policies, and what a call needs.
//!
//! Every call of a role is judged by the role's policies: Deny over Allow, nothing said is a refusal. The account's own
//! key may do everything.

mod policy;
mod resource;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::{Answer, ApiError, Call, Caller, Params, Service};
use crate::call::{done, unknown_action};
use crate::world::World;

pub(crate) use policy::Verdict;

/// A role of the account.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// Its name; unique in the account, whatever the region.
    pub name: String,
    /// `acs:ram::<account>:role/<name>`.
    pub arn: String,
    /// The trust policy: who may assume it.
    pub trust: Value,
    /// Inline and attached policies: name and document.
    pub policies: Vec<(String, Value)>,
}

/// The role that CEN makes network interfaces with. An account that ever attached a VPC has it.
pub(crate) const CEN_SERVICE_ROLE: &str = "AliyunServiceRoleForCEN";

#[derive(Debug, Clone)]
pub(crate) struct Ram {
    roles: BTreeMap<String, Role>,
    /// Custom policies by name.
    policies: BTreeMap<String, Value>,
}

impl Default for Ram {
    fn default() -> Self {
        let role = Role {
            name: CEN_SERVICE_ROLE.to_owned(),
            arn: format!("acs:ram::*:role/{}", CEN_SERVICE_ROLE.to_lowercase()),
            trust: trust_services(["cen.aliyuncs.com"]),
            policies: Vec::new(),
        };
        Self { roles: BTreeMap::from([(role.name.clone(), role)]), policies: BTreeMap::new() }
    }
}

impl Ram {
    pub(crate) fn role(&self, name: &str) -> Option<&Role> {
        self.roles.get(name)
    }

    pub(crate) fn role_by_arn(&self, arn: &str) -> Option<&Role> {
        self.roles.values().find(|role| role.arn == arn)
    }

    pub(crate) fn remove_role(&mut self, name: &str) {
        self.roles.remove(name);
    }
}

impl World {
    /// Adds a role, or replaces the one of that name. Roles of other accounts can be played by their ARN.
    pub fn put_role(&mut self, role: Role) {
        self.ram.roles.insert(role.name.clone(), role);
    }

    /// The ARN of this account's role.
    #[must_use]
    pub fn role_arn(&self, name: &str) -> String {
        format!("acs:ram::{}:role/{name}", self.settings.account_id)
    }
}

/// A trust policy for services such as `fc.aliyuncs.com`.
pub(crate) fn trust_services<'a>(services: impl IntoIterator<Item = &'a str>) -> Value {
    let services: Vec<&str> = services.into_iter().collect();
    json!({"Version": "1", "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": services}}]})
}

/// Policies that the cloud itself defines, as far as deployments here attach them.
pub(crate) fn system_policy(name: &str) -> Option<Value> {
    let actions = match name {
        "AliyunFCInvocationAccess" => "fc:InvokeFunction",
        "AliyunFnFFullAccess" => "fnf:*",
        "AliyunOSSReadOnlyAccess" => "oss:Get*",
        _ => return None,
    };
    Some(json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": [actions], "Resource": ["*"]}]}))
}

/// Refuses a call that the caller's policies do not allow.
pub(crate) fn authorize(world: &World, call: &Call) -> Result<(), ApiError> {
    if is_allowed(world, call) { Ok(()) } else { Err(refusal(call.service)) }
}

fn is_allowed(world: &World, call: &Call) -> bool {
    // Anyone may ask who they are; AssumeRole is judged by the trust policy as well, in sts.
    let open = call.service == Service::Sts && call.action == "GetCallerIdentity";
    call.caller == Caller::Root || open || !world.settings.enforce_ram || judged(world, call).0 == Verdict::Allowed
}

/// What decides about a call, and which kind of policy does: the role's own, or that of the session.
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
    policy::trusts(&role.trust, "RAM", &principals, external_id)
}

/// Whether the trust policy lets a service such as `fc.aliyuncs.com` act as the role.
pub(crate) fn trusts_service(role: &Role, service: &str) -> bool {
    policy::trusts(&role.trust, "Service", &[service.to_owned()], None)
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

/// Roles and policies.
pub(crate) fn population(world: &World) -> usize {
    world.ram.roles.len() + world.ram.policies.len()
}

pub(crate) fn handle(world: &mut World, _now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    match call.action.as_str() {
        "CreateRole" => create_role(world, params),
        "UpdateRole" => {
            let trust = document(params, "NewAssumeRolePolicyDocument")?;
            let role = role_mut(world, params)?;
            role.trust = trust;
            Ok(json!({"Role": describe(role)}))
        }
        "GetRole" => Ok(json!({"Role": describe(role_mut(world, params)?)})),
        "ListRoles" => Ok(list_roles(world, params)?),
        "DeleteRole" => {
            let role = role_mut(world, params)?;
            if !role.policies.is_empty() {
                return Err(ApiError::new(
                    409,
                    "DeleteConflict.Role.Policy",
                    "The role can not has any policy when deleting.",
                ));
            }
            let name = role.name.clone();
            world.ram.remove_role(&name);
            done()
        }
        "ListPoliciesForRole" => {
            let role = role_mut(world, params)?;
            let policies: Vec<Value> =
                role.policies.iter().map(|(name, _)| json!({"PolicyName": name, "PolicyType": "Custom"})).collect();
            Ok(json!({"Policies": {"Policy": policies}}))
        }
        "CreatePolicy" => {
            let name = params.required("PolicyName")?.to_owned();
            let document = document(params, "PolicyDocument")?;
            if world.ram.policies.contains_key(&name) {
                return Err(ApiError::new(
                    409,
                    "EntityAlreadyExists.Policy",
                    format!("The policy {name} already exists."),
                ));
            }
            world.ram.policies.insert(name.clone(), document);
            Ok(json!({"Policy": {"PolicyName": name, "PolicyType": "Custom", "DefaultVersion": "v1"}}))
        }
        "GetPolicy" => {
            let document = custom_policy(world, params)?;
            Ok(json!({
                "Policy": {"PolicyName": params.text("PolicyName"), "PolicyType": "Custom"},
                "DefaultPolicyVersion": {"VersionId": "v1", "IsDefaultVersion": true, "PolicyDocument": document.to_string()},
            }))
        }
        "AttachPolicyToRole" => {
            let document = custom_policy(world, params)?;
            let name = params.text("PolicyName");
            let role = role_mut(world, params)?;
            if role.policies.iter().any(|(existing, _)| *existing == name) {
                return Err(ApiError::new(
                    409,
                    "EntityAlreadyExists.Role.Policy",
                    "The policy has been attached to the role.",
                ));
            }
            role.policies.push((name, document));
            done()
        }
        "DetachPolicyFromRole" => {
            let name = params.required("PolicyName")?;
            let role = role_mut(world, params)?;
            let before = role.policies.len();
            role.policies.retain(|(existing, _)| existing != name);
            if role.policies.len() < before { done() } else { Err(detached()) }
        }
        "DeletePolicy" => {
            let name = params.required("PolicyName")?;
            custom_policy(world, params)?;
            if world.ram.roles.values().any(|role| role.policies.iter().any(|(existing, _)| existing == name)) {
                return Err(ApiError::new(
                    409,
                    "DeleteConflict.Policy.Role",
                    "The policy can not be attached to a role when deleting.",
                ));
            }
            world.ram.policies.remove(name);
            done()
        }
        _ => Err(unknown_action()),
    }
}

/// Roles by name, a page at a time; the list does not show whom a role trusts (ListRoles's model).
fn list_roles(world: &World, params: &Params) -> Answer {
    let most = params.parse::<usize>("MaxItems")?.unwrap_or(100).clamp(1, 1000);
    let after = params.text("Marker");
    let mut rest = world.ram.roles.values().filter(|role| role.name > after);
    let roles: Vec<&Role> = rest.by_ref().take(most).collect();
    let more = rest.next().is_some();
    let rows: Vec<Value> = roles.iter().map(|role| json!({"RoleName": role.name, "Arn": role.arn})).collect();
    let mut answer = json!({"IsTruncated": more, "Roles": {"Role": rows}});
    if let Some(last) = roles.last().filter(|_| more) {
        answer["Marker"] = last.name.clone().into();
    }
    Ok(answer)
}

fn detached() -> ApiError {
    ApiError::not_found("EntityNotExist.Role.Policy", "The policy has not been attached to the role.")
}

fn create_role(world: &mut World, params: &Params) -> Answer {
    let name = params.required("RoleName")?.to_owned();
    if world.ram.roles.contains_key(&name) {
        return Err(ApiError::new(409, "EntityAlreadyExists.Role", format!("The role {name} already exists.")));
    }
    let trust = document(params, "AssumeRolePolicyDocument")?;
    let role = Role { arn: world.role_arn(&name), name, trust, policies: Vec::new() };
    let answer = json!({"Role": describe(&role)});
    world.put_role(role);
    Ok(answer)
}

fn role_mut<'w>(world: &'w mut World, params: &Params) -> Result<&'w mut Role, ApiError> {
    let name = params.required("RoleName")?;
    world
        .ram
        .roles
        .get_mut(name)
        .ok_or_else(|| ApiError::not_found("EntityNotExist.Role", format!("The role not exists: {name}.")))
}

fn custom_policy(world: &World, params: &Params) -> Result<Value, ApiError> {
    let name = params.required("PolicyName")?;
    let missing = || ApiError::not_found("EntityNotExist.Policy", format!("The policy not exists: {name}."));
    world.ram.policies.get(name).cloned().ok_or_else(missing)
}

fn document(params: &Params, name: &str) -> Result<Value, ApiError> {
    serde_json::from_str(params.required(name)?)
        .map_err(|_| ApiError::bad("MalformedPolicyDocument", "The policy document is not well formed JSON."))
}

fn describe(role: &Role) -> Value {
    json!({"RoleName": role.name, "Arn": role.arn, "AssumeRolePolicyDocument": role.trust.to_string()})
}
