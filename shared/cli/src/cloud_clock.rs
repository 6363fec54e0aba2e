//! The clock of the cloud that a command calls. Alibaba Cloud's is real time; an emulator on this machine may run faster, and
//! returns its clock at `GET /-/clock`. Polling, time limits and ages then follow its time, while signatures use real time.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use clock::{Clock, Reading};
use jiff::{SignedDuration, Timestamp};
use openapi::Transport;
use serde::Deserialize;

use crate::environment::Environment;

/// The timeout of the request for the clock: an emulator on this machine answers at once.
const LIMIT: Duration = Duration::from_secs(2);

/// The minimum of real seconds for an operation, the same as for a function in the emulator.
const LEAST_REAL: f64 = 10.0;

/// The clock of an emulator, as it returns it.
#[derive(Deserialize)]
struct EmulatorClock {
    /// Its current time.
    now: Timestamp,
    /// How many of its seconds pass in a real one.
    speed: f64,
}

/// The time limit of an operation: `limit`, but at least [`LEAST_REAL`] of real time, however fast the clock runs.
pub(crate) fn time_limit(clock: &Clock, limit: SignedDuration) -> SignedDuration {
    if clock.speed() <= 1.0 {
        return limit;
    }
    SignedDuration::try_from_secs_f64(LEAST_REAL * clock.speed()).map_or(limit, |least| limit.max(least))
}

/// The clock of the emulator that `ALBRIDGE_ENDPOINTS` names, else the real one.
pub(crate) async fn clock(environment: &Environment, transport: &dyn Transport) -> Clock {
    match environment.get("ALBRIDGE_ENDPOINTS").and_then(emulator) {
        Some(base) => of_emulator(&base, transport).await,
        None => Clock::system(),
    }
}

/// The clock of an emulator at a base URL, else the real one. Only an emulator on this machine is asked.
pub(crate) async fn of_emulator(base: &str, transport: &dyn Transport) -> Clock {
    let real = Clock::system();
    let Some(authority) = loopback(base) else { return real };
    let request = http::Request::get(format!("http://{authority}/-/clock")).header(http::header::HOST, authority);
    let Ok(request) = request.body(Bytes::new()) else { return real };
    let Ok(Ok(answer)) = real.timeout(LIMIT, transport.send(request)).await else { return real };
    if !answer.status().is_success() {
        return real;
    }
    let Ok(shown) = serde_json::from_slice::<EmulatorClock>(answer.body()) else { return real };
    // Parsed from its text, because parsing checks the range of the speed.
    match Reading::new(real.now(), shown.now, shown.speed).to_string().parse::<Reading>() {
        Ok(reading) => Clock::following(&reading),
        Err(_) => real,
    }
}

/// The base URL of the emulator, if all endpoints are on this machine: a command that also calls Alibaba Cloud uses real time.
fn emulator(endpoints: &str) -> Option<String> {
    let endpoints: BTreeMap<String, String> = serde_json::from_str(endpoints).ok()?;
    if endpoints.values().any(|url| loopback(url).is_none()) {
        return None;
    }
    endpoints.get("*").or_else(|| endpoints.values().next()).cloned()
}

/// The host and port of an http URL on this machine.
fn loopback(url: &str) -> Option<&str> {
    let (authority, _) = url.strip_prefix("http://").map(|rest| rest.split_once('/').unwrap_or((rest, "")))?;
    let uri: http::uri::Authority = authority.parse().ok()?;
    let host = uri.host().trim_start_matches('[').trim_end_matches(']');
    let local = host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    (local && !authority.contains('@')).then_some(authority)
}

#[cfg(test)]
mod tests {
    use http::Response;
    use openapi::TransportError;

    use super::*;

    fn environment(endpoints: &str) -> Environment {
        Environment::new([("ALBRIDGE_ENDPOINTS".to_owned(), endpoints.to_owned())].into())
    }

    /// The clock that a command has when the port answers this.
    async fn clock_of(endpoints: &str, status: u16, body: &'static str) -> (Clock, usize) {
        let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let seen = std::sync::Arc::clone(&asked);
        let transport = move |request: http::Request<Bytes>| {
            assert_eq!(request.uri().path(), "/-/clock");
            seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            async move {
                let response = Response::builder().status(status).body(Bytes::from_static(body.as_bytes()));
                response.map_err(|error| TransportError::Cut(error.to_string()))
            }
        };
        let clock = clock(&environment(endpoints), &transport).await;
        (clock, asked.load(std::sync::atomic::Ordering::Relaxed))
    }

    const TOLD: &str = r#"{"now": "2030-01-01T00:00:00Z", "wall": "2026-11-22T08:00:00Z", "speed": 20.0}"#;

    #[tokio::test(start_paused = true)]
    async fn an_emulators_speed_is_learned_where_everything_is_on_this_machine() {
        for (endpoints, status, body, speed) in [
            (r#"{"*": "http://127.0.0.1:7000"}"#, 200, TOLD, 20.0),
            (r#"{"cn-hangzhou": "http://localhost:7000", "*": "http://[::1]:7001/"}"#, 200, TOLD, 20.0),
            // Not an emulator, or an invalid answer.
            (r#"{"*": "http://127.0.0.1:7000"}"#, 404, TOLD, 1.0),
            (r#"{"*": "http://127.0.0.1:7000"}"#, 200, "{}", 1.0),
            (r#"{"*": "http://127.0.0.1:7000"}"#, 200, r#"{"now": "2030-01-01T00:00:00Z", "speed": 0}"#, 1.0),
            (r#"{"*": "http://127.0.0.1:7000"}"#, 200, r#"{"now": "2030-01-01T00:00:00Z", "speed": 1e9}"#, 1.0),
        ] {
            let (clock, asked) = clock_of(endpoints, status, body).await;
            assert_eq!((clock.speed().total_cmp(&speed), asked), (std::cmp::Ordering::Equal, 1), "{endpoints} {body}");
            let year = clock.now().to_zoned(jiff::tz::TimeZone::UTC).year();
            assert_eq!(year == 2030, speed > 1.0, "its time is the emulator's");
            assert!(clock.wall().to_zoned(jiff::tz::TimeZone::UTC).year() != 2030, "signatures are real");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_piece_of_work_has_ten_real_seconds_at_least() {
        let minute = SignedDuration::from_secs(60);
        for (speed, seconds) in [(0.5, 60), (1.0, 60), (5.0, 60), (20.0, 200), (100.0, 1_000)] {
            assert_eq!(time_limit(&Clock::scaled(speed), minute).as_secs(), seconds, "at speed {speed}");
        }
    }

    #[tokio::test]
    async fn nobody_elsewhere_is_asked() {
        for endpoints in [
            r#"{"*": "https://127.0.0.1:7000"}"#,
            r#"{"*": "http://127.0.0.1.evil.example:7000"}"#,
            r#"{"*": "http://localhost@evil.example"}"#,
            r#"{"*": "http://127.0.0.1:7000", "cn-hangzhou": "https://ecs.cn-hangzhou.aliyuncs.com"}"#,
            "{}",
            "nonsense",
        ] {
            let (clock, asked) = clock_of(endpoints, 200, TOLD).await;
            assert_eq!((clock.speed().total_cmp(&1.0), asked), (std::cmp::Ordering::Equal, 0), "{endpoints}");
        }
    }
}
