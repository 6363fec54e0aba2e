//! [`Options`]: all that a runtime needs to know of its surroundings, so that nothing else has to look.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;

use crate::{
    Error,
    context::{Config, Context},
    credentials::Credentials,
    http_event::HttpEventForm,
    log::{LogWriter, Stdout},
    time::Now,
};

/// Runs on a call of the life cycle (`/initialize`, `/pre-stop`). An error fails the call as a handler's error would.
pub type Hook = Arc<dyn Fn(Context) -> BoxFuture<'static, Result<(), Error>> + Send + Sync>;

/// The surroundings of one runtime. A process may host many, each with its own.
///
/// ```
/// use std::{sync::Arc, time::SystemTime};
/// use fc_runtime::{Config, Options};
///
/// let options = Options {
///     config: Config { function_name: "hello".into(), ..Config::default() },
///     log: Arc::new(|line: &str| drop(line.to_owned())),
///     ..Options::new(Arc::new(|| SystemTime::UNIX_EPOCH))
/// };
/// assert_eq!(options.port, 9000);
/// ```
#[derive(Clone)]
pub struct Options {
    /// The function, as every [`Context`] shows it.
    pub config: Config,
    /// The keys of calls whose headers carry none.
    pub environment_credentials: Option<Credentials>,
    /// The region of calls whose headers do not say.
    pub region: String,
    /// The account of calls whose headers do not say.
    pub account_id: String,
    /// The port that [`run`](crate::run) listens on. It must equal the function's `customRuntimeConfig.port`.
    pub port: u16,
    /// Where the `FC Invoke Start` lines go.
    pub log: Arc<dyn LogWriter>,
    /// The time, from which deadlines are counted.
    pub now: Now,
    /// The timeout of calls whose headers do not say; only calls that do not come from Function Compute.
    pub default_timeout: Duration,
    /// The longest body of a request in bytes; a longer one fails with `Runtime.PayloadTooLarge`.
    pub body_limit: usize,
    /// The form in which the handler gets the requests of HTTP triggers.
    pub http_event: HttpEventForm,
    /// How long a server that is told to end waits for what is under way: requests that have come in part, calls, answers
    /// that their clients read. What is left then is cut off. [`run`](crate::run) gives the handlers of
    /// [`spawn_graceful_shutdown_handler`](crate::spawn_graceful_shutdown_handler) as long again.
    pub shutdown_grace: Duration,
    /// Runs on `/initialize`, once per instance and before its first event, if the function configures the hook.
    pub initialize: Option<Hook>,
    /// Runs on `/pre-stop`, before the instance goes, if the function configures the hook.
    pub pre_stop: Option<Hook>,
}

impl Options {
    /// Function Compute's defaults, and nothing known of the function.
    pub fn new(now: Now) -> Self {
        Self {
            config: Config::default(),
            environment_credentials: None,
            region: String::new(),
            account_id: String::new(),
            // Document 425055: CAPort is 9000 unless configured.
            port: 9000,
            log: Arc::new(Stdout),
            now,
            // The console's default for a new function.
            default_timeout: Duration::from_secs(60),
            // Document 2513501: at most 32 MB for a synchronous call, and less for an asynchronous one.
            body_limit: 32 * 1024 * 1024,
            http_event: HttpEventForm::default(),
            // Function Compute does not document a signal at all; the platforms that send one mostly kill after 30 s, the
            // soonest after 10.
            shutdown_grace: Duration::from_secs(10),
            initialize: None,
            pre_stop: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("config", &self.config)
            .field("environment_credentials", &self.environment_credentials)
            .field("region", &self.region)
            .field("account_id", &self.account_id)
            .field("port", &self.port)
            .field("default_timeout", &self.default_timeout)
            .field("body_limit", &self.body_limit)
            .field("http_event", &self.http_event)
            .field("shutdown_grace", &self.shutdown_grace)
            .finish_non_exhaustive()
    }
}
