//! The main job, as anybody runs it.

use crate::support::tool;

#[test]
fn the_demo_ends_well_and_tells_programs_what_happened() {
    let ran = tool(&["demo", "--alb", "upgraded", "--json"], &[]);
    assert_eq!(ran.code, 0, "{} {}", ran.stdout, ran.stderr);
    let lines = ran.json();
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).collect::<Vec<_>>();
    let stage = of("stage").into_iter().find(|line| line["stage"] == "listener").unwrap();
    assert_eq!(stage["status"], "done");
    assert!(stage["run"].as_str().unwrap().starts_with("web-"));
    assert_eq!((&of("request")[0]["status"], &of("request")[0]["servedBy"]), (&200.into(), &"i-ecs1".into()));
    assert!(!of("repair")[0]["drift"].as_array().unwrap().is_empty());
    assert_eq!(of("released")[0]["members"], 20);
    assert!(!of("blocked")[0]["changes"].as_array().unwrap().is_empty(), "nothing paid is built unasked");
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], &last["ok"]), (&"finished".into(), &true.into()));
    for count in ["virtualSeconds", "calls", "writes"] {
        assert!(last[count].as_u64().unwrap() > 0, "{count}");
    }
}
