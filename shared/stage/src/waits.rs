//! What is waited for before something is written again: accepted writes that no reading shows yet, and busy lanes. Busy lanes are handed
//! on to the next invocation ([`crate::refusals`]).
//!
//! Both waits grow, and both have a limit. A write that was accepted and stays invisible, or that is refused with a
//! conflict each time, is reported instead of repeated.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use onboarding::Write;

/// How long an accepted write may stay invisible before it is reported. Listings are stale for seconds, at times for
/// minutes.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);
/// An accepted write that stays invisible is sent again after this time; each later wait is twice as long.
const REPEAT: SignedDuration = SignedDuration::from_mins(1);
/// The base of the wait between two checks of a create that stays invisible. The first check is immediate; the first wait
/// is twice this, and waits double up to [`ASK_MOST`].
const ASK: SignedDuration = SignedDuration::from_secs(1);
const ASK_MOST: SignedDuration = SignedDuration::from_secs(10);

/// The first wait after a transient refusal; it doubles up to [`BUSY_MOST`].
const BUSY: SignedDuration = SignedDuration::from_secs(1);
const BUSY_MOST: SignedDuration = SignedDuration::from_secs(30);
/// The first wait after a refusal that indicates a stale reading; it doubles. An earlier reading would find the same state.
const STALE: SignedDuration = SignedDuration::from_secs(5);
/// This many consecutive refusals of one write, which take about four minutes, are reported.
pub(crate) const REFUSALS: u32 = 12;

/// `first`, doubled `times` times, but at most `most`.
fn doubled(first: SignedDuration, times: u32, most: SignedDuration) -> SignedDuration {
    let factor = 2_i32.checked_pow(times).unwrap_or(i32::MAX);
    first.checked_mul(factor).unwrap_or(most).min(most)
}

/// Writes that were accepted, for the case that the next plan still contains them.
#[derive(Debug, Default)]
pub(crate) struct Accepted(Vec<Sent>);

#[derive(Debug)]
struct Sent {
    write: Write,
    /// When it was first accepted; for a create, when its present attempt was accepted.
    first: Timestamp,
    /// It is not sent or checked again before this time.
    again: Timestamp,
    /// How often it was sent or checked.
    times: u32,
    /// What is known about it.
    why: String,
}

/// What to do with a planned write that was accepted before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen<'a> {
    /// It was not sent, or it is time to send or check it again.
    Open,
    /// Wait; the text is what is known about it, and may be empty.
    Waiting(&'a str),
    /// The waiting time is over.
    Never(&'a str),
}

impl Accepted {
    /// What to do with a write in a plan.
    pub(crate) fn look(&self, write: &Write, now: Timestamp) -> Seen<'_> {
        match self.0.iter().find(|sent| sent.write.same_intent(write)) {
            None => Seen::Open,
            Some(sent) if now.duration_since(sent.first) >= PATIENCE => Seen::Never(&sent.why),
            Some(sent) if now < sent.again => Seen::Waiting(&sent.why),
            Some(_) => Seen::Open,
        }
    }

    /// What is known about a write; empty if nothing is known.
    pub(crate) fn why(&self, write: &Write) -> &str {
        self.0.iter().find(|sent| sent.write.same_intent(write)).map_or("", |sent| sent.why.as_str())
    }

    /// Records that it was accepted. Returns whether for the first time.
    pub(crate) fn sent(&mut self, write: &Write, now: Timestamp) -> bool {
        let Some(sent) = self.0.iter_mut().find(|sent| sent.write.same_intent(write)) else {
            let again = now.saturating_add(first_wait(write)).unwrap_or(now);
            self.0.push(Sent { write: write.clone(), first: now, again, times: 1, why: String::new() });
            return true;
        };
        if is_create(write) {
            // A create is accepted again only if the resource of the last attempt was gone.
            (sent.first, sent.again, sent.times) = (now, now, 1);
        } else {
            sent.again = now.saturating_add(doubled(REPEAT, sent.times, PATIENCE)).unwrap_or(now);
            sent.times += 1;
        }
        sent.why.clear();
        false
    }

    /// Records that it was checked and is not visible.
    pub(crate) fn unseen(&mut self, write: &Write, why: String, now: Timestamp) {
        let Some(sent) = self.0.iter_mut().find(|sent| sent.write.same_intent(write)) else { return };
        sent.again = now.saturating_add(doubled(ASK, sent.times, ASK_MOST)).unwrap_or(now);
        sent.times += 1;
        sent.why = why;
    }
}

/// A create with a token of ours is checked at the next look; any other write is only sent again later.
fn first_wait(write: &Write) -> SignedDuration {
    if is_create(write) { SignedDuration::ZERO } else { REPEAT }
}

pub(crate) const fn is_create(write: &Write) -> bool {
    matches!(
        write,
        Write::CreateServerGroup { .. }
            | Write::CreateListener { .. }
            | Write::AttachVpc { .. }
            | Write::Connect { .. }
    )
}

