//! Removes secrets from the message of a failed call, at the place where the error is created: so no consumer can print them.
//!
//! A refusal can quote the request: SignatureDoesNotMatch brings the string to sign or the canonical request
//! (cloud-apis.md section 2.3), security token included, percent-encoded once or twice; gateways echo headers; OSS tells the string
//! in base64 or as bytes. So the string to sign is left out completely, the values of secret fields are masked by the fields'
//! names, and the key and token of this client are masked by their values, in every encoding. The id of the access key is not
//! secret: it names the key, and whoever has to replace the key needs it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::Request;
use percent_encoding::percent_decode_str;

use crate::credentials::Credentials;
use crate::encode;

/// The text that replaces a secret.
const MASK: &str = "***";

/// After these words comes what was signed. Compared without blanks, `-` and `_`, in lower case.
const QUOTES: [&str; 3] = ["stringtosign", "canonicalrequest", "canonicalstring"];

/// Fields that hold secrets: query, form, header, JSON or XML names, compared like [`QUOTES`]. A field whose name ends in one
/// of these counts as well (`x-acs-security-token`, `x-oss-signature`, `X-Fc-Access-Key-Secret`).
const FIELDS: [&str; 9] = [
    "securitytoken",
    "ststoken",
    "sessiontoken",
    "accesskeysecret",
    "secretaccesskey",
    "signature",
    "signatureprovided",
    "authorization",
    "cookie",
];
/// Their values may hold blanks and separators: masked to the end of the line or of the quotation.
const LINES: [&str; 2] = ["authorization", "cookie"];

/// The text without what is secret by its name. It is not shortened to what is shown: a secret that is known by its value would be
/// cut in two, and no longer be known.
pub(crate) fn mask(text: &str) -> String {
    Secrets::default().masked(shortened(text, READ).as_deref().unwrap_or(text))
}

/// The text's first characters, where there are more.
fn shortened(text: &str, most: usize) -> Option<String> {
    text.char_indices().nth(most).map(|(end, _)| text[..end].to_owned())
}

/// What a request was signed with.
#[derive(Default)]
pub(crate) struct Secrets {
    values: Vec<String>,
}

/// Characters of a message that are looked at, and that are left of it.
const READ: usize = 8000;
const SHOWN: usize = 2000;
/// Shorter ones would mask ordinary words.
const SHORTEST: usize = 6;
/// The beginning of a secret gives it away: a message may have been cut in the middle of one, here or where it was made.
const BEGINNING: usize = 10;

impl Secrets {
    /// The secret and the token of a key.
    pub(crate) fn of(credentials: &Credentials) -> Self {
        let mut secrets = Self::default();
        secrets.add(&credentials.access_key_secret);
        credentials.security_token.iter().for_each(|token| secrets.add(token));
        secrets
    }

    /// These, and the signature of a request.
    pub(crate) fn and_of(mut self, request: &Request<Bytes>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            if is_secret(name) {
                self.add(&percent_decode_str(value).decode_utf8_lossy());
            }
        }
        for (name, value) in request.headers() {
            if let (true, Ok(value)) = (is_secret(name.as_str()), value.to_str()) {
                self.add(value);
                self.add(value.rsplit_once("Signature=").map_or("", |(_, signature)| signature));
            }
        }
        self
    }

    fn add(&mut self, value: &str) {
        if value.len() >= SHORTEST {
            self.values.push(value.to_owned());
        }
    }

    /// The text without them, and without whatever else is secret by its name.
    pub(crate) fn mask(&self, text: &str) -> String {
        let masked = self.masked(shortened(text, READ).as_deref().unwrap_or(text));
        shortened(&masked, SHOWN).map_or(masked, |start| start + "...")
    }

    fn masked(&self, text: &str) -> String {
        let text = without_quotes(text);
        let text = self.without_values(text);
        let text = without_fields(&text);
        self.without_encoded(&text)
    }

    fn without_values(&self, mut text: String) -> String {
        for value in &self.values {
            text = without(value, text);
        }
        text
    }

    /// Words that are something else once they are decoded.
    fn without_encoded(&self, text: &str) -> String {
        let is_code = |letter: char| letter.is_ascii_alphanumeric() || "+/=_-%".contains(letter);
        let mut masked = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_code) {
            let (before, from) = rest.split_at(start);
            masked.push_str(before);
            let end = from.find(|letter| !is_code(letter)).unwrap_or(from.len());
            let (word, after) = from.split_at(end);
            masked.push_str(if word.len() >= ENCODED && self.is_revealing(word, DEPTH) { MASK } else { word });
            rest = after;
        }
        masked + rest
    }

    /// Whether something secret is in a word once it is decoded, however often.
    fn is_revealing(&self, word: &str, depth: usize) -> bool {
        decoded(word).iter().any(|inner| {
            self.values.iter().any(|value| inner.contains(value.get(..BEGINNING).unwrap_or(value)))
                || find_quote(inner).is_some()
                || without_fields(inner) != *inner
                || (depth > 0
                    && inner
                        .split(|letter: char| letter.is_whitespace())
                        .any(|word| self.is_revealing(word, depth - 1)))
        })
    }
}

