//! `tracing`, and a subscriber for it that suits Function Compute.
//!
//! Each line carries the span of its call, hence the request id; time and target are left out, since the log service
//! stamps the lines. `AWS_LAMBDA_LOG_LEVEL`, else `RUST_LOG`, sets the level (INFO), and `AWS_LAMBDA_LOG_FORMAT=json`
//! the form: the names are `lambda_runtime`'s, so that a function's configuration needs no change. A level may be given
//! for a target (`info,my_crate=debug`), but not for a span or its fields: that takes regular expressions, which are a
//! tenth of a small function's size. Who needs them sets `subscriber::EnvFilter` up.

use std::io;

use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    registry,
    util::SubscriberInitExt,
};

pub use ::tracing::*;
pub use tracing_subscriber as subscriber;

use crate::environment::variable;

/// Logs to standard output. A process has one subscriber: if it has one already, that stays.
pub fn init_default_subscriber() {
    init_default_subscriber_with_writer(io::stdout);
}

/// [`init_default_subscriber`] with a destination of the caller's.
pub fn init_default_subscriber_with_writer<Writer>(writer: Writer)
where
    Writer: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let filter = variable("AWS_LAMBDA_LOG_LEVEL").or_else(|| variable("RUST_LOG")).unwrap_or_else(|| "INFO".to_owned());
    let json = variable("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("json"));
    let _ = default_subscriber(writer, &filter, json).try_init();
}

/// The subscriber of [`init_default_subscriber`], for a host that sets it for a part of its process only.
pub fn default_subscriber<Writer>(writer: Writer, filter: &str, json: bool) -> Box<dyn Subscriber + Send + Sync>
where
    Writer: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    // A filter that does not parse must not keep a function from starting.
    let targets: Targets = filter.parse().unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO));
    let lines = fmt::layer().with_writer(writer).with_target(false).with_ansi(false).without_time();
    // The filter is around all, so that what is filtered out costs nothing.
    if json {
        Box::new(registry().with(lines.json()).with(targets))
    } else {
        Box::new(registry().with(lines).with(targets))
    }
}
