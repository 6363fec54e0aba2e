//! Security Token Service: keys, sessions of roles, who am I.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::call::unknown_action;
use crate::call::{Answer, ApiError, Call, Caller, Params, Service};
use crate::faults::{Domain, Effect, Occurrence};
use crate::ram;
use crate::time::moment;
use crate::world::World;

/// Function Compute's tokens live this long (fc-runtime.md section 1.7).
const FUNCTION_SESSION: Duration = Duration::from_secs(36 * 3600);
/// Expired sessions are remembered for a day, so that their token is called expired rather than unknown.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// What a client signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The key's public part.
    pub access_key_id: String,
    /// The key's secret part.
    pub access_key_secret: String,
    /// Present for a role's session.
    pub security_token: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) secret: String,
    pub(crate) token: String,
    /// The role's name.
    pub(crate) role: String,
    /// The name that whoever assumed it gave the session.
    pub(crate) name: String,
    pub(crate) expires: Timestamp,
    /// The policy that it was asked for with: what it may do is what both allow.
    policy: Option<String>,
}

impl Session {
    /// Who a request with this session's key comes from.
    pub(crate) fn caller(&self) -> Caller {
        match &self.policy {
            None => Caller::Role(self.role.clone()),
            Some(policy) => Caller::Restricted { role: self.role.clone(), policy: policy.clone() },
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Sts {
    sessions: BTreeMap<String, Session>,
    /// Per role, the access key of the session that its functions share.
    functions: BTreeMap<String, String>,
    /// Per role, keys that were planted and are not given out yet.
    planted: BTreeMap<String, VecDeque<Credentials>>,
    /// The account's own key, if one was planted.
    account: Option<Credentials>,
}

impl Sts {
    pub(crate) fn session(&self, access_key: &str) -> Option<&Session> {
        self.sessions.get(access_key)
    }

    pub(crate) fn issued(&self, token: &str) -> bool {
        self.sessions.values().any(|session| session.token == token)
    }
}

impl World {
    /// The account's own key. It is no secret: the emulator is no place for real ones.
    #[must_use]
    pub fn root_credentials(&self) -> Credentials {
        self.sts.account.clone().unwrap_or_else(|| Credentials {
            access_key_id: "testid".to_owned(),
            access_key_secret: "testsecret".to_owned(),
            security_token: None,
        })
    }

    /// Has the next sessions of a role opened with these keys, in order, instead of drawn ones: whoever looks for secrets
    /// where none may be knows then what to look for. The account's own key is that of the role `root`.
    pub fn plant_key(&mut self, role: &str, key: Credentials) {
        if role == "root" {
            self.sts.account = Some(key);
        } else {
            self.sts.planted.entry(role.to_owned()).or_default().push_back(key);
        }
    }
}

pub(crate) fn handle(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    match call.action.as_str() {
        "AssumeRole" => assume_role(world, now, call),
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
    if !ram::may_assume(world, role, &call.caller, call.params.get("ExternalId")) {
        return Err(ApiError::new(
            403,
            "NoPermission",
            "You are not authorized to do this action. You should be authorized by RAM.",
        ));
    }
    let (name, arn) = (role.name.clone(), role.arn.clone());
    let seconds = call.params.parse::<u64>("DurationSeconds")?.unwrap_or(3600);
    if !(900..=43_200).contains(&seconds) {
        return Err(ApiError::bad(
            "InvalidParameter.DurationSeconds",
            "The Min/Max value of DurationSeconds is 15min/12hr.",
        ));
    }
    let policy = call.params.get("Policy").map(str::to_owned);
    if policy.as_deref().is_some_and(|text| !ram::is_document(text)) {
        return Err(ApiError::bad(
            "InvalidParameter.PolicyGrammar",
            "The parameter Policy has not passed grammar check.",
        ));
    }
    let (credentials, expires) = issue(world, now, &name, &session_name, Duration::from_secs(seconds), policy);
    Ok(json!({
        "AssumedRoleUser": {
            "Arn": format!("{}/{session_name}", arn.replacen(":role/", ":assumed-role/", 1)),
            "AssumedRoleId": format!("{}:{session_name}", role_id(&name)),
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

/// Opens a session of a role.
fn issue(
    world: &mut World,
    now: Timestamp,
    role: &str,
    name: &str,
    lifetime: Duration,
    policy: Option<String>,
) -> (Credentials, Timestamp) {
    let expires = now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
    let drawn = Credentials {
        access_key_id: world.ids.next("STS."),
        access_key_secret: world.ids.next(""),
        security_token: Some(format!("{}{}", world.ids.next("CAIS"), world.ids.next(""))),
    };
    let credentials = world.sts.planted.get_mut(role).and_then(VecDeque::pop_front).unwrap_or(drawn);
    let ends = ends(world, now, role, expires);
    world.sts.sessions.retain(|_, session| now.duration_since(session.expires) < REMEMBERED);
    world.sts.sessions.insert(
        credentials.access_key_id.clone(),
        Session {
            secret: credentials.access_key_secret.clone(),
            token: credentials.security_token.clone().unwrap_or_default(),
            role: role.to_owned(),
            name: name.to_owned(),
            expires: ends,
            policy,
        },
    );
    (credentials, expires)
}

/// When a session really ends: a fault may have it end before its time.
fn ends(world: &mut World, now: Timestamp, role: &str, expires: Timestamp) -> Timestamp {
    if !world.faults.touch(Domain::Session) {
        return expires;
    }
    let caller = Caller::Role(role.to_owned());
    let params = Params::new([("RoleName".to_owned(), role.to_owned())]);
    let occurrence = Occurrence {
        domain: Domain::Session,
        service: Service::Sts,
        action: "AssumeRole",
        region: "",
        caller: Some(&caller),
        params: &params,
    };
    let struck = world.faults.strike(now, &occurrence);
    let early = struck.into_iter().filter_map(|(effect, _)| match effect {
        Effect::ExpireTokens { seconds } => Some(moment(now, seconds.duration())),
        _ => None,
    });
    early.chain([expires]).min().unwrap_or(expires)
}

/// The credentials that Function Compute hands to a function of this role; renewed in the last hour of their life.
pub(crate) fn function_credentials(world: &mut World, now: Timestamp, role: &str) -> Credentials {
    // Sessions that may end early are not shared: an older one would not.
    let current = world.sts.functions.get(role).filter(|_| !world.faults.touch(Domain::Session)).cloned();
    if let Some((access_key_id, session)) =
        current.and_then(|key| world.sts.sessions.get(&key).map(|session| (key, session.clone())))
        && session.expires.duration_since(now) > SignedDuration::from_hours(1)
    {
        return Credentials { access_key_id, access_key_secret: session.secret, security_token: Some(session.token) };
    }
    let (credentials, _) = issue(world, now, role, "fc", FUNCTION_SESSION, None);
    world.sts.functions.insert(role.to_owned(), credentials.access_key_id.clone());
    credentials
}

/// A role's numeric id, derived from its name.
fn role_id(name: &str) -> String {
    let number = name.bytes().fold(300_000_000_000_000_u64, |sum, byte| {
        300_000_000_000_000 + (sum.wrapping_mul(31).wrapping_add(u64::from(byte)) % 99_999_999_999_999)
    });
    number.to_string()
}
