//! The calls that failed during a reading, without duplicates, with the kind of failure and its remedy.
//!
//! Many facts can depend on one call, and one wrong key makes every call fail. So reports name the calls and not the facts,
//! because the reader has to fix the cause.

use serde::{Deserialize, Serialize};

/// The kind of a call's failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// The access key, its signature or its token is rejected.
    Credentials,
    /// The key is valid, but has no permission for the call.
    Permission,
    /// The region does not exist, or does not offer the service.
    Region,
    /// No answer: name resolution, connection or timeout.
    Network,
    /// Too many calls (throttling).
    Throttled,
    /// The service reported an internal failure.
    Service,
    /// The answer is incomplete or cannot be parsed.
    Answer,
    /// Another answer contradicts it.
    Contradiction,
    /// The request itself was refused.
    Request,
}

impl Cause {
    /// The remedy of a code, where that says more than its kind: this machine's clock is off, or a role that is to be assumed is gone.
    #[must_use]
    pub fn remedy_of(self, code: &str) -> &'static str {
        match code {
            // cloud-apis.md section 1: RPC and ACS3 refuse a time that is 15 minutes off, OSS says it in a word of its own.
            "InvalidTimeStamp.Expired" | "RequestTimeTooSkewed" => {
                "Set this machine's clock: every request is signed with its time, and the cloud takes none that is 15 minutes off."
            }
            "EntityNotExist.Role" => {
                "Make the role again under the same name, or correct the arn of assumeRole in the binding."
            }
            _ => self.remedy(),
        }
    }

    /// The remedy, in one sentence.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Credentials => {
                "Check the credentials: whether key, secret and token belong together and have not expired, and whether \
                 this machine's clock is right."
            }
            Self::Permission => {
                "Give the caller's role or user this action, on this resource: `albridge policy` prints what each function needs."
            }
            Self::Region => "Correct the region in the binding or the settings.",
            Self::Network => {
                "Check the network, the name server, and the endpoint (ALBRIDGE_ENDPOINTS, or the region's name)."
            }
            Self::Throttled => "Try again later: the account makes more calls than it may.",
            Self::Service => "Try again later; if it stays, ask the cloud's support with the request id in the log.",
            Self::Answer => "Try again; if it stays, something between here and the cloud alters answers.",
            // Where a permission is missing, the cloud has answered with empty lists (corrections.md, section 3).
            Self::Contradiction => {
                "Try again in a minute; if it stays, the caller may see a part only: give its role or user this action on all \
                 resources (`albridge policy` prints what each function needs)."
            }
            Self::Request => "Look at the cloud's own code and message.",
        }
    }
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedCall {
    /// The kind of failure.
    pub cause: Cause,
    /// The cloud's code, or one of the client's own.
    pub code: String,
    /// The action that was called.
    pub action: String,
    /// The service that it was called at, as `vpc`; empty if it was not sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub service: String,
    /// The region that it was called in, or for; empty if it was for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// The cloud's message; the first one if it failed more than once. No secrets.
    pub message: String,
}

impl FailedCall {
    fn key(&self) -> (Cause, &str, &str, &str, &str) {
        (self.cause, &self.code, &self.action, &self.service, &self.region)
    }

    /// `DescribeVpcs (vpc, cn-hangzhou)`: the action, and where it was called.
    fn named(&self) -> String {
        named(&self.action, &self.service, &self.region)
    }
}

/// An action with where it was called, as far as that is known: `DescribeVpcs (vpc, cn-hangzhou)`.
#[must_use]
pub fn named(action: &str, service: &str, region: &str) -> String {
    match (service, region) {
        ("", _) => action.to_owned(),
        (service, "") => format!("{action} ({service})"),
        (service, region) => format!("{action} ({service}, {region})"),
    }
}

/// Failed calls in a fixed order, each action once per code and place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FailedCalls(Vec<FailedCall>);

/// Failed calls with the same code, which most likely have one common cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failures<'a> {
    /// The kind of failure.
    pub cause: Cause,
    /// The code.
    pub code: &'a str,
    /// The message of the first call.
    pub message: &'a str,
    /// The actions, in alphabetical order, each with where it was called.
    pub actions: Vec<String>,
}

impl FailedCalls {
    /// Adds a call, unless the same action already failed there with this code.
    pub fn add(&mut self, call: FailedCall) {
        if let Err(place) = self.0.binary_search_by(|other| other.key().cmp(&call.key())) {
            self.0.insert(place, call);
        }
    }

    /// Adds the failed calls of another reading.
    pub fn extend(&mut self, other: &Self) {
        other.0.iter().cloned().for_each(|call| self.add(call));
    }

    /// Whether no call failed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The calls.
    pub fn iter(&self) -> impl Iterator<Item = &FailedCall> {
        self.0.iter()
    }

