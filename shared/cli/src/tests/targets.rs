//! `--target`: what is asked for is made, what is not is counted, and what nobody knows is refused.

use local::Options;

use super::breakages::{plain, running, working};

#[tokio::test(start_paused = true)]
async fn changes_that_were_not_asked_for_are_counted_and_not_made() {
    let second = "  - { id: i-2, vswitch: vsw-4, securityGroups: [sg-2], tags: { app: web } }\n";
    let scenario = running().replacen("\ncens:", &format!("{second}\ncens:"), 1);
    let desk = working("target", Options { scenario, ..Options::default() }).await;
    desk.rewrite("weight: 100", "weight: 90");
    let plan = plain(&desk.run(&["plan", "web", "--target", "i-2"]).await);
    assert!(plan.trim_end().ends_with("0 to remove, 0 blocked; 1 other change is not asked for"), "{plan}");
    let applied = desk.run(&["apply", "web", "--target", "i-2", "--yes"]).await;
    let said = plain(&applied);
    assert!(applied.code == 0 && said.contains("1 change made in"), "{said}");
    assert!(said.trim_end().ends_with("; 1 other change was not asked for"), "{said}");
    let rest = desk.run(&["apply", "web", "--yes"]).await;
    assert!(
        plain(&rest).contains("1 change made in") && plain(&rest).contains("nothing is left to do"),
        "{}",
        rest.all()
    );
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_nobody_knows_is_refused_with_those_that_there_are() {
    let desk = working("nobody", Options { scenario: running(), ..Options::default() }).await;
    for command in [&["plan", "web", "--target", "i-zzz"][..], &["apply", "web", "--target", "i-zzz", "--yes"]] {
        let ran = desk.run(command).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (64, ""), "{}", ran.all());
        assert_eq!(ran.stderr, "albridge: There is no instance i-zzz: those with the tags are i-ecs1.\n");
    }
    let known = desk.run(&["plan", "web", "--target", "i-ecs1"]).await;
    assert_eq!(known.code, 0, "{}", known.all());
}

#[tokio::test(start_paused = true)]
async fn plan_and_apply_count_the_same_where_there_is_nothing_to_change() {
    let desk = working("counts", Options { scenario: running(), ..Options::default() }).await;
    desk.deny("Ingress");
    desk.settle().await;
    let counts = async |command: &[&str]| {
        let ran = desk.run(command).await;
        let last = ran.json().pop().unwrap();
        (ran.code, last["blocked"].clone(), last["causes"].clone())
    };
    let planned = counts(&["plan", "web", "--json"]).await;
    assert_eq!(planned, (2, 0.into(), 1.into()));
    assert_eq!(counts(&["apply", "web", "--yes", "--json"]).await, planned);
}
