//! A plan as people read it: by stage, what is blocked with its reasons and remedies.

use std::fmt::Write as _;

use onboarding::ids::BindingName;
use onboarding::{Change, Consent, Plan, Reason, StageName, Write};

use crate::output::{Console, Tone};

/// The whole plan of a binding, without a line end at its end.
pub(crate) fn table(binding: &BindingName, plan: &Plan, console: Console) -> String {
    let blocked = plan.changes.iter().filter(|change| !change.is_open()).count();
    let heading = match (plan.changes.len(), blocked) {
        (0, _) if plan.pending.is_empty() => format!("{binding}: everything is in place"),
        (0, _) => format!("{binding}: nothing to change, some of it is on its way"),
        (all, 0) => format!("{binding}: {}", changes(all)),
        (all, blocked) => format!("{binding}: {}, {blocked} of them blocked", changes(all)),
    };
    let mut text = console.tint(Tone::Strong, heading);
    for stage in StageName::ALL {
        let mut part = plan.of(stage).peekable();
        if part.peek().is_some() {
            section(&mut text, stage.as_str());
        }
        for change in part {
            one(&mut text, change, console);
        }
    }
    for follow_up in &plan.follow_ups {
        push(&mut text, &format!("  then: {follow_up}"));
    }
    if !plan.pending.is_empty() {
        section(&mut text, "on its way");
        for pending in &plan.pending {
            push(&mut text, &format!("    . {} ({})", pending.what, pending.stage));
        }
    }
    if !plan.findings.is_empty() {
        section(&mut text, "also found");
        for finding in &plan.findings {
            push(&mut text, &format!("    ! {}", finding.message));
            remedy(&mut text, finding, console);
        }
    }
    text
}

/// A change as a plan shows it, with what stands against it; a line end comes first.
pub(crate) fn change(change: &Change, console: Console) -> String {
    let mut text = String::new();
    one(&mut text, change, console);
    text
}

fn one(text: &mut String, change: &Change, console: Console) {
    let yes = if change.consent == Consent::Person { "  (needs a yes)" } else { "" };
    if change.is_open() {
        let sign = console.tint(Tone::Good, sign(&change.write));
        return push(text, &format!("    {sign} {}{yes}", change.write));
    }
    push(text, &format!("    {} {}{yes}", console.tint(Tone::Bad, "x"), change.write));
    for reason in &change.blocked {
        push(text, &format!("        {}", reason.message));
        remedy(text, reason, console);
    }
}

fn remedy(text: &mut String, reason: &Reason, console: Console) {
    let code = console.tint(Tone::Bad, reason.code.as_str());
    push(text, &format!("        {code} {}", reason.code.remedy()));
}

fn section(text: &mut String, title: &str) {
    push(text, &format!("  {title}"));
}

fn push(text: &mut String, line: &str) {
    let _never = write!(text, "\n{line}");
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
    use onboarding::change::{AttachmentRef, Leaving};
    use onboarding::plan::Pending;
    use onboarding::reason::Code;

    use super::*;

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
            }],
            findings: vec![Reason::new(Code::Orphan, "rt-1", "The route rt-1 is marked for old, which nobody wants.")],
            ..Plan::default()
        }
    }

    #[test]
    fn a_plan_reads_by_stage_with_reasons_and_remedies() {
        insta::assert_snapshot!(table(&"web".into(), &plan(), Console::new(false, true)));
    }

    #[test]
    fn an_empty_plan_is_said_in_one_line() {
        let console = Console::new(false, true);
        assert_eq!(table(&"web".into(), &Plan::default(), console), "web: everything is in place");
        let pending = Plan { changes: Vec::new(), findings: Vec::new(), ..plan() };
        assert!(
            table(&"web".into(), &pending, console).starts_with("web: nothing to change, some of it is on its way\n")
        );
    }
}
