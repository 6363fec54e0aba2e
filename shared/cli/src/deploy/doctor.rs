//! `albridge doctor`: what a deployment needs and what is wrong with it, a line each, with its remedy.

use deployment::deploy::{Asked, Finding, Packages, Verdict, examine};
use onboarding::StageName;
use serde_json::json;

use super::desk::Desk;
use crate::args::{DoctorArgs, Itself};
use crate::environment::Environment;
use crate::output::{CliError, Console, Exit, Line, Style, Text};

/// Looks, and writes nothing.
pub(crate) async fn doctor(args: &DoctorArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    let itself = Itself {
        bindings: args.bindings.clone(),
        settings: args.settings.clone(),
        profile: args.profile.clone(),
        allow_http: args.allow_http,
        yes: true,
        dry_run: true,
    };
    let desk = Desk::open(&itself, args.deployment.as_deref(), environment).await?;
    let saved = desk.saved()?;
    let packages = Packages::read(&args.packages, StageName::ALL.map(StageName::as_str));
    let asked = Asked { deployment: &desk.deployment, store: &desk.store, saved: &saved };
    let findings = examine(&desk.cloud, &asked, &desk.text, &packages).await;
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (wrong, unread, not_checked) = (count(Verdict::Wrong), count(Verdict::Unread), count(Verdict::NotChecked));
    let mut text = Text::from(Line::styled(Style::Strong, heading(&desk.deployment, wrong, unread, not_checked)));
    // What is to be done is read first.
    for verdict in [Verdict::Unread, Verdict::Wrong, Verdict::NotChecked, Verdict::Well] {
        for finding in findings.iter().filter(|finding| finding.verdict == verdict) {
            lines(finding, &mut text);
            console.print_json(&json!({
                "event": "finding", "code": finding.code.as_str(), "subject": finding.subject, "verdict": word(verdict), "says": finding.says,
                "remedy": finding.remedy,
            }));
        }
    }
    console.print(text);
    let exit = Exit::failed(unread > 0).max(Exit::pending(wrong > 0));
    Ok(console.finish(exit, json!({"wrong": wrong, "unread": unread, "notChecked": not_checked})))
}

fn heading(deployment: &str, wrong: usize, unread: usize, not_checked: usize) -> String {
    let rest = if not_checked == 0 { String::new() } else { format!("; {not_checked} not checked") };
    match (wrong, unread) {
        (0, 0) if not_checked == 0 => format!("Deployment {deployment}: all is well"),
        (0, 0) => format!("Deployment {deployment}: nothing is wrong{rest}"),
        (wrong, 0) => format!("Deployment {deployment}: {wrong} wrong{rest}"),
        (wrong, unread) => {
            format!("Deployment {deployment}: {unread} not known, because readings failed; {wrong} wrong{rest}")
        }
    }
}

fn lines(finding: &Finding, text: &mut Text) {
    let (style, mark) = match finding.verdict {
        Verdict::Well => (Style::Good, "ok"),
        Verdict::Wrong => (Style::Bad, "x "),
        Verdict::Unread => (Style::Bad, "? "),
        Verdict::NotChecked => (Style::Faint, "- "),
    };
    let code = match finding.verdict {
        Verdict::Well => String::new(),
        _ => format!(" [{}]", finding.code.as_str()),
    };
    let line = Line::new("  ").then_styled(style, mark);
    text.line(line.then(format!(" {}: {}{code}", finding.subject, finding.says)));
    if !finding.remedy.is_empty() {
        text.line(format!("       {}", finding.remedy));
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Well => "well",
        Verdict::Wrong => "wrong",
        Verdict::Unread => "unread",
        Verdict::NotChecked => "not-checked",
    }
}
