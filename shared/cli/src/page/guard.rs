//! Whose requests are answered: those of programs on this machine, and of the page itself.
//!
//! The page needs no password, so a page from elsewhere must not be able to read it through the browser of the person in front of it:
//! neither by a name of its own that leads to loopback (DNS rebinding: `Host` says so), nor across origins (`Origin` and
//! `Sec-Fetch-Site` say so). A link from elsewhere may lead here, because who follows it sees the page, and nobody else does.

use std::net::IpAddr;

use http::uri::Authority;
use http::{HeaderMap, Method, Request, StatusCode, header};

/// Why a request is not answered.
pub(super) type Refusal = (StatusCode, String);

/// Whether a request is answered.
///
/// # Errors
/// The answer to one that is not.
pub(super) fn admit<B>(request: &Request<B>) -> Result<(), Refusal> {
    let headers = request.headers();
    let host = sole(headers, header::HOST)?.ok_or_else(|| misdirected("It has no Host"))?;
    let named = request.uri().authority().map(|authority| authority.as_str().to_owned());
    for name in named.iter().map(String::as_str).chain([host]) {
        if !is_loopback(name) {
            return Err(misdirected(&format!("Its Host is {name}")));
        }
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "There is nothing to change here: GET and HEAD only.".to_owned()));
    }
    if let Some(origin) = sole(headers, header::ORIGIN)?
        && !origin.eq_ignore_ascii_case(&format!("http://{host}"))
    {
        return Err(foreign());
    }
    let follows_a_link = || -> Result<bool, Refusal> {
        Ok(sole(headers, "sec-fetch-mode")? == Some("navigate") && sole(headers, "sec-fetch-dest")? == Some("document"))
    };
    match sole(headers, "sec-fetch-site")? {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) if follows_a_link()? => Ok(()),
        Some(_) => Err(foreign()),
    }
}

/// The value of a header that is there once at most.
fn sole(headers: &HeaderMap, name: impl header::AsHeaderName) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(foreign());
    }
    first.map(|value| value.to_str().map_err(|_| foreign())).transpose()
}

/// Whether a `Host` names this machine; its port may be that of a tunnel.
fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let has_port = authority.port_u16().is_some() || authority.as_str().len() == authority.host().len();
    if authority.as_str().contains('@') || !has_port {
        return false;
    }
    let name = authority.host();
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    address.parse::<IpAddr>().map_or_else(|_| name.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}

fn misdirected(what: &str) -> Refusal {
    (
        StatusCode::MISDIRECTED_REQUEST,
        format!("{what}, and the console answers to 127.0.0.1, [::1] and localhost only."),
    )
}

fn foreign() -> Refusal {
    (StatusCode::FORBIDDEN, "Only programs of this machine and the console's own pages may ask.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &str, headers: &[(&str, &str)]) -> u16 {
        let request = headers
            .iter()
            .fold(Request::builder().method(method).uri("/"), |request, (name, value)| request.header(*name, *value));
        admit(&request.body(()).unwrap()).map_or_else(|(status, _)| status.as_u16(), |()| 200)
    }

    #[test]
    fn a_host_that_is_not_this_machine_is_refused() {
        for host in ["127.0.0.1:7700", "localhost:7700", "LOCALHOST", "[::1]:7700", "127.0.0.1:9000", "127.9.9.9"] {
            assert_eq!(status("GET", &[("host", host)]), 200, "{host}");
        }
        for host in [
            "evil.example:7700",
            "127.0.0.1.evil.example",
            "a@127.0.0.1",
            "10.0.0.1",
            "localhost:",
            "[::2]",
            "",
            "localhost.evil",
        ] {
            assert_eq!(status("GET", &[("host", host)]), 421, "{host}");
        }
        assert_eq!(status("GET", &[]), 421);
        assert_eq!(status("GET", &[("host", "localhost"), ("host", "localhost")]), 403);
    }

    #[test]
    fn pages_from_elsewhere_read_nothing() {
        let with = |headers: &[(&str, &str)]| status("GET", &[&[("host", "127.0.0.1:7700")], headers].concat());
        assert_eq!(with(&[("origin", "http://127.0.0.1:7700"), ("sec-fetch-site", "same-origin")]), 200);
        for headers in [
            &[("origin", "http://127.0.0.1:3000")][..],
            &[("origin", "null")],
            &[("origin", "https://evil.example")],
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
            &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
        ] {
            assert_eq!(with(headers), 403, "{headers:?}");
        }
        let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        assert_eq!(with(&link), 200, "a link in a chat leads here");
    }

    #[test]
    fn nothing_can_be_changed() {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            assert_eq!(status(method, &[("host", "localhost")]), 405, "{method}");
        }
        assert_eq!(status("HEAD", &[("host", "localhost")]), 200);
    }
}
