//! Blocks of settings that the emulator stores and returns, without any effect.
//!
//! A block is described by its fields and their documented defaults; create reads all, update lays what was sent over
//! what is stored.

use serde_json::{Map, Value};

use crate::call::{ApiError, Params};

/// One field of a settings block.
#[derive(Debug, Clone, Copy)]
pub(super) enum Field {
    /// A boolean with its default.
    Flag(&'static str, bool),
    /// A number; absent unless sent.
    Number(&'static str),
    /// A text; absent unless sent.
    Text(&'static str),
}

/// `StickySessionConfig`.
pub(super) const STICKY_SESSION: &[Field] = &[
    Field::Flag("StickySessionEnabled", false),
    Field::Text("StickySessionType"),
    Field::Text("Cookie"),
    Field::Number("CookieTimeout"),
];

/// `SlowStartConfig`.
pub(super) const SLOW_START: &[Field] = &[Field::Flag("SlowStartEnabled", false), Field::Number("SlowStartDuration")];

/// `UchConfig`.
pub(super) const CONSISTENT_HASH: &[Field] = &[Field::Text("Type"), Field::Text("Value")];

/// `QuicConfig`.
pub(super) const QUIC: &[Field] = &[Field::Flag("QuicUpgradeEnabled", false), Field::Text("QuicListenerId")];

/// `XForwardedForConfig`.
pub(super) const X_FORWARDED_FOR: &[Field] = &[
    Field::Text("XForwardedForClientCertClientVerifyAlias"),
    Field::Flag("XForwardedForClientCertClientVerifyEnabled", false),
    Field::Text("XForwardedForClientCertFingerprintAlias"),
    Field::Flag("XForwardedForClientCertFingerprintEnabled", false),
    Field::Text("XForwardedForClientCertIssuerDNAlias"),
    Field::Flag("XForwardedForClientCertIssuerDNEnabled", false),
    Field::Text("XForwardedForClientCertSubjectDNAlias"),
    Field::Flag("XForwardedForClientCertSubjectDNEnabled", false),
    Field::Flag("XForwardedForClientSourceIpsEnabled", false),
    Field::Text("XForwardedForClientSourceIpsTrusted"),
    Field::Flag("XForwardedForClientSrcPortEnabled", false),
    Field::Flag("XForwardedForEnabled", true),
    Field::Flag("XForwardedForHostEnabled", false),
    Field::Text("XForwardedForProcessingMode"),
    Field::Flag("XForwardedForProtoEnabled", false),
    Field::Flag("XForwardedForSLBIdEnabled", false),
    Field::Flag("XForwardedForSLBPortEnabled", false),
];

/// What was sent of `block`, over `stored`, over the defaults.
pub(super) fn read(
    params: &Params,
    block: &str,
    fields: &[Field],
    stored: &Map<String, Value>,
) -> Result<Map<String, Value>, ApiError> {
    let sent = params.within(block);
    let mut result = Map::new();
    for field in fields {
        let (name, value) = match *field {
            Field::Flag(name, default) => {
                let kept = stored.get(name).and_then(Value::as_bool).unwrap_or(default);
                (name, Some(Value::from(sent.flag(name)?.unwrap_or(kept))))
            }
            Field::Number(name) => {
                (name, sent.parse::<u64>(name)?.map(Value::from).or_else(|| stored.get(name).cloned()))
            }
            Field::Text(name) => (name, sent.get(name).map(Value::from).or_else(|| stored.get(name).cloned())),
        };
        if let Some(value) = value {
            result.insert(name.to_owned(), value);
        }
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_keeps_what_it_does_not_name() {
        let params =
            |pairs: &[(&str, &str)]| Params::new(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let created = read(
            &params(&[("S.StickySessionEnabled", "True"), ("S.CookieTimeout", "60")]),
            "S",
            STICKY_SESSION,
            &Map::new(),
        )
        .unwrap();
        let updated = read(&params(&[("S.CookieTimeout", "90")]), "S", STICKY_SESSION, &created).unwrap();
        assert_eq!(Value::Object(updated), serde_json::json!({"StickySessionEnabled": true, "CookieTimeout": 90}));
    }
}
