//! `albridge replay`: a recording's requests made again, and what is answered differently.
//!
//! ReplayTarget nothing else, it makes the world that the recording began with and leads it through the recording in no time. ReplayTarget
//! a URL it keeps the recorded gaps between requests, for the cloud there has a time of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use local::replay::{Difference, FreshWorld, Recording, ReplayError, ReplayTarget, Replayed, Running};
use openapi::{Credentials, HttpTransport, PlainHttp, Transport};
use serde::Deserialize;
use serde_json::json;

use crate::args::ReplayArgs;
use crate::credentials;
use crate::environment::Environment;
use crate::output::{Console, Exit, Line, Tone, Trouble, columns, visible};
use crate::pace;

/// Makes the requests, and shows the differences.
pub(crate) async fn replay(args: &ReplayArgs, environment: &Environment, console: Console) -> Result<Exit, Trouble> {
    let name = args.recording.display();
    let text = std::fs::read_to_string(&args.recording)
        .map_err(|error| Trouble::Usage(format!("The recording {name} cannot be read: {error}.")))?;
    let recording = Recording::parse(&text).map_err(|error| Trouble::Usage(format!("{name}: {error}.")))?;
    let clock = Clock::system();
    let replayed = match &args.against {
        Some(url) => {
            let plain = if args.allow_http { PlainHttp::Anywhere } else { PlainHttp::Loopback };
            if plain.allows(url) == Some(false) {
                return Err(Trouble::Usage(format!(
                    "{url} is plain http to another machine, where anybody on the way reads what is sent: use https or a \
                     loopback address, or say --allow-http."
                )));
            }
            let credentials = credentials::find(environment, args.profile.as_deref())?;
            let mut running = running(url, &clock).await?;
            made(&recording, &mut running, &credentials, &clock).await?
        }
        None if recording.preface.deployed => {
            let why = "its functions called the cloud as well, and a fresh world has none of them";
            return Err(Trouble::Usage(format!(
                "{name} was recorded with the template deployed: {why}. Record with --deploy=false, or give --against URL."
            )));
        }
        None => {
            let mut fresh = FreshWorld::new(&recording.preface, args.seed).map_err(|error| trouble(&error))?;
            let credentials = fresh.credentials();
            made(&recording, &mut fresh, &credentials, &clock).await?
        }
    };
    Ok(show(&replayed, console))
}

async fn made(
    recording: &Recording,
    against: &mut impl ReplayTarget,
    credentials: &Credentials,
    clock: &Clock,
) -> Result<Replayed, Trouble> {
    recording.replay(against, credentials, clock).await.map_err(|error| trouble(&error))
}

fn trouble(error: &ReplayError) -> Trouble {
    Trouble::Failed(format!("{error}."))
}

/// What an emulator says of its ports.
#[derive(Deserialize)]
struct Addresses {
    endpoints: BTreeMap<String, String>,
}

/// The cloud at a URL. An emulator has a port per region and says which; anything else serves all regions at one place.
async fn running(url: &str, clock: &Clock) -> Result<Running, Trouble> {
    const LIMIT: Duration = Duration::from_secs(10);
    let base = url.trim_end_matches('/');
    let transport = HttpTransport::new().map_err(|error| Trouble::Failed(error.to_string()))?;
    let request = http::Request::get(format!("{base}/-/endpoints"))
        .header(http::header::HOST, base.split_once("://").map_or(base, |(_, authority)| authority))
        .body(Bytes::new())
        .map_err(|error| Trouble::Usage(format!("{url} is no base URL: {error}.")))?;
    let asked = clock.timeout(LIMIT, transport.send(request)).await;
    let answer = match asked {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(Trouble::Failed(format!("Nobody answers at {url}: {error}."))),
        Err(_) => return Err(Trouble::Failed(format!("Nobody answers at {url}."))),
    };
    let mut endpoints = match serde_json::from_slice::<Addresses>(answer.body()) {
        Ok(found) if answer.status().is_success() => found.endpoints,
        _ => BTreeMap::new(),
    };
    endpoints.insert("*".to_owned(), base.to_owned());
    // The recorded gaps are the cloud's time: an emulator that runs fast passes them fast.
    let clock = pace::told(base, &transport).await;
    Ok(Running::new(Arc::new(transport), endpoints, clock))
}

/// A line for each difference, and one at the end.
fn show(replayed: &Replayed, console: Console) -> Exit {
    for difference in &replayed.differences {
        console.tell(&json!({"event": "difference", "difference": difference}));
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
        console.say(line.then_toned(Tone::Faint, recorded).then(" -> ").then_toned(Tone::Bad, replayed));
    }
    match count {
        0 => console.say(format!("{exchanges} requests, all answered as recorded")),
        1 => console.say(format!("{exchanges} requests, 1 difference")),
        _ => console.say(format!("{exchanges} requests, {count} differences")),
    }
    exit
}