/// A value as it is, and in all that percent-encoding and the escapes of JSON make of it, up to three on top of each other. Each is
/// made letter by letter, so the forms of a beginning are the beginnings of the forms.
fn forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    let mut first = 0;
    for _ in 0..3 {
        let last = forms.get(first..).unwrap_or_default().to_vec();
        first = forms.len();
        for form in &last {
            let encoded = encode::component(form);
            let escaped = escaped(form);
            forms.extend([in_lower_case(&encoded), encoded, escaped.replace('/', "\\/"), escaped]);
        }
    }
    forms
}

/// As within a JSON string.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
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

/// The text without a secret in any form, whole or cut.
fn without(secret: &str, text: String) -> String {
    let beginnings = forms(secret.get(..BEGINNING).unwrap_or(secret));
    let first = |rest: &str| beginnings.iter().filter_map(|beginning| rest.find(beginning)).min();
    let left = |rest: &str| beginnings.iter().filter_map(|beginning| left_of(beginning, rest)).min();
    if first(&text).is_none() && left(&text).is_none() {
        return text;
    }
    let wholes = forms(secret);
    let mut masked = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = first(rest) {
        let (before, from) = rest.split_at(at);
        let alike = beginnings.iter().zip(&wholes).filter(|(beginning, _)| from.starts_with(beginning.as_str()));
        // Forms begin alike: it is the one that goes on for longest.
        let (end, is_whole) = alike.map(|(_, whole)| common(from, whole)).max().unwrap_or((from.len(), true));
        // So do tokens of one service: one that goes on in another way is an older one.
        let other = |letter: char| !letter.is_ascii_alphanumeric() && !"+/=_-".contains(letter);
        let tail = from.get(end..).filter(|_| !is_whole).unwrap_or_default();
        let end = end + tail.find(other).unwrap_or(tail.len());
        masked.push_str(before);
        masked.push_str(MASK);
        rest = from.get(end..).unwrap_or_default();
    }
    match left(rest).and_then(|before| rest.get(..before)) {
        Some(before) => masked + before + MASK,
        None => masked + rest,
    }
}

/// How much of a text is the same as in another one, from their beginnings, and whether that is all of the other.
fn common(text: &str, whole: &str) -> (usize, bool) {
    let unlike = text.char_indices().zip(whole.chars()).find(|((_, is), was)| is != was);
    let end = unlike.map_or(text.len().min(whole.len()), |((end, _), _)| end);
    (end, end == whole.len())
}

/// Where the part of `beginning` begins that a text ends with.
fn left_of(beginning: &str, text: &str) -> Option<usize> {
    let parts = (SHORTEST..beginning.len()).rev().filter_map(|length| beginning.get(..length));
    parts.into_iter().find_map(|part| text.strip_suffix(part)).map(str::len)
}

