//! What a recording must not hold, and how it is taken out: the one list, for queries, forms, headers and bodies alike.
//!
//! A secret is known by its field's name, in whatever case and wherever it stands; what was known so once is also taken out by
//! its value, for a refusal may quote the request (SignatureDoesNotMatch does: cloud-apis.md section 2.3). Names stay, so
//! that `replay` knows how a request was signed and can sign it anew.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::notified;

/// What stands for a secret.
pub const REDACTED: &str = "***";

/// How names end, in lower case, letters and digits only, of fields that hold secrets: `SecurityToken`, `security-token`,
/// `x-oss-security-token`, `X-Fc-Security-Token`, `x-acs-security-token`, `x-oss-signature`, `x-fc-access-key-secret`, ...
const FIELDS: [&str; 10] = [
    "securitytoken",
    "ststoken",
    "sessiontoken",
    // What AssumeRoleWithOIDC proves itself with.
    "oidctoken",
    "accesskeysecret",
    "signature",
    // Fields of OSS's error for a signature that does not match.
    "signatureprovided",
    "authorization",
    // `Cookie` and `Set-Cookie`.
    "cookie",
    // The other half of a function's keys: with the secret beside it, the id alone says nothing to a reader.
    "xfcaccesskeyid",
];
/// Fields whose value differs in each request: it is not searched for in later ones.
const PASSING: [&str; 3] = ["signature", "authorization", "cookie"];
/// The schemes of signatures, which say how a request has to be signed anew.
const SCHEMES: [&str; 2] = ["ACS3-HMAC-SHA256", "OSS4-HMAC-SHA256"];
/// Behind these words a message quotes what was signed. Compared without blanks, `-` and `_`, in lower case.
const QUOTES: [&str; 3] = ["stringtosign", "canonicalrequest", "canonicalstring"];
/// Between a secret field's name and its value there is one of these, perhaps with other punctuation around it.
const SEPARATORS: [&str; 6] = ["=", ":", ">", "%", "&#61;", "&gt;"];
/// Shorter values would take ordinary words with them.
const SHORTEST: usize = 6;
/// The beginning of a secret gives it away, where a message was cut.
const BEGINNING: usize = 10;
/// Shorter words hold nothing encoded.
const ENCODED: usize = 14;
/// The largest number of values that are searched for.
const KEPT: usize = 1000;

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Secrets that were seen, in the whole recording or in one exchange.
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

    /// A refusal: a body that may quote the request in any form.
    pub(super) fn refusal(&mut self, text: &mut String) {
        self.body(text);
        if text.starts_with('<') {
            // Its texts are escaped in a way of their own.
            let met = self.clone();
            leaves(text, |_, text| met.values_in_any_form(text));
        }
        self.values_in_any_form(text);
    }

    fn values_in_any_form(&self, text: &mut String) {
        for value in &self.values {
            // Forms are made letter by letter: those of a beginning are the beginnings of the forms.
            let beginnings = forms(value.get(..BEGINNING).unwrap_or(value));
            if !beginnings.iter().any(|beginning| text.contains(beginning.as_str())) {
                continue;
            }
            let wholes = forms(value);
            while let Some(at) = beginnings.iter().filter_map(|beginning| text.find(beginning)).min() {
                let from = &text[at..];
                let alike =
                    beginnings.iter().zip(&wholes).filter(|(beginning, _)| from.starts_with(beginning.as_str()));
                // Forms begin alike: it is the one that goes on for longest.
                let same = alike.map(|(_, whole)| {
                    let unlike = from.char_indices().zip(whole.chars()).find(|((_, is), was)| is != was);
                    unlike.map_or(from.len().min(whole.len()), |((end, _), _)| end)
                });
                let end = at + same.max().unwrap_or(from.len());
                text.replace_range(at..end, REDACTED);
            }
        }
        self.without_encoded(text);
    }

    /// Words that hold a secret once they are decoded.
    fn without_encoded(&self, text: &mut String) {
        let is_code = |letter: char| letter.is_ascii_alphanumeric() || "+/=_-".contains(letter);
        let words = text.split(|letter| !is_code(letter)).filter(|word| word.len() >= ENCODED && self.is_in_code(word));
        let words: BTreeSet<String> = words.map(str::to_owned).collect();
        for word in words.iter().rev() {
            *text = text.replace(word.as_str(), REDACTED);
        }
    }

    fn is_in_code(&self, word: &str) -> bool {
        let holds = |bytes: Vec<u8>| {
            let beginnings = self.values.iter().map(|value| value.get(..BEGINNING).unwrap_or(value));
            let inner = String::from_utf8_lossy(&bytes);
            beginnings.into_iter().any(|beginning| inner.contains(beginning)) || quote_in(&inner).is_some()
        };
        // Quoted somewhere in the middle, a code may begin at any of its letters.
        word.split('=').any(|part| {
            let from = (0..4).filter_map(|shift| part.get(shift..));
            from.into_iter().any(|part| {
                let whole = part.get(..part.len() - part.len() % 4).unwrap_or(part);
                let even = part.get(..part.len() - part.len() % 2).unwrap_or(part);
                let decoded = [
                    STANDARD_NO_PAD.decode(part).ok(),
                    URL_SAFE_NO_PAD.decode(part).ok(),
                    STANDARD_NO_PAD.decode(whole).ok(),
                    URL_SAFE_NO_PAD.decode(whole).ok(),
                    hex::decode(even).ok(),
                ];
                decoded.into_iter().flatten().any(holds)
            })
        })
    }

    /// Bindings: what they say of those who are told of faults.
    pub(super) fn bindings(&mut self, text: &mut String) {
        let secrets = |text: &str| notified::secrets(text).into_iter().filter(|secret| secret.len() >= SHORTEST);
        let found: Vec<String> = secrets(text).collect();
        if found.is_empty() {
            return;
        }
        self.values.extend(found);
        self.values_in_any_form(text);
        // Written in a way that no form of it matches.
        if secrets(text).next().is_some() {
            REDACTED.clone_into(text);
        }
    }

    /// A body: JSON by its fields, any text by the values that were met.
    pub(super) fn body(&mut self, text: &mut String) {
        self.bindings(text);
        if let Ok(mut value) = serde_json::from_str::<Value>(text) {
            let before = value.clone();
            self.value(&mut value);
            if value != before {
                *text = value.to_string();
            }
        } else if text.starts_with('<') {
            self.elements(text);
        } else {
            without_quote(text);
        }
        self.values_in(text);
    }

    /// XML elements: of secret names, and whose texts quote something.
    fn elements(&mut self, text: &mut String) {
        leaves(text, |name, text| {
            self.field(name, text);
            if QUOTES.contains(&plain(name).as_str()) {
                REDACTED.clone_into(text);
            }
            self.text(text);
        });
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

    /// Adds the secrets of an exchange, which a later one may quote.
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

/// Has the text of each XML element that holds no others changed; it is handed over without XML's escapes.
fn leaves(text: &mut String, mut change: impl FnMut(&str, &mut String)) {
    const ESCAPES: [(&str, &str); 5] =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    let mut from = 0;
    while let Some(open) = text.get(from..).and_then(|rest| rest.find('<')).map(|at| from + at + 1) {
        from = open;
        let Some(close) = text.get(open..).and_then(|rest| rest.find('>')).map(|at| open + at) else { return };
        let Some(end) = text.get(close + 1..).and_then(|rest| rest.find('<')).map(|at| close + 1 + at) else { return };
        if !text[end..].starts_with("</") {
            continue;
        }
        let name = text[open..close].to_owned();
        let plain =
            ESCAPES.iter().fold(text[close + 1..end].to_owned(), |text, (code, letter)| text.replace(code, letter));
        let mut changed = plain.clone();
        change(&name, &mut changed);
        if changed != plain {
            let escaped = ESCAPES.iter().rev().fold(changed, |text, (code, letter)| text.replace(letter, code));
            text.replace_range(close + 1..end, &escaped);
        }
    }
}

/// A value as it is, and in all that percent-encoding and the escapes of JSON make of it, up to three on top of each other.
fn forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    let mut first = 0;
    for _ in 0..3 {
        let last = forms[first..].to_vec();
        first = forms.len();
        for form in &last {
            let encoded = utf8_percent_encode(form, RESERVED).to_string();
            let escaped = Value::from(form.as_str()).to_string();
            let escaped = escaped[1..escaped.len() - 1].to_owned();
            forms.extend([in_lower_case(&encoded), encoded, escaped.replace('/', "\\/"), escaped]);
        }
    }
    forms
}

