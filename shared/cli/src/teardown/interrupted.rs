//! What `teardown BINDING` says after Ctrl-C: what is gone, what nobody knows, what is left, and how to go on.

use jiff::SignedDuration;
use onboarding::Plan;
use onboarding::ids::BindingName;
use onboarding::words::counted;
use serde_json::json;

use crate::apply::{Gate, lasted, writes};
use crate::args::TeardownArgs;
use crate::output::{Console, Line, Style, Text};

use super::show;

/// Says it. Gives how much is left at most.
pub(super) fn tell(
    args: &TeardownArgs,
    binding: &BindingName,
    plan: &Plan,
    gate: &Gate,
    took: SignedDuration,
    console: Console,
) -> usize {
    let heading = format!("{binding}: the teardown was interrupted after {}", lasted(took));
    let mut text = Text::from(Line::styled(Style::Strong, heading));
    let (made, unknown) = writes(gate, &mut text);
    if made.is_empty() && unknown.is_empty() {
        text.line("  nothing was changed");
    }
    let away = made.iter().filter(|call| !call.starts_with(show::DRAINING)).count();
    let left = plan.changes.iter().filter(|change| show::goes(change)).count().saturating_sub(away);
    if left > 0 {
        text.line(format!("  left: {} at most", counted(left, "thing")));
    }
    if made.iter().any(|call| call.starts_with(show::DRAINING)) {
        text.line(
            "  Members that were set to weight 0 get no new requests, until a teardown removes them, or a run of the binding, which \
             is paused now, takes them back.",
        );
    }
    let attachments = if args.attachments { " --attachments" } else { "" };
    let was = args.was.as_ref().map_or_else(String::new, |file| format!(" --was {}", file.display()));
    let again = format!("albridge teardown {binding}{was}{attachments}");
    text.line(format!(
        "  Nothing else was begun, and what is gone stays gone. To go on: `{again}`; to see what is left: `{again} --dry-run`."
    ));
    console.print(text);
    console.print_json(
        &json!({"event": "interrupted", "binding": binding, "calls": made, "unknown": unknown, "left": left}),
    );
    left
}
