//! Breakages of many instances at once, of instances that went, and of runs: each is one cause, however many it concerns.

use emulator::AccountState;
use emulator::call::{ApiError, Service};
use emulator::faults::Rule;
use local::{Options, PROCEDURE_BINDING};

use super::follow::{causes, masked, plain};
use super::{FAR, NEAR, running, working};
use crate::tests::Desk;

async fn status(desk: &Desk) -> String {
    plain(&desk.status().await)
}

/// The procedure's world with eleven instances more.
fn twelve() -> String {
    let more: String = (2..=12)
        .map(|number| {
            format!(
                "  - {{ id: i-ecs{number}, name: ECS{number}, vswitch: vsw-4, address: 192.168.7.{}, securityGroups: [sg-2], \
                 tags: {{ app: web }} }}\n",
                20 + number
            )
        })
        .collect();
    running().replacen("\ncens:", &format!("{more}\ncens:"), 1)
}

impl Desk {
    /// All twelve listen on these ports from now on.
    fn all_listen(&self, ports: &[u16]) {
        for number in 1..=12 {
            let state = AccountState::WebServer(format!("i-ecs{number}"), ports.iter().copied().collect(), None);
            assert!(self.local.cloud().with(|world| world.set_account(state)));
        }
    }
}

/// Twelve members that do not answer are one problem with one remedy; so are twelve that are stopped.
#[tokio::test(start_paused = true)]
async fn what_a_whole_fleet_has_is_one_cause_in_one_look() {
    let desk = working("fleet", Options { scenario: twelve(), ..Options::default() }).await;
    desk.all_listen(&[8080]);
    desk.settle().await;
    let ran = desk.status().await;
    let said = plain(&ran);
    let mut golden = format!("## nothing listens\n{}\n", masked(&said));
    assert!(ran.code == 2 && said.contains("\n  1 cause\n") && said.lines().count() <= 20, "{said}");
    assert!(said.contains("Start the service on all 12: nothing listens on port 80"), "{said}");
    for command in ["explain", "plan"] {
        let all = plain(&desk.run(&[command, "web"]).await);
        assert!(all.matches("XREG-UNHEALTHY").count() <= 1, "{command}: {all}");
    }
    let one = plain(&desk.run(&["explain", "i-ecs7"]).await);
    assert!(one.contains("Start the service on i-ecs7") && !one.contains("also wrong with"), "{one}");
    desk.all_listen(&[80]);
    desk.settle().await;
    assert_eq!(desk.status().await.code, 0, "{}", status(&desk).await);

    for number in 1..=12 {
        desk.act(Service::Ecs, FAR, "StopInstance", &[("InstanceId", &format!("i-ecs{number}"))]);
    }
    desk.settle().await;
    let said = status(&desk).await;
    golden.push_str(&format!("\n## all are stopped\n{}\n", masked(&causes(&said))));
    assert!(said.contains("\n  1 cause\n") && said.contains("do: Start all 12 (StartInstance)."), "{said}");
    let planned = plain(&desk.run(&["plan", "web"]).await);
    assert_eq!(planned.matches("XREG-NOT-RUNNING").count(), 1, "{planned}");
    for number in 1..=12 {
        desk.act(Service::Ecs, FAR, "StartInstance", &[("InstanceId", &format!("i-ecs{number}"))]);
    }
    desk.settle().await;
    assert_eq!(desk.status().await.code, 0, "{}", status(&desk).await);
    insta::assert_snapshot!("fleet", golden);
}

