//! Runs every stage in the order of the procedure, in this process, as the functions run them.

use std::pin::Pin;
use std::time::Duration;

use jiff::SignedDuration;
use local::with_stage;
use onboarding::ids::BindingName;
use onboarding::{Code, Plan, StageName};
use stage::{Host, Invocation, Removal, Report, Request, StageError, Status, run};

use crate::cloud_clock::time_limit;
use crate::output::CliError;
use crate::plan::invocation;
use crate::target::failed;

/// The time limit of one attempt, as of a function.
const ATTEMPT: SignedDuration = SignedDuration::from_secs(60);
/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(5);
/// The time limit of one stage with all its attempts, about that of the slowest states of the workflow.
const LIMIT: SignedDuration = SignedDuration::from_mins(30);
/// How many attempts in a row may fail before the stage gives up.
const FAILURES: u32 = 3;

/// The progress that is shown to the user.
pub(crate) enum Progress<'a> {
    /// A stage begins.
    Begins {
        /// The stage.
        stage: StageName,
    },
    /// The stage waits for something.
    Waits {
        /// The stage.
        stage: StageName,
        /// What it is.
        what: &'a str,
    },
    /// A stage is done, as far as it could be.
    Done {
        /// Its last report.
        report: &'a Report,
    },
}

/// Which stages are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Every one, whether the plan has changes for it or not.
    All,
    /// Those that the plan has changes for. What it leaves out is not reported as missing: nobody asked for it.
    Planned,
}

/// One stage, run until it has nothing left that it may do now.
pub(crate) struct Work<'a> {
    pub(crate) host: &'a Host,
    pub(crate) request: &'a Request,
    pub(crate) stage: StageName,
    /// What a person approved.
    pub(crate) plan: &'a Plan,
    /// Set for a teardown.
    pub(crate) removal: Option<&'a Removal>,
}

impl Work<'_> {
    /// Runs it.
    pub(crate) async fn run(&self, tell: &mut impl FnMut(Progress<'_>)) -> Result<Report, CliError> {
        let Self { host, request, stage, plan, removal } = *self;
        let clock = host.clock();
        let limit = LIMIT.max(time_limit(clock, ATTEMPT) * FAILURES.cast_signed());
        let end = clock.now().checked_add(limit).unwrap_or(jiff::Timestamp::MAX);
        let (mut failures, mut said) = (0, String::new());
        tell(Progress::Begins { stage });
        loop {
            let invocation = Invocation { removal, ..invocation(host, clock, ATTEMPT, Some(plan)) };
            let failure = match attempt(stage, &invocation, request).await {
                Ok(report) => return Ok(report),
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
                StageError::CloudFailing { .. } | StageError::Expired { .. } => failures += 1,
                StageError::Store(_) | StageError::NoBinding(_) | StageError::NotPaused(_) => {
                    return Err(failed(&failure));
                }
            }
            if failures == FAILURES || clock.now() >= end {
                let again = if removal.is_some() { "the same command again goes on" } else { "apply again to go on" };
                return Err(CliError::Failed(format!("{stage}: {failure}. What is done stays; {again}.")));
            }
            clock.sleep(PAUSE).await;
        }
    }
}

/// Runs every stage for a plan that a person approved. Gives their reports.
pub(crate) async fn stages(
    host: &Host,
    binding: &BindingName,
    plan: &Plan,
    part: Part,
    mut tell: impl FnMut(Progress<'_>),
) -> Result<Vec<Report>, CliError> {
    let request = Request { binding: binding.clone(), run: String::new(), accepted: false };
    let mut reports = Vec::new();
    // Dispatch only starts runs; there is none here.
    let wanted = |stage: &StageName| part == Part::All || plan.of(*stage).next().is_some();
    for stage in StageName::ALL.into_iter().filter(|stage| *stage != StageName::Dispatch).filter(wanted) {
        let work = Work { host, request: &request, stage, plan, removal: None };
        let mut report = work.run(&mut tell).await?;
        if part == Part::Planned {
            report.blocked.retain(|reason| reason.code != Code::NotApproved);
            if report.blocked.is_empty() && report.status == Status::Blocked {
                report.status = Status::Done;
            }
        }
        tell(Progress::Done { report: &report });
        reports.push(report);
    }
    Ok(reports)
}

/// The future of one attempt. Boxed, because the match over all stages would otherwise use too much stack.
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
