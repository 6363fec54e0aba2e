//! `status --watch` on an emulated cloud, on paused time: somebody watches, and something happens meanwhile.

use std::time::Duration;

use emulator::call::{ApiError, Service};
use emulator::faults::Rule;
use local::Options;
use tokio::sync::watch;

use super::breakages::{plain, running, working};
use super::{Desk, Ran};
use crate::interrupt::Interrupts;

impl Desk {
    /// Watches while `acting` goes on, and ends with it.
    async fn watch(&self, terminal: Option<usize>, arguments: &[&str], acting: impl Future<Output = ()>) -> Ran {
        let (ctrl_c, interrupts) = watch::channel(());
        let watching = self.run_until(Interrupts::Test(interrupts), terminal, arguments);
        let acting = async {
            acting.await;
            // A command that could not begin is gone.
            let _gone = ctrl_c.send(());
        };
        tokio::join!(watching, acting).0
    }

    async fn seconds(&self, count: u64) {
        self.local.clock().sleep(Duration::from_secs(count)).await;
    }
}

/// The blocks that were printed.
fn blocks(ran: &Ran) -> Vec<String> {
    plain(ran).split("\n\n").map(|block| block.trim().to_owned()).filter(|block| !block.is_empty()).collect()
}

#[tokio::test(start_paused = true)]
async fn without_a_terminal_a_block_is_printed_when_something_changed() {
    let desk = working("watch", Options { scenario: running(), ..Options::default() }).await;
    let ran = desk
        .watch(None, &["status", "web", "--watch=10"], async {
            desk.seconds(65).await;
            desk.deny("Ingress");
            desk.seconds(120).await;
            desk.pass("Ingress");
            desk.seconds(180).await;
        })
        .await;
    let blocks = blocks(&ran);
    assert_eq!(ran.code, 0, "the last look was good: {}", ran.all());
    assert!((3..=8).contains(&blocks.len()), "{} blocks: {}", blocks.len(), plain(&ran));
    assert!(!blocks[0].contains("changed"), "{}", blocks[0]);
    assert!(blocks[1].contains("new: XREG-NETWORK-ACL"), "{}", blocks[1]);
    let all = blocks.join("\n");
    for words in ["over: XREG-NETWORK-ACL", "i-ecs1 (ECS1) at 192.168.7.10:80: Healthy -> Unhealthy", "-> Healthy"] {
        assert!(all.contains(words), "{words}: {all}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_read_is_neither_over_nor_new_again() {
    let desk = working("watch-unread", Options { scenario: running(), ..Options::default() }).await;
    desk.deny("Ingress");
    desk.settle().await;
    let refusal = || {
        Rule::refuse(ApiError::new(403, "NoPermission", "You may not."))
            .on(Service::Vpc, "DescribeNetworkAclAttributes")
    };
    let ran = desk
        .watch(None, &["status", "web", "--watch=10"], async {
            desk.seconds(15).await;
            desk.local.cloud().inject(refusal()).unwrap();
            desk.seconds(30).await;
            desk.heal();
            desk.seconds(30).await;
            desk.pass("Ingress");
            desk.seconds(60).await;
        })
        .await;
    let said = plain(&ran);
    assert!(said.contains("not known: could not read"), "{said}");
    let of_acls = |word: &str| said.matches(&format!("{word}: XREG-NETWORK-ACL")).count();
    assert_eq!((of_acls("new"), of_acls("over")), (0, 1), "{said}");
}

#[tokio::test(start_paused = true)]
async fn the_exit_is_that_of_the_last_look() {
    let desk = working("watch-exit", Options { scenario: running(), ..Options::default() }).await;
    let broken = desk
        .watch(None, &["status", "web", "--watch", "--json"], async {
            desk.seconds(15).await;
            desk.deny("Ingress");
            desk.seconds(60).await;
        })
        .await;
    assert_eq!(broken.code, 2, "{}", broken.all());
    let lines = broken.json();
    let looks: Vec<_> = lines.iter().filter(|line| line["event"] == "look").collect();
    assert!(looks.len() >= 2 && looks[1]["changed"][0].as_str().unwrap().starts_with("new: "), "{looks:?}");
    assert_eq!(lines.last().unwrap()["exitCode"], 2);

    let refusal = || Rule::refuse(ApiError::new(403, "NoPermission", "You may not."));
    let unread = desk
        .watch(None, &["status", "web", "--watch"], async {
            desk.seconds(15).await;
            desk.local.cloud().inject(refusal()).unwrap();
            desk.seconds(90).await;
        })
        .await;
    assert_eq!(unread.code, 1, "{}", unread.all());
    desk.heal();
    let at_once = desk.watch(None, &["status", "web", "--watch"], async {}).await;
    assert_eq!(at_once.code, 130, "there was no look: {}", at_once.all());
    let wrong = desk.watch(None, &["status", "wbe", "--watch"], desk.seconds(5)).await;
    assert_eq!(wrong.code, 64, "{}", wrong.all());
}

#[tokio::test(start_paused = true)]
async fn a_terminal_is_drawn_anew_at_each_look() {
    let desk = working("watch-terminal", Options { scenario: running(), ..Options::default() }).await;
    let ran = desk
        .watch(Some(60), &["status", "web", "--watch=20"], async {
            desk.seconds(30).await;
            desk.deny("Ingress");
            desk.seconds(60).await;
        })
        .await;
    let looks: Vec<&str> = ran.stdout.split("\u{1b}[H").skip(1).collect();
    assert!(looks.len() >= 4, "{} looks", looks.len());
    assert!(
        looks.iter().all(|look| look.contains("every 20 s; Ctrl-C ends") && look.ends_with("\u{1b}[J")),
        "{looks:?}"
    );
    assert!(!looks[0].contains("changed at") && looks[looks.len() - 1].contains("changed at"), "{looks:?}");
}
