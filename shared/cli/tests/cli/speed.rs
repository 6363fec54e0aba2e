//! A whole deployment on scaled time, from outside: what the timer repairs and what a drain ends with, minutes of the cloud's time
//! in seconds.

use std::time::Duration;

use crate::hands::Hands;
use crate::support::Emulated;

/// The cloud's seconds in a real one.
const SPEED: &str = "240";

/// An instance that runs from the beginning.
const SECOND: &str = "  - { id: i-ecs2, vswitch: vsw-3, securityGroups: [sg-2], tags: { app: web } }\n";

#[test]
fn a_lost_event_is_repaired_and_a_drained_member_goes_within_minutes_of_real_time() {
    // The procedure's world with a second instance, so that one may go.
    let folder = std::env::temp_dir().join(format!("albridge-speed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (world, bindings) = (folder.join("world.yml"), folder.join("bindings.yml"));
    std::fs::write(&world, emulator::PROCEDURE.replacen("\ncens:", &format!("{SECOND}\ncens:"), 1)).unwrap();
    std::fs::write(&bindings, local::PROCEDURE_BINDING).unwrap();
    let (world, bindings) = (world.to_str().unwrap(), bindings.to_str().unwrap());
    let cloud = Emulated::start(&["--scenario", world, "--bindings", bindings, "--speed", SPEED]);
    assert_eq!(cloud.line["speed"].as_f64().map(|speed| speed.to_string()).as_deref(), Some(SPEED));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let hands = Hands::of(&cloud);
        // One clock: the emulator's time passes as fast as its line says, and its answers are dated by it.
        let read = async || {
            let told = hands.control("GET", "/-/clock", "").await;
            let time = |name: &str| told[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
            (time("now"), time("wall"))
        };
        let before = read().await;
        hands.clock.sleep(Duration::from_millis(300)).await;
        let after = read().await;
        let ratio = after.0.duration_since(before.0).as_secs_f64() / after.1.duration_since(before.1).as_secs_f64();
        assert!((210.0..270.0).contains(&ratio), "{ratio}");

        // The event of the start is lost; the next firing of the timer finds the instance.
        hands.control("POST", "/-/faults", r#"{"name": "lost", "effect": "loseEvent"}"#).await;
        hands.call("StartInstance", &[("InstanceId", "i-ecs1")]).await;
        hands.until("a lost event", async |hands| hands.members().await == 2).await;
        hands.until("an answer", async |hands| hands.served_by().await.is_some()).await;
        assert_eq!(hands.control("GET", "/-/faults/lost", "").await["hits"].as_u64().map(|hits| hits > 0), Some(true));
        hands.control("DELETE", "/-/faults", "").await;

        // The command line goes by the cloud's time: the run is a few of its minutes ago.
        let status = ["status", "web", "--home", "cn-hangzhou", "--json"];
        hands.until("nothing left to do", async |_| cloud.tool(&status).code == 0).await;

        // Untagged, the member drains for 20 minutes and goes at the next firing.
        let tag = [("ResourceType", "instance"), ("ResourceId.1", "i-ecs1"), ("TagKey.1", "app")];
        hands.call("UntagResources", &tag).await;
        hands.until("a drained member", async |hands| hands.members().await == 1).await;
    });
    std::fs::remove_dir_all(&folder).unwrap();
}
