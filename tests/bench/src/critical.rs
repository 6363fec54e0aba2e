//! The critical path: the shortest time in which the procedure's eight steps can be done, from the cloud's delays alone. It
//! knows nothing of the stages: steps, what each needs, and what can only be written one at a time.
//!
//! ```text
//!   1 server group ─► 2 listener ───────────────────────────────────────────────┐
//!   3 attach VPC1 ─► attach VPC2 ─► 4 connect ─► links (one write of a CEN at a time) ├─► 1 add member ─► 8 healthy
//!   3 attach VPC1 ─► 5 route there; 3 attach VPC2 ─► 6 routes back              ┤
//!   7 security rules ───────────────────────────────────────────────────────────┘
//! ```
//!
//! A member is added when its path is open, as albridge's rule is (a load balancer without healthy members sends traffic to
//! all of them). The order of the CEN's writes is chosen here, by hand, so that the routes' learning is over when the last
//! write is: [`Path::is_least`] proves that no other order is shorter.

use bench_albridge::delays::Delays;

/// One step.
struct Step {
    name: String,
    seconds: f64,
    /// Places of the steps that must be over.
    after: Vec<usize>,
}

/// The steps of a story, in an order in which each stands behind those that it needs.
pub struct Path {
    steps: Vec<Step>,
    /// The sum of what only one at a time may be: the CEN's writes.
    lane: f64,
    /// What can begin only after the lane is over.
    tail: f64,
}

/// What has to be made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// Everything, for an upgraded load balancer.
    ColdUpgraded,
    /// Everything, for an older one: with static routes for its prefixes.
    ColdClassic,
    /// Only members.
    Warm,
}

/// Prefixes of the load balancer in the procedure's world: two vSwitches, or eight of Chengdu's back-to-origin prefixes.
const CLASSIC_PREFIXES: usize = 8;

impl Path {
    /// The steps of a story.
    pub fn of(story: Story, delays: &Delays) -> Self {
        let mut path = Self { steps: Vec::new(), lane: 0.0, tail: 0.0 };
        let mut needed = Vec::new();
        if story != Story::Warm {
            let alb = delays.seconds("albWrite");
            let group = path.step("server group", alb, &[]);
            needed.push(path.step("listener", alb, &[group]));
            needed.push(path.step("security rules", 0.0, &[]));
            let (attach, link) = (delays.seconds("vpcAttach"), delays.seconds("tableLink"));
            let one = path.lane("attach VPC1", attach, None, &[]);
            let two = path.lane("attach VPC2", attach, Some(one), &[]);
            let route = delays.seconds("routeEntry");
            needed.push(path.step("route there", route, &[one]));
            needed.push(path.step("routes back", route, &[two]));
            let mut last = path.lane("connect", delays.seconds("peerAttach"), Some(two), &[]);
            let connected = last;
            if story == Story::ColdClassic {
                for prefix in 1..=CLASSIC_PREFIXES {
                    let seconds = delays.seconds("transitRouteEntry");
                    last = path.lane(&format!("static route {prefix}"), seconds, Some(last), &[one]);
                }
            }
            // What is learned last is written first; the associations of the VPCs' own attachments teach nobody anything.
            for what in ["VPC1's propagation", "VPC2's propagation", "the connection's association at VPC1's router"]
                .into_iter()
                .chain(["the connection's association at VPC2's router"])
                .chain([
                    "the connection's propagation at VPC1's router",
                    "the connection's propagation at VPC2's router",
                ])
            {
                last = path.lane(what, link, Some(last), &[connected]);
            }
            let learned = path.step("routes learned", delays.seconds("propagate"), &[last]);
            for what in ["VPC1's association", "VPC2's association"] {
                last = path.lane(what, link, Some(last), &[]);
            }
            needed.extend([learned, last]);
        }
        let added = path.step("add the member", delays.seconds("albWrite"), &needed);
        path.step("healthy", delays.healthy(), &[added]);
        path.tail = delays.seconds("albWrite") + delays.healthy();
        path
    }

    fn step(&mut self, name: &str, seconds: f64, after: &[usize]) -> usize {
        self.steps.push(Step { name: name.to_owned(), seconds, after: after.to_vec() });
        self.steps.len() - 1
    }

    fn lane(&mut self, name: &str, seconds: f64, before: Option<usize>, after: &[usize]) -> usize {
        self.lane += seconds;
        let after: Vec<usize> = before.into_iter().chain(after.iter().copied()).collect();
        self.step(name, seconds, &after)
    }

    /// When each step is over.
    fn ends(&self) -> Vec<f64> {
        let mut ends: Vec<f64> = Vec::new();
        for step in &self.steps {
            let begin = step.after.iter().map(|place| ends[*place]).fold(0.0, f64::max);
            ends.push(begin + step.seconds);
        }
        ends
    }

    /// The longest path, in seconds.
    pub fn seconds(&self) -> f64 {
        self.ends().into_iter().fold(0.0, f64::max)
    }

    /// Whether no schedule can be shorter: what only one at a time may be, and what must follow it, take as long.
    pub fn is_least(&self) -> bool {
        self.seconds() <= self.lane + self.tail + 1e-9
    }

    /// The longest path's steps, first to last, each with its beginning and end.
    pub fn longest(&self) -> Vec<(&str, f64, f64)> {
        let ends = self.ends();
        let mut place = (0..ends.len()).max_by(|a, b| ends[*a].total_cmp(&ends[*b]));
        let mut path = Vec::new();
        while let Some(at) = place {
            let step = &self.steps[at];
            path.push((step.name.as_str(), ends[at] - step.seconds, ends[at]));
            place = step.after.iter().copied().max_by(|a, b| ends[*a].total_cmp(&ends[*b]));
        }
        path.reverse();
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_schedule_is_shorter() {
        let delays = Delays::read();
        for story in [Story::ColdUpgraded, Story::ColdClassic, Story::Warm] {
            let path = Path::of(story, &delays);
            assert!(path.is_least(), "{} s", path.seconds());
            let last = path.longest().last().map(|(_, _, end)| *end);
            assert_eq!(last, Some(path.seconds()));
        }
    }
}