/// A run that was refused a change is why it is missing: the call's own answer and the permission are what an operator needs.
#[tokio::test(start_paused = true)]
async fn what_the_last_run_was_refused_is_the_cause_with_what_it_takes() {
    let desk = working("refusal", Options { scenario: running(), ..Options::default() }).await;
    let refusal = |action| Rule::refuse(ApiError::new(403, "NoPermission", "You may not.")).on(Service::Vpc, action);
    for action in ["CreateRouteEntry", "CreateRouteEntries"] {
        desk.local.cloud().inject(refusal(action)).unwrap();
    }
    desk.delete_route(FAR, "vtb-vpc-2", "172.16.6.0/24");
    desk.settle().await;
    desk.run(&["run", "web"]).await;
    desk.settle().await;
    let ran = desk.status().await;
    let said = plain(&ran);
    insta::assert_snapshot!("refusal", masked(&causes(&said)));
    assert!(ran.code == 2 && said.contains("\n  1 cause, 1 change waits\n"), "{said}");
    assert!(!said.contains("do: Nothing") && !said.contains("which the next run makes ("), "{said}");
    desk.heal();
    desk.run(&["run", "web"]).await;
    desk.settle().await;
    assert_eq!(desk.status().await.code, 0, "{}", status(&desk).await);
}

/// A member whose instance has moved is on its way out: what runs do about it is said, and no symptom beside.
#[tokio::test(start_paused = true)]
async fn a_member_whose_instance_moved_is_one_cause() {
    let vswitch = "      - { id: vsw-8, zone: cn-hangzhou-i, cidr: 192.168.10.0/24 }\n\nsecurityGroups:";
    let second = "  - { id: i-ecs2, name: ECS2, vswitch: vsw-3, address: 192.168.8.20, securityGroups: [sg-2], tags: { app: web } }\n\ncens:";
    let scenario = running().replacen("\nsecurityGroups:", vswitch, 1).replacen("\ncens:", second, 1);
    let desk = working("went", Options { scenario, ..Options::default() }).await;
    desk.act(Service::Ecs, FAR, "StopInstance", &[("InstanceId", "i-ecs1")]);
    desk.settle().await;
    let to = [("InstanceId", "i-ecs1"), ("VSwitchId", "vsw-8"), ("PrivateIpAddress", "192.168.10.77")];
    desk.act(Service::Ecs, FAR, "ModifyInstanceVpcAttribute", &to);
    desk.act(Service::Ecs, FAR, "StartInstance", &[("InstanceId", "i-ecs1")]);
    desk.settle().await;
    let said = status(&desk).await;
    let golden = masked(&causes(&said));
    assert!(said.contains("\n  1 cause\n") && said.contains("i-ecs1 has another address now"), "{said}");
    for _run in 0..3 {
        desk.run(&["apply", "web", "--yes"]).await;
        for _while in 0..3 {
            desk.settle().await;
        }
    }
    assert_eq!(desk.status().await.code, 0, "{}", status(&desk).await);
    insta::assert_snapshot!("went", golden);
}

/// What a member lacks is named as such where a yes is needed as well, by `status` as by `plan`.
#[tokio::test(start_paused = true)]
async fn what_is_gone_is_named_where_it_takes_a_yes() {
    let bindings = PROCEDURE_BINDING.replacen("provision: auto", "provision: approved", 1);
    let desk = working("yes", Options { scenario: running(), bindings, ..Options::default() }).await;
    let peer = desk.peer();
    let params = [("TransitRouterAttachmentId", peer.as_str()), ("Force", "true")];
    desk.act(Service::Cbn, NEAR, "DeleteTransitRouterPeerAttachment", &params);
    desk.settle().await;
    let said = causes(&status(&desk).await);
    insta::assert_snapshot!("yes", masked(&said));
    let planned = plain(&desk.run(&["plan", "web"]).await);
    let message = "XREG-NOT-ATTACHED  No inter-region connection joins";
    assert!(said.contains(message) && planned.contains(message), "{said}\n{planned}");
    assert!(!said.contains("XREG-NOT-APPROVED") && said.contains("look, and say yes"), "{said}");
    assert_eq!(desk.run(&["apply", "web", "--yes"]).await.code, 0);
    desk.settle().await;
    assert_eq!(desk.status().await.code, 0, "{}", status(&desk).await);
}
