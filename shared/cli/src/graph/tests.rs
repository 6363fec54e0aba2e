//! Pictures and tables of emulated worlds: golden, well-formed, and with no word on another.

mod pictures;
mod wellformed;

use std::time::Duration;

use clock::Clock;
use local::{Generation, Local, Options, PROCEDURE_BINDING, Stack};
use openapi::ecs::{AuthorizeSecurityGroup, NewPermission, StartInstance};
use openapi::vpc::DeleteRouteEntry;

use crate::args::Shape;
use crate::explain::{Diagnosis, Subject, diagnose, text};
use crate::output::Fit;
use crate::target;

const HOME: &str = "cn-hangzhou";

/// The procedure's world with twenty more instances in both vSwitches and a backend VPC in a third region, and the binding
/// of all of them.
fn large() -> (String, String) {
    let instance = |number: usize| {
        let vswitch = if number.is_multiple_of(2) { "vsw-3" } else { "vsw-4" };
        format!("  - {{ id: i-fleet-{number:02}, vswitch: {vswitch}, securityGroups: [sg-2], tags: {{ app: web }} }}\n")
    };
    let fleet: String = (1..=20).map(instance).collect();
    let vpc = "  - id: vpc-3
    name: VPC3
    region: cn-shanghai
    cidr: 10.8.0.0/16
    vswitches:
      - { id: vsw-5, zone: cn-shanghai-e, cidr: 10.8.0.0/24 }
      - { id: vsw-6, zone: cn-shanghai-f, cidr: 10.8.1.0/24 }

securityGroups:
  - { id: sg-3, name: far, vpc: vpc-3 }
  - { id: sg-4, name: other, vpc: vpc-2 }
";
    let others = "  - { id: i-far, vswitch: vsw-5, address: 10.8.0.10, securityGroups: [sg-3], tags: { app: web } }
  - { id: i-other, vswitch: vsw-4, securityGroups: [sg-4], tags: { app: other } }
";
    let router = "      - { id: tr-shanghai, region: cn-shanghai }\n      - { id: tr-hangzhou";
    let world = emulator::PROCEDURE
        .replacen("\nsecurityGroups:\n", vpc, 1)
        .replacen("\ncens:", &format!("{fleet}{others}\ncens:"), 1)
        .replacen("      - { id: tr-hangzhou", router, 1);
    let backend = "      - { region: cn-shanghai, vpc: vpc-3, attachmentVswitches: [vsw-5, vsw-6], select: { tags: { app: web } } }\n    # Read for";
    (world, PROCEDURE_BINDING.replacen("    # Read for", backend, 1))
}

/// The text with the ids that the cloud made numbered in the order in which they are read: which they are is no matter.
/// Their length stays.
fn steady(text: &str) -> String {
    let is_made = |kind: &str| ["lsn", "sgp", "tr-attach", "sgr", "rte"].contains(&kind);
    let mut seen: Vec<&str> = Vec::new();
    let mut steady = text.to_owned();
    for word in text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-') {
        let Some((kind, id)) = word.rsplit_once('-') else { continue };
        // DOT ends a line with `\l`, right in front of the next one's id.
        let made = is_made(kind) || kind.strip_prefix('l').is_some_and(is_made);
        if made && id.len() == 16 && !seen.contains(&id) {
            seen.push(id);
            steady = steady.replace(id, &format!("{:016}", seen.len()));
        }
    }
    steady
}

/// A deployment on paused time; its timer rests, so that only an event builds anything.
async fn start(scenario: String, bindings: String, generation: Generation) -> Local {
    let home = Stack::home().with("TimerCron", "0 0 0 * * *");
    let stacks = vec![home, Stack::probe("cn-chengdu", "vpc-1")];
    let options = Options { scenario, bindings, generation, stacks, ..Options::default() };
    let clock = Clock::seeded("2026-11-22T08:00:00Z".parse().unwrap(), options.settings.seed);
    Local::start(options, clock).await.unwrap()
}

/// The same after its instance has started and everything is built.
async fn built(scenario: String, bindings: String, generation: Generation) -> Local {
    let local = start(scenario, bindings, generation).await;
    let start = StartInstance { instance_id: "i-ecs1".to_owned(), ..Default::default() };
    local.operator().call(HOME, &start).await.unwrap();
    local.clock().sleep(Duration::from_secs(15 * 60)).await;
    local
}

async fn procedure(generation: Generation) -> Local {
    built(emulator::PROCEDURE.to_owned(), PROCEDURE_BINDING.to_owned(), generation).await
}

async fn diagnosis(local: &Local, subject: &str) -> Diagnosis {
    let host = local.operator_host();
    let store = target::store(&host).await.unwrap();
    diagnose(&host, &store, None, &Subject::parse(subject).unwrap()).await.unwrap()
}

/// Takes the first of the routes back away.
async fn without_route_back(local: &Local) -> Diagnosis {
    let seen = diagnosis(local, "i-ecs1").await;
    let table = seen.topology.vpc(&"vpc-2".into()).unwrap().system_table().unwrap();
    let route = table.routes.iter().find(|route| route.destination.to_string() == "172.16.0.0/24").unwrap();
    let delete = DeleteRouteEntry { route_entry_id: Some(route.id.to_string()), ..Default::default() };
    local.operator().call(HOME, &delete).await.unwrap();
    local.clock().sleep(Duration::from_secs(30)).await;
    diagnosis(local, "i-ecs1").await
}

/// Drops what comes from the first of the ALB's prefixes.
async fn with_drop(local: &Local) -> Diagnosis {
    let permission = NewPermission {
        ip_protocol: "TCP".to_owned(),
        port_range: "1/1024".to_owned(),
        source_cidr_ip: Some("172.16.0.0/16".to_owned()),
        policy: Some("drop".to_owned()),
        priority: Some(1),
        ..Default::default()
    };
    let drop = AuthorizeSecurityGroup {
        security_group_id: "sg-2".to_owned(),
        permissions: vec![permission],
        ..Default::default()
    };
    local.operator().call(HOME, &drop).await.unwrap();
    diagnosis(local, "i-ecs1").await
}

fn told(diagnosis: &Diagnosis) -> String {
    let fit = Fit { columns: 100, all: false };
    steady(&text(diagnosis, 100, Shape::default()).fitted(fit).render(false))
}
