//! The text of a plan: changes by stage, and for blocked ones the reasons and remedies.

use onboarding::ids::BindingName;
use onboarding::{Change, Code, Consent, Plan, Reason, StageName, Write};

use crate::output::{Line, Style, Text};
use crate::unread::{self, PlanState};

/// The whole plan of a binding. What could not be read comes first.
pub(crate) fn table(binding: &BindingName, plan: &Plan) -> Text {
    let mut text = heading(binding, plan);
    for stage in StageName::ALL {
        let mut part = plan.of(stage).peekable();
        if part.peek().is_some() {
            text.line(format!("  {stage}"));
        }
        for change in part {
            one(&mut text, change);
        }
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
    // The calls that failed have been named.
    let said = |finding: &&Reason| finding.code == Code::Unread && !plan.unread.is_empty();
    let mut findings = plan.findings.iter().filter(|finding| !said(finding)).peekable();
    if findings.peek().is_some() {
        text.line("  also found");
        for finding in findings {
            text.line(format!("    ! {}", finding.message));
            remedy(&mut text, finding);
        }
    }
    text
}

/// The summary of the plan.
fn heading(binding: &BindingName, plan: &Plan) -> Text {
    let blocked = plan.changes.iter().filter(|change| !change.is_open()).count();
    let count = match (plan.changes.len(), blocked) {
        (0, _) if plan.pending.is_empty() => String::new(),
        (0, _) => "nothing to change, some of it is on its way".to_owned(),
        (all, 0) => changes(all),
        (all, blocked) => format!("{}, {blocked} of them blocked", changes(all)),
    };
    let strong = |words: String| Text::from(Line::styled(Style::Strong, words));
    match PlanState::of(plan) {
        PlanState::NotKnown => {
            let so_far = if plan.changes.is_empty() { String::new() } else { format!(" (so far {count})") };
            let mut text = strong(format!("{binding}: not known, because calls failed{so_far}"));
            text.extend(unread::lines(&plan.unread, "  "));
            text
        }
        PlanState::Missing(reason) => {
            let count = if plan.changes.is_empty() { String::new() } else { format!(" ({count})") };
            strong(format!("{binding}: not in place: {}{count}", reason.message))
        }
        PlanState::Wrong(reason) => strong(format!("{binding}: nothing to change, and yet: {}", reason.message)),
        PlanState::Differs => strong(format!("{binding}: {count}")),
        PlanState::InPlace => strong(format!("{binding}: everything is in place")),
    }
}

/// A change as a plan shows it, with the reasons that block it.
pub(crate) fn change(change: &Change) -> Text {
    let mut text = Text::default();
    one(&mut text, change);
    text
}

fn one(text: &mut Text, change: &Change) {
    let yes = if change.consent == Consent::Person { "  (needs a yes)" } else { "" };
    let (style, sign) = if change.is_open() { (Style::Good, sign(&change.write)) } else { (Style::Bad, "x") };
    text.line(Line::new("    ").then_styled(style, sign).then(format!(" {}{yes}", change.write)));
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

fn remedy(text: &mut Text, reason: &Reason) {
    let code = Line::new("        ").then_styled(Style::Bad, reason.code.as_str());
    text.line(code.then(format!(" {}", reason.code.remedy())));
}

/// `1 change`, `2 changes`.
pub(crate) fn changes(count: usize) -> String {
    if count == 1 { "1 change".to_owned() } else { format!("{count} changes") }
}

const fn sign(write: &Write) -> &'static str {
    match write {
        Write::UpdateServerGroup { .. }
        | Write::ForwardListener { .. }
        | Write::SetBandwidth { .. }
        | Write::UpdateServer { .. } => "~",
        Write::DeleteServerGroup { .. }
        | Write::RemoveVpcRoute { .. }
        | Write::RemoveTransitRoute { .. }
        | Write::RevokeIngress { .. }
        | Write::RemoveServer { .. } => "-",
        _ => "+",
    }
}

#[cfg(test)]
mod tests {
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
    }

    fn shown(plan: &Plan) -> String {
        table(&"web".into(), plan).render(false)
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
            (missing, Exit::Failed, "web: not in place: There is no load balancer alb-9"),
            (acl, Exit::Pending, "web: nothing to change, and yet: nacl-1 drops"),
            (shared, Exit::Done, "web: everything is in place"),
        ] {
            let plan = Plan { findings: vec![finding], ..Plan::default() };
            assert!(shown(&plan).starts_with(words), "{}", shown(&plan));
            assert_eq!(PlanState::of(&plan).exit(&plan), exit);
        }
    }
}
