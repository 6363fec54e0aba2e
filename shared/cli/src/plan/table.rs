//! The text of a plan: first why something cannot be done, then the changes by stage with every setting that they set, and totals.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use onboarding::causes::Causes;
use onboarding::change::Kind;
use onboarding::difference::{self, Setting};
use onboarding::ids::BindingName;
use onboarding::words::counted;
use onboarding::{Change, Code, Consent, Plan, Reason, StageName, Topology, Write};

use super::seen::{Seen, View};
use crate::causes;
use crate::output::{Line, Style, Table, Text};
use crate::unread::{self, PlanState};

/// What the settings of a health check begin with.
const CHECK: &str = "health check";
/// The most members of one stage that wait for time and are named.
const NAMED: usize = 5;

/// The plan of a binding. What could not be read comes first, and then what stands in the way. The causes stand for the blocked
/// changes, unless all are to be shown.
pub(crate) fn table(binding: &BindingName, seen: &Seen, view: &View) -> Text {
    let Seen { topology, plan, causes, asks } = seen;
    let all = view.all;
    let mut text = heading(binding, seen, all);
    text.extend(causes::lines(causes, plan, "  ", all));
    for stage in StageName::ALL {
        let shown = plan.of(stage).filter(|change| view.holds(change));
        let shown: Vec<&Change> = shown.filter(|change| all || change.is_open() || lapses(change)).collect();
        if !shown.is_empty() {
            text.line(format!("  {stage}"));
        }
        let (later, now): (Vec<&Change>, Vec<&Change>) = shown.into_iter().partition(|change| !all && lapses(change));
        for change in now {
            // Where something stands in the way, it is not hidden among defaults.
            one(&mut text, topology, change, *asks, all || causes::passes(causes));
        }
        for reason in later.iter().take(NAMED).filter_map(|change| change.blocked.first()) {
            text.line(format!("    . {}", reason.message));
        }
        if later.len() > NAMED {
            text.line(format!("    +{} more that only wait for a time (--all shows them)", later.len() - NAMED));
        }
    }
    text.extend(afterwards(plan, causes, view.all));
    text.extend(totals(plan, view));
    text
}

/// The plan with a row for each change, blocked or not.
pub(super) fn wide(binding: &BindingName, seen: &Seen, view: &View, room: usize) -> Text {
    let Seen { topology, plan, causes, asks } = seen;
    let mut text = heading(binding, seen, view.all);
    text.extend(causes::lines(causes, plan, "  ", view.all));
    let mut table = Table::new(&["stage", "", "change", "from -> to", "needs", "blocked by"]);
    for stage in StageName::ALL {
        for change in plan.of(stage).filter(|change| view.holds(change)) {
            let codes: BTreeSet<&str> = change.blocked.iter().map(|reason| reason.code.as_str()).collect();
            let codes: Vec<&str> = codes.into_iter().collect();
            let why = change.why.map(|why| format!(", because {}", why.cause())).unwrap_or_default();
            table.row(
                (!change.is_open() && !lapses(change)).then_some(Style::Bad),
                [
                    stage.to_string(),
                    if change.is_open() { sign(&change.write).to_owned() } else { "x".to_owned() },
                    format!("{}{why}", change.write),
                    difference::moves(topology, &change.write),
                    if *asks && change.consent == Consent::Person { "a yes".to_owned() } else { String::new() },
                    codes.join(", "),
                ],
            );
        }
    }
    if !table.is_empty() {
        text.extend(table.lines(2, room));
    }
    text.extend(afterwards(plan, causes, view.all));
    text.extend(totals(plan, &View { all: true, focus: view.focus.clone() }));
    text
}

/// What follows from the changes, what is on its way, and what else was found.
fn afterwards(plan: &Plan, causes: &Causes, all: bool) -> Text {
    let mut text = Text::default();
    for line in ignored(plan, all) {
        text.line(format!("  ignored: {line}"));
    }
    for follow_up in &plan.follow_ups {
        text.line(format!("  then: {follow_up}"));
    }
    if !plan.pending.is_empty() {
        text.line("  on its way");
        for pending in &plan.pending {
            text.line(format!("    . {} ({})", pending.what, pending.stage));
        }
    }
    if !causes.notes.is_empty() {
        text.line("  also found");
        text.extend(causes::notes(causes, "    "));
    }
    text
}

/// What differs and is left, because the binding says so; the first ones, unless all are to be shown.
pub(crate) fn ignored(plan: &Plan, all: bool) -> Vec<String> {
    let most = if all { usize::MAX } else { NAMED };
    let mut lines: Vec<String> = plan.ignored.iter().take(most).map(ToString::to_string).collect();
    if plan.ignored.len() > most {
        lines.push(format!("+{} more (--all shows them)", plan.ignored.len() - most));
    }
    lines
}

