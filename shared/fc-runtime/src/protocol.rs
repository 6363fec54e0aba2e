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

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use crate::diagnostic::ProtocolError;

/// In an answer: 404 marks the call as failed, whatever the HTTP status.
pub(crate) static STATUS: HeaderName = HeaderName::from_static("x-fc-status");
/// Before every header of the platform's own. They hold keys, so they never go on to a handler as data.
pub(crate) const PREFIX: &str = "x-fc-";

/// A header's value, if it is there and not empty: Function Compute sends what it does not know as an empty header.
pub(crate) fn header<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    text(value(headers.get(name)?))
}

fn value(value: &HeaderValue) -> Option<&[u8]> {
    Some(value.as_bytes()).filter(|value| !value.is_empty())
}

/// A header's value as text, if it is text.
pub(crate) fn text(value: Option<&[u8]>) -> Option<&str> {
    str::from_utf8(value?).ok()
}

/// The headers of Function Compute that this crate reads. `None`: absent or empty. Bytes, since what is compared with
/// the last call's need not be checked to be [`text`] again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FcHeaders<'h> {
    pub(crate) control_path: Option<&'h [u8]>,
    pub(crate) request_id: Option<&'h [u8]>,
    pub(crate) access_key_id: Option<&'h [u8]>,
    pub(crate) access_key_secret: Option<&'h [u8]>,
    pub(crate) security_token: Option<&'h [u8]>,
    pub(crate) account_id: Option<&'h [u8]>,
    pub(crate) region: Option<&'h [u8]>,
    pub(crate) qualifier: Option<&'h [u8]>,
    pub(crate) function_timeout: Option<&'h [u8]>,
    pub(crate) retry_count: Option<&'h [u8]>,
    pub(crate) span_context: Option<&'h [u8]>,
    pub(crate) client_ip: Option<&'h [u8]>,
}

impl<'h> FcHeaders<'h> {
    /// Goes over the headers once: with some 35 of them on each call, that is half the price of asking for twelve by
    /// name. Of a header that is there twice, the first counts.
    pub(crate) fn of(headers: &'h HeaderMap) -> Self {
        let mut found = Self::default();
        for (name, found_value) in headers {
            // An array of five bytes is compared in registers.
            let Some((b"x-fc-", _)) = name.as_str().as_bytes().split_first_chunk() else { continue };
            let Some(name) = name.as_str().get(PREFIX.len()..) else { continue };
            // By length first: most names are told apart by it, without a comparison.
            let field = match name.len() {
                6 if name == "region" => &mut found.region,
                9 if name == "qualifier" => &mut found.qualifier,
                9 if name == "client-ip" => &mut found.client_ip,
                10 if name == "request-id" => &mut found.request_id,
                10 if name == "account-id" => &mut found.account_id,
                11 if name == "retry-count" => &mut found.retry_count,
                12 if name == "control-path" => &mut found.control_path,
                13 if name == "access-key-id" => &mut found.access_key_id,
                14 if name == "security-token" => &mut found.security_token,
                16 if name == "function-timeout" => &mut found.function_timeout,
                17 if name == "access-key-secret" => &mut found.access_key_secret,
                32 if name == "tracing-opentracing-span-context" => &mut found.span_context,
                _ => continue,
            };
            if field.is_none() {
                *field = value(found_value);
            }
        }
        found
    }
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
    pub(crate) fn of(method: &Method, uri: &Uri, headers: &FcHeaders<'_>) -> Result<Self, ProtocolError> {
        let path = text(headers.control_path).unwrap_or(uri.path());
        let call = match path {
            "/invoke" => Self::Invoke,
            "/initialize" => Self::Initialize,
            "/pre-stop" => Self::PreStop,
            "/pre-freeze" => Self::PreFreeze,
            "/http-invoke" => Self::Http,
            other => return Err(ProtocolError::UnknownPath(other.to_owned())),
        };
        let allowed = match call {
            Self::Invoke => method == Method::POST,
            Self::Initialize | Self::PreStop | Self::PreFreeze => method == Method::GET || method == Method::POST,
            Self::Http => true,
        };
        if allowed { Ok(call) } else { Err(ProtocolError::MethodNotAllowed(method.clone())) }
    }

    /// Whether it is a call of the life cycle, which has no answer but success.
    pub(crate) fn is_hook(self) -> bool {
        matches!(self, Self::Initialize | Self::PreStop | Self::PreFreeze)
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
            request = request.header("x-fc-control-path", control);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        Call::of(&parts.method, &parts.uri, &FcHeaders::of(&parts.headers)).map_err(|error| error.code())
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
