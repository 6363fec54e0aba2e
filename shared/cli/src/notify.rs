//! `albridge notify`: sends one test message to those who are told of faults, and says what became of it. `status` says who they are, and when
//! each was told last.

use dispatch::telling::{self, Place, Read};
use onboarding::news::Delivery;
use onboarding::{Receiver, Store};
use serde_json::{Value, json};
use stage::Host;

use crate::args::NotifyArgs;
use crate::environment::Environment;
use crate::output::{CliError, Console, Exit, Line, Style};
use crate::target::{self, Access};

/// Why bindings in a file do not tell what was told.
const KEPT_ELSEWHERE: &str = "what was told is kept beside the bindings that the functions read, and these are a file here: name the object \
     with --bindings oss://BUCKET.REGION/KEY";

/// Sends to each receiver that is named, or to all.
pub(crate) async fn notify(args: &NotifyArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    let host = target::host(&args.target, environment, Access::Read).await?;
    let store = target::store(&host).await?;
    let receivers = chosen(&store, &args.receivers)?;
    let mut exit = Exit::Done;
    for receiver in receivers {
        let sent = telling::test(&host, receiver).await;
        let (arrived, word) = match sent.delivery {
            Delivery::Arrived => (true, "arrived".to_owned()),
            Delivery::Refused => (false, format!("not taken: {}", sent.why)),
            Delivery::Unknown => (false, format!("not known whether it arrived: {}", sent.why)),
        };
        let style = if arrived { Style::Good } else { Style::Bad };
        console.print(Line::new(format!("{}: ", named(receiver))).then_styled(style, word));
        console.print_json(&json!({"event": "notified", "receiver": receiver.name, "kind": receiver.kind,
                                   "host": receiver.host(), "arrived": arrived, "why": sent.why}));
        exit = exit.max(Exit::failed(!arrived));
    }
    Ok(console.finish(exit, json!({})))
}

fn chosen<'s>(store: &'s Store, names: &[String]) -> Result<Vec<&'s Receiver>, CliError> {
    if store.notify.is_empty() {
        let message =
            "The bindings name nobody to tell: give them a list `notify` (docs/operations.md, Notifications).";
        return Err(CliError::Usage(message.to_owned()));
    }
    if names.is_empty() {
        return Ok(store.notify.iter().collect());
    }
    let find = |name: &String| {
        store.notify.iter().find(|receiver| receiver.name == *name).ok_or_else(|| {
            let known: Vec<&str> = store.notify.iter().map(|receiver| receiver.name.as_str()).collect();
            CliError::Usage(format!("The bindings have no receiver {name}; there are: {}.", known.join(", ")))
        })
    };
    names.iter().map(find).collect()
}

/// `ops (slack, https://hooks.slack.com)`.
fn named(receiver: &Receiver) -> String {
    format!("{} ({}, {})", receiver.name, receiver.kind.as_str(), receiver.host())
}

/// A receiver, and what it was told.
pub(crate) struct Notified {
    /// Who.
    receiver: Receiver,
    /// How many problems it was told of that are not told as gone, and when it was told of one last; or why that is not known.
    told: Result<(usize, Option<jiff::Timestamp>), String>,
}

/// Who is told, and what each was told; nobody where nobody is named.
pub(crate) async fn notified(host: &Host, store: &Store) -> Vec<Notified> {
    if store.notify.is_empty() {
        return Vec::new();
    }
    let read = match Place::of(&host.settings().store) {
        Some(place) => place.read(host.client()).await,
        None => Err(KEPT_ELSEWHERE.to_owned()),
    };
    let told = |receiver: &Receiver| match &read {
        Err(why) => Err(why.clone()),
        Ok(Read::Nothing(_)) => Ok((0, None)),
        Ok(Read::Told(told)) => {
            let marks = || told.receivers.get(&receiver.name).into_iter().flatten();
            Ok((marks().filter(|mark| mark.open).count(), marks().map(|mark| mark.told).max()))
        }
    };
    store.notify.iter().map(|receiver| Notified { receiver: receiver.clone(), told: told(receiver) }).collect()
}

impl Notified {
    /// For people.
    pub(crate) fn line(&self) -> Line {
        let told = match &self.told {
            Err(why) => format!("not known: {why}"),
            Ok((_, None)) => "nothing told of late".to_owned(),
            Ok((0, Some(last))) => format!("last told {last}, all of it resolved"),
            Ok((open, Some(last))) => format!("last told {last}, {open} open"),
        };
        Line::new(format!("notify {}: {told}", named(&self.receiver)))
    }

    /// For programs.
    pub(crate) fn document(&self) -> Value {
        let Receiver { name, kind, .. } = &self.receiver;
        let told = self.told.as_ref();
        json!({"receiver": name, "kind": kind, "host": self.receiver.host(), "known": told.is_ok(), "why": told.err(),
               "open": told.ok().map(|(open, _)| open), "lastTold": told.ok().and_then(|(_, last)| *last)})
    }
}
