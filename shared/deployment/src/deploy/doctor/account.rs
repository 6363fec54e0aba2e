//! Whose account it is, whether this machine's clock is right, and what can be told of the operator's permissions.

use jiff::{SignedDuration, Timestamp};
use onboarding::ids::Region;
use openapi::sts;

use super::finding::{Code, Finding};
use crate::deploy::cloud::{Cloud, doing};
use crate::deploy::observe::CENTRAL;

/// The services refuse what was signed a quarter of an hour before or after their time; this is well before that.
const FAR: SignedDuration = SignedDuration::from_mins(5);

/// How codes begin that refuse the time of signing.
const REFUSED: [&str; 3] = ["InvalidTimeStamp", "IllegalTimestamp", "RequestTimeTooSkewed"];

const SET: &str = "Set this machine's clock, from a time server for example.";

/// Who calls.
pub(super) struct Caller {
    /// The account's number.
    pub(super) account: String,
    /// Whether it is the account itself, which may do everything.
    pub(super) is_root: bool,
}

/// Asks who calls, and looks at the clock by the way.
pub(super) async fn caller(cloud: &Cloud) -> (Option<Caller>, Vec<Finding>) {
    let clock = cloud.client().clock();
    let sent = clock.now();
    let answer = cloud.client().call_dated(CENTRAL, &sts::GetCallerIdentity {}).await;
    let received = clock.now();
    match answer {
        Ok((answer, date)) => {
            let found =
                vec![Finding::well(Code::Account, "account", answer.account_id.clone()), time(date, sent, received)];
            (Some(Caller { account: answer.account_id, is_root: answer.identity_type == "Account" }), found)
        }
        // Without an account nothing else can be read either.
        Err(error) if REFUSED.iter().any(|code| error.code.starts_with(code)) => {
            let says = format!("It is so wrong that the cloud refuses what is signed here ({}).", error.code);
            (None, vec![Finding::wrong(Code::Clock, "clock", says, SET)])
        }
        Err(error) => {
            let error = doing("reading the account's number", &Region::from(CENTRAL))(error);
            (None, vec![Finding::unread(Code::Account, "account", &error)])
        }
    }
}

/// The answer was given between sending and receiving, by a right clock.
fn time(date: Option<Timestamp>, sent: Timestamp, received: Timestamp) -> Finding {
    let subject = "clock";
    let Some(date) = date else {
        let says = "The cloud's answer has no date to compare with.";
        return Finding::not_checked(Code::Clock, subject, says, "Compare this machine's clock with a time server.");
    };
    let (ahead, behind) = (sent.duration_since(date), date.duration_since(received));
    let (off, how) = if ahead > behind { (ahead, "ahead of") } else { (behind, "behind") };
    if off <= FAR {
        return Finding::well(Code::Clock, subject, "less than 5 minutes from the cloud's");
    }
    let says = format!("It is {} minutes {how} the cloud's; from 15 on, every call is refused.", off.as_mins());
    Finding::wrong(Code::Clock, subject, says, SET)
}

/// What can be told of the operator's permissions without writing. `refused` are readings that were not allowed.
pub(super) fn permissions(caller: &Caller, refused: bool) -> Option<Finding> {
    let subject = "permissions";
    if caller.is_root {
        return Some(Finding::well(Code::Permissions, subject, "the account's own key, which may do everything"));
    }
    let says = "Every reading was allowed; whether writes are shows only when something is written.";
    let remedy = "Compare the policies of whoever deploys with docs/getting-started.md.";
    (!refused).then(|| Finding::not_checked(Code::Permissions, subject, says, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::doctor::finding::Verdict;

    #[test]
    fn a_clock_is_right_if_the_answer_fell_into_the_call() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        // The call took a minute.
        for (date, verdict, words) in [
            (Some(at(30)), Verdict::Well, "less than"),
            (Some(at(-300)), Verdict::Well, "less than"),
            (Some(at(360)), Verdict::Well, "less than"),
            (Some(at(-360)), Verdict::Wrong, "6 minutes ahead of"),
            (Some(at(60 + 600)), Verdict::Wrong, "10 minutes behind"),
            (None, Verdict::NotChecked, "no date"),
        ] {
            let found = time(date, at(0), at(60));
            assert_eq!(found.verdict, verdict, "{date:?} {}", found.says);
            assert!(found.says.contains(words), "{}", found.says);
        }
    }
}
