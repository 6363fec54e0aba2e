//! Rules for who is told. No message quotes a URL or a secret.

use std::collections::BTreeSet;

use super::value::{at_most, distinct, quoted};
use crate::ids::{BindingName, NAME_PATTERN, is_name};
use crate::receiver::{Address, Receiver};
use crate::store::wrong::{Wrong, Wrongs};

/// The most receivers: each is sent to in each look that has news for it.
const MOST: usize = 8;
/// The most characters of a URL or a secret.
const LONGEST: usize = 2048;

/// What is wrong with the URL or the secret of a receiver that refers to nothing: the field's name, and why.
pub(in crate::store) fn values(receiver: &Receiver) -> Option<(&'static str, String)> {
    let url = url("", receiver).err().map(|wrong| ("url", wrong.message));
    url.or_else(|| secret("", receiver).err().map(|wrong| ("secret", wrong.message)))
}

/// Notes every error of the list.
pub(super) fn receivers(receivers: &[Receiver], bindings: &BTreeSet<&BindingName>, wrong: &mut Wrongs) {
    wrong.note(at_most("notify", receivers, MOST, "receivers"));
    for (index, receiver) in receivers.iter().enumerate() {
        let at = |field: &str| format!("notify[{index}].{field}");
        wrong.note(name(&at("name"), receiver, receivers.get(..index).unwrap_or_default()));
        wrong.note(url(&at("url"), receiver));
        wrong.note(secret(&at("secret"), receiver));
        if !receiver.bindings.is_empty() {
            wrong.note(distinct(&at("bindings"), &receiver.bindings, "binding"));
        }
        for (place, binding) in receiver.bindings.iter().enumerate() {
            if !bindings.contains(binding) {
                let at = at(&format!("bindings[{place}]"));
                let message =
                    format!("is {}, and there is no such binding. Write one of this store.", quoted(binding.as_str()));
                wrong.note(Err(Wrong::new(at, message)));
            }
        }
    }
}

fn name(path: &str, receiver: &Receiver, before: &[Receiver]) -> Result<(), Wrong> {
    let name = receiver.name.as_str();
    if !is_name(name) {
        return Err(Wrong::new(path, format!("is no name of the form {NAME_PATTERN}. Write one.")));
    }
    if before.iter().any(|other| other.name == name) {
        return Err(Wrong::new(path, format!("two receivers are named `{name}`. Give each a name of its own.")));
    }
    Ok(())
}

/// Checks the name behind `secret:`.
fn reference(path: &str, name: &str) -> Result<(), Wrong> {
    if is_name(name) {
        return Ok(());
    }
    Err(Wrong::new(path, format!("names no secret. Write secret: and a name of the form {NAME_PATTERN}.")))
}

fn url(path: &str, receiver: &Receiver) -> Result<(), Wrong> {
    if let Some(name) = receiver.url.reference() {
        return reference(path, name);
    }
    let url = receiver.url.reveal();
    let address = Address::of(url).filter(|_| url.len() <= LONGEST);
    let message = match address {
        None => "is no URL. Write one of the form https://host/path, as the receiver shows it for its webhook.",
        Some(address) if address.scheme == "http" && !address.is_loopback() => {
            "is plain http to another machine, where anybody on the way reads it. Write https."
        }
        Some(_) => return Ok(()),
    };
    Err(Wrong::new(path, message))
}

fn secret(path: &str, receiver: &Receiver) -> Result<(), Wrong> {
    let Some(secret) = &receiver.secret else { return Ok(()) };
    let text = secret.reveal();
    let message = if !receiver.kind.signs() {
        "is for dingTalk and webhook, and this receiver takes no signature. Leave the line out."
    } else if let Some(name) = secret.reference() {
        return reference(path, name);
    } else if text.trim().is_empty() {
        "is empty. Write a value, or leave the line out."
    } else if text.len() > LONGEST {
        "has more than 2048 characters. Write a shorter one."
    } else {
        return Ok(());
    };
    Err(Wrong::new(path, message))
}
