use proptest::prelude::*;

use super::*;
use crate::receiver::ReceiverKind;

fn receiver() -> Receiver {
    Receiver {
        name: "ops".to_owned(),
        kind: ReceiverKind::Slack,
        url: "https://hooks.slack.com/services/x".into(),
        secret: None,
        bindings: Vec::new(),
    }
}

fn fault(binding: &str, code: Code, resource: &str) -> Fault {
    Fault {
        binding: binding.into(),
        group: "web-remote".to_owned(),
        code,
        resource: resource.to_owned(),
        message: format!("{resource} is in the way."),
        instances: vec!["i-ecs1".to_owned()],
        more: 0,
        kept: None,
        remedy: "Remove it.".to_owned(),
    }
}

fn acl() -> Fault {
    fault("web", Code::NetworkAcl, "nacl-1")
}

fn minute(minute: i64) -> Timestamp {
    "2026-11-22T08:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

fn of_web(sight: Sight) -> BTreeMap<BindingName, Sight> {
    BTreeMap::from([("web".into(), sight)])
}

/// A receiver over some looks, each with what becomes of its message.
#[derive(Default)]
struct Story(Vec<Mark>);

impl Story {
    fn look(&mut self, at: i64, sight: Sight, delivery: Delivery) -> News {
        let (news, after) = of(&receiver(), &self.0, &of_web(sight), minute(at));
        self.0 = if news.is_empty() { after } else { settled(delivery, &self.0, after, minute(at)) };
        news
    }

    fn told(&mut self, at: i64, sight: Sight) -> (usize, usize) {
        let news = self.look(at, sight, Delivery::Arrived);
        (news.found.len(), news.gone.len())
    }
}

#[test]
fn a_problem_is_told_once_and_once_more_when_it_is_gone() {
    let mut story = Story::default();
    assert_eq!(story.told(0, Sight::Whole(vec![acl()])), (1, 0));
    for at in (5..300).step_by(5) {
        assert_eq!(story.told(at, Sight::Whole(vec![acl()])), (0, 0), "minute {at}");
    }
    assert_eq!(story.told(300, Sight::Whole(Vec::new())), (0, 1));
    assert_eq!(story.told(305, Sight::Whole(Vec::new())), (0, 0));
    assert!(story.0.is_empty(), "nothing is left of it: {:?}", story.0);
}

#[test]
fn what_comes_and_goes_is_told_at_most_once_in_an_hour() {
    let mut story = Story::default();
    assert_eq!(story.told(0, Sight::Whole(vec![acl()])), (1, 0));
    assert_eq!(story.told(5, Sight::Whole(Vec::new())), (0, 1));
    for at in (10..60).step_by(5) {
        let sight = if at % 10 == 0 { vec![acl()] } else { Vec::new() };
        assert_eq!(story.told(at, Sight::Whole(sight)), (0, 0), "minute {at}");
    }
    assert_eq!(story.told(60, Sight::Whole(vec![acl()])), (1, 0), "it is there, and the hour is over");
    assert_eq!(story.told(65, Sight::Whole(Vec::new())), (0, 1));
}

#[test]
fn what_is_not_known_is_neither_found_nor_gone() {
    let mut story = Story::default();
    let unread = fault("web", Code::Unread, "the members");
    assert_eq!(story.told(0, Sight::Partly(vec![unread.clone()])), (0, 0));
    assert_eq!(story.told(5, Sight::Partly(vec![unread, acl()])), (1, 0), "what is seen is told");
    for (at, sight) in [(70, Sight::Unknown), (75, Sight::Partly(Vec::new()))] {
        let before = story.0.clone();
        assert_eq!(story.told(at, sight), (0, 0));
        assert_eq!(story.0, before);
    }
    assert_eq!(story.told(80, Sight::Whole(Vec::new())), (0, 1));
}

#[test]
fn a_message_that_was_refused_is_sent_with_the_next_look_and_one_that_may_have_arrived_in_an_hour() {
    let mut story = Story::default();
    for at in [0, 5, 10] {
        assert_eq!(story.look(at, Sight::Whole(vec![acl()]), Delivery::Refused).found.len(), 1, "minute {at}");
    }
    assert_eq!(story.look(15, Sight::Whole(vec![acl()]), Delivery::Unknown).found.len(), 1);
    for at in (20..75).step_by(5) {
        assert_eq!(story.told(at, Sight::Whole(vec![acl()])), (0, 0), "minute {at}");
    }
    assert_eq!(story.told(75, Sight::Whole(vec![acl()])), (1, 0));
    assert_eq!(story.told(80, Sight::Whole(vec![acl()])), (0, 0));
    // The same of the message that it is gone: refused it is sent again, and otherwise not.
    assert_eq!(story.look(85, Sight::Whole(Vec::new()), Delivery::Refused).gone.len(), 1);
    assert_eq!(story.look(90, Sight::Whole(Vec::new()), Delivery::Unknown).gone.len(), 1);
    assert_eq!(story.told(95, Sight::Whole(Vec::new())), (0, 0));
}

#[test]
fn problems_of_one_look_are_one_message_and_a_binding_that_is_gone_has_none() {
    let sights = BTreeMap::from([
        ("web".into(), Sight::Whole(vec![acl(), acl(), fault("web", Code::Blackhole, "10.0.0.0/8")])),
        ("api".into(), Sight::Whole(vec![fault("api", Code::NetworkAcl, "nacl-1")])),
    ]);
    let (news, marks) = of(&receiver(), &[], &sights, minute(0));
    assert_eq!((news.found.len(), marks.len()), (3, 3));
    let marks = settled(Delivery::Arrived, &[], marks, minute(0));
    let (news, marks) = of(&receiver(), &marks, &of_web(Sight::Unknown), minute(5));
    assert_eq!(news.gone.iter().map(|mark| mark.binding.as_str()).collect::<Vec<_>>(), ["api"]);
    assert_eq!(marks.iter().filter(|mark| mark.open).count(), 2);
    // The same for a receiver that no longer hears of it.
    let deaf = Receiver { bindings: vec!["api".into()], ..receiver() };
    let (news, _) = of(&deaf, &marks, &of_web(Sight::Unknown), minute(10));
    assert_eq!(news.gone.len(), 2);
}

#[test]
fn what_another_version_or_a_wrong_clock_wrote_holds_nothing_up_for_long() {
    let text = r#"{"claim":null,"later":1,"receivers":{"ops":[{"binding":"web","code":"XREG-LATER","resource":"x","open":true,
        "told":"2027-01-01T00:00:00Z","new":[]}]}}"#;
    let told: Told = serde_json::from_str(text).unwrap();
    let (news, _) = of(&receiver(), &told.receivers["ops"], &of_web(Sight::Whole(Vec::new())), minute(0));
    assert_eq!(news.gone.len(), 1);
    let ahead =
        Mark { code: Code::NetworkAcl.to_string(), resource: "nacl-1".to_owned(), ..told.receivers["ops"][0].clone() };
    let (news, _) = of(&receiver(), &[ahead], &of_web(Sight::Whole(vec![acl()])), minute(0));
    assert_eq!(news.found.len(), 1, "not held until the year is over");
}