/// Shorter words hold nothing encoded.
const ENCODED: usize = 12;
/// Encodings within encodings that are looked into.
const DEPTH: usize = 3;

/// What a word could be the code of.
fn decoded(word: &str) -> Vec<String> {
    let mut found = Vec::new();
    if word.contains('%') {
        found.push(percent_decode_str(word).decode_utf8_lossy().into_owned());
    }
    let readable = |bytes: Vec<u8>| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        // Random bytes are no text.
        let strange = text.chars().filter(|letter| *letter == '\u{fffd}').count();
        (strange * 4 < text.chars().count().max(1)).then_some(text)
    };
    // An `=` is padding at the end, and the separator of a field before it.
    for part in word.split(['=', '%']).filter(|part| part.len() >= ENCODED) {
        found.extend(hex::decode(part).ok().and_then(readable));
        // Quoted somewhere in the middle, a code may begin at any of its letters.
        for shift in 0..4 {
            let Some(part) = part.get(shift..) else { continue };
            for part in [part, part.get(..part.len().saturating_sub(part.len() % 4)).unwrap_or(part)] {
                found.extend(STANDARD_NO_PAD.decode(part).ok().and_then(readable));
                found.extend(URL_SAFE_NO_PAD.decode(part).ok().and_then(readable));
            }
        }
    }
    found
}

/// Whether a field of this name holds a secret.
fn is_secret(name: &str) -> bool {
    let name = plain(name);
    FIELDS.iter().any(|field| name.ends_with(field))
}

/// Letters and digits in lower case.
fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Where a word of [`QUOTES`] ends. Its parts may be joined by blanks, `-` or `_`, one at each place.
fn find_quote(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find_map(|start| QUOTES.iter().find_map(|word| match_at(bytes, start, word)))
}

/// Where `word` ends if it begins at `start`.
fn match_at(text: &[u8], start: usize, word: &str) -> Option<usize> {
    let mut at = start;
    for (index, letter) in word.bytes().enumerate() {
        let is_joint = |byte: &u8| matches!(byte, b' ' | b'-' | b'_');
        if index > 0 && text.get(at).is_some_and(is_joint) {
            at += 1;
        }
        if !text.get(at)?.eq_ignore_ascii_case(&letter) {
            return None;
        }
        at += 1;
    }
    Some(at)
}

fn without_quotes(text: &str) -> String {
    match find_quote(text).and_then(|end| text.get(..end).zip(text.get(end..))) {
        // A text that only speaks of it quotes nothing.
        Some((before, after)) if after.len() > 40 => format!("{before} [left out: it quotes what was signed]"),
        _ => text.to_owned(),
    }
}

/// Values of secret fields, whatever stands between name and value.
fn without_fields(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut masked = String::with_capacity(text.len());
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        let field = FIELDS.iter().filter_map(|field| Some((match_at(bytes, at, field)?, *field))).max();
        let Some((name, field)) = field else {
            at += 1;
            continue;
        };
        let Some(start) = value_after(text, name) else {
            at += 1;
            continue;
        };
        let end = start + value_length(text.get(start..).unwrap_or_default(), LINES.contains(&field));
        if end > start {
            masked.push_str(text.get(copied..start).unwrap_or_default());
            masked.push_str(MASK);
            copied = end;
        }
        at = end.max(at + 1);
    }
    masked.push_str(text.get(copied..).unwrap_or_default());
    masked
}

/// Where the value begins after a field's name: behind a separator, which may be quoted, escaped or encoded.
fn value_after(text: &str, name: usize) -> Option<usize> {
    const SEPARATORS: [&str; 13] =
        ["=", ":", ">", "%3D", "%253D", "%25253D", "%3A", "%253A", "%25253A", "&#61;", "&gt;", "\\u003d", "\\u003a"];
    const AROUND: [&str; 12] = ["\"", "\\\"", "'", " ", "%22", "%2522", "%20", "%2520", "&quot;", "[", "\\u0022", "\\"];
    let skip = |mut at: usize| {
        while let Some(rest) = text.get(at..)
            && let Some(found) = AROUND.iter().find(|found| begins(rest, found))
        {
            at += found.len();
        }
        at
    };
    let at = skip(name);
    let separator = SEPARATORS.iter().find(|separator| text.get(at..).is_some_and(|rest| begins(rest, separator)))?;
    Some(skip(at + separator.len()))
}

