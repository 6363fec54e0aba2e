//! Reading policy documents: Deny over Allow, wildcards, and the conditions that trust policies need.

use serde_json::Value;

use crate::wildcard::wildcard;

/// What policies say of one action on one resource. Ordered by which wins when several resources are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// Some statement allows it, none denies it.
    Allowed,
    /// No statement speaks of it: refused.
    Unsaid,
    /// A statement denies it.
    Denied,
}

/// Judges an action on a resource by all documents together.
pub(super) fn judge(documents: &[&Value], action: &str, resource: &str) -> Verdict {
    let mut verdict = Verdict::Unsaid;
    for statement in documents.iter().flat_map(|document| statements(document)) {
        if !speaks_of(statement, action) || !any_matches(&statement["Resource"], resource, false) {
            continue;
        }
        match statement["Effect"].as_str() {
            Some("Deny") => return Verdict::Denied,
            // A condition the emulator cannot judge must not grant anything.
            Some("Allow") if statement.get("Condition").is_none() => verdict = Verdict::Allowed,
            _ => {}
        }
    }
    verdict
}

/// Whether a trust policy lets one of `principals` of this kind (`Service`, `RAM`, `Federated`) assume the role. `known` are the
/// condition keys that have a value, such as `sts:ExternalId`.
pub(super) fn trusts(document: &Value, kind: &str, principals: &[String], known: &[(&str, &str)]) -> bool {
    let mut allowed = false;
    for statement in statements(document) {
        let named = principals.iter().any(|principal| any_matches(&statement["Principal"][kind], principal, false));
        if !named || !speaks_of(statement, "sts:AssumeRole") || !condition_holds(statement, known) {
            continue;
        }
        match statement["Effect"].as_str() {
            Some("Allow") => allowed = true,
            _ => return false,
        }
    }
    allowed
}

fn statements(document: &Value) -> impl Iterator<Item = &Value> {
    list(&document["Statement"])
}

fn speaks_of(statement: &Value, action: &str) -> bool {
    match (&statement["Action"], &statement["NotAction"]) {
        (Value::Null, Value::Null) => false,
        (Value::Null, excluded) => !any_matches(excluded, action, true),
        (included, _) => any_matches(included, action, true),
    }
}

/// Only `StringEquals` and `StringLike` are understood, of keys that have a value; any other condition does not hold.
fn condition_holds(statement: &Value, known: &[(&str, &str)]) -> bool {
    let Some(condition) = statement.get("Condition").and_then(Value::as_object) else { return true };
    condition.iter().all(|(operator, keys)| {
        let holds = |wanted: &Value, is: &str| match operator.as_str() {
            "StringEquals" => list(wanted).any(|wanted| wanted.as_str() == Some(is)),
            "StringLike" => any_matches(wanted, is, false),
            _ => false,
        };
        keys.as_object().is_some_and(|keys| {
            keys.iter().all(|(key, wanted)| known.iter().any(|(name, is)| name == key && holds(wanted, is)))
        })
    })
}

/// A value, or the values of a list.
fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice).iter().filter(|value| !value.is_null())
}

fn any_matches(patterns: &Value, text: &str, fold_case: bool) -> bool {
    list(patterns).filter_map(Value::as_str).any(|pattern| {
        if fold_case {
            wildcard(pattern.to_ascii_lowercase().as_bytes(), text.to_ascii_lowercase().as_bytes())
        } else {
            wildcard(pattern.as_bytes(), text.as_bytes())
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn deny_wins_and_silence_refuses() {
        let policy = json!({"Statement": [
            {"Effect": "Allow", "Action": ["alb:*"], "Resource": ["*"]},
            {"Effect": "Deny", "Action": "alb:DeleteServerGroup", "Resource": "*"},
        ]});
        assert_eq!(judge(&[&policy], "alb:ListListeners", "x"), Verdict::Allowed);
        assert_eq!(judge(&[&policy], "alb:DeleteServerGroup", "x"), Verdict::Denied);
        assert_eq!(judge(&[&policy], "vpc:DescribeVpcs", "x"), Verdict::Unsaid);
    }

    #[test]
    fn an_external_id_is_needed_where_the_trust_asks_for_it() {
        let trust = json!({"Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["acs:ram::1:root"]},
            "Condition": {"StringEquals": {"sts:ExternalId": "abc"}},
        }]});
        let principal = ["acs:ram::1:root".to_owned()];
        let with = |id| [("sts:ExternalId", id)];
        assert!(trusts(&trust, "RAM", &principal, &with("abc")));
        assert!(!trusts(&trust, "RAM", &principal, &with("abd")));
        assert!(!trusts(&trust, "RAM", &principal, &[]));
        assert!(!trusts(&trust, "RAM", &["acs:ram::2:root".to_owned()], &with("abc")));
    }

    #[test]
    fn every_condition_of_a_token_has_to_hold() {
        let trust = json!({"Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": ["acs:ram::1:oidc-provider/ci"]},
            "Condition": {"StringEquals": {"oidc:aud": ["a", "b"]}, "StringLike": {"oidc:sub": "repo:us/*"}},
        }]});
        let provider = ["acs:ram::1:oidc-provider/ci".to_owned()];
        let judged = |aud, sub| trusts(&trust, "Federated", &provider, &[("oidc:aud", aud), ("oidc:sub", sub)]);
        assert!(judged("b", "repo:us/net"));
        assert!(!judged("c", "repo:us/net") && !judged("a", "repo:them/net"));
        assert!(!trusts(&trust, "Federated", &provider, &[("oidc:aud", "a")]), "a key without a value holds nowhere");
    }
}
