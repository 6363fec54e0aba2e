//! The formats of texts that the APIs accept, as in the parameter texts of the official SDK packages (alb 1.3.3, cbn 1.4.0,
//! sts 1.2.0). They are checked so that the cloud does not refuse a write half way through a plan. Texts that are only
//! compared, such as selected tags, have no required format.

use super::value;
use crate::store::wrong::Wrong;

type Checked = Result<(), Wrong>;

/// The most characters of an identifier. No published text limits them; the cloud's own consist of a prefix, a hyphen and
/// at most 25 letters and digits.
const ID: usize = 64;
/// The most characters of a health check's host and path.
const HEALTH: usize = 80;
/// The most characters of a request's path. The ALB accepts more, but a test page does not need more.
const PATH: usize = 2048;

/// An identifier or a region in the cloud's spelling; it becomes part of requests, host names and ownership marks.
pub(super) fn id(path: &str, text: &str) -> Checked {
    value::filled(path, text)?;
    let fits = text.len() <= ID && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    demand(fits, path, text, "an id as the console shows it: at most 64 letters, digits and hyphens")
}

/// `ServerGroupName` of `CreateServerGroup`.
pub(super) fn server_group_name(path: &str, text: &str) -> Checked {
    let letter = |c: char| c.is_ascii_alphanumeric() || ('\u{4e00}'..='\u{9fff}').contains(&c);
    let fits = (2..=128).contains(&text.chars().count())
        && text.starts_with(letter)
        && text.chars().all(|c| letter(c) || matches!(c, '.' | '_' | '-' | ' '));
    let form = "2 to 128 letters, digits, blanks, `.`, `_` and `-`, the first a letter or a digit";
    demand(fits, path, text, form)
}

/// `HealthCheckPath` of `CreateServerGroup`.
pub(super) fn health_path(path: &str, text: &str) -> Checked {
    let listed = "-/.%?#&=_;~!()*[]@$^:\\\",+";
    let fits = text.starts_with('/')
        && text.chars().count() <= HEALTH
        && text.chars().all(|c| c.is_ascii_alphanumeric() || listed.contains(c));
    let form = format!("a path of 1 to 80 characters that begins with /: letters, digits and {listed}");
    demand(fits, path, text, &form)
}

/// `HealthCheckHost` of `CreateServerGroup`; empty for the member's own address.
pub(super) fn health_host(path: &str, text: &str) -> Checked {
    let label = |label: &str| {
        let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !label.is_empty() && label.chars().all(inside) && !label.starts_with('-') && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    let fits = text.is_empty()
        || (text.len() <= HEALTH
            && text.contains('.')
            && text.split('.').all(label)
            && last.chars().all(|c| c.is_ascii_lowercase()));
    let form = "a domain name of at most 80 characters in lower case, with a dot and letters alone after the last one, \
                or leave the line out for the member's address";
    demand(fits, path, text, form)
}

/// The Host header of our probe: a name or an address, with or without a port.
pub(super) fn host_header(path: &str, text: &str) -> Checked {
    value::filled(path, text)?;
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let edge = |c: char| c.is_ascii_alphanumeric();
    let fits = (1..=253).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        && name.starts_with(edge)
        && name.ends_with(edge)
        && !name.contains("..")
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    demand(fits, path, text, "a host name, as in www.example.com")
}

/// The path and query of our probe's request (RFC 3986).
pub(super) fn url_path(path: &str, text: &str) -> Checked {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~%!$&'()*+,;=:@/?".contains(c);
    let fits = text.starts_with('/') && text.len() <= PATH && text.chars().all(allowed);
    demand(fits, path, text, "a path that begins with /, other characters than those of a URL escaped as %XX")
}

/// `acs:ram::<account>:role/<name>`: role names have 1 to 64 letters, digits, `.` and `-`.
pub(super) fn role_arn(path: &str, text: &str) -> Checked {
    let digits = |account: &str| (1..=20).contains(&account.len()) && account.chars().all(|c| c.is_ascii_digit());
    let named = |name: &str| {
        (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
    };
    let parts = text.strip_prefix("acs:ram::").and_then(|rest| rest.split_once(":role/"));
    let fits = parts.is_some_and(|(account, name)| digits(account) && account.parse::<u64>().is_ok() && named(name));
    demand(fits, path, text, "acs:ram::<account number>:role/<role name>")
}

/// `ExternalId` of `AssumeRole`.
pub(super) fn external_id(path: &str, text: &str) -> Checked {
    value::filled(path, text)?;
    let fits =
        (2..=1224).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c));
    demand(fits, path, text, "2 to 1,224 letters, digits and characters of _+=,.@:/-")
}

/// Fails with a message that shows `text` escaped, so that no control character reaches a terminal.
fn demand(fits: bool, path: &str, text: &str, form: &str) -> Checked {
    if fits { Ok(()) } else { Err(Wrong::new(path, format!("is {}. Write {form}.", value::quoted(text)))) }
}
