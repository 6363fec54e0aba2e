//! The last part: `provision: approved`. Unattended runs create nothing that costs money or affects much; a person approves it once.

use std::collections::BTreeSet;

use onboarding::Code;
use serde_json::json;

use super::follow::{Detail, Goal, follow, quiet};
use super::session::{Session, expect};
use crate::apply::{Part, Progress, stages};
use crate::causes::About;
use crate::output::{CliError, Line, Style};
use crate::plan::{self, View};
use crate::target;

/// Runs this part.
pub(crate) async fn act(session: &mut Session) -> Result<(), CliError> {
    session.transcript.section("The same from nothing, but with `provision: approved`");
    session.start("i-ecs1").await?;
    let runs = follow(session, Detail::Changes, Goal::RunEnds).await?;
    let reports = runs.iter().flat_map(|run| &run.reports);
    let withheld: BTreeSet<&str> = reports
        .flat_map(|report| &report.blocked)
        .filter(|reason| reason.code == Code::NotApproved)
        .map(|reason| reason.message.as_str())
        .collect();
    expect(!withheld.is_empty(), || "The run withheld nothing.".to_owned())?;
    session.transcript.event(json!({"event": "blocked", "code": Code::NotApproved, "changes": withheld}));

    session.transcript.section("albridge apply: a person reads the plan and approves it");
    let host = session.local.operator_host();
    let store = target::store(&host).await?;
    let seen = plan::see(&host, &store, &session.binding, true, About::Plan).await?;
    session.transcript.aside(|console| plan::show(&session.binding, &seen, &View::default(), console));
    let (binding, transcript) = (session.binding.clone(), &session.transcript);
    stages(&host, &binding, &seen.plan, Part::All, |progress| match progress {
        Progress::Begins { stage } => transcript.waiting(stage.as_str()),
        Progress::Waits { stage, what } => transcript.waiting(&format!("{stage}: {what}")),
        Progress::Done { report } => {
            let count = report.written();
            let changes = if count == 0 { String::new() } else { plan::changes(count) };
            transcript.step(format!("{:<16} {changes}", report.stage.as_str()).trim_end());
            transcript.event(json!({"event": "stage", "run": "apply", "stage": report.stage, "status": report.status,
                               "changes": count}));
        }
    })
    .await?;
    let fetched = session.show_get().await?;
    expect(fetched.served_by.as_deref() == Some("i-ecs1"), || "The request was answered by somebody else.".to_owned())?;

    let runs = quiet(session, Detail::Nothing).await?;
    if runs > 0 {
        let runs = if runs == 1 { "a run".to_owned() } else { format!("{runs} runs") };
        session
            .transcript
            .step(format!("meanwhile the timer started {runs}, which made no change that needs an approval"));
    }
    session.transcript.section("The next launch needs no approval");
    let launched = session.launch(1).await?;
    session.transcript.step(format!("RunInstances: {}", launched.join(", ")));
    session.transcript.event(json!({"event": "instance", "instances": launched, "action": "run"}));
    follow(session, Detail::Changes, Goal::Members(2)).await?;
    let text = format!("{} is a member; no approval was needed", launched.join(", "));
    session.transcript.step(Line::styled(Style::Good, text));
    Ok(())
}
