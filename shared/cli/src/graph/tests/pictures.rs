//! Golden pictures and tables.

use local::{Generation, Local, PROCEDURE_BINDING};
use onboarding::inputs::Verdict;

use super::super::model::{End, Key, Picture, State};
use super::super::{build::Draft, dot, mermaid, of_sight, svg};
use super::wellformed::check;
use super::{built, diagnosis, large, procedure, start, steady, told, with_drop, without_route_back};
use crate::plan;

/// Where the picture of the README is.
const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/path.svg");

#[tokio::test(start_paused = true)]
async fn a_healthy_path() {
    let seen = diagnosis(&procedure(Generation::Upgraded).await, "192.168.7.10:80").await;
    assert_eq!(seen.explanation.served, Verdict::Reachable, "{:?}", seen.explanation);
    let picture = of_sight(&seen);
    check(&picture);
    assert!(picture.ways.iter().all(|way| way.end == End::Arrives), "{:?}", picture.ways);
    insta::assert_snapshot!("healthy_table", told(&seen));
    insta::assert_snapshot!("healthy_svg", steady(&svg::render(&picture)));
    insta::assert_snapshot!("healthy_mermaid", steady(&mermaid::render(&picture)));
    insta::assert_snapshot!("healthy_dot", steady(&dot::render(&picture)));
}

#[tokio::test(start_paused = true)]
async fn a_missing_route_back_is_marked_where_answers_die() {
    let seen = without_route_back(&procedure(Generation::Upgraded).await).await;
    let picture = of_sight(&seen);
    check(&picture);
    let back = picture.ways.last().unwrap();
    assert_eq!(back.end, End::Dies("XREG-NO-ROUTE".to_owned()));
    let last = back.stops.last().unwrap();
    assert_eq!(last.key, Key::Table("vtb-vpc-2".to_owned()));
    assert_eq!(picture.leaf(&last.key).unwrap().rows[last.row.unwrap()].state, State::Fault);
    insta::assert_snapshot!("no_route_back_table", told(&seen));
    insta::assert_snapshot!("no_route_back_mermaid", steady(&mermaid::render(&picture)));
    insta::assert_snapshot!("no_route_back_dot", steady(&dot::render(&picture)));
    let docs = std::fs::read_to_string(DOCS).unwrap_or_default();
    assert!(docs == steady(&svg::render(&picture)), "docs/path.svg is not current: `just picture` draws it again");
}

/// Not a test: `just picture`.
#[tokio::test(start_paused = true)]
#[ignore = "writes docs/path.svg"]
async fn draw_the_picture_of_the_docs() {
    let seen = without_route_back(&procedure(Generation::Upgraded).await).await;
    std::fs::write(DOCS, steady(&svg::render(&of_sight(&seen)))).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_drop_rule_is_marked_at_the_security_group() {
    let seen = with_drop(&procedure(Generation::Upgraded).await).await;
    let picture = of_sight(&seen);
    check(&picture);
    let forward = &picture.ways[0];
    assert_eq!(forward.end, End::Dies("XREG-RULE-SHADOWED".to_owned()));
    assert_eq!(forward.stops.last().unwrap().key, Key::Group("sg-2".to_owned()));
    insta::assert_snapshot!("dropped_table", told(&seen));
}

#[tokio::test(start_paused = true)]
async fn a_classic_alb_has_many_sources_and_few_lines() {
    let seen = diagnosis(&procedure(Generation::Classic).await, "i-ecs1").await;
    check(&of_sight(&seen));
    insta::assert_snapshot!("classic_table", told(&seen));
}

#[tokio::test(start_paused = true)]
async fn two_regions_and_twenty_instances_fit() {
    let (world, bindings) = large();
    let local = built(world, bindings, Generation::Upgraded).await;
    check(&of_sight(&diagnosis(&local, "10.8.0.10").await));
    let picture = of_sight(&diagnosis(&local, "i-fleet-07").await);
    check(&picture);
    let own = picture.leaf(&Key::VSwitch("vsw-4".to_owned())).unwrap();
    assert!(own.rows[0].text.starts_with("i-fleet-07 "), "the one asked about comes first: {own:?}");
    assert!(own.rows.iter().any(|row| row.text.starts_with('+')), "{own:?}");

    let others = own.rows.iter().skip(1).filter(|row| row.text.starts_with("i-fleet"));
    assert!(others.clone().count() > 0 && others.clone().all(|row| row.text.ends_with("✓ healthy")), "{own:?}");

    let stranger = diagnosis(&local, "i-other").await;
    check(&of_sight(&stranger));
    assert!(!stranger.selected);
    assert!(matches!(stranger.explanation.verdict, Verdict::Unreachable(_)), "its groups were read: {stranger:?}");
    let text = told(&stranger);
    assert!(text.contains("is not selected by the tags of web") && text.contains("XREG-NOT-SELECTED"), "{text}");
}

/// The drawing of the binding alone.
async fn without_a_way(local: &Local) -> Picture {
    let host = local.operator_host();
    let store = crate::target::store(&host).await.unwrap();
    let binding = store.binding("web").unwrap();
    let (topology, plan) = plan::look(&host, &binding.name, true).await.unwrap();
    let (deployment, marked) = (&host.settings().deployment, std::collections::BTreeSet::new());
    let draft = Draft { deployment, binding, topology: &topology, plan: &plan, instance: None, marked: &marked };
    let picture = draft.picture();
    check(&picture);
    picture
}

#[tokio::test(start_paused = true)]
async fn a_drawing_without_a_way_marks_whom_a_fault_keeps_from_being_served() {
    let (world, bindings) = large();
    let local = built(world, bindings, Generation::Upgraded).await;
    with_drop(&local).await;
    let picture = without_a_way(&local).await;
    let own = picture.leaf(&Key::VSwitch("vsw-4".to_owned())).unwrap();
    assert!(own.rows[0].text.contains("✕ XREG-RULE-SHADOWED"), "{own:?}");
    let rest = own.rows.iter().find(|row| row.text.starts_with('+')).unwrap();
    assert!(rest.text.ends_with("with faults") && rest.state == State::Fault, "{own:?}");
    let far = picture.leaf(&Key::VSwitch("vsw-5".to_owned())).unwrap();
    assert!(far.rows[0].text.contains("✓ healthy"), "another region is not concerned: {far:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_built_yet_is_a_ghost() {
    let scenario = emulator::PROCEDURE.to_owned();
    let local = start(scenario, PROCEDURE_BINDING.to_owned(), Generation::Upgraded).await;
    let seen = diagnosis(&local, "i-ecs1").await;
    let picture = of_sight(&seen);
    check(&picture);
    let ghosts = [Key::Listener, Key::ServerGroup, Key::Attachment("vpc-2".to_owned())];
    assert!(ghosts.iter().all(|key| picture.leaf(key).unwrap().state == State::Missing), "{picture:?}");
    insta::assert_snapshot!("nothing_built_table", told(&seen));

    let picture = without_a_way(&local).await;
    assert!(picture.ways.is_empty());
}
