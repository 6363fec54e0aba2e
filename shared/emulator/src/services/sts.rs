//! Security Token Service: keys, sessions of roles, who am I.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use crate::call::{Answer, ApiError, Call, Caller, unknown_action};
use crate::platform::{access, oidc, sessions};
use crate::world::World;

pub(crate) fn handle(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    match call.action.as_str() {
        "AssumeRole" => assume_role(world, now, call),
        "AssumeRoleWithOIDC" => with_token(world, now, call),
        "GetCallerIdentity" => Ok(caller_identity(world, &call.caller)),
        _ => Err(unknown_action()),
    }
}

fn assume_role(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let arn = call.params.required("RoleArn")?;
    let session_name = call.params.required("RoleSessionName")?.to_owned();
    let Some(role) = world.ram.role_by_arn(arn) else {
        return Err(ApiError::not_found("EntityNotExist.Role", format!("The role not exists: {arn}.")));
    };
    if !access::may_assume(world, role, &call.caller, call.params.get("ExternalId")) {
        return Err(ApiError::new(
            403,
            "NoPermission",
            "You are not authorized to do this action. You should be authorized by RAM.",
        ));
    }
    let (name, arn) = (role.name.clone(), role.arn.clone());
    session(world, now, call, (&name, &arn), &session_name)
}

/// `AssumeRoleWithOIDC`: the token and the role's trust decide; nobody signs the call.
fn with_token(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let text = |name: &str| call.params.get(name).unwrap_or_default().to_owned();
    let (provider, role, session_name) = (text("OIDCProviderArn"), text("RoleArn"), text("RoleSessionName"));
    let claims = oidc::verify(world, now, &provider, &text("OIDCToken"))?;
    let known = [("oidc:iss", &*claims.issuer), ("oidc:aud", &*claims.audience), ("oidc:sub", &*claims.subject)];
    let role = world.ram.role_by_arn(&role).filter(|role| access::trusts_token(role, &provider, &known));
    let role = role.ok_or_else(|| oidc::no_permission("There is no permission"))?;
    let (name, arn) = (role.name.clone(), role.arn.clone());
    let mut answer = session(world, now, call, (&name, &arn), &session_name)?;
    let moment = |seconds: i64| Timestamp::from_second(seconds).map(|at| format!("{at:.0}")).unwrap_or_default();
    answer["OIDCTokenInfo"] = json!({
        "Issuer": claims.issuer,
        "Subject": claims.subject,
        "ClientIds": claims.audience,
        "IssuanceTime": moment(claims.issued),
        "ExpirationTime": moment(claims.expires),
        "VerificationInfo": "Success",
    });
    Ok(answer)
}

/// Opens a session as a call asks for it, and shows it.
fn session(
    world: &mut World,
    now: Timestamp,
    call: &Call,
    (name, arn): (&str, &str),
    session_name: &str,
) -> Result<serde_json::Value, ApiError> {
    let seconds = call.params.parse::<u64>("DurationSeconds")?.unwrap_or(3600);
    if !(900..=43_200).contains(&seconds) {
        return Err(ApiError::bad(
            "InvalidParameter.DurationSeconds",
            "The Min/Max value of DurationSeconds is 15min/12hr.",
        ));
    }
    let policy = call.params.get("Policy").map(str::to_owned);
    if policy.as_deref().is_some_and(|text| !access::is_document(text)) {
        return Err(ApiError::bad(
            "InvalidParameter.PolicyGrammar",
            "The parameter Policy has not passed grammar check.",
        ));
    }
    let (credentials, expires) = sessions::issue(world, now, name, session_name, Duration::from_secs(seconds), policy);
    Ok(json!({
        "AssumedRoleUser": {
            "Arn": format!("{}/{session_name}", arn.replacen(":role/", ":assumed-role/", 1)),
            "AssumedRoleId": format!("{}:{session_name}", role_id(name)),
        },
        "Credentials": {
            "AccessKeyId": credentials.access_key_id,
            "AccessKeySecret": credentials.access_key_secret,
            "SecurityToken": credentials.security_token,
            "Expiration": format!("{expires:.0}"),
        },
    }))
}

fn caller_identity(world: &World, caller: &Caller) -> serde_json::Value {
    let account = &world.settings.account_id;
    match caller.role() {
        None => json!({
            "AccountId": account,
            "UserId": account,
            "PrincipalId": account,
            "IdentityType": "Account",
            "Arn": format!("acs:ram::{account}:root"),
        }),
        Some(role) => {
            let session = world.sts.sessions.values().rev().find(|session| session.role == role);
            let name = session.map_or("session", |session| session.name.as_str());
            json!({
                "AccountId": account,
                "RoleId": role_id(role),
                "PrincipalId": format!("{}:{name}", role_id(role)),
                "IdentityType": "AssumedRoleUser",
                "Arn": format!("acs:ram::{account}:assumed-role/{role}/{name}"),
            })
        }
    }
}

/// A role's numeric id, derived from its name.
fn role_id(name: &str) -> String {
    let number = name.bytes().fold(300_000_000_000_000_u64, |sum, byte| {
        300_000_000_000_000 + (sum.wrapping_mul(31).wrapping_add(u64::from(byte)) % 99_999_999_999_999)
    });
    number.to_string()
}
