//! `albridge replay`: sends a recording's requests again, and shows the differences in the answers.
//!
//! Without a URL it builds the world that the recording started from, and simulates time. With a URL it keeps the recorded
//! intervals between requests, because the cloud there has its own clock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use local::replay::{Difference, FreshWorld, Recording, ReplayError, ReplayTarget, Replayed, Running};
use openapi::{Credentials, Endpoints, HttpTransport, Signature, Transport};
use serde::Deserialize;
use serde_json::json;

use crate::args::ReplayArgs;
use crate::cloud_clock;
use crate::credentials::{self, Keys};
use crate::environment::Environment;
use crate::output::{CliError, Console, Exit, Line, Style, columns, visible};
use crate::target;

/// Makes the requests, and shows the differences.
pub(crate) async fn replay(args: &ReplayArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    let name = args.recording.display();
    let text = std::fs::read_to_string(&args.recording)
        .map_err(|error| CliError::Usage(format!("The recording {name} cannot be read: {error}.")))?;
    let recording = Recording::parse(&text).map_err(|error| CliError::Usage(format!("{name}: {error}.")))?;
    let clock = Clock::system();
    let replayed = match &args.against {
        Some(url) => {
            let plain = target::plain_http(args.allow_http);
            if plain.allows(url) == Some(false) {
                return Err(CliError::Usage(format!(
                    "{url} is plain http to another machine, where anybody on the way reads what is sent: use https or a \
                     loopback address, or say --allow-http."
                )));
            }
            let found = credentials::find(environment, args.profile.as_deref())?;
            let transport = Arc::new(target::transport(environment)?);
            let asked = credentials::Cloud {
                transport: transport.clone(),
                clock: clock.clone(),
                endpoints: Endpoints::default(),
                signature: Signature::default(),
                plain,
            };
            let credentials = Keys::new(found, asked).present().await?;
            let mut running = running(url, transport, &clock).await?;
            send_all(&recording, &mut running, &credentials, &clock).await?
        }
        None if recording.preface.deployed => {
            let why = "its functions called the cloud as well, and a fresh world has none of them";
            return Err(CliError::Usage(format!(
                "{name} was recorded with the template deployed: {why}. Record with --deploy=false, or give --against URL."
            )));
        }
        None => {
            let mut fresh = FreshWorld::new(&recording.preface, args.seed).map_err(|error| failed(&error))?;
            let credentials = fresh.credentials();
            send_all(&recording, &mut fresh, &credentials, &clock).await?
        }
    };
    Ok(show(&replayed, console))
}

async fn send_all(
    recording: &Recording,
    target: &mut impl ReplayTarget,
    credentials: &Credentials,
    clock: &Clock,
) -> Result<Replayed, CliError> {
    recording.replay(target, credentials, clock).await.map_err(|error| failed(&error))
}

fn failed(error: &ReplayError) -> CliError {
    CliError::Failed(format!("{error}."))
}

/// What an emulator says of its ports.
#[derive(Deserialize)]
struct Addresses {
    endpoints: BTreeMap<String, String>,
}

/// The cloud at a URL. An emulator has a port per region and says which; anything else serves all regions at one place.
async fn running(url: &str, transport: Arc<HttpTransport>, clock: &Clock) -> Result<Running, CliError> {
    const LIMIT: Duration = Duration::from_secs(10);
    let base = url.trim_end_matches('/');
    let request = http::Request::get(format!("{base}/-/endpoints"))
        .header(http::header::HOST, base.split_once("://").map_or(base, |(_, authority)| authority))
        .body(Bytes::new())
        .map_err(|error| CliError::Usage(format!("{url} is no base URL: {error}.")))?;
    let asked = clock.timeout(LIMIT, transport.send(request)).await;
    let answer = match asked {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(CliError::Failed(format!("Nobody answers at {url}: {error}."))),
        Err(_) => return Err(CliError::Failed(format!("Nobody answers at {url}."))),
    };
    let mut endpoints = match serde_json::from_slice::<Addresses>(answer.body()) {
        Ok(found) if answer.status().is_success() => found.endpoints,
        _ => BTreeMap::new(),
    };
    endpoints.insert("*".to_owned(), base.to_owned());
    // The recorded gaps are the cloud's time: an emulator that runs fast passes them fast.
    let clock = cloud_clock::of_emulator(base, transport.as_ref()).await;
    Ok(Running::new(transport, endpoints, clock))
}

/// A line for each difference, and one at the end.
fn show(replayed: &Replayed, console: Console) -> Exit {
    for difference in &replayed.differences {
        console.print_json(&json!({"event": "difference", "difference": difference}));
    }
    let (exchanges, count) = (replayed.exchanges, replayed.differences.len());
    let exit = console.finish(Exit::pending(count > 0), json!({"exchanges": exchanges, "differences": count}));
    let width = |text: fn(&Difference) -> &str| {
        replayed.differences.iter().map(|difference| columns(&visible(text(difference)))).max().unwrap_or(0)
    };
    let padded = |text: &str, width: usize| {
        let text = visible(text);
        let space = " ".repeat(width.saturating_sub(columns(&text)));
        text + &space
    };
    let (actions, places) = (width(|difference| &difference.action), width(|difference| &difference.place));
    for Difference { number, action, place, recorded, replayed, .. } in &replayed.differences {
        let line = Line::new(format!("{number:>5}  {}  {}  ", padded(action, actions), padded(place, places)));
        console.print(line.then_styled(Style::Faint, recorded).then(" -> ").then_styled(Style::Bad, replayed));
    }
    match count {
        0 => console.print(format!("{exchanges} requests, all answered as recorded")),
        1 => console.print(format!("{exchanges} requests, 1 difference")),
        _ => console.print(format!("{exchanges} requests, {count} differences")),
    }
    exit
}
