//! ClientTokens: a repeated create is answered with what the first one made.
//!
//! A token belongs to a service, a region and an action (cloud-apis.md section 1). How long the cloud keeps one is not
//! documented for every service; a day is ours.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::call::{Answer, ApiError, Call, Params, Service};

/// In the cloud's time.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// At most this many are kept; the oldest are dropped first, so that memory stays bounded.
const MOST: usize = 100_000;

/// Service, region, action, token.
type Key = (Service, String, String, String);

/// What a token was used for.
#[derive(Debug, Clone)]
struct Remembered {
    params: Params,
    answer: Value,
    /// Until then the first call counts as still being processed.
    settled: Timestamp,
}

/// Every token that still counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tokens {
    used: BTreeMap<Key, Remembered>,
    order: VecDeque<(Timestamp, Key)>,
}

impl Tokens {
    /// The answer to a call whose token was used before: the old one, or a refusal if it asks for something else.
    pub(crate) fn replay(&mut self, now: Timestamp, call: &Call) -> Option<Answer> {
        self.forget(now, 0);
        let remembered = self.used.get(&key(call)?)?;
        Some(if remembered.params != call.params {
            Err(mismatch(call.service))
        } else if now < remembered.settled {
            Err(processing(call.service))
        } else {
            Ok(remembered.answer.clone())
        })
    }

    /// Notes what a successful call was answered with.
    pub(crate) fn remember(&mut self, now: Timestamp, settled: Timestamp, call: &Call, answer: &Value) {
        let Some(key) = key(call) else { return };
        self.forget(now, 1);
        let remembered = Remembered { params: call.params.clone(), answer: answer.clone(), settled };
        if self.used.insert(key.clone(), remembered).is_none() {
            self.order.push_back((now, key));
        }
    }

    /// What is remembered of tokens that another process would draw again: those that are no random number. For comparing worlds.
    pub(crate) fn lasting(&self) -> impl Iterator<Item = String> {
        let lasting = self.used.iter().filter(|((.., token), _)| !crate::ids::is_uuid(token));
        lasting.map(|((service, _, action, token), held)| format!("{service:?} {action} {token} {}", held.answer))
    }

    /// Makes room for `more` and drops what is too old.
    fn forget(&mut self, now: Timestamp, more: usize) {
        while let Some((at, oldest)) = self.order.front() {
            if self.order.len() + more <= MOST && now.duration_since(*at) <= KEPT {
                return;
            }
            self.used.remove(oldest);
            self.order.pop_front();
        }
    }
}

fn key(call: &Call) -> Option<Key> {
    let token = call.params.get("ClientToken")?.to_owned();
    let region = match call.service {
        // These have one endpoint for all regions.
        Service::Cbn | Service::Ram | Service::Ims | Service::Sts => String::new(),
        _ => call.region.clone(),
    };
    Some((call.service, region, call.action.clone(), token))
}

fn mismatch(service: Service) -> ApiError {
    match service {
        Service::Alb => ApiError::bad(
            "IdempotenceSignatureMismatch",
            "The idempotence token of request is same with the prev one, but the signature is different.",
        ),
        _ => ApiError::bad(
            "IdempotentParameterMismatch",
            "The request uses the same client token as a previous, but non-identical request.",
        ),
    }
}

/// The first call with the token has not come to its end (cloud-apis.md section 1; for ECS its API reference).
fn processing(service: Service) -> ApiError {
    let code = match service {
        Service::Alb => "IdempotenceProcessing",
        Service::Vpc => "LastTokenProcessing",
        Service::Cbn => "TokenProcessing",
        _ => "IdempotentProcessing",
    };
    ApiError::bad(code, "The previous request with this client token is still being processed, please try again later.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::call::Caller;
    use crate::testing::start;

    fn call(service: Service, region: &str, token: &str, name: &str) -> Call {
        let pairs = [("ClientToken", token), ("Name", name)];
        Call {
            service,
            action: "Create".to_owned(),
            region: region.to_owned(),
            params: Params::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))),
            caller: Caller::Root,
            request_id: "R".to_owned(),
        }
    }

    #[test]
    fn a_token_stands_for_one_thing_in_one_region() {
        let mut tokens = Tokens::default();
        let first = call(Service::Alb, "cn-chengdu", "t", "a");
        assert!(tokens.replay(start(), &first).is_none());
        tokens.remember(start(), start(), &first, &json!({"Id": 1}));
        assert_eq!(tokens.replay(start(), &first), Some(Ok(json!({"Id": 1}))));
        let other = tokens.replay(start(), &call(Service::Alb, "cn-chengdu", "t", "b"));
        assert_eq!(other.unwrap().unwrap_err().code, "IdempotenceSignatureMismatch");
        assert!(tokens.replay(start(), &call(Service::Alb, "cn-hangzhou", "t", "b")).is_none());
    }

    #[test]
    fn a_central_service_knows_its_tokens_from_every_region() {
        let mut tokens = Tokens::default();
        tokens.remember(start(), start(), &call(Service::Cbn, "cn-chengdu", "t", "a"), &json!({}));
        assert_eq!(tokens.replay(start(), &call(Service::Cbn, "cn-hangzhou", "t", "a")), Some(Ok(json!({}))));
    }

    #[test]
    fn a_token_is_forgotten_after_a_day() {
        let mut tokens = Tokens::default();
        let used = call(Service::Vpc, "cn-chengdu", "t", "a");
        tokens.remember(start(), start(), &used, &json!({}));
        assert!(tokens.replay(start() + KEPT, &used).is_some());
        assert!(tokens.replay(start() + KEPT + SignedDuration::from_secs(1), &used).is_none());
        assert!(tokens.used.is_empty() && tokens.order.is_empty());
    }

    #[test]
    fn a_token_whose_call_is_under_way_says_so() {
        for (service, code) in [
            (Service::Alb, "IdempotenceProcessing"),
            (Service::Vpc, "LastTokenProcessing"),
            (Service::Cbn, "TokenProcessing"),
            (Service::Ecs, "IdempotentProcessing"),
        ] {
            let mut tokens = Tokens::default();
            let (used, settled) = (call(service, "cn-chengdu", "t", "a"), start() + SignedDuration::from_secs(5));
            tokens.remember(start(), settled, &used, &json!({}));
            assert_eq!(tokens.replay(start(), &used).unwrap().unwrap_err().code, code);
            assert_eq!(tokens.replay(settled, &used), Some(Ok(json!({}))));
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut tokens = Tokens::default();
        for number in 0..MOST + 10 {
            tokens.remember(start(), start(), &call(Service::Vpc, "cn-chengdu", &number.to_string(), "a"), &json!({}));
        }
        assert_eq!((tokens.used.len(), tokens.order.len()), (MOST, MOST));
    }
}