/// The summary of the plan.
fn heading(binding: &BindingName, seen: &Seen, all: bool) -> Text {
    let Seen { plan, causes, asks, .. } = seen;
    let strong = |words: String| Text::from(Line::styled(Style::Strong, words));
    let why = causes::headline(causes);
    let asked = |change: &&Change| *asks && change.is_open() && change.consent == Consent::Person;
    let count = || match plan.changes.iter().filter(asked).count() {
        0 => changes(plan.changes.len()),
        1 => format!("{}, 1 of them needs a yes", changes(plan.changes.len())),
        some => format!("{}, {some} of them need a yes", changes(plan.changes.len())),
    };
    match PlanState::of(plan, causes) {
        PlanState::NotKnown => {
            let so_far = if plan.changes.is_empty() { String::new() } else { format!(" (so far {})", count()) };
            let mut text = strong(format!("{binding}: not known, because readings failed{so_far}"));
            text.extend(unread::lines(&plan.unread, "  ", all));
            text
        }
        PlanState::Missing => strong(format!("{binding}: not in place, {}", why.unwrap_or_default())),
        PlanState::Wrong => strong(format!("{binding}: nothing to change, and yet {}", why.unwrap_or_default())),
        PlanState::Differs if plan.changes.is_empty() => {
            strong(format!("{binding}: nothing to change, some of it is on its way"))
        }
        PlanState::Differs => strong(match why {
            Some(why) => format!("{binding}: {}; {why}", count()),
            None => format!("{binding}: {}", count()),
        }),
        // What is noted beneath may be what somebody left, so not everything is as it should be.
        PlanState::InPlace if !causes.notes.is_empty() => strong(format!("{binding}: nothing to change")),
        PlanState::InPlace => strong(format!("{binding}: everything is in place")),
    }
}

/// `Plan: 3 to add, 1 to change, 0 to remove, 2 blocked`.
fn totals(plan: &Plan, view: &View) -> Text {
    if plan.changes.is_empty() {
        return Text::default();
    }
    let shown: Vec<&Change> = plan.changes.iter().filter(|change| view.holds(change)).collect();
    let counted = |wanted: &str| {
        let open = shown.iter().filter(|change| change.is_open());
        open.filter(|change| sign(&change.write) == wanted).count()
    };
    let later = shown.iter().filter(|change| lapses(change)).count();
    let blocked = shown.iter().filter(|change| !change.is_open()).count() - later;
    let mut words = format!(
        "Plan: {} to add, {} to change, {} to remove, {blocked} blocked",
        counted("+"),
        counted("~"),
        counted("-")
    );
    if later > 0 {
        let _never = write!(words, ", {later} later");
    }
    if blocked > 0 && !view.all {
        words.push_str(" (--all shows them)");
    }
    match plan.changes.len() - shown.len() {
        0 => {}
        1 => words.push_str("; 1 other change is not asked for"),
        others => {
            let _never = write!(words, "; {others} other changes are not asked for");
        }
    }
    Text::from(Line::new("  ").then_styled(Style::Strong, words))
}

/// Whether a change waits for a time alone.
fn lapses(change: &Change) -> bool {
    !change.is_open() && change.blocked.iter().all(|reason| reason.until.is_some())
}

/// A change as a plan shows it, with the reasons that block it. `asks`: runs leave to a person what costs money.
pub(crate) fn change(topology: &Topology, change: &Change, asks: bool) -> Text {
    let mut text = Text::default();
    one(&mut text, topology, change, asks, true);
    text
}

/// A change in one line, and the settings that need lines of their own.
fn title(topology: &Topology, change: &Change) -> (Line, Vec<Setting>) {
    let (style, sign) = if change.is_open() { (Style::Good, sign(&change.write)) } else { (Style::Bad, "x") };
    let mut settings = difference::settings(topology, &change.write);
    let title = match &change.write {
        // One line says all of it.
        Write::UpdateServer { instance, address, port, .. } if !settings.is_empty() => {
            let parts: Vec<String> = settings.drain(..).map(|setting| setting.moved()).collect();
            format!("{instance} at {address}:{port}: {}", parts.join(", "))
        }
        write => write.to_string(),
    };
    let why = change.why.map(|why| format!(", because {}", why.cause())).unwrap_or_default();
    (Line::default().then_styled(style, sign).then(format!(" {title}{why}")), settings)
}

