//! Random keys in the format of real ones, to search for in places where they must not appear.
//!
//! A leak may be partial or encoded. [`Canaries::in_text`] finds any twelve consecutive characters of a secret, plain,
//! percent-encoded, JSON-escaped, in base64 or in hexadecimal.

use std::collections::{BTreeSet, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use clock::Random;
use emulator::call::{Call, Caller, Params, Service};
use emulator::ram::Role;
use emulator::{Cloud, Credentials};
use serde_json::{Value, json};

/// This many characters of a secret count as a leak.
const FRAGMENT: usize = 12;

type Fragment = [u8; FRAGMENT];

/// Secrets and tokens to search for.
#[derive(Default)]
pub struct Canaries {
    secrets: BTreeSet<String>,
    /// The owner and the encoding of each fragment.
    fragments: HashMap<Fragment, (String, &'static str)>,
    /// A bitmap of fragment hashes, because most texts are long and contain no fragment.
    places: Vec<bool>,
}

const PLACES: usize = 1 << 20;

/// The hash of a fragment, below [`PLACES`].
fn place(fragment: &Fragment) -> usize {
    let number = fragment.iter().fold(0_u64, |number, byte| (number << 5) ^ (number >> 59) ^ u64::from(*byte));
    usize::try_from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 44).unwrap_or_default() % PLACES
}

/// Letters and digits.
const PLAIN: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Characters that a header may contain and that every encoding changes.
const WILD: &str = "\"\\/<>&'%+=;:{}[](),.~!*|";

/// `count` random letters of an alphabet.
#[must_use]
pub fn letters(random: &mut Random, count: usize, alphabet: &str) -> String {
    let alphabet: Vec<char> = alphabet.chars().collect();
    (0..count).filter_map(|_| alphabet.get(below(random, alphabet.len()))).collect()
}

/// A random number below `end`.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "small numbers"
)]
pub fn below(random: &mut Random, end: usize) -> usize {
    ((random.fraction() * end as f64) as usize).min(end.saturating_sub(1))
}

/// An account's key, in the length of real ones.
#[must_use]
pub fn account_key(random: &mut Random) -> Credentials {
    Credentials {
        access_key_id: format!("LTAI5t{}", letters(random, 18, PLAIN)),
        access_key_secret: letters(random, 30, PLAIN),
        security_token: None,
    }
}

/// A session's key. Most have a base64 token; some have tokens with all characters that need encoding or escaping.
#[must_use]
pub fn session_key(random: &mut Random) -> Credentials {
    let length = 120 + below(random, 400);
    let (secret, token) = match below(random, 3) {
        0 => (letters(random, 44, PLAIN), format!("CAIS{}==", letters(random, length, &format!("{PLAIN}+/")))),
        1 => (
            letters(random, 44, &format!("{PLAIN}+/=")),
            format!("CAIS{}", letters(random, length, &format!("{PLAIN}++++////====-_"))),
        ),
        _ => (
            letters(random, 44, &format!("{PLAIN}{WILD}")),
            format!("CAIS{}", letters(random, length, &format!("{PLAIN}{WILD}"))),
        ),
    };
    Credentials {
        access_key_id: format!("STS.N{}", letters(random, 24, PLAIN)),
        access_key_secret: secret,
        security_token: Some(token),
    }
}

/// A signature, either in the format of ACS3 and OSS or in that of RPC.
#[must_use]
pub fn signature(random: &mut Random) -> String {
    if random.fraction() < 0.5 {
        letters(random, 64, "0123456789abcdef")
    } else {
        format!("{}=", letters(random, 27, &format!("{PLAIN}+/")))
    }
}

/// A role that may do everything, and that the account's own key may take.
#[must_use]
pub fn role(name: &str, arn: &str) -> Role {
    let trusted = json!({"RAM": ["acs:ram::1234567890123456:root"]});
    let all = json!({"Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]});
    Role {
        name: name.to_owned(),
        arn: arn.to_owned(),
        trust: json!({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted}]}),
        policies: vec![("all".to_owned(), all)],
    }
}