#[test]
fn what_a_run_or_time_mends_is_nobodys_news() {
    let binding: Binding = serde_json::from_value(crate::fixtures::binding(&["vsw-a"], "vpc-b", &["vsw-b"])).unwrap();
    let reason = crate::Reason::new(Code::NetworkAcl, "nacl-1", "nacl-1 drops the answers.");
    let cause = |by_run, reason| crate::causes::Cause {
        reason,
        more: 2,
        others: Vec::new(),
        remedy: "Let it pass.".to_owned(),
        by_run,
        changes: Vec::new(),
        instances: Vec::new(),
        each: Vec::new(),
    };
    assert_eq!(Fault::of(&binding, &cause(true, reason.clone()), false), None);
    assert_eq!(Fault::of(&binding, &cause(false, reason.clone().until(minute(1))), false), None);
    let paused = Fault::of(&binding, &cause(true, reason.clone()), true).unwrap();
    assert!(paused.remedy.contains("paused"), "no run mends it meanwhile: {paused:?}");
    let told = Fault::of(&binding, &cause(false, reason), false).unwrap();
    assert_eq!(
        (told.message.as_str(), told.remedy.as_str()),
        ("nacl-1 drops the answers (and 2 more)", "Let it pass.")
    );
}

/// Members leave a few at a time, and the first of those that are left is another one each time.
#[test]
fn a_problem_of_all_is_the_bindings_and_members_that_leave_in_turn_are_none() {
    let mut binding: Binding =
        serde_json::from_value(crate::fixtures::binding(&["vsw-a"], "vpc-b", &["vsw-b"])).unwrap();
    let cause = |code, resource: &str| crate::causes::Cause {
        reason: crate::Reason::new(code, resource, "It stays."),
        more: 2,
        others: Vec::new(),
        remedy: "Look at it.".to_owned(),
        by_run: false,
        changes: Vec::new(),
        instances: Vec::new(),
        each: Vec::new(),
    };
    for code in [Code::RemovalWaits, Code::RemovalCapped] {
        assert_eq!(Fault::of(&binding, &cause(code, "i-3"), false), None, "{code}");
    }
    binding.removal.max_percent = 0;
    let never = Fault::of(&binding, &cause(Code::RemovalCapped, "i-3"), false).unwrap();
    assert_eq!(never.key(), Fault::of(&binding, &cause(Code::RemovalCapped, "i-5"), false).unwrap().key());
    assert_eq!(never.resource, binding.name.as_str());
    let quota = |first| Fault::of(&binding, &cause(Code::ServerQuota, first), false).unwrap();
    let mut story = Story::default();
    assert_eq!(story.told(0, Sight::Whole(vec![quota("i-1")])), (1, 0));
    assert_eq!(story.told(5, Sight::Whole(vec![quota("i-2")])), (0, 0), "the same problem");
}