/// The changes that a run makes now, the first of them in a line each. None of these needs a yes any more: the binding says it.
pub(crate) fn open(topology: &Topology, plan: &Plan, most: usize, indent: &str) -> Text {
    let open: Vec<&Change> = plan.changes.iter().filter(|change| change.is_open()).collect();
    let mut text = Text::default();
    for change in open.iter().take(most) {
        let (line, settings) = title(topology, change);
        let moves: Vec<String> = settings.iter().filter(|setting| setting.from.is_some()).map(Setting::moved).collect();
        let moves = if moves.is_empty() { String::new() } else { format!(": {}", moves.join(", ")) };
        text.line(Line::new(indent).join(line).then(moves));
    }
    if open.len() > most {
        text.line(format!("{indent}+{} more, none of them blocked", open.len() - most));
    }
    text
}

fn one(text: &mut Text, topology: &Topology, change: &Change, asks: bool, defaults: bool) {
    let (line, mut settings) = title(topology, change);
    settings.retain(|setting| defaults || !setting.is_default || setting.from.is_some());
    let yes = if asks && change.consent == Consent::Person { "  (needs a yes)" } else { "" };
    text.line(Line::new("    ").join(line).then(yes));
    details(text, &settings);
    for reason in &change.blocked {
        if reason.code == Code::Unread {
            text.line(
                Line::new("        ")
                    .then_styled(Style::Bad, reason.code.as_str())
                    .then(format!(" not known: {}.", reason.resource)),
            );
            continue;
        }
        text.line(format!("        {}", reason.message));
        remedy(text, reason);
    }
}

/// The settings: what changes in a line each, and of what is made first what was asked for, then the defaults.
fn details(text: &mut Text, settings: &[Setting]) {
    let (changed, made): (Vec<&Setting>, Vec<&Setting>) = settings.iter().partition(|setting| setting.from.is_some());
    for setting in changed {
        text.line(Line::new("        ").then_styled(Style::Good, "~").then(format!(" {}", setting.moved())));
    }
    let listed = |defaults: bool| {
        let named: Vec<&&Setting> = made.iter().filter(|setting| setting.is_default == defaults).collect();
        let (check, others): (Vec<&Setting>, Vec<&Setting>) =
            named.into_iter().copied().partition(|setting| setting.name.starts_with(CHECK));
        let words =
            |setting: &&Setting| format!("{} {}", setting.name.trim_start_matches(CHECK).trim_start(), setting.to);
        let mut parts: Vec<String> = others.iter().map(words).collect();
        if !check.is_empty() {
            let check: Vec<String> = check.iter().map(|setting| words(setting).trim_start().to_owned()).collect();
            parts.push(format!("{CHECK} {}", check.join(", ")));
        }
        parts.join(", ")
    };
    let (asked, usual) = (listed(false), listed(true));
    let lists =
        [(None, asked), (Some(Style::Faint), if usual.is_empty() { usual } else { format!("by default: {usual}") })];
    for (style, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        let line = format!("        {list}");
        let line = style.map_or_else(|| Line::new(&line), |style| Line::styled(style, &line));
        text.line(line.hanging(8).flowing());
    }
}

fn remedy(text: &mut Text, reason: &Reason) {
    let code = Line::new("        ").then_styled(Style::Bad, reason.code.as_str());
    text.line(code.then(format!(" {}", reason.remedy())));
}

/// `1 change`, `2 changes`.
pub(crate) fn changes(count: usize) -> String {
    counted(count, "change")
}

/// Whether a write adds, changes or removes something: `+`, `~` or `-`.
pub(crate) const fn sign(write: &Write) -> &'static str {
    match write.kind() {
        Kind::Add => "+",
        Kind::Change => "~",
        Kind::Remove => "-",
    }
}

#[cfg(test)]
mod tests {
    use onboarding::causes::NextRun;
    use onboarding::change::Leaving;
    use onboarding::plan::Pending;
    use onboarding::topology::AttachmentRef;
    use onboarding::unread::Cause;
    use onboarding::{Code, FailedCall};

    use super::*;
    use crate::output::Exit;