/// Makes such a role in the account, and takes it. Returns the id of the session's key.
#[must_use]
pub fn take_role(cloud: &Cloud, name: &str) -> Option<String> {
    let now = cloud.now();
    cloud.with(|world| {
        let arn = world.role_arn(name);
        world.put_role(role(name, &arn));
        let params = [("RoleArn".to_owned(), arn), ("RoleSessionName".to_owned(), "canary".to_owned())];
        let assume = Call {
            service: Service::Sts,
            action: "AssumeRole".to_owned(),
            region: "cn-hangzhou".to_owned(),
            params: Params::new(params),
            caller: Caller::Root,
            request_id: "R".to_owned(),
        };
        let issued = world.handle(now, &assume).ok()?;
        issued.pointer("/Credentials/AccessKeyId").and_then(Value::as_str).map(str::to_owned)
    })
}

impl Canaries {
    /// Adds the secret and the token of a key to the search.
    pub fn plant(&mut self, whose: &str, key: &Credentials) {
        self.look_for(&format!("the secret of {whose}"), &key.access_key_secret);
        key.security_token.iter().for_each(|token| self.look_for(&format!("the token of {whose}"), token));
    }

    /// Adds a text to the search.
    pub fn look_for(&mut self, what: &str, secret: &str) {
        if !self.secrets.insert(secret.to_owned()) {
            return;
        }
        self.places.resize(PLACES, false);
        for (form, text) in forms(secret) {
            for fragment in text.as_bytes().windows(FRAGMENT).filter_map(|part| Fragment::try_from(part).ok()) {
                self.places.iter_mut().skip(place(&fragment)).take(1).for_each(|place| *place = true);
                self.fragments.entry(fragment).or_insert_with(|| (what.to_owned(), form));
            }
        }
    }

    /// Finds secrets in a text, with the text around them; at most three.
    #[must_use]
    pub fn in_text(&self, name: &str, text: &str) -> Vec<String> {
        let bytes = text.as_bytes();
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(fragment) = bytes.get(at..at + FRAGMENT).and_then(|part| Fragment::try_from(part).ok()) {
            at += 1;
            if !self.places.get(place(&fragment)).is_some_and(|may| *may) {
                continue;
            }
            let Some((what, form)) = self.fragments.get(&fragment) else { continue };
            let around = bytes.get(at.saturating_sub(300)..bytes.len().min(at + 100)).unwrap_or_default();
            found.push(format!("{name} holds {what} ({form}): {}", String::from_utf8_lossy(around)));
            if found.len() == 3 {
                break;
            }
            at += 400;
        }
        found
    }
}

/// The encodings of a secret.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let encoded = percent(secret);
    let escaped = |text: &str| {
        let quoted = json!(text).to_string();
        quoted.trim_matches('"').to_owned()
    };
    let once = escaped(secret);
    let mut forms = vec![
        ("as it is", secret.to_owned()),
        ("percent-encoded", encoded.clone()),
        ("percent-encoded twice", percent(&encoded)),
        ("percent-encoded in lower case", lower(&encoded)),
        ("escaped", once.clone()),
        ("escaped twice", escaped(&once)),
        ("with escaped slashes", once.replace('/', "\\/")),
        ("hexadecimal", secret.bytes().map(|byte| format!("{byte:02x}")).collect()),
    ];
    // In a longer base64 text the secret may start at any of three positions of a group. Groups shared with the
    // neighbouring text are cut off.
    for shift in 0..3 {
        let text = format!("{}{secret}", "x".repeat(shift));
        let start = if shift == 0 { 0 } else { 4 };
        let whole = text.len() / 3 * 4;
        for (form, code) in
            [("base64", STANDARD_NO_PAD.encode(&text)), ("base64 for URLs", URL_SAFE_NO_PAD.encode(&text))]
        {
            forms.push((form, code.get(start..whole).unwrap_or_default().to_owned()));
        }
    }
    forms
}

/// Percent-encodes all characters except letters, digits and `-_.~`.
#[must_use]
pub fn percent(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// The same with lower-case codes.
fn lower(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (code, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        format!("{text}%{}{rest}", code.to_lowercase())
    })
}

