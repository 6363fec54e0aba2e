//! The custom-runtime protocol as Function Compute speaks it: which call a request is, and the headers around it.
//!
//! | call | control path | path |
//! |---|---|---|
//! | event | `/invoke` | `POST /invoke` |
//! | initializer hook | `/initialize` | `POST /initialize` |
//! | pre-stop hook | `/pre-stop` | `GET /pre-stop` |
//! | pre-freeze hook (2.0 only) | `/pre-freeze` | `GET /pre-freeze` |
//! | HTTP trigger | `/http-invoke` | the client's own |
//!
//! The control path decides, since a web client may well ask for a path named `/invoke`; the path is for emulators and
//! people, who send no control path. Hooks are accepted with GET and POST: documentation and samples differ.
//! Sources: help.aliyun.com document_detail 425055, 425056, 425057 and 2513507.

use http::{HeaderMap, Method, request::Parts};

use crate::diagnostic::ProtocolError;

pub(crate) const CONTROL_PATH: &str = "x-fc-control-path";
pub(crate) const REQUEST_ID: &str = "x-fc-request-id";
pub(crate) const ACCESS_KEY_ID: &str = "x-fc-access-key-id";
pub(crate) const ACCESS_KEY_SECRET: &str = "x-fc-access-key-secret";
pub(crate) const SECURITY_TOKEN: &str = "x-fc-security-token";
pub(crate) const ACCOUNT_ID: &str = "x-fc-account-id";
pub(crate) const REGION: &str = "x-fc-region";
pub(crate) const QUALIFIER: &str = "x-fc-qualifier";
pub(crate) const FUNCTION_TIMEOUT: &str = "x-fc-function-timeout";
pub(crate) const RETRY_COUNT: &str = "x-fc-retry-count";
pub(crate) const SPAN_CONTEXT: &str = "x-fc-tracing-opentracing-span-context";
pub(crate) const CLIENT_IP: &str = "x-fc-client-ip";
/// In an answer: 404 marks the call as failed, whatever the HTTP status.
pub(crate) const STATUS: &str = "x-fc-status";
/// Before every header of the platform's own. They hold keys, so they never go on to a handler as data.
pub(crate) const PREFIX: &str = "x-fc-";

/// A header's value, if it is there and not empty: Function Compute sends what it does not know as an empty header.
pub(crate) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().filter(|value| !value.is_empty())
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Invoke,
    Initialize,
    PreStop,
    PreFreeze,
    Http,
}

impl Call {
    pub(crate) fn of(parts: &Parts) -> Result<Self, ProtocolError> {
        let path = header(&parts.headers, CONTROL_PATH).unwrap_or(parts.uri.path());
        let call = match path {
            "/invoke" => Self::Invoke,
            "/initialize" => Self::Initialize,
            "/pre-stop" => Self::PreStop,
            "/pre-freeze" => Self::PreFreeze,
            "/http-invoke" => Self::Http,
            other => return Err(ProtocolError::UnknownPath(other.to_owned())),
        };
        let allowed = match call {
            Self::Invoke => parts.method == Method::POST,
            Self::Initialize | Self::PreStop | Self::PreFreeze => {
                parts.method == Method::GET || parts.method == Method::POST
            }
            Self::Http => true,
        };
        if allowed { Ok(call) } else { Err(ProtocolError::MethodNotAllowed(parts.method.clone())) }
    }

    /// The word in the `FC <word> Start RequestId` line, which Function Compute looks for in the log.
    pub(crate) fn log_word(self) -> &'static str {
        match self {
            Self::Invoke | Self::Http => "Invoke",
            Self::Initialize => "Initialize",
            Self::PreStop => "PreStop",
            Self::PreFreeze => "PreFreeze",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, path: &str, control: Option<&str>) -> Result<Call, &'static str> {
        let mut request = http::Request::builder().method(method).uri(path);
        if let Some(control) = control {
            request = request.header(CONTROL_PATH, control);
        }
        Call::of(&request.body(()).unwrap().into_parts().0).map_err(|error| error.code())
    }

    #[test]
    fn the_control_path_decides_before_the_path() {
        assert_eq!(call("POST", "/invoke", Some("/invoke")), Ok(Call::Invoke));
        assert_eq!(call("POST", "/invoke", Some("/http-invoke")), Ok(Call::Http));
        assert_eq!(call("PUT", "/pre-stop", Some("/http-invoke")), Ok(Call::Http));
        assert_eq!(call("POST", "/", Some("/initialize")), Ok(Call::Initialize));
        assert_eq!(call("POST", "/invoke", Some("")), Ok(Call::Invoke), "an empty header is an absent one");
    }

    #[test]
    fn the_path_decides_without_a_control_path() {
        assert_eq!(call("POST", "/invoke?x=1", None), Ok(Call::Invoke));
        assert_eq!(call("GET", "/pre-freeze", None), Ok(Call::PreFreeze));
        assert_eq!(call("GET", "/", None), Err("Runtime.UnknownPath"));
    }

    #[test]
    fn hooks_take_get_and_post_and_events_take_post() {
        for path in ["/initialize", "/pre-stop", "/pre-freeze"] {
            assert!(call("GET", path, None).is_ok());
            assert!(call("POST", path, None).is_ok());
            assert_eq!(call("DELETE", path, None), Err("Runtime.MethodNotAllowed"));
        }
        assert_eq!(call("GET", "/invoke", None), Err("Runtime.MethodNotAllowed"));
    }
}
