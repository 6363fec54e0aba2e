//! The context of a request: from its headers, and from the options for what the headers do not contain.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    context::{Config, Context, HeaderCache},
    options::Options,
    protocol::{FcHeaders, text},
    time::{epoch_millis, millis},
};

impl Context {
    /// The context of a request that arrived at `arrival`: what the headers leave out comes from `options`.
    pub(crate) fn of_request(
        request_id: String,
        headers: &FcHeaders<'_>,
        options: &Options,
        env_config: Arc<Config>,
        header_cache: &mut HeaderCache,
        arrival: SystemTime,
    ) -> Self {
        header_cache.read(headers, &options.region, &options.account_id, &env_config.function_name);
        let timeout = text(headers.function_timeout)
            .and_then(|seconds| seconds.parse().ok())
            .map_or(options.default_timeout, Duration::from_secs);
        let deadline = epoch_millis(arrival).saturating_add(millis(timeout));
        let credentials = header_cache.credentials.as_ref().or(options.environment_credentials.as_ref()).cloned();
        Self::of_headers(request_id, env_config, headers, header_cache, credentials, deadline)
    }
}