/// The code and message of a refusal that quotes a key, in one of the ways of services, gateways and proxies. The secret
/// itself is known only to the cloud and the signer, so it is quoted only together with its name.
#[must_use]
pub fn refusal(random: &mut Random, key: &Credentials, signature: &str) -> (String, String) {
    let id = &key.access_key_id;
    let secret = &key.access_key_secret;
    let token = key.security_token.as_deref().unwrap_or("");
    let authorization = format!(
        "ACS3-HMAC-SHA256 Credential={id},SignedHeaders=host;x-acs-action;x-acs-security-token,Signature={signature}"
    );
    let canonical = format!(
        "POST\n/\nRegionId=cn-hangzhou\nhost:x\nx-acs-accesskey-id:{id}\nx-acs-security-token:{token}\n\nhost;x-acs-security-token\n0123"
    );
    let rpc = percent(&format!("AccessKeyId={id}&Action=X&SecurityToken={}&Version=1", percent(token)));
    let headers = format!("host: x\nauthorization: {authorization}\nx-acs-security-token: {token}\nx-acs-date: 2026");
    let function = json!({"x-fc-access-key-id": id, "x-fc-access-key-secret": secret, "x-fc-security-token": token});
    let pad = letters(random, 1, "0123456789").parse::<usize>().unwrap_or_default() * 37;
    let message = match below(random, 20) {
        0 => format!(
            "Specified signature does not match our calculation. server StringToSign is [ACS3-HMAC-SHA256\n{signature}], server \
             CanonicalRequest is [{canonical}]"
        ),
        1 => {
            format!("Specified signature is not matched with our calculation. server string to sign is:POST&%2F&{rpc}")
        }
        2 => format!("These headers were received: {headers}"),
        3 => format!("The function was called with {function}"),
        4 => format!("The function was called with {}", json!(function.to_string())),
        5 => format!("x-fc-access-key-id: {id}\nx-fc-access-key-secret: {secret}\nx-fc-security-token: {token}\n"),
        6 => format!("The token {token} is malformed."),
        7 => format!("The token {} is malformed.", percent(token)),
        8 => format!("The token {} is malformed.", percent(&percent(token))),
        9 => format!("The token {} is malformed.", lower(&percent(token))),
        10 => format!("canonical: {}", STANDARD_NO_PAD.encode(&canonical)),
        11 => format!("request {}.", URL_SAFE_NO_PAD.encode(token)),
        12 => format!("<SecurityToken>{token}</SecurityToken><SignatureProvided>{signature}</SignatureProvided>"),
        13 => format!("{{\"Authorization\":{},\"SecurityToken\":{}}}", json!(authorization), json!(token)),
        14 => format!("Signature={}&SecurityToken={}&Action=X", percent(signature), percent(token)),
        // If a message is truncated, a part of a secret may remain.
        15 => format!("{} {token}", "word ".repeat(380 - pad / 10)),
        16 => format!("{} {token}", "word ".repeat(1580 - pad / 10)),
        17 => format!("{} {}", "word ".repeat(390 - pad / 10), percent(token)),
        18 => token.bytes().map(|byte| format!("{byte:02x}")).collect(),
        _ => format!("The key {id} with {} may not do this.", json!(token)),
    };
    let codes = [
        "SignatureDoesNotMatch",
        "Throttling.User",
        "InvalidSecurityToken.Malformed",
        "Forbidden.RAM",
        "InternalError",
    ];
    let code = codes.get(below(random, codes.len())).copied().unwrap_or_default();
    // A gateway that puts its input where its own code belongs.
    let code = if random.fraction() < 0.1 { format!("Invalid.{token}") } else { code.to_owned() };
    (code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_of_a_secret_is_found_in_every_form() {
        let mut random = Random::seeded(7);
        for _ in 0..30 {
            let key = session_key(&mut random);
            let mut canaries = Canaries::default();
            canaries.plant("somebody", &key);
            let token = key.security_token.unwrap();
            let part = &token[50..80];
            for (form, text) in forms(part) {
                // The base64 of a part has other groups than the base64 of the whole; `forms` covers every grouping.
                let found = canaries.in_text("text", &format!("before {text} after"));
                assert!(!found.is_empty(), "{form}: {text}");
            }
            let long = format!("{canary}abc", canary = STANDARD_NO_PAD.encode(format!("ab {token} cd")));
            assert!(!canaries.in_text("text", &long).is_empty());
            assert_eq!(canaries.in_text("text", &format!("id {}", key.access_key_id)), Vec::<String>::new());
        }
    }
}
