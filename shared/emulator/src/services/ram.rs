//! Resource Access Management: roles and their policies. How a call is authorized is in `platform::access`.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::{Answer, ApiError, Call, Params, done, unknown_action};
use crate::state::ram::Role;
use crate::world::World;

/// Most roles and custom policies of an account, custom policies of a role, and characters of a custom policy (API reference of
/// IMS, `GetAccountSummary`; the first two are what its example says).
const ROLES: usize = 1_000;
const POLICIES: usize = 1_500;
const OF_A_ROLE: usize = 5;
const POLICY_SIZE: usize = 6_144;

/// The actions of IMS: what the account has, and may have.
pub(crate) fn account(world: &World, call: &Call) -> Answer {
    if call.action != "GetAccountSummary" {
        return Err(unknown_action());
    }
    Ok(json!({"SummaryMap": {
        "Roles": world.ram.roles.len(),
        "RolesQuota": world.account.roles.unwrap_or(ROLES),
        "Policies": world.ram.custom_policies(),
        "PoliciesQuota": POLICIES,
        "AttachedPoliciesPerRoleQuota": OF_A_ROLE,
        "PolicySizeQuota": POLICY_SIZE,
    }}))
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
