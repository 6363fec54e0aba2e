//! The stories of onboarding: their tables, waterfalls and goals.

use std::collections::BTreeMap;
use std::path::PathBuf;

use local::{Generation, Hosting};

use crate::critical::{self, Path};
use crate::least;
use crate::report::{Goals, number, table};
use crate::waterfall;
use bench_albridge::delays::Delays;
use bench_albridge::onboarding::{self, Story};

/// The goals of the issue: what a cold onboarding, and a warm one, may take of the critical path, and how many calls.
const RATIO: f64 = 1.03;
const COLD_CALLS: f64 = 380.0;
/// What stands in for it, upgraded and classic: a look of its own for each decision, in a function of its own (docs/benchmarks.md).
const COLD_LIMITS: [f64; 2] = [419.0, 532.0];
const WARM_CALLS: f64 = 200.0;
/// A warm onboarding with 0.1 s a call, in seconds.
const SLOW: f64 = 10.5;
/// Instances that start at once in the large warm story.
const MANY: usize = 200;

/// Plays every story, prints, and adds the goals.
pub fn all(delays: &Delays, goals: &mut Goals) {
    let upgraded = onboarding::cold("cold, upgraded", Generation::Upgraded, Hosting::InMemory, 0.0, delays);
    let classic = onboarding::cold("cold, classic", Generation::Classic, Hosting::InMemory, 0.0, delays);
    let one = onboarding::warm("warm, 1 instance", 1, 0.0, delays);
    let slow = onboarding::warm("warm, 1 instance, 0.1 s a call", 1, 0.1, delays);
    let many = onboarding::warm("warm, 200 instances", MANY, 0.0, delays);

    let path = |story| {
        let path = Path::of(story, delays);
        assert!(path.is_least(), "another order of steps may be shorter");
        path
    };
    let paths = [critical::Story::ColdUpgraded, critical::Story::ColdClassic, critical::Story::Warm].map(path);
    println!("## Onboarding\n");
    let row = |story: &Story, path: &Path, least: usize| {
        vec![
            story.name.clone(),
            format!("{:.1}", story.seconds),
            format!("{:.1}", path.seconds()),
            format!("{:.3}", story.seconds / path.seconds()),
            format!("{:.1}", story.registered()),
            format!("{:.1}", story.ended),
            story.calls.len().to_string(),
            least.to_string(),
            story.calls.iter().filter(|call| call.written && call.stage != "dispatch").count().to_string(),
            story.runs.to_string(),
        ]
    };
    let cold = |generation| least::cold(generation).values().sum::<usize>();
    let rows = [
        row(&upgraded, &paths[0], cold(Generation::Upgraded)),
        row(&classic, &paths[1], cold(Generation::Classic)),
        row(&one, &paths[2], least::warm(1).values().sum()),
        row(&slow, &paths[2], least::warm(1).values().sum()),
        row(&many, &paths[2], least::warm(MANY).values().sum()),
    ];
    table(
        &[
            "story",
            "healthy after, s",
            "critical path",
            "ratio",
            "registered at",
            "run ended at",
            "calls",
            "least calls",
            "writes",
            "runs",
        ],
        &rows,
    );
    for (name, path) in ["cold, upgraded", "cold, classic", "warm"].iter().zip(&paths) {
        println!("Critical path, {name}: {}\n", steps(path));
    }
    by_stage(&[&upgraded, &classic, &one, &many]);
    by_action(&[&upgraded, &classic, &one, &many]);
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target").join("waterfalls");
    let _made = std::fs::create_dir_all(&folder);
    for story in [&upgraded, &classic, &one, &slow] {
        println!("```text\n{}```\n", waterfall::text(story, delays));
        let file = folder.join(format!("{}.svg", story.name.replace([',', ' ', '.'], "-")));
        let _written = std::fs::write(file, waterfall::svg(story, delays));
    }

    for (story, path) in [(&upgraded, &paths[0]), (&classic, &paths[1]), (&one, &paths[2])] {
        goals.most(format!("{}: of the critical path", story.name), RATIO, story.seconds / path.seconds());
    }
    for (story, limit) in [&upgraded, &classic].into_iter().zip(COLD_LIMITS) {
        goals.most_by_limit(format!("{}: calls", story.name), COLD_CALLS, limit, story.calls.len() as f64);
    }
    goals.most("warm, 1 instance: calls", WARM_CALLS, one.calls.len() as f64);
    goals.most("warm, 1 instance, 0.1 s a call: seconds", SLOW, slow.seconds);
    let bound = one.calls.len() + more_pages(&one) + windows(&many);
    goals.most(
        "warm, 200 instances: calls (those of 1, pages, batches, 1 a window)",
        bound as f64,
        many.calls.len() as f64,
    );
}

fn steps(path: &Path) -> String {
    let steps: Vec<String> = path
        .longest()
        .into_iter()
        .filter(|(_, begin, end)| end > begin)
        .map(|(name, begin, end)| format!("{name} {}", number(end - begin)))
        .collect();
    format!("{} s = {}", number(path.seconds()), steps.join(" + "))
}

/// The further pages that the listings of a story with one more instance would have with 200 more: for each listing that it
/// began, the pages of what is listed.
fn more_pages(one: &Story) -> usize {
    let begun = |action: &str| one.calls.iter().filter(|call| call.action == action && !call.continues).count();
    let more = |per_page: usize| (MANY + 3).div_ceil(per_page) - 1;
    let batches = MANY.div_ceil(least::SERVERS_PER_CALL) - 1;
    begun("DescribeInstances") * more(least::INSTANCES_PER_PAGE)
        + begun("DescribeNetworkInterfaces") * more(least::INTERFACES_PER_PAGE)
        + begun("ListServerGroupServers") * more(least::SERVERS_PER_PAGE)
        + begun("GetListenerHealthStatus") * more(least::UNHEALTHY_PER_PAGE)
        + batches
}

/// The windows in which the events of a story arrived: runs that it started.
fn windows(many: &Story) -> usize {
    many.runs
}

fn keys<'s>(stories: &[&'s Story], key: impl Fn(&'s onboarding::Made) -> &'s str + Copy) -> Vec<Vec<String>> {
    let counts: Vec<BTreeMap<&str, usize>> = stories.iter().map(|story| story.count(key)).collect();
    let mut keys: Vec<&str> = counts.iter().flat_map(|counts| counts.keys().copied()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter()
        .map(|key| {
            let cells = counts.iter().map(|counts| counts.get(key).copied().unwrap_or_default().to_string());
            std::iter::once(key.to_owned()).chain(cells).collect()
        })
        .collect()
}

fn by_stage(stories: &[&Story]) {
    let head: Vec<&str> =
        std::iter::once("calls by stage").chain(stories.iter().map(|story| story.name.as_str())).collect();
    table(&head, &keys(stories, |call| call.stage.as_str()));
}

fn by_action(stories: &[&Story]) {
    let head: Vec<&str> =
        std::iter::once("calls by action").chain(stories.iter().map(|story| story.name.as_str())).collect();
    table(&head, &keys(stories, |call| call.action.as_str()));
}