fn begins(text: &str, with: &str) -> bool {
    text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
}

/// How long a value is: to the next character that can be in none.
fn value_length(text: &str, line: bool) -> usize {
    const ENDS: [&str; 14] = [
        "%26", "%2526", "%252526", "%22", "%2522", "%0A", "%250A", "%2C", "%252C", "&quot;", "&lt;", "\\u0026",
        "\\u0022", "\\n",
    ];
    let ends = |at: usize, letter: char| match letter {
        '"' | '\n' | '\r' | '<' => true,
        '&' | '\'' | ',' | ';' | ')' | ']' | '}' | '\\' => !line,
        letter if letter.is_whitespace() => !line,
        '%' if !line => text.get(at..).is_some_and(|rest| ENDS.iter().any(|end| begins(rest, end))),
        _ => false,
    };
    text.char_indices().find(|(at, letter)| ends(*at, *letter)).map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "CAISqwJ1q6Ft5B2yfSjIr5bbIMyH+canary/token==";
    const SECRET: &str = "cAnArySecretOfTheKey0123";

    fn secrets() -> Secrets {
        Secrets::of(&Credentials::temporary("LTAIcanary", SECRET, TOKEN))
    }

    #[test]
    fn a_quoted_string_to_sign_is_left_out() {
        let encoded = encode::component(&format!("Action=X&SecurityToken={}", encode::component(TOKEN)));
        for message in [
            format!(
                "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&{encoded}"
            ),
            format!(
                "Specified signature does not match our calculation. server StringToSign is [ACS3-HMAC-SHA256\nabc], server \
                 CanonicalRequest is [POST\n/\n\nx-acs-security-token:{TOKEN}\n]"
            ),
            format!("<StringToSign>{encoded}</StringToSign>"),
            format!("canonical_request: {}", STANDARD.encode(TOKEN)),
        ] {
            let masked = mask(&message);
            assert!(!masked.contains("canary") && !masked.contains("CAISqw"), "{masked}");
            assert!(masked.contains("left out"), "{masked}");
        }
        assert_eq!(mask("The string to sign is empty."), "The string to sign is empty.");
    }

    #[test]
    fn secret_fields_are_masked_by_name_in_every_form() {
        let cases = [
            ("SecurityToken=abcdefgh&Action=X", "SecurityToken=***&Action=X"),
            ("SecurityToken%3Dabcd%252Befgh%26Action%3DX", "SecurityToken%3D***%26Action%3DX"),
            ("SecurityToken%253Dabcdefgh%2526Action", "SecurityToken%253D***%2526Action"),
            ("x-acs-security-token:abcdefgh\nx-acs-version:1", "x-acs-security-token:***\nx-acs-version:1"),
            ("X-Fc-Security-Token: abcdefgh", "X-Fc-Security-Token: ***"),
            ("x-fc-access-key-secret: abcdefgh, x", "x-fc-access-key-secret: ***, x"),
            (r#"{"AccessKeySecret":"abcdefgh","Expiration":"x"}"#, r#"{"AccessKeySecret":"***","Expiration":"x"}"#),
            (r#"{\"SecurityToken\":\"abcdefgh\"}"#, r#"{\"SecurityToken\":\"***\"}"#),
            ("<SecurityToken>abcdefgh</SecurityToken>", "<SecurityToken>***</SecurityToken>"),
            ("Signature=abc%2Bdef%3D&SignatureNonce=1", "Signature=***&SignatureNonce=1"),
            ("x-oss-signature=abcdef&x-oss-date=1", "x-oss-signature=***&x-oss-date=1"),
            ("Authorization: ACS3-HMAC-SHA256 Credential=a,Signature=b\nhost:x", "Authorization: ***\nhost:x"),
            ("Set-Cookie: a=b; c=d", "Set-Cookie: ***"),
            ("access_key_secret = abcdefgh", "access_key_secret = ***"),
        ];
        for (text, masked) in cases {
            assert_eq!(mask(text), masked, "{text}");
        }
        for harmless in [
            "SignatureDoesNotMatch: Specified signature is not matched with our calculation.",
            "SignatureNonce=1&SignatureMethod=HMAC-SHA1",
            "InvalidSecurityToken.Expired: The specified SecurityToken is expired.",
            "The specified access key LTAI5tQnKxDb9fJp is not found.",
            "vpc-2zeuphj08tt7q3brd0000 and tr-attach-oyf70wfuorwx87000000 in cn-hangzhou",
            "alb:GetLoadBalancerAttribute on acs:alb:cn-chengdu:1234567890123456:loadbalancer/alb-1",
        ] {
            assert_eq!(mask(harmless), harmless);
        }
    }

    #[test]
    fn what_was_signed_with_is_masked_in_every_encoding() {
        let encodings: [fn(&str) -> String; 9] = [
            |text| text.to_owned(),
            |text| encode::component(text),
            |text| encode::component(&encode::component(text)),
            |text| encode::component(text).replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d"),
            |text| STANDARD.encode(text),
            |text| STANDARD.encode(format!("GET\n{text}\n")),
            |text| STANDARD.encode(format!("a{}", encode::component(text))),
            |text| hex::encode(text),
            |text| serde_json::json!({ "echo": text }).to_string(),
        ];
        for secret in [TOKEN, SECRET] {
            for (index, encoding) in encodings.iter().enumerate() {
                let echo = encoding(secret);
                let masked = secrets().mask(&format!("We got {echo} from you."));
                assert!(!masked.contains(&echo) && masked.contains(MASK), "{index}: {masked}");
            }
        }
    }

    #[test]
    fn a_secret_that_is_cut_or_escaped_is_masked_as_well() {
        let wild = r#"CAIS"canary\/token<&'>%;=+"#;
        let secrets = Secrets::of(&Credentials::temporary("LTAIcanary", SECRET, wild));
        let encoded = encode::component(wild);
        for form in [escaped(wild), escaped(&escaped(wild)), in_lower_case(&encoded), escaped(wild).replace('/', "\\/")]
        {
            assert_eq!(secrets.mask(&format!("not {form}.")), "not ***.", "{form}");
        }
        // A message may be cut at any place, and is cut here: what is left of a secret is no more than a few characters.
        for length in 0..SECRET.len() {
            let masked = secrets.mask(&format!("the secret {}", &SECRET[..length]));
            assert!(!masked.contains("cAnAry"), "{masked}");
        }
        for padding in (1900..2010).chain(7900..8010) {
            let masked = secrets.mask(&mask(&format!("{}{SECRET}", "-".repeat(padding))));
            assert!(!masked.contains("cAnAry"), "{padding}: {masked}");
        }
    }

    #[test]
    fn the_signature_of_the_request_is_masked_by_its_value() {
        let request = Request::post("https://x/?Action=A&Signature=SiGnAtUrE%2Bof%3D&SecurityToken=ToKeNvAlUe")
            .header("authorization", "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=host,Signature=0123456789abcdef")
            .body(Bytes::new())
            .unwrap();
        let masked = Secrets::default().and_of(&request).mask("not SiGnAtUrE+of= nor ToKeNvAlUe nor 0123456789abcdef");
        assert_eq!(masked, "not *** nor *** nor ***");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_masking_ends(text in "(?s).{0,120}") {
            let once = secrets().mask(&text);
            prop_assert!(once.len() <= text.len() + 200 + 3 * text.len());
        }

        #[test]
        fn a_secret_in_any_surroundings_is_gone(before in "[ -~]{0,30}", after in "[ -~]{0,30}") {
            let masked = secrets().mask(&format!("{before}{TOKEN}{after}"));
            prop_assert!(!masked.contains("canary"), "{}", masked);
        }
    }
}
