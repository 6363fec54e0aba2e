//! The last act: `provision: approved`. Unattended runs build nothing that is paid or wide; a person does, once.

use std::collections::BTreeSet;

use onboarding::Code;
use serde_json::json;

use super::follow::{Detail, Goal, follow, quiet};
use super::play::{Play, expect};
use crate::apply::{Progress, stages};
use crate::output::{Line, Tone, Trouble};
use crate::plan;

/// Plays it.
pub(crate) async fn act(play: &mut Play) -> Result<(), Trouble> {
    play.story.section("The same from nothing, but with `provision: approved`");
    play.start("i-ecs1").await?;
    let runs = follow(play, Detail::Changes, Goal::RunEnds).await?;
    let reports = runs.iter().flat_map(|run| &run.reports);
    let withheld: BTreeSet<&str> = reports
        .flat_map(|report| &report.blocked)
        .filter(|reason| reason.code == Code::NotApproved)
        .map(|reason| reason.message.as_str())
        .collect();
    expect(!withheld.is_empty(), || "The run withheld nothing.".to_owned())?;
    play.story.event(json!({"event": "blocked", "code": Code::NotApproved, "changes": withheld}));

    play.story.section("albridge apply: a person looks at the plan, and says yes");
    let host = play.local.operator_host();
    let seen = plan::look(&host, &play.binding, true).await?.1;
    play.story.aside(|console| plan::show(&play.binding, &seen, console));
    let (binding, story) = (play.binding.clone(), &play.story);
    stages(&host, &binding, &seen, |progress| match progress {
        Progress::Waits { stage, what } => story.waiting(&format!("{stage}: {what}")),
        Progress::Done { report, changes: count } => {
            let changes = if count == 0 { String::new() } else { plan::changes(count) };
            story.step(format!("{:<16} {changes}", report.stage.as_str()).trim_end());
            story.event(json!({"event": "stage", "run": "apply", "stage": report.stage, "status": report.status,
                               "changes": count}));
        }
    })
    .await?;
    let fetched = play.show_get().await?;
    expect(fetched.served_by.as_deref() == Some("i-ecs1"), || "The request was answered by somebody else.".to_owned())?;

    let runs = quiet(play, Detail::Nothing).await?;
    if runs > 0 {
        let runs = if runs == 1 { "a run".to_owned() } else { format!("{runs} runs") };
        play.story.step(format!("meanwhile the timer started {runs}, which built nothing that wants a person's yes"));
    }
    play.story.section("The next launch needs nobody");
    let launched = play.launch(1).await?;
    play.story.step(format!("RunInstances: {}", launched.join(", ")));
    play.story.event(json!({"event": "instance", "instances": launched, "action": "run"}));
    follow(play, Detail::Changes, Goal::Members(2)).await?;
    let text = format!("{} is a member; nobody was asked", launched.join(", "));
    play.story.step(Line::toned(Tone::Good, text));
    Ok(())
}
