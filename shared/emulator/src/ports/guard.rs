//! Who may ask at a port: programs on this machine, and pages that the port itself served.
//!
//! The account's key is public, so signatures do not protect the ports. They are protected because they are on loopback, and
//! because browsers state the origin of a request. A page from elsewhere could reach loopback in two ways: by a name of its own
//! that it lets resolve to 127.0.0.1 (DNS rebinding; the request's `Host` is that name), or by asking for the port's address
//! from its own origin (`Origin`, `Sec-Fetch-Site` and `Referer` say so, whatever the page wants). Nothing is ever allowed
//! across origins: no preflight is answered, no answer has a header of CORS.
//!
//! The listeners of load balancers are not guarded: their requests are for whatever host the load balancer serves, and behind
//! them is nothing but the emulated instances' greeting.

use std::net::IpAddr;

use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::json;

use super::{control, wire};

/// A request that is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    status: StatusCode,
    code: &'static str,
    message: String,
}

/// Whether a port answers a request.
///
/// # Errors
/// What is foreign about it.
pub(super) fn admit(request: &Request<Bytes>) -> Result<(), Refused> {
    let headers = request.headers();
    let host = sole(headers, header::HOST)?.ok_or_else(|| misdirected("it has no Host"))?;
    // A request line with a whole URL names a host as well.
    let named = request.uri().authority().map(|authority| authority.as_str().to_owned());
    for name in named.iter().map(String::as_str).chain([host]) {
        if !is_loopback(name) {
            return Err(misdirected(&format!(
                "its Host is {name}, and the emulator answers to 127.0.0.1, [::1] and localhost only"
            )));
        }
    }
    if request.method() == Method::OPTIONS {
        let message = "OPTIONS is not answered: nothing is allowed across origins".to_owned();
        return Err(Refused { status: StatusCode::METHOD_NOT_ALLOWED, code: "UnsupportedHTTPMethod", message });
    }
    let mine = format!("http://{host}");
    if let Some(origin) = sole(headers, header::ORIGIN)?
        && !origin.eq_ignore_ascii_case(&mine)
    {
        return Err(foreign(&format!("a page of the origin {origin} sent it")));
    }
    if let Some(site) = sole(headers, "sec-fetch-site")?
        && !matches!(site, "same-origin" | "none")
    {
        return Err(foreign(&format!("a page sent it, Sec-Fetch-Site: {site}")));
    }
    if let Some(referer) = sole(headers, header::REFERER)? {
        let rest = referer.get(..mine.len()).filter(|start| start.eq_ignore_ascii_case(&mine));
        if rest.is_none() || !matches!(referer.as_bytes().get(mine.len()), None | Some(b'/' | b'?' | b'#')) {
            return Err(foreign("a page from elsewhere sent it, by its Referer"));
        }
    }
    Ok(())
}

/// The value of a header that is there once at most.
fn sole(headers: &HeaderMap, name: impl header::AsHeaderName) -> Result<Option<&str>, Refused> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(foreign("a header that says who asks is there twice"));
    }
    first.map(|value| value.to_str().map_err(|_| foreign("a header that says who asks is no text"))).transpose()
}

/// Whether a `Host` names this machine. Its port may be another one: a forwarded port, a container's, or a proxy between the
/// client and the emulator. What a page from elsewhere cannot choose is the name.
fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    if authority.as_str().contains('@') {
        return false;
    }
    // `host:` and `host:99999` have a colon, but no port.
    if authority.port_u16().is_none() && authority.as_str().len() != authority.host().len() {
        return false;
    }
    let name = authority.host();
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    match address.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        // Names below localhost are loopback's by RFC 6761, for bucket names in front of the host.
        Err(_) => {
            let name = name.to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

fn misdirected(why: &str) -> Refused {
    let message = format!("The request is not for this emulator: {why}.");
    Refused { status: StatusCode::MISDIRECTED_REQUEST, code: "EmulatorForeignHost", message }
}

fn foreign(why: &str) -> Refused {
    let message = format!("Only programs of this machine may ask the emulator: {why}.");
    Refused { status: StatusCode::FORBIDDEN, code: "EmulatorForeignOrigin", message }
}

impl Refused {
    /// The answer, in the form of the cloud's errors or, at the emulator's own paths, of those.
    pub(super) fn response(&self, path: &str) -> Response<Bytes> {
        let id = wire::request_id();
        let body = if path.starts_with(control::PREFIX) {
            json!({ "error": self.message })
        } else {
            json!({ "Code": self.code, "Message": self.message, "RequestId": id })
        };
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() = self.status;
        let kind = HeaderValue::from_static("application/json;charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert("x-acs-request-id", id);
        }
        response
    }
}