/// Lanes whose last call was refused with a transient error.
#[derive(Debug, Default)]
pub(crate) struct BusyLanes(BTreeMap<String, Busy>);

#[derive(Debug)]
struct Busy {
    /// The first write of the refused call.
    write: Write,
    code: String,
    refusals: u32,
    since: Timestamp,
    until: Timestamp,
}

impl BusyLanes {
    /// The code of the last refusal, if the lane has to wait.
    pub(crate) fn holds(&self, lane: &str, now: Timestamp) -> Option<&str> {
        self.0.get(lane).filter(|busy| now < busy.until).map(|busy| busy.code.as_str())
    }

    /// Records a refused call in the lane. Returns how many times in a row this write was refused, and since how long.
    pub(crate) fn refused(&mut self, lane: &str, write: &Write, code: &str, now: Timestamp) -> (u32, Duration) {
        self.wait(lane, write, code, now, BUSY)
    }

    /// Records a refusal that does not fit the readings, such as a duplicate or a missing resource.
    pub(crate) fn stale(&mut self, lane: &str, write: &Write, code: &str, now: Timestamp) {
        self.wait(lane, write, code, now, STALE);
    }

    fn wait(
        &mut self,
        lane: &str,
        write: &Write,
        code: &str,
        now: Timestamp,
        first: SignedDuration,
    ) -> (u32, Duration) {
        let new = || Busy { write: write.clone(), code: code.to_owned(), refusals: 0, since: now, until: now };
        let busy = self.0.entry(lane.to_owned()).or_insert_with(new);
        if !busy.write.same_intent(write) {
            *busy = new();
        }
        code.clone_into(&mut busy.code);
        busy.until = now.saturating_add(doubled(first, busy.refusals, BUSY_MOST)).unwrap_or(now);
        busy.refusals += 1;
        (busy.refusals, Duration::try_from(now.duration_since(busy.since)).unwrap_or_default())
    }

    /// Whether no lane was refused.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Ends the wait of a lane.
    pub(crate) fn free(&mut self, lane: &str) {
        self.0.remove(lane);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn route(number: u8) -> Write {
        Write::AddVpcRoute {
            region: "cn-chengdu".into(),
            vpc: "vpc-a".into(),
            table: "vtb-a".into(),
            destination: ipnet::Ipv4Net::new_assert([10, 2, number, 0].into(), 24),
        }
    }

    fn listener() -> Write {
        Write::CreateListener { protocol: "HTTP".to_owned(), port: 80 }
    }

    #[test]
    fn a_write_that_does_not_show_is_sent_three_times_and_then_reported() {
        let mut accepted = Accepted::default();
        let mut sent = Vec::new();
        for second in 0..1000 {
            match accepted.look(&route(1), at(second)) {
                Seen::Open => {
                    accepted.sent(&route(1), at(second));
                    sent.push(second);
                }
                Seen::Waiting(_) => {}
                Seen::Never(_) => {
                    assert_eq!(second, 300);
                    break;
                }
            }
            assert_eq!(accepted.look(&route(2), at(second)), Seen::Open, "each for itself");
        }
        assert_eq!(sent, [0, 60, 180]);
    }

    #[test]
    fn a_create_is_asked_for_at_once_and_then_less_and_less_often() {
        let mut accepted = Accepted::default();
        accepted.sent(&listener(), at(0));
        let mut asked = Vec::new();
        for second in 0..300 {
            if accepted.look(&listener(), at(second)) == Seen::Open {
                accepted.unseen(&listener(), "lsn-1 exists".to_owned(), at(second));
                asked.push(second);
            }
        }
        assert_eq!(asked[..6], [0, 2, 6, 14, 24, 34]);
        assert_eq!(accepted.look(&listener(), at(300)), Seen::Never("lsn-1 exists"));
        accepted.sent(&listener(), at(301));
        assert_eq!(accepted.look(&listener(), at(302)), Seen::Open, "the next attempt is waited for anew");
    }

    #[test]
    fn a_busy_lane_is_tried_less_and_less_often() {
        let mut busy = BusyLanes::default();
        let mut tried = Vec::new();
        for second in 0..240 {
            if busy.holds("cen", at(second)).is_none() {
                let (refusals, _) = busy.refused("cen", &route(1), "Operation.Blocking", at(second));
                tried.push(second);
                if refusals == REFUSALS {
                    break;
                }
            }
        }
        assert_eq!(tried, [0, 1, 3, 7, 15, 31, 61, 91, 121, 151, 181, 211]);
        assert_eq!(busy.holds("vpc", at(3)), None);
        busy.free("cen");
        assert_eq!(busy.holds("cen", at(211)), None);
    }

    #[test]
    fn another_write_of_the_lane_begins_anew() {
        let mut busy = BusyLanes::default();
        busy.refused("cen", &route(1), "Operation.Blocking", at(0));
        assert_eq!(busy.refused("cen", &route(1), "Operation.Blocking", at(1)).0, 2);
        assert_eq!(busy.refused("cen", &route(2), "Operation.Blocking", at(2)), (1, Duration::ZERO));
    }
}
