//! `import` on an emulated cloud: members that somebody registered by hand become ours, and what is against it is said.

use emulator::call::Service;
use local::Options;

use super::Desk;
use super::breakages::{FAR, NEAR, plain, running, working};

impl Desk {
    /// Writes weight and description of a member, at the console.
    fn describe(&self, address: &str, weight: &str, description: &str) {
        let group = self.group();
        let params = [
            ("ServerGroupId", group.as_str()),
            ("Servers.1.ServerType", "Ip"),
            ("Servers.1.ServerId", address),
            ("Servers.1.ServerIp", address),
            ("Servers.1.Port", "80"),
            ("Servers.1.Weight", weight),
            ("Servers.1.Description", description),
        ];
        self.act(Service::Alb, NEAR, "UpdateServerGroupServersAttribute", &params);
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_that_somebody_registered_becomes_ours_and_serves_all_the_while() {
    let desk = working("import", Options { scenario: running(), ..Options::default() }).await;
    desk.describe("192.168.7.10", "50", "by hand");
    desk.settle().await;
    let foreign = plain(&desk.run(&["plan", "web"]).await);
    assert!(foreign.contains("XREG-MEMBER-FOREIGN") && foreign.contains("albridge import"), "{foreign}");
    assert!(!foreign.contains("weight"), "what others registered is left as it is: {foreign}");

    let ran = desk.run(&["import", "web", "ECS1", "192.168.7.10", "--yes"]).await;
    let said = plain(&ran);
    assert_eq!(ran.code, 0, "{}", ran.all());
    for words in [
        "web: 1 member to take over",
        "~ i-ecs1 at 192.168.7.10:80: description by hand -> albridge/albridge/web/i-ecs1",
        "weight 50 stays; the next run sets it to 100",
        "web: 1 member taken over",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let ours = plain(&desk.run(&["plan", "web"]).await);
    assert!(ours.contains("weight 50 -> 100") && !ours.contains("FOREIGN"), "{ours}");
    let again = desk.run(&["import", "web", "i-ecs1", "--yes", "--json"]).await;
    assert_eq!((again.code, &again.json().last().unwrap()["imported"]), (0, &0.into()), "{}", again.all());
    assert_eq!(desk.run(&["apply", "web", "--yes"]).await.code, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_against_it_is_said_for_all_at_once_and_nothing_is_changed() {
    let more = "  - { id: i-02, vswitch: vsw-4, securityGroups: [sg-2], tags: { app: web } }\n  \
                - { id: i-03, vswitch: vsw-4, securityGroups: [sg-2], tags: { app: web } }\n";
    let scenario = running().replacen("\ncens:", &format!("{more}\ncens:"), 1);
    let desk = working("import-refused", Options { scenario, ..Options::default() }).await;
    desk.describe("192.168.7.10", "100", "albridge/other/web/i-ecs1");
    let params = [("ResourceType", "instance"), ("ResourceId.1", "i-02"), ("TagKey.1", "app")];
    desk.act(Service::Ecs, FAR, "UntagResources", &params);
    let ran = desk.run(&["import", "web", "i-ecs1", "i-02", "i-nowhere", "i-03", "--yes"]).await;
    assert_eq!(ran.code, 1, "{}", ran.all());
    for words in [
        "belongs to another binding or deployment, by its mark albridge/other/web/i-ecs1",
        "i-02 has not the tags of web",
        "no instance i-nowhere",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    let usage = desk.run(&["import", "web", "i ecs1", "--yes"]).await;
    assert_eq!(usage.code, 64, "{}", usage.all());
    desk.rewrite("bindings:\n", "paused: true\nbindings:\n");
    let paused = desk.run(&["import", "web", "i-03", "--yes"]).await;
    assert!(paused.code == 1 && paused.stderr.contains("paused"), "{}", paused.all());
}