    /// The calls, grouped by code.
    #[must_use]
    pub fn by_code(&self) -> Vec<Failures<'_>> {
        let mut groups: Vec<Failures<'_>> = Vec::new();
        for call in &self.0 {
            match groups.last_mut().filter(|group| (group.cause, group.code) == (call.cause, call.code.as_str())) {
                Some(group) => group.actions.push(call.named()),
                None => groups.push(Failures {
                    cause: call.cause,
                    code: &call.code,
                    message: &call.message,
                    actions: vec![call.named()],
                }),
            }
        }
        groups
    }
}

impl FromIterator<FailedCall> for FailedCalls {
    fn from_iter<T: IntoIterator<Item = FailedCall>>(calls: T) -> Self {
        let mut failed = Self::default();
        calls.into_iter().for_each(|call| failed.add(call));
        failed
    }
}

/// The most actions that are named for one code.
const NAMED: usize = 4;

impl Failures<'_> {
    /// The remedy: that of the code where it says more than its kind.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        self.cause.remedy_of(self.code)
    }

    /// As it is displayed, with every action.
    #[must_use]
    pub fn whole(&self) -> String {
        format!("{}{}", self.actions.join(", "), self.why())
    }

    fn why(&self) -> String {
        match self.message.trim_end_matches('.') {
            "" => format!(": {}", self.code),
            message => format!(": {}: {message}", self.code),
        }
    }
}

impl std::fmt::Display for Failures<'_> {
    /// For example `ListListeners (alb, cn-chengdu), DescribeVpcs (vpc, cn-chengdu) and 2 more: Forbidden.RAM: You are not authorized`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = self.actions.get(..NAMED).unwrap_or(&self.actions).join(", ");
        f.write_str(&named)?;
        match self.actions.len().saturating_sub(NAMED) {
            0 => {}
            more => write!(f, " and {more} more")?,
        }
        f.write_str(&self.why())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(cause: Cause, code: &str, action: &str, message: &str) -> FailedCall {
        let (service, region) = (String::new(), String::new());
        FailedCall { cause, code: code.into(), action: action.into(), service, region, message: message.into() }
    }

    #[test]
    fn one_cause_is_said_once_however_many_calls_it_fails() {
        let wrong = |action: String| call(Cause::Credentials, "InvalidAccessKeyId.NotFound", &action, "No such key.");
        let mut failed: FailedCalls = (0..40).map(|number| wrong(format!("Action{number:02}"))).collect();
        failed.add(wrong("Action07".to_owned()));
        failed.add(call(Cause::Network, "Timeout", "ListListeners", ""));
        let groups = failed.by_code();
        assert_eq!(groups.len(), 2);
        assert_eq!(
            groups[0].to_string(),
            "Action00, Action01, Action02, Action03 and 36 more: InvalidAccessKeyId.NotFound: No such key"
        );
        assert!(groups[0].whole().contains("Action03, Action04, ") && groups[0].whole().ends_with(": No such key"));
        assert_eq!(groups[1].to_string(), "ListListeners: Timeout");
        assert_eq!(groups[1].whole(), "ListListeners: Timeout");
    }

    #[test]
    fn a_call_is_named_with_where_it_was_made() {
        let at = |region: &str| FailedCall {
            service: "vpc".to_owned(),
            region: region.to_owned(),
            ..call(Cause::Permission, "Forbidden.RAM", "DescribeVpcs", "")
        };
        let failed: FailedCalls = [at("cn-hangzhou"), at("cn-chengdu"), at("cn-hangzhou")].into_iter().collect();
        assert_eq!(
            failed.by_code()[0].to_string(),
            "DescribeVpcs (vpc, cn-chengdu), DescribeVpcs (vpc, cn-hangzhou): Forbidden.RAM"
        );
        assert_eq!(named("ListRoles", "ram", ""), "ListRoles (ram)");
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let calls = [
            call(Cause::Permission, "NoPermission", "DescribeVpcs", "x"),
            call(Cause::Credentials, "MissingSecurityToken", "ListListeners", "y"),
        ];
        let one: FailedCalls = calls.clone().into_iter().collect();
        let other: FailedCalls = calls.into_iter().rev().collect();
        assert_eq!(one, other);
    }

    #[test]
    fn every_cause_has_a_remedy_of_its_own() {
        let all = [
            Cause::Credentials,
            Cause::Permission,
            Cause::Region,
            Cause::Network,
            Cause::Throttled,
            Cause::Service,
            Cause::Answer,
            Cause::Contradiction,
            Cause::Request,
        ];
        let remedies: std::collections::BTreeSet<_> = all.into_iter().map(Cause::remedy).collect();
        assert_eq!(remedies.len(), all.len());
        assert!(remedies.iter().all(|remedy| remedy.ends_with('.')));
    }
}