    fn plan() -> Plan {
        let attach = Write::AttachVpc {
            region: "cn-chengdu".into(),
            vpc: "vpc-1".into(),
            zones: vec![("cn-chengdu-a".into(), "vsw-1".into()), ("cn-chengdu-b".into(), "vsw-2".into())],
        };
        let associate = Write::Associate {
            region: "cn-chengdu".into(),
            table: "vtb-1".into(),
            attachment: AttachmentRef::Vpc { vpc: "vpc-1".into() },
        };
        let full = Reason::new(Code::VSwitchFull, "vsw-1", "vsw-1 has no free address for the transit router.");
        let remove = Write::RemoveServer {
            instance: "i-9".into(),
            address: [192, 168, 7, 9].into(),
            port: 80,
            why: Leaving::Released,
        };
        Plan {
            changes: vec![
                Change::new(StageName::Listener, Write::CreateListener { protocol: "HTTP".to_owned(), port: 80 }),
                Change::new(StageName::VpcAttachments, attach).with_consent(Consent::Person).blocked_by(full),
                Change::new(StageName::VpcAttachments, associate).with_consent(Consent::Person),
                Change::new(StageName::BackendServers, remove),
            ],
            pending: vec![Pending {
                stage: StageName::PeerAttachment,
                what: "attachment tr-a is Attaching".to_owned(),
                lane: None,
                awaited: None,
            }],
            findings: vec![Reason::new(Code::Orphan, "rt-1", "The route rt-1 is marked for old, which nobody wants.")],
            ..Plan::default()
        }
    }

    #[test]
    fn a_plan_reads_by_stage_with_reasons_and_remedies() {
        insta::assert_snapshot!(shown(&plan()));
        let all = table(&"web".into(), &seen(&plan()), &View { all: true, focus: None }).render(false);
        assert!(all.contains("x attach vpc-1") && all.contains("XREG-VSWITCH-FULL Free an address"), "{all}");
    }

    fn seen(plan: &Plan) -> Seen {
        let store = onboarding::Store::parse(local::PROCEDURE_BINDING, "bindings.yml").unwrap();
        let causes = Causes::of(&store.bindings[0], plan, &[], NextRun::Writes);
        Seen { topology: Topology::default(), plan: plan.clone(), causes, asks: true }
    }

    fn shown(plan: &Plan) -> String {
        table(&"web".into(), &seen(plan), &View::default()).render(false)
    }

    #[test]
    fn an_empty_plan_is_said_in_one_line() {
        assert_eq!(shown(&Plan::default()), "web: everything is in place");
        let pending = Plan { changes: Vec::new(), findings: Vec::new(), ..plan() };
        assert!(shown(&pending).starts_with("web: nothing to change, some of it is on its way\n"));
    }

    #[test]
    fn what_could_not_be_read_is_said_first_and_once() {
        let call = |action: &str| FailedCall {
            cause: Cause::Permission,
            code: "NoPermission".to_owned(),
            action: action.to_owned(),
            service: "alb".to_owned(),
            region: "cn-chengdu".to_owned(),
            message: "You are not authorized.".to_owned(),
        };
        let unread = |what: &str| Reason::new(Code::Unread, what, format!("Could not read {what}: X: NoPermission."));
        let create = Write::CreateListener { protocol: "HTTP".to_owned(), port: 80 };
        let plan = Plan {
            changes: vec![Change::new(StageName::Listener, create).blocked_by(unread("the server groups"))],
            findings: vec![unread("the listeners"), unread("the members")],
            unread: ["ListServerGroups", "ListListeners"].map(call).into_iter().collect(),
            ..Plan::default()
        };
        insta::assert_snapshot!(shown(&plan));
        let empty = Plan { changes: Vec::new(), ..plan };
        assert!(!shown(&empty).contains("in place"), "{}", shown(&empty));
        assert_eq!(shown(&empty).matches("NoPermission").count(), 1);
    }

    #[test]
    fn nothing_to_change_is_not_in_place_while_something_cannot_work() {
        let missing = Reason::new(Code::AlbMissing, "alb-9", "There is no load balancer alb-9 in cn-chengdu.");
        let acl = Reason::new(Code::NetworkAcl, "nacl-1", "nacl-1 drops the answers.");
        let shared = Reason::new(Code::GroupShared, "sg-2", "sg-2 has other members.");
        for (finding, exit, words) in [
            (missing, Exit::Pending, "web: not in place, 1 cause\n  XREG-ALB-MISSING  There is no load balancer alb-9"),
            (acl, Exit::Pending, "web: nothing to change, and yet 1 cause\n  XREG-NETWORK-ACL  nacl-1 drops"),
            (shared, Exit::Done, "web: nothing to change\n  also found\n    XREG-GROUP-SHARED"),
        ] {
            let plan = Plan { findings: vec![finding], ..Plan::default() };
            assert!(shown(&plan).starts_with(words), "{}", shown(&plan));
            let causes = seen(&plan).causes;
            assert_eq!(PlanState::of(&plan, &causes).exit(&plan, &causes), exit);
        }
    }
}
