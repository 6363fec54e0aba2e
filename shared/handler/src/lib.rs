//! From Function Compute to a stage: what the processes and invocations of all functions have in common.
//!
//! ```text
//!   main ── serve ── fc-runtime ── handle ── Handler::answer ── stage::run
//!                                    ▲
//!                     tests and the local deployment
//! ```

#[cfg(feature = "otel")]
pub mod otel;

use std::collections::BTreeMap;
use std::process::ExitCode;

use fc_runtime::{Context, Diagnostic, LambdaEvent, run_concurrent, service_fn};
use onboarding::StageName;
use onboarding::ordered::Ordered;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stage::{Host, Invocation, Needs, Report, Request, Stage, StageError};

/// A function: its permissions, and how it answers. Every [`Stage`] is one.
pub trait Handler: Copy + Send + Sync + 'static {
    /// Its name.
    const NAME: StageName;
    /// What it reads.
    const NEEDS: Needs;
    /// The permissions that it needs beyond those for reading.
    const ACTIONS: &'static [&'static str];
    /// The input of an invocation, as JSON.
    type Event: DeserializeOwned + Send + 'static;
    /// The answer to an invocation, as JSON.
    type Answer: Serialize + Send + 'static;

    /// Answers one invocation.
    ///
    /// # Errors
    /// [`StageError`]: more time is needed, the cloud is failing, or the bindings cannot be read.
    fn answer(
        &self,
        invocation: &Invocation<'_>,
        context: &Context,
        event: Self::Event,
    ) -> impl Future<Output = Result<Self::Answer, StageError>> + Send;
}

impl<S: Stage + Copy + Send + 'static> Handler for S {
    const NAME: StageName = <S as Stage>::NAME;
    const NEEDS: Needs = <S as Stage>::NEEDS;
    const ACTIONS: &'static [&'static str] = S::WRITES;
    type Event = Request;
    type Answer = Report;

    async fn answer(&self, invocation: &Invocation<'_>, _: &Context, event: Request) -> Result<Report, StageError> {
        stage::hold(invocation, || stage::run(self, invocation, &event)).await
    }
}

/// Handles one invocation, with the credentials and the deadline from Function Compute.
///
/// # Errors
/// The handler's failure, with the error name that the workflow's Retry matches.
pub async fn handle<H: Handler>(handler: H, host: Host, event: LambdaEvent<H::Event>) -> Result<H::Answer, Diagnostic> {
    let LambdaEvent { payload, context } = event;
    let keys = context.credentials.as_ref();
    let keys = keys.map(|key| (&*key.access_key_id, &*key.access_key_secret, key.security_token.as_deref()));
    let invocation = Invocation::of(&host, context.deadline(), keys);
    #[cfg(feature = "otel")]
    let span = otel::begin(&host);
    let answer = handler.answer(&invocation, &context, payload).await;
    // Before the answer: an instance that has answered may be frozen.
    #[cfg(feature = "otel")]
    otel::end(&host, span, H::NAME, &context.request_id, answer.as_ref().err()).await;
    answer.map_err(|failure| Diagnostic {
        error_type: failure.error_type().to_owned(),
        error_message: failure.to_string(),
    })
}

/// The main function of every function's binary: reads settings from the environment, then handles invocations, one at a
/// time or several at once as Function Compute sends them, until it ends the process.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "where a process begins is where the environment is read")]
#[expect(clippy::print_stderr, reason = "without settings there is no log yet")]
pub fn serve<H: Handler>(handler: H) -> ExitCode {
    #[cfg(not(feature = "otel"))]
    fc_runtime::tracing::init_default_subscriber();
    let variables: BTreeMap<String, String> = std::env::vars().ordered();
    let started = Host::from_environment(&variables);
    #[cfg(feature = "otel")]
    let started = started.and_then(|host| otel::start(&host, &variables).map(|()| host));
    let host = match started {
        Ok(host) => host,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(64);
        }
    };
    let service = service_fn(move |event: LambdaEvent<H::Event>| handle(handler, host.clone(), event));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let served = match runtime {
        Ok(runtime) => runtime.block_on(run_concurrent(service)),
        Err(error) => Err(error.into()),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