/// Percent-encoded text with the codes in lower case.
fn in_lower_case(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (code, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        text + "%" + &code.to_ascii_lowercase() + rest
    })
}

/// Cuts a text off where it begins to quote what was signed, or a secret field.
fn without_quote(text: &mut String) {
    if let Some(end) = quote_in(text)
        && text.len() > end + SHORTEST
    {
        text.truncate(end);
        text.push(' ');
        text.push_str(REDACTED);
    }
}

/// Where, in a text that quotes what was signed or a secret field, the quotation begins.
fn quote_in(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find_map(|start| {
        let quoted = QUOTES.iter().find_map(|word| end_of(bytes, start, word));
        quoted.or_else(|| {
            // Cookies have a setting of a server group for a namesake.
            let fields = FIELDS.iter().filter(|field| **field != "cookie");
            fields.filter_map(|field| end_of(bytes, start, field)).find_map(|end| separated(text, end))
        })
    })
}

/// Where a word ends that begins at `start`; its parts may be joined by a blank, `-` or `_`.
fn end_of(text: &[u8], start: usize, word: &str) -> Option<usize> {
    let mut at = start;
    for (index, letter) in word.bytes().enumerate() {
        if index > 0 && text.get(at).is_some_and(|byte| matches!(byte, b' ' | b'-' | b'_')) {
            at += 1;
        }
        if !text.get(at)?.eq_ignore_ascii_case(&letter) {
            return None;
        }
        at += 1;
    }
    Some(at)
}

/// Where the value of a field begins whose name ends at `end`, if one follows that is not masked yet.
fn separated(text: &str, end: usize) -> Option<usize> {
    let around = |letter: char| matches!(letter, '"' | '\'' | '\\' | ' ');
    let rest = text.get(end..)?.trim_start_matches(around);
    let separator = SEPARATORS.iter().find(|separator| rest.starts_with(**separator))?;
    let value = rest.get(separator.len()..)?;
    let shown = value.trim_start_matches(around);
    let is_masked = shown.is_empty() || shown.starts_with('<') || shown.starts_with(REDACTED);
    (!is_masked).then(|| text.len() - value.len())
}
