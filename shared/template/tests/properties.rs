//! Whatever text is handed in, it is read or refused.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use template::cron::Schedule;
use template::{Pseudo, Template};

const TEXT: &str = include_str!("../../../template.yml");

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,120}") {
        prop_assert!(Template::parse(&text).is_err(), "no short text is a template");
    }

}

proptest! {
    // Each case reads the whole template.
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The real template with a piece cut out: what can still be read is resolved or refused.
    #[test]
    fn a_damaged_template_is_resolved_or_refused(from in 0..TEXT.len(), length in 1_usize..400) {
        let kept = TEXT.char_indices().filter(|(at, _)| !(from..from + length).contains(at)).map(|(_, c)| c);
        let pseudo = Pseudo {
            region: "cn-hangzhou".to_owned(),
            account_id: "1234567890".to_owned(),
            stack_name: "stack".to_owned(),
            stack_id: "stack-1".to_owned(),
        };
        let given = [("CodeBucket", "code-hangzhou"), ("StoreBucket", "bindings")];
        let given: BTreeMap<String, String> =
            given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let resolved = Template::parse(&kept.collect::<String>()).and_then(|template| template.resolve(&pseudo, &given));
        if let Err(error) = resolved {
            prop_assert!(!error.reason.is_empty());
        }
    }
}

proptest! {
    #[test]
    fn a_timer_fires_later_than_it_was_asked_and_never_skips(
        expression in "(\\*|[0-5]?[0-9]|\\*/[1-9]) (\\*|[0-5]?[0-9]|[0-9]-[1-5][0-9]) (\\*|1?[0-9]) (\\*|[12]?[1-9]) \\* (\\*|[0-7])",
        second in 0_i64..4_000_000_000,
    ) {
        let schedule = Schedule::parse(&expression);
        prop_assert!(schedule.is_ok(), "{:?}", schedule);
        let after = Timestamp::from_second(second).unwrap();
        let next = schedule.ok().and_then(|schedule| Some((schedule.next_after(after)?, schedule)));
        prop_assert!(next.is_some(), "{expression}");
        if let Some((next, schedule)) = next {
            prop_assert!(next > after);
            // Asked just before its firing, it names the same firing: nothing lies between.
            let before = Timestamp::from_second(next.as_second() - 1).unwrap();
            prop_assert_eq!(schedule.next_after(before), Some(next));
        }
    }

    #[test]
    fn any_cron_text_is_read_or_refused(text in "[@*/0-9a-zA-Z=,\\- ]{0,40}") {
        if let Ok(schedule) = Schedule::parse(&text) {
            let _ = schedule.next_after(Timestamp::UNIX_EPOCH);
        }
        let nonsense = format!("x {text}");
        prop_assert!(Schedule::parse(&nonsense).is_err(), "{}", nonsense);
    }
}
