//! Selectors that match no instance are reported with near misses, and billed changes wait for the first instance.

use std::time::Duration;

use end_to_end::{Console, start, worlds};
use local::{Generation, Options};
use onboarding::Code;

use crate::case::{Case, plan, running};

/// Billed changes, and the changes that depend on them.
const BILLED: &[&str] = &["attach vpc-1", "connect cn-hangzhou", "link vpc-1", "link vpc-2", "link cn-hangzhou"];

checks! {
    a_key_in_another_case: Case::new(Code::NoneSelected)
        .scenario("tags: { app: web }", "tags: { App: web }")
        .leaves(&["group", "listener"])
        .blocks(&["attach vpc-2"])
        .carries(Code::Waits, BILLED);

    // It becomes a member when it runs.
    an_instance_that_is_stopped: Case::new(Code::NoneSelected)
        .scenario("i-ecs1, name: ECS1, ", "i-ecs1, name: ECS1, state: Stopped, ")
        .without(&["member i-ecs1"])
        .unfound();

    a_binding_that_is_to_be_connected_ahead: Case::new(Code::NoneSelected)
        .scenario("tags: { app: web }", "tags: { App: web }")
        .binding("cen: { id: cen-1, ", "cen: { id: cen-1, connectAhead: true, ")
        .leaves(&["group", "listener", "attach vpc-1", "attach vpc-2", "connect cn-hangzhou", "link vpc-1", "link vpc-2", "link cn-hangzhou"]);

    // Only one of two backends has no instance, so only the changes for it alone wait.
    one_backend_of_two: Case::new(Code::NoneSelected)
        .scenario("\nsecurityGroups:\n", "  - id: vpc-3
    region: cn-shanghai
    cidr: 10.8.0.0/16
    vswitches:
      - { id: vsw-5, zone: cn-shanghai-e, cidr: 10.8.0.0/24 }
      - { id: vsw-6, zone: cn-shanghai-f, cidr: 10.8.1.0/24 }

securityGroups:
")
        .scenario("      - { id: tr-hangzhou", "      - { id: tr-shanghai, region: cn-shanghai }\n      - { id: tr-hangzhou")
        .binding("    # Read for", "      - { region: cn-shanghai, vpc: vpc-3, attachmentVswitches: [vsw-5, vsw-6], select: { tags: { app: web } } }\n    # Read for")
        .blocks(&["attach vpc-3"])
        .carries(Code::Waits, &["connect cn-shanghai", "link cn-shanghai", "link vpc-3"]);
}

/// The message about a backend without a selected instance, in a world.
async fn sentence(scenario: String) -> String {
    let local = start(Options { scenario, ..worlds::options(Generation::Upgraded) }).await;
    let plan = plan(&local).await;
    let all = plan.changes.iter().flat_map(|change| &change.blocked).chain(&plan.findings);
    let found = all.into_iter().find(|reason| reason.code == Code::NoneSelected);
    found.unwrap_or_else(|| panic!("{plan:#?}")).message.clone()
}

#[tokio::test(start_paused = true)]
async fn near_misses_are_named() {
    let world = |from: &str, to: &str| {
        let scenario = running(emulator::PROCEDURE);
        assert!(scenario.contains(from), "{from}");
        scenario.replacen(from, to, 1)
    };
    let tags = "tags: { app: web }";
    for (to, near) in [
        ("tags: { App: web }", ": i-ecs1 has App=web."),
        ("tags: { app: Web }", ": i-ecs1 has app=Web."),
        ("tags: { app: api }", ": i-ecs1 has app=api."),
        ("tags: { role: web }", "."),
    ] {
        let message = sentence(world(tags, to)).await;
        assert_eq!(message, format!("No instance of vpc-2 in cn-hangzhou has app=web{near}"));
    }
    // The same tags in another VPC of the region, and in the ALB's region.
    let other = "vpcs:
  - id: vpc-7
    region: cn-hangzhou
    cidr: 10.7.0.0/16
    vswitches:
      - { id: vsw-7, zone: cn-hangzhou-h, cidr: 10.7.0.0/24 }
";
    let scenario = world(tags, "tags: { role: web }")
        .replacen("vpcs:\n", other, 1)
        .replacen("securityGroups:\n", "securityGroups:\n  - { id: sg-7, name: seven, vpc: vpc-7 }\n", 1)
        .replacen(
            "instances:\n",
            "instances:\n  - { id: i-seven, vswitch: vsw-7, securityGroups: [sg-7], tags: { app: web } }\n",
            1,
        )
        .replacen("securityGroups: [sg-1], ", "securityGroups: [sg-1], tags: { app: web }, ", 1);
    let message = sentence(scenario).await;
    assert!(message.contains("i-client has them in vpc-1 (cn-chengdu)"), "{message}");
    assert!(message.contains("i-seven has them in vpc-7 (cn-hangzhou)"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn the_first_instance_that_has_the_tags_brings_everything() {
    let scenario = running(emulator::PROCEDURE).replacen("tags: { app: web }", "tags: { App: web }", 1);
    let local = start(Options { scenario, ..worlds::options(Generation::Upgraded) }).await;
    let console = Console(&local);
    console.run("first").await;
    let billed = ["CreateTransitRouterVpcAttachment", "CreateTransitRouterPeerAttachment"];
    let made = || local.cloud().gateway().log().iter().filter(|call| billed.contains(&call.action.as_str())).count();
    assert_eq!(made(), 0);
    console.tag(&["i-ecs1".to_owned()]);
    console.wait(Duration::from_secs(25 * 60)).await;
    assert_eq!(made(), 3);
    assert_eq!(console.members().await.len(), 1);
}
