//! Sessions of roles: opened, shared by the functions of a role, and ended early by faults.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::call::{Caller, Params, Service};
use crate::faults::{Domain, Effect, Occurrence};
use crate::state::sts::{Credentials, Session};
use crate::time::moment;
use crate::world::World;

/// Function Compute's tokens live this long (fc-runtime.md section 1.7).
const FUNCTION_SESSION: Duration = Duration::from_secs(36 * 3600);

/// Expired sessions are remembered for a day, so that their token is called expired rather than unknown.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// Opens a session of a role.
pub(crate) fn issue(
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
            region: None,
            policy,
        },
    );
    (credentials, expires)
}

/// When a session really expires: a fault may make it expire early.
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

/// The credentials that Function Compute hands to a function of this role in a region; renewed in the last hour of their life.
pub(crate) fn function_credentials(world: &mut World, now: Timestamp, role: &str, region: &str) -> Credentials {
    // Sessions that may end early are not shared: an older one would not.
    let key = (role.to_owned(), region.to_owned());
    let current = world.sts.functions.get(&key).filter(|_| !world.faults.touch(Domain::Session)).cloned();
    if let Some((access_key_id, session)) =
        current.and_then(|key| world.sts.sessions.get(&key).map(|session| (key, session.clone())))
        && session.expires.duration_since(now) > SignedDuration::from_hours(1)
    {
        return Credentials { access_key_id, access_key_secret: session.secret, security_token: Some(session.token) };
    }
    let (credentials, _) = issue(world, now, role, "fc", FUNCTION_SESSION, None);
    if let Some(session) = world.sts.sessions.get_mut(&credentials.access_key_id) {
        session.region = Some(region.to_owned());
    }
    world.sts.functions.insert(key, credentials.access_key_id.clone());
    credentials
}
