//! Every stage in the order of the procedure, run from here as the functions run them.

use std::pin::Pin;
use std::time::Duration;

use jiff::SignedDuration;
use local::with_stage;
use onboarding::ids::BindingName;
use onboarding::{Plan, StageName};
use stage::{Host, Invocation, Report, Request, StageError, Status, run};

use crate::output::Trouble;
use crate::pace::patience;
use crate::plan::invocation;
use crate::target::trouble;

/// One attempt, as long as a function has.
const ATTEMPT: SignedDuration = SignedDuration::from_secs(60);
/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(5);
/// What one stage may take in all: the workflow gives its slowest states about as long.
const LIMIT: SignedDuration = SignedDuration::from_mins(30);
/// Attempts in a row that may fail before the cloud counts as failing.
const FAILURES: u32 = 3;

/// What a person who waits is told.
pub(crate) enum Progress<'a> {
    /// Something is on its way.
    Waits {
        /// Whose.
        stage: StageName,
        /// What it is.
        what: &'a str,
    },
    /// A stage is done, as far as it could be.
    Done {
        /// What it answered at last.
        report: &'a Report,
        /// Changes, those of earlier attempts too.
        changes: usize,
    },
}

/// Runs every stage for a plan that a person approved. Gives their reports.
pub(crate) async fn stages(
    host: &Host,
    binding: &BindingName,
    plan: &Plan,
    mut tell: impl FnMut(Progress<'_>),
) -> Result<Vec<Report>, Trouble> {
    let request = Request { binding: binding.clone(), run: String::new() };
    let mut reports = Vec::new();
    // Dispatch only starts runs; there is none here.
    for stage in StageName::ALL.into_iter().filter(|stage| *stage != StageName::Dispatch) {
        let clock = host.clock();
        let limit = LIMIT.max(patience(clock, ATTEMPT) * FAILURES.cast_signed());
        let end = clock.now().checked_add(limit).unwrap_or(jiff::Timestamp::MAX);
        let (mut failures, mut said) = (0, String::new());
        let report = loop {
            let failure = match attempt(stage, &invocation(host, clock, ATTEMPT, Some(plan)), &request).await {
                Ok(report) => break report,
                Err(failure) => failure,
            };
            match &failure {
                StageError::StillPending { what } => {
                    if *what != said {
                        tell(Progress::Waits { stage, what });
                        said.clone_from(what);
                    }
                    failures = 0;
                }
                StageError::CloudFailing { .. } => failures += 1,
                StageError::Store(_) | StageError::NoBinding(_) => return Err(trouble(&failure)),
            }
            if failures == FAILURES || clock.now() >= end {
                return Err(Trouble::Failed(format!("{stage}: {failure}. What is done stays; apply again to go on.")));
            }
            clock.sleep(PAUSE).await;
        };
        // Only the last attempt reports; where nothing is left, all that was planned is made.
        let planned = plan.of(stage).filter(|change| change.is_open()).count();
        let changes = if report.status == Status::Done { report.changes.max(planned) } else { report.changes };
        tell(Progress::Done { report: &report, changes });
        reports.push(report);
    }
    Ok(reports)
}

/// A stage's run. Boxed: eleven of them side by side are more than a thread's stack should hold.
type Attempt<'a> = Pin<Box<dyn Future<Output = Result<Report, StageError>> + Send + 'a>>;

fn attempt<'a>(stage: StageName, invocation: &'a Invocation<'_>, request: &'a Request) -> Attempt<'a> {
    with_stage!(stage, stage => Box::pin(async move { run(&stage, invocation, request).await }),
        StageName::Verify => {
            Box::pin(async move { verify::verify(invocation, request).await.map(|verified| verified.report) })
        },
        // The loop above leaves it out.
        StageName::Dispatch => attempt(StageName::Preflight, invocation, request),
    )
}
