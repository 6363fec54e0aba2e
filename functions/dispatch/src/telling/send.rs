//! Sends a message, and tells from the answer whether it was taken. No word about it holds the URL, a secret, or what the receiver says: an answer
//! may quote the request.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use onboarding::news::{Delivery, News};
use onboarding::store::Secrets;
use onboarding::{Receiver, ReceiverKind};
use openapi::{BodyLimit, PlainHttp, Service, TransportError, hmac_sha256};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use stage::Host;

use super::message::Message;

/// The longest that one receiver may take. They are sent to at the same time.
pub(super) const PATIENCE: Duration = Duration::from_secs(6);
/// As much of an answer is read.
const ANSWER: usize = 16 << 10;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Whether it was taken.
    pub delivery: Delivery,
    /// Why not, or why that is not known, in a few words; empty if it was.
    pub why: String,
}

impl Sent {
    fn arrived() -> Self {
        Self { delivery: Delivery::Arrived, why: String::new() }
    }

    fn refused(why: impl Into<String>) -> Self {
        Self { delivery: Delivery::Refused, why: why.into() }
    }

    fn unknown(why: impl Into<String>) -> Self {
        Self { delivery: Delivery::Unknown, why: why.into() }
    }
}

/// Sends a message that only tells that messages arrive.
pub async fn test(host: &Host, receiver: &Receiver) -> Sent {
    let (deployment, at) = (host.settings().deployment.as_str(), host.clock().now());
    let secrets = stage::secrets::secrets(host, host.client(), std::iter::once(receiver)).await;
    to(host, receiver, &secrets, &Message { deployment, at, news: &News::default(), test: true }).await
}

/// Sends a message to a receiver, whose URL and secret may be kept apart.
pub(super) async fn to(
    host: &Host,
    receiver: &Receiver,
    secrets: &Result<Secrets, String>,
    message: &Message<'_>,
) -> Sent {
    let resolved = match secrets {
        Ok(secrets) => secrets.resolve(receiver),
        // Who has no secrets apart needs none of them.
        Err(why) => match receiver.references().next() {
            Some(_) => Err(why.clone()),
            None => Ok(receiver.clone()),
        },
    };
    let receiver = &match resolved {
        Ok(receiver) => receiver,
        // Nothing was sent, so the next look tries again.
        Err(why) => return Sent::refused(why),
    };
    if is_emulated(host) && !receiver.is_local() {
        return Sent::refused("an emulated cloud sends to its own machine alone");
    }
    let clock = host.clock();
    // A robot compares the time with its own clock.
    let Some(request) = request(receiver, message, &clock.uuid(), clock.wall()) else {
        return Sent::refused("its URL cannot be used");
    };
    match clock.timeout(PATIENCE, host.transport().send(request)).await {
        Err(_) | Ok(Err(TransportError::Timeout)) => Sent::unknown("no answer in time"),
        Ok(Err(TransportError::Connect(_))) => Sent::refused("no connection"),
        Ok(Err(TransportError::Cut(_) | TransportError::TooLarge(_))) => Sent::unknown("the connection broke"),
        Ok(Ok(response)) => taken(receiver.kind, &response),
    }
}

/// Whether the cloud's own APIs are those of an emulator: nobody outside of it is to hear of its faults.
fn is_emulated(host: &Host) -> bool {
    let region = host.settings().home_region.as_ref().map_or("", |home| home.as_str());
    host.settings().endpoints.overridden(Service::Oss, region).is_some_and(|url| url.starts_with("http://"))
}

/// The request with a message.
fn request(receiver: &Receiver, message: &Message<'_>, id: &str, wall: Timestamp) -> Option<Request<Bytes>> {
    let url = receiver.url.reveal();
    // A store is checked when it is read; this is the last place to look.
    if receiver.host().is_empty() || PlainHttp::Loopback.allows(url) != Some(true) {
        return None;
    }
    let body = message.body(receiver.kind, id).to_string();
    let secret = receiver.secret.as_ref();
    let mut request = Request::post(match (receiver.kind, secret) {
        (ReceiverKind::DingTalk, Some(secret)) => with_sign(url, secret.reveal(), wall.as_millisecond()),
        _ => url.to_owned(),
    })
    .header("content-type", "application/json; charset=utf-8")
    .header("user-agent", "albridge");
    if let (ReceiverKind::Webhook, Some(secret)) = (receiver.kind, secret) {
        let (time, signature) = signature(secret.reveal(), wall.as_second(), &body);
        request = request.header("x-albridge-timestamp", time).header("x-albridge-signature", signature);
    }
    let mut request = request.body(Bytes::from(body)).ok()?;
    request.extensions_mut().insert(BodyLimit::First(ANSWER));
    Some(request)
}

/// Everything but letters, digits and `-_.~`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A robot's URL with its signature: HMAC-SHA256 with the secret over the milliseconds, a line feed and the secret again, in base64
/// (open.dingtalk.com, "custom robot, security settings").
fn with_sign(url: &str, secret: &str, milliseconds: i64) -> String {
    let text = format!("{milliseconds}\n{secret}");
    let sign = STANDARD.encode(hmac_sha256(secret.as_bytes(), text.as_bytes()));
    let sign = utf8_percent_encode(&sign, RESERVED);
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}timestamp={milliseconds}&sign={sign}")
}

/// A webhook's headers: the seconds, and HMAC-SHA256 over them, a dot, and the body.
fn signature(secret: &str, seconds: i64, body: &str) -> (String, String) {
    let signed = hmac_sha256(secret.as_bytes(), format!("{seconds}.{body}").as_bytes());
    let hex: String = signed.iter().map(|byte| format!("{byte:02x}")).collect();
    (seconds.to_string(), format!("sha256={hex}"))
}

/// Whether a receiver took it.
fn taken(kind: ReceiverKind, response: &Response<Bytes>) -> Sent {
    let status = response.status();
    if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
        // A gateway may give up on what arrives behind it.
        return Sent::unknown(format!("status {}", status.as_u16()));
    }
    if !status.is_success() {
        return Sent::refused(format!("status {}", status.as_u16()));
    }
    if kind != ReceiverKind::DingTalk {
        return Sent::arrived();
    }
    // A robot answers 200 whatever it thinks of a message.
    let answer: Option<Value> = serde_json::from_slice(response.body()).ok();
    match answer.and_then(|answer| answer.get("errcode")?.as_i64()) {
        Some(0) => Sent::arrived(),
        Some(code) => Sent::refused(format!("errcode {code}")),
        None => Sent::unknown("an answer that is not a robot's"),
    }
}

#[cfg(test)]
mod tests;
