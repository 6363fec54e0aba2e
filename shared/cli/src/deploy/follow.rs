//! Says how far it is.

use deployment::deploy::{Progress, Status, Step};
use onboarding::ids::Region;
use serde_json::json;

use super::{lines, show};
use crate::output::{Console, Line, Style};

/// Another change of a stack is under way.
pub(super) fn waits(region: &Region, status: &Status, console: Console) {
    console.note(format!("Waiting for the stack in {region}, which is {status}."));
}

/// How far it is.
pub(super) fn tell(progress: &Progress<'_>, console: Console) {
    match progress {
        Progress::Begins(step) => {
            if matches!(
                step,
                Step::CreateStack { .. }
                    | Step::UpdateStack { .. }
                    | Step::DeleteStack { .. }
                    | Step::RemoveBucket { .. }
            ) {
                console.print(Line::styled(Style::Faint, format!("  {} ...", show::step(step))));
            }
            console.print_json(&json!({"event": "begins", "step": lines::name(step), "region": step.region()}));
        }
        Progress::Event(region, event) => {
            let (resource, status, reason) = (&event.logical_resource_id, &event.status, &event.status_reason);
            let failed = status.ends_with("_FAILED");
            if failed || status.ends_with("_COMPLETE") {
                let style = if failed { Style::Bad } else { Style::Faint };
                let why = if failed && !reason.is_empty() { format!(": {reason}") } else { String::new() };
                console.print(Line::styled(style, format!("    {resource:<24} {status}{why}")));
            }
            console.print_json(
                &json!({"event": "stack", "region": region, "resource": resource, "status": status, "reason": reason}),
            );
        }
        Progress::Done(step) => {
            console.print(Line::styled(Style::Good, "  done  ").then(show::step(step)));
            console.print_json(&json!({"event": "done", "step": lines::name(step), "region": step.region()}));
        }
    }
}
