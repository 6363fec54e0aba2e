//! What is said of members' health: after a repair, where nobody checks it, and where the way is what is wrong.

use std::sync::Arc;

use bytes::Bytes;
use emulator::call::Service;
use http::{Request, Response};
use local::{Options, PROCEDURE_BINDING};
use openapi::{Sending, Transport};
use serde_json::Value;

use super::Desk;
use super::breakages::{FAR, NEAR, plain, running, working};

/// Three members instead of one.
fn three() -> String {
    let more: String = (2..=3)
        .map(|number| {
            format!("  - {{ id: i-{number}, vswitch: vsw-4, securityGroups: [sg-2], tags: {{ app: web }} }}\n")
        })
        .collect();
    running().replacen("\ncens:", &format!("{more}\ncens:"), 1)
}

#[tokio::test(start_paused = true)]
async fn members_without_a_health_check_are_neither_healthy_nor_unhealthy() {
    let bindings = PROCEDURE_BINDING.replacen("healthCheck: { path: / }", "healthCheck: { enabled: false }", 1);
    let desk = working("unchecked", Options { scenario: three(), bindings, ..Options::default() }).await;
    let ran = desk.run(&["run", "web"]).await;
    assert!(ran.code == 0 && !plain(&ran).contains("XREG-UNHEALTHY"), "{}", ran.all());
    let applied = desk.run(&["apply", "web", "--yes"]).await;
    assert_eq!(applied.code, 0, "{}", applied.all());

    let status = desk.status().await;
    assert_eq!(status.code, 0, "{}", status.all());
    assert!(plain(&status).contains("members  3, health not checked"), "{}", plain(&status));
    let document: Value = serde_json::from_str(&desk.run(&["status", "web", "-o", "json"]).await.stdout).unwrap();
    let member = &document["bindings"][0]["members"][0];
    assert_eq!((&member["health"]["status"], &member["faulty"]), (&"NotChecked".into(), &false.into()), "{member}");
    let lines = desk.run(&["status", "web", "--json"]).await.json();
    let members = lines.iter().find(|line| line["event"] == "members").unwrap();
    assert_eq!((&members["members"], &members["healthy"]), (&3.into(), &0.into()), "{members}");
    assert_eq!((&members["notChecked"], &members["unhealthy"]), (&3.into(), &serde_json::json!([])), "{members}");

    let graph = plain(&desk.run(&["graph", "web"]).await);
    assert!(!graph.contains("Unavailable") && !graph.contains('✕') && graph.contains("not checked"), "{graph}");
}

/// The health checks need some seconds to see it.
#[tokio::test(start_paused = true)]
async fn a_repair_waits_until_its_members_are_found_healthy() {
    let desk = working("repaired", Options { scenario: three(), ..Options::default() }).await;
    for command in [["apply", "web", "--yes"], ["run", "web", "--json"]] {
        desk.delete_route(NEAR, "vtb-vpc-1", "192.168.7.0/24");
        mends(&desk, &command).await;
    }
}

/// A command after which all three members serve again, and nobody is blamed.
async fn mends(desk: &Desk, command: &[&str]) {
    desk.settle().await;
    assert!(plain(&desk.status().await).contains("0 of 3 healthy"));
    let ran = desk.run(command).await;
    assert!(ran.code == 0 && !ran.stdout.contains("XREG-UNHEALTHY"), "{command:?}: {}", ran.all());
    let status = desk.status().await;
    assert_eq!(status.code, 0, "{}", status.all());
}

/// Its members are registered already, so nobody waits before verify does until the transit routers have learned what it carries.
#[tokio::test(start_paused = true)]
async fn a_connection_that_is_made_anew_is_waited_for_until_it_is_learned() {
    let desk = working("learned", Options { scenario: three(), ..Options::default() }).await;
    for command in [["apply", "web", "--yes"], ["run", "web", "--json"]] {
        let peer = desk.peer();
        let params = [("TransitRouterAttachmentId", peer.as_str()), ("Force", "true")];
        desk.act(Service::Cbn, NEAR, "DeleteTransitRouterPeerAttachment", &params);
        mends(&desk, &command).await;
    }
}

/// A firewall on the instance itself, of which no API knows: the load balancer's packets get lost on a way that is open.
struct Silenced(Arc<dyn Transport>);

impl Transport for Silenced {
    fn send(&self, request: Request<Bytes>) -> Sending {
        let sending = self.0.send(request);
        Box::pin(async move {
            let answer = sending.await?;
            let (parts, body) = answer.into_parts();
            let text = String::from_utf8_lossy(&body).replace("CONNECT_FAILED", "CONNECT_TIMEOUT");
            Ok(Response::from_parts(parts, text.into()))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_that_stays_silent_is_waited_for_no_longer_than_its_check_takes() {
    let desk = working("silent", Options { scenario: running(), ..Options::default() }).await;
    desk.listen(8080);
    desk.settle().await;
    let mut took = Vec::new();
    let ways: [Arc<dyn Transport>; 2] = [desk.transport(), Arc::new(Silenced(desk.transport()))];
    for (way, (old, new)) in ways.into_iter().zip([("weight: 100", "weight: 90"), ("weight: 90", "weight: 80")]) {
        desk.rewrite(old, new);
        let began = desk.local.clock().now();
        let ran = desk.run_by(way, &["apply", "web", "--yes"]).await;
        assert!(ran.code == 2 && plain(&ran).contains("left: XREG-UNHEALTHY"), "{}", ran.all());
        took.push(desk.local.clock().now().duration_since(began).as_secs());
    }
    // Three checks two seconds apart, after one that was under way for five; a closed port is none of the way's.
    assert!((10..=14).contains(&(took[1] - took[0])), "{took:?}");
}

/// One cause names the first of its instances.
#[tokio::test(start_paused = true)]
async fn members_whose_way_has_a_fault_are_not_called_unhealthy_besides() {
    let desk = working("besides", Options { scenario: three(), ..Options::default() }).await;
    desk.deny("Ingress");
    desk.settle().await;
    let ran = desk.run(&["run", "web", "--json"]).await;
    assert_eq!(ran.code, 2, "{}", ran.all());
    let codes = verified(&ran.json());
    assert!(codes.contains(&"XREG-NETWORK-ACL".to_owned()), "{codes:?}");
    assert!(!codes.contains(&"XREG-UNHEALTHY".to_owned()), "{codes:?}");
    desk.pass("Ingress");
    desk.settle().await;

    let listener = desk.listener();
    desk.act(Service::Alb, NEAR, "StopListener", &[("ListenerId", &listener)]);
    desk.act(Service::Ecs, FAR, "StopInstance", &[("InstanceId", "i-3"), ("RegionId", FAR)]);
    desk.local.clock().sleep(std::time::Duration::from_secs(30)).await;
    desk.act(Service::Ecs, FAR, "StartInstance", &[("InstanceId", "i-3"), ("RegionId", FAR)]);
    desk.settle().await;
    let codes = verified(&desk.run(&["run", "web", "--json"]).await.json());
    assert!(!codes.contains(&"XREG-UNHEALTHY".to_owned()), "{codes:?}");
}

/// What verify says.
fn verified(lines: &[Value]) -> Vec<String> {
    let verify = lines.iter().find(|line| line["event"] == "stage" && line["stage"] == "verify").unwrap();
    let blocked = verify["blocked"].as_array().unwrap();
    blocked.iter().map(|reason| reason["code"].as_str().unwrap().to_owned()).collect()
}
