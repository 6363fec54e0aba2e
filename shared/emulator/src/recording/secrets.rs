//! What a recording must not hold, and how it is taken out: the one list, for queries, forms, headers and bodies alike.
//!
//! A secret is known by its field's name, in whatever case and wherever it stands; what was known so once is also taken out by
//! its value, for a refusal may quote the request (SignatureDoesNotMatch does: cloud-apis.md section 2.3). Names stay, so
//! that `replay` knows how a request was signed and can sign it anew.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::REDACTED;

/// How names end, in lower case, letters and digits only, of fields that hold secrets: `SecurityToken`, `security-token`,
/// `x-oss-security-token`, `X-Fc-Security-Token`, `x-acs-security-token`, `x-oss-signature`, `x-fc-access-key-secret`, ...
const FIELDS: [&str; 8] = [
    "securitytoken",
    "ststoken",
    "sessiontoken",
    "accesskeysecret",
    "signature",
    "authorization",
    // `Cookie` and `Set-Cookie`.
    "cookie",
    // The other half of a function's keys: with the secret beside it, the id alone says nothing to a reader.
    "xfcaccesskeyid",
];
/// Of these the value is another one in each request: it is not looked for in later ones.
const PASSING: [&str; 3] = ["signature", "authorization", "cookie"];
/// The schemes of signatures, which say how a request has to be signed anew.
const SCHEMES: [&str; 2] = ["ACS3-HMAC-SHA256", "OSS4-HMAC-SHA256"];
/// Behind these words a message quotes what was signed.
const QUOTES: [&str; 3] = ["string to sign", "StringToSign", "CanonicalRequest"];
/// Shorter values would take ordinary words with them.
const SHORTEST: usize = 6;
/// So many values are kept to be looked for.
const KEPT: usize = 1000;

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Secrets that were met, in the whole recording or in one exchange.
#[derive(Debug, Clone, Default)]
pub(super) struct Met {
    values: Vec<String>,
}

impl Met {
    /// A field's value, if the field is secret.
    fn field(&mut self, name: &str, value: &mut String) {
        let name = plain(name);
        let Some(kind) = FIELDS.iter().find(|field| name.ends_with(**field)) else { return };
        if *kind == "cookie" && !["cookie", "setcookie"].contains(&name.as_str()) {
            // `StickySessionConfig.Cookie` is a setting of a server group.
            return;
        }
        let kept = match SCHEMES.iter().find(|scheme| value.starts_with(**scheme)) {
            Some(scheme) if *kind == "authorization" => format!("{scheme} {REDACTED}"),
            _ => REDACTED.to_owned(),
        };
        let parts = value.rsplit_once("Signature=").map(|(_, signature)| signature.to_owned());
        for value in parts.into_iter().chain([std::mem::replace(value, kept)]) {
            if value.len() >= SHORTEST && !self.values.contains(&value) {
                self.values.push(value);
            }
        }
    }

    /// Fields of a query or a form.
    pub(super) fn pairs(&mut self, pairs: &mut [(String, String)]) {
        pairs.iter_mut().for_each(|(name, value)| self.field(name, value));
    }

    /// Headers.
    pub(super) fn headers<'h>(&mut self, headers: impl Iterator<Item = (&'h String, &'h mut String)>) {
        headers.for_each(|(name, value)| self.field(name, value));
    }

    /// A body: JSON by its fields, any text by the values that were met.
    pub(super) fn body(&mut self, text: &mut String) {
        if let Ok(mut value) = serde_json::from_str::<Value>(text) {
            let before = value.clone();
            self.value(&mut value);
            if value != before {
                *text = value.to_string();
            }
        } else {
            self.elements(text);
            without_quote(text);
        }
        self.values_in(text);
    }

    /// XML elements of secret names.
    fn elements(&mut self, text: &mut String) {
        let mut from = 0;
        while let Some(open) = text.get(from..).and_then(|rest| rest.find('<')).map(|at| from + at + 1) {
            from = open;
            let Some(close) = text.get(open..).and_then(|rest| rest.find('>')).map(|at| open + at) else { return };
            let Some(end) = text.get(close..).and_then(|rest| rest.find("</")).map(|at| close + at) else { return };
            let name = text[open..close].to_owned();
            let mut value = text[close + 1..end].to_owned();
            let before = value.clone();
            self.field(&name, &mut value);
            if value != before {
                text.replace_range(close + 1..end, &value);
            }
        }
    }

    fn value(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    match field {
                        Value::String(text) => {
                            self.field(name, text);
                            self.text(text);
                        }
                        other => self.value(other),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::String(text) => self.text(text),
            _ => {}
        }
    }

    /// A text within JSON: it may be JSON itself, or quote what was signed.
    fn text(&mut self, text: &mut String) {
        if text.starts_with(['{', '[']) {
            self.body(text);
        }
        without_quote(text);
    }

    fn values_in(&self, text: &mut String) {
        for value in &self.values {
            let mut form = value.clone();
            for _ in 0..3 {
                if text.contains(form.as_str()) {
                    *text = text.replace(form.as_str(), REDACTED);
                }
                form = utf8_percent_encode(&form, RESERVED).to_string();
            }
        }
    }

    /// Whether bytes that are no text hold one of the values.
    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        self.values.iter().any(|value| bytes.windows(value.len()).any(|part| part == value.as_bytes()))
    }

    /// Learns what an exchange has shown and a later one may quote.
    pub(super) fn learn(&mut self, exchange: &Self, passing: &Self) {
        for value in &exchange.values {
            if self.values.len() < KEPT && !self.values.contains(value) && !passing.values.contains(value) {
                self.values.push(value.clone());
            }
        }
    }

    /// Those of the fields that are others in each request.
    pub(super) fn passing<'f>(fields: impl Iterator<Item = (&'f str, &'f str)>) -> Self {
        let mut met = Self::default();
        for (name, value) in fields {
            if PASSING.iter().any(|field| plain(name).ends_with(field)) {
                met.field(name, &mut value.to_owned());
            }
        }
        met
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

fn without_quote(text: &mut String) {
    if let Some(end) = QUOTES.iter().filter_map(|quote| text.find(quote).map(|at| at + quote.len())).min()
        && text.len() > end + SHORTEST
    {
        text.truncate(end);
        text.push(' ');
        text.push_str(REDACTED);
    }
}
