//! One check in one state of the world: which changes it blocks, that a run makes none of these, and that it makes all
//! others.

use std::collections::BTreeSet;
use std::time::Duration;

use emulator::CallRecord;
use emulator::call::{Caller, Service};
use end_to_end::{Console, start, worlds};
use local::{Generation, Local, Options, PROCEDURE_BINDING, Stack};
use onboarding::ids::BindingName;
use onboarding::topology::AttachmentRef;
use onboarding::{Code, Plan, Write};
use stage::Invocation;

/// The changes of the procedure's onboarding for an upgraded ALB, by kind.
pub(crate) const ALL: &[&str] = &[
    "group",
    "listener",
    "attach vpc-1",
    "attach vpc-2",
    "connect cn-hangzhou",
    "link vpc-1",
    "link vpc-2",
    "link cn-hangzhou",
    "route vpc-1",
    "route vpc-2",
    "rules sg-2",
    "member i-ecs1",
];

/// A state of the world, and its expected consequences.
pub(crate) struct Case {
    /// The code of the check.
    pub(crate) code: Code,
    /// The ALB's generation.
    pub(crate) generation: Generation,
    /// The initial world.
    pub(crate) scenario: String,
    /// The bindings.
    pub(crate) bindings: String,
    /// Regions in addition to the emulator's own.
    pub(crate) regions: Vec<&'static str>,
    /// What happens to the world before the check.
    pub(crate) state: Vec<Step>,
    /// The changes that the code blocks.
    pub(crate) blocked: Vec<&'static str>,
    /// The changes that are open.
    pub(crate) open: Vec<&'static str>,
    /// Whether the plan contains the code.
    pub(crate) found: bool,
    /// Other codes, with the changes that each blocks; a code without changes is among the findings.
    pub(crate) also: Vec<(Code, Vec<&'static str>)>,
    /// Codes in the plan after the run, with the changes that each blocks.
    pub(crate) later: Vec<(Code, Vec<&'static str>)>,
    /// Codes that the run's stages report.
    pub(crate) reported: Vec<Code>,
}

/// Something that happens to the world before albridge reads it.
pub(crate) enum Step {
    /// An action at once.
    Do(Box<dyn Fn(Console<'_>)>),
    /// A wait, in seconds.
    Wait(u64),
    /// A run.
    Run,
}

impl Case {
    /// The procedure's world without faults, with `i-ecs1` running.
    pub(crate) fn new(code: Code) -> Self {
        Self {
            code,
            generation: Generation::Upgraded,
            scenario: running(emulator::PROCEDURE),
            bindings: PROCEDURE_BINDING.to_owned(),
            regions: Vec::new(),
            state: Vec::new(),
            blocked: Vec::new(),
            open: ALL.to_vec(),
            found: true,
            also: Vec::new(),
            later: Vec::new(),
            reported: Vec::new(),
        }
    }

    /// With a non-upgraded ALB.
    pub(crate) fn classic(mut self) -> Self {
        self.generation = Generation::Classic;
        self.open.push("transit route");
        self
    }

    /// With `old` replaced everywhere in the scenario.
    pub(crate) fn scenario(mut self, old: &str, new: &str) -> Self {
        assert!(self.scenario.contains(old), "{old}");
        self.scenario = self.scenario.replace(old, new);
        self
    }

    /// With `old` replaced everywhere in the binding.
    pub(crate) fn binding(mut self, old: &str, new: &str) -> Self {
        assert!(self.bindings.contains(old), "{old}");
        self.bindings = self.bindings.replace(old, new);
        self
    }

    /// With an additional region in the world.
    pub(crate) fn region(mut self, region: &'static str) -> Self {
        self.regions.push(region);
        self
    }

    /// After an action.
    pub(crate) fn after(mut self, step: impl Fn(Console<'_>) + 'static) -> Self {
        self.state.push(Step::Do(Box::new(step)));
        self
    }

    /// After a wait, in seconds.
    pub(crate) fn wait(mut self, seconds: u64) -> Self {
        self.state.push(Step::Wait(seconds));
        self
    }

    /// The changes that the check blocks.
    pub(crate) fn blocks(mut self, kinds: &[&'static str]) -> Self {
        self.blocked = kinds.to_vec();
        self.without(kinds)
    }

    /// Changes that are not open: they depend on blocked ones, or are not planned.
    pub(crate) fn without(mut self, kinds: &[&'static str]) -> Self {
        self.open.retain(|kind| !kinds.contains(kind));
        self
    }

    /// Changes that are open in addition.
    pub(crate) fn with(mut self, kinds: &[&'static str]) -> Self {
        self.open.extend(kinds);
        self
    }

    /// Changes that another code blocks.
    pub(crate) fn carries(mut self, code: Code, kinds: &[&'static str]) -> Self {
        self.also.push((code, kinds.to_vec()));
        self
    }

    /// Changes that another code blocks after the run.
    pub(crate) fn leaves_waiting(mut self, code: Code, kinds: &[&'static str]) -> Self {
        self.later.push((code, kinds.to_vec()));
        self
    }

    /// No plan contains the code; the run reports it.
    pub(crate) fn reports(mut self) -> Self {
        self.found = false;
        self.reported.push(self.code);
        self
    }

    /// After a first run has set up everything.
    pub(crate) fn onboarded(mut self) -> Self {
        self.state.push(Step::Run);
        self.open = Vec::new();
        self
    }

    /// All codes of this case.
    pub(crate) fn codes(&self) -> Vec<Code> {
        let others = self.also.iter().chain(&self.later).map(|(code, _)| *code);
        others.chain(self.reported.iter().copied()).chain(self.found.then_some(self.code)).collect()
    }

    /// The plan does not contain the code, because the state is no fault here.
    pub(crate) fn unfound(mut self) -> Self {
        self.found = false;
        self
    }

    /// Only these changes are open.
    pub(crate) fn leaves(mut self, kinds: &[&'static str]) -> Self {
        self.open = kinds.to_vec();
        self
    }

    async fn begin(&self) -> Local {
        let home = Stack::home().with("TimerCron", "0 0 0 1 1 *");
        let mut options = Options {
            generation: self.generation,
            scenario: self.scenario.clone(),
            bindings: self.bindings.clone(),
            stacks: vec![home],
            ..worlds::options(self.generation)
        };
        options.settings.regions.extend(self.regions.iter().map(|region| (*region).to_owned()));
        let local = start(options).await;
        for step in &self.state {
            match step {
                Step::Do(act) => act(Console(&local)),
                Step::Wait(seconds) => Console(&local).wait(Duration::from_secs(*seconds)).await,
                Step::Run => drop(Console(&local).run("first").await),
            }
        }
        local
    }

    /// Puts the world into the state, plans, runs, and plans again.
    pub(crate) async fn hold(self) {
        let local = self.begin().await;
        let before = plan(&local).await;
        assert_eq!(of(&before, onboarding::Change::is_open), set(&self.open), "open, of {before:#?}");
        assert_eq!(carrying(&before, self.code), set(&self.blocked), "blocked by {}, of {before:#?}", self.code);
        assert_eq!(names(&before, self.code), self.found, "{} in {before:#?}", self.code);
        for (code, kinds) in &self.also {
            assert_eq!(carrying(&before, *code), set(kinds), "blocked by {code}, of {before:#?}");
            assert!(names(&before, *code), "{code} in {before:#?}");
        }

        let earlier = local.cloud().gateway().log().len();
        let reports = Console(&local).run("check").await;
        for code in &self.reported {
            let mut said = reports.iter().flat_map(|report| report.blocked.iter().chain(&report.findings));
            assert!(said.any(|reason| reason.code == *code), "{code} in {reports:#?}");
        }
        let log = local.cloud().gateway().log();
        let by_function = |call: &&CallRecord| matches!(call.caller, Some(Caller::Role(_)));
        let tried: Vec<&CallRecord> = log.iter().skip(earlier).filter(by_function).collect();
        for kind in &self.blocked {
            let writes: Vec<_> = tried.iter().filter(|call| attempts(&local, kind, call)).collect();
            assert!(writes.is_empty(), "{kind} is blocked: {writes:?}");
        }
        let after = plan(&local).await;
        assert_eq!(of(&after, onboarding::Change::is_open), BTreeSet::new(), "the rest happened, of {after:#?}");
        let kinds = of(&after, |_| true);
        let left: Vec<_> = self.open.iter().filter(|kind| kinds.contains(**kind)).collect();
        assert!(left.is_empty(), "not done: {left:?}");
        for (code, kinds) in &self.later {
            assert_eq!(carrying(&after, *code), set(kinds), "blocked by {code}, of {after:#?}");
        }
    }
}

/// The changes that a code blocks.
fn carrying(plan: &Plan, code: Code) -> BTreeSet<String> {
    of(plan, |change| change.blocked.iter().any(|reason| reason.code == code))
}

/// Whether a plan contains a code.
fn names(plan: &Plan, code: Code) -> bool {
    let blocked = plan.changes.iter().flat_map(|change| &change.blocked);
    plan.findings.iter().chain(blocked).any(|reason| reason.code == code)
}

/// A scenario whose instances are running from the start.
pub(crate) fn running(scenario: &str) -> String {
    scenario.replace("state: Stopped, ", "")
}

/// The plan of a run at this moment.
pub(crate) async fn plan(local: &Local) -> Plan {
    let host = local.operator_host();
    let deadline = host.clock().now() + Duration::from_secs(600);
    let invocation = Invocation::until(&host, deadline);
    stage::plan_whole(&invocation, &BindingName::from("web"), false).await.unwrap().1
}

fn set(kinds: &[&str]) -> BTreeSet<String> {
    kinds.iter().map(|kind| (*kind).to_owned()).collect()
}

fn of(plan: &Plan, which: impl Fn(&onboarding::Change) -> bool) -> BTreeSet<String> {
    plan.changes.iter().filter(|change| which(change)).map(|change| kind(&change.write)).collect()
}

/// The kind of a change.
pub(crate) fn kind(write: &Write) -> String {
    match write {
        Write::CreateServerGroup { .. } => "group".to_owned(),
        Write::CreateListener { .. } => "listener".to_owned(),
        Write::AttachVpc { vpc, .. } => format!("attach {vpc}"),
        Write::Connect { to, .. } => format!("connect {to}"),
        Write::PublishRoutes { to, .. } => format!("publish {to}"),
        Write::Associate { attachment, .. } | Write::Propagate { attachment, .. } => match attachment {
            AttachmentRef::Vpc { vpc } => format!("link {vpc}"),
            AttachmentRef::Peer { to, .. } => format!("link {to}"),
        },
        Write::AddVpcRoute { vpc, .. } => format!("route {vpc}"),
        Write::AddTransitRoute { .. } => "transit route".to_owned(),
        Write::AllowIngress { group, .. } => format!("rules {group}"),
        Write::AddServer { instance, .. } => format!("member {instance}"),
        Write::UpdateServer { instance, weight: 0, .. } => format!("leave {instance}"),
        Write::RemoveServer { instance, .. } => format!("remove {instance}"),
        Write::SetBandwidth { to, .. } => format!("bandwidth {to}"),
        other => other.to_string(),
    }
}

/// Whether a call is, or could be, an attempt at a change of this kind. Refused calls count too.
fn attempts(local: &Local, kind: &str, call: &CallRecord) -> bool {
    let (what, which) = kind.split_once(' ').unwrap_or((kind, ""));
    let has = |name: &str, value: &str| call.params.get(name) == Some(value);
    match what {
        "group" => call.action == "CreateServerGroup",
        "listener" => call.action == "CreateListener",
        "attach" => call.action == "CreateTransitRouterVpcAttachment" && has("VpcId", which),
        "connect" => call.action == "CreateTransitRouterPeerAttachment",
        "bandwidth" => {
            call.action == "UpdateTransitRouterPeerAttachmentAttribute" && call.params.get("Bandwidth").is_some()
        }
        "leave" => {
            let note = format!("/{which}/drain-");
            call.action == "UpdateServerGroupServersAttribute"
                && call.params.iter().any(|(_, value)| value.contains(&note))
        }
        "remove" => call.action == "RemoveServersFromServerGroup",
        "publish" => call.action == "UpdateTransitRouterPeerAttachmentAttribute",
        "link" => {
            let links = ["AssociateTransitRouterAttachmentWithRouteTable", "EnableTransitRouterRouteTablePropagation"];
            links.contains(&call.action.as_str())
                && attachment(local, which).is_some_and(|id| has("TransitRouterAttachmentId", &id))
        }
        "route" => {
            // A call may carry several routes of one table.
            let table = format!("vtb-{which}");
            let named = call.action == "CreateRouteEntry" && has("RouteTableId", &table);
            named || call.action == "CreateRouteEntries" && has("RouteEntries.1.RouteTableId", &table)
        }
        "transit" => call.action == "CreateTransitRouterRouteEntry",
        "rules" => call.action == "AuthorizeSecurityGroup" && has("SecurityGroupId", which),
        "member" => {
            // A call may carry several members; the description ends with the instance.
            let note = format!("/{which}");
            call.action == "AddServersToServerGroup" && call.params.iter().any(|(_, value)| value.ends_with(&note))
        }
        _ => panic!("{kind}"),
    }
}

/// The attachment of a VPC, or the connection with a region, if it exists.
fn attachment(local: &Local, which: &str) -> Option<String> {
    let (action, filter) = match which.starts_with("vpc-") {
        true => ("ListTransitRouterVpcAttachments", ("VpcId", which)),
        false => ("ListTransitRouterPeerAttachments", ("CenId", "cen-1")),
    };
    let found = Console(local).act(Service::Cbn, "cn-chengdu", action, &[filter]);
    Some(found["TransitRouterAttachments"][0]["TransitRouterAttachmentId"].as_str()?.to_owned())
}