use crate::binding::Binding;

#[derive(Debug, Clone)]
enum Step {
    Unknown,
    Partly(Vec<bool>),
    Whole(Vec<bool>),
}

fn steps() -> impl Strategy<Value = Vec<(Step, Delivery)>> {
    let there = || prop::collection::vec(any::<bool>(), 3);
    let step = prop_oneof![
        1 => Just(Step::Unknown),
        1 => there().prop_map(Step::Partly),
        4 => there().prop_map(Step::Whole),
    ];
    let delivery =
        prop_oneof![6 => Just(Delivery::Arrived), 1 => Just(Delivery::Refused), 1 => Just(Delivery::Unknown)];
    prop::collection::vec((step, delivery), 1..80)
}

proptest! {
    /// Over whatever looks: no problem is told as found twice within an hour, none is told as gone that was not told as found since, and none
    /// stays untold, or told as there, for longer than the hour and a look.
    #[test]
    fn nobody_is_told_twice_and_everybody_in_the_end(steps in steps()) {
        let faults = [acl(), fault("web", Code::NetworkAcl, "nacl-2"), fault("web", Code::Blackhole, "10.0.0.0/8")];
        let mut story = Story::default();
        // Of each problem: when a message with it may have arrived, and whether the last word that arrived was that it is there.
        let mut last: [Option<i64>; 3] = [None; 3];
        let mut open = [false; 3];
        for (place, (step, delivery)) in steps.into_iter().enumerate() {
            let at = i64::try_from(place).unwrap() * 5;
            let pick = |there: &[bool]| faults.iter().zip(there).filter(|(_, there)| **there).map(|(fault, _)| fault.clone()).collect();
            let before = story.0.clone();
            let sight = match &step {
                Step::Unknown => Sight::Unknown,
                Step::Partly(there) => Sight::Partly(pick(there)),
                Step::Whole(there) => Sight::Whole(pick(there)),
            };
            let news = story.look(at, sight, delivery);
            if matches!(step, Step::Unknown) {
                prop_assert!(news.is_empty());
                prop_assert_eq!(&story.0, &before);
            }
            prop_assert!(matches!(step, Step::Whole(_)) || news.gone.is_empty());
            for (number, fault) in faults.iter().enumerate() {
                let found = news.found.iter().filter(|told| told.key() == fault.key()).count();
                let gone = news.gone.iter().filter(|mark| mark.is(fault)).count();
                prop_assert!(found + gone <= 1);
                prop_assert!(found == 0 || last[number].is_none_or(|last| at - last >= 60), "{} at {at}", fault.resource);
                prop_assert!(gone == 0 || open[number], "{} gone at {at}", fault.resource);
                if delivery != Delivery::Refused {
                    if found > 0 {
                        (last[number], open[number]) = (Some(at), true);
                    } else if gone > 0 {
                        open[number] = false;
                    }
                    if let Step::Whole(there) = &step {
                        let is_held = last[number].is_some_and(|last| at - last < 60);
                        prop_assert!(open[number] == there[number] || is_held, "{} at {at}", fault.resource);
                    }
                }
            }
        }
    }
}
