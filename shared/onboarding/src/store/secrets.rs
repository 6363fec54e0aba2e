//! The secrets of those who are told, kept apart from the bindings that name them: a small document of its own, which fewer may read.
//!
//! ```yaml
//! secrets:
//!   ops-url: https://oapi.dingtalk.com/robot/send?access_token=...
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{check, place};
use crate::receiver::Receiver;
use crate::secret::Secret;

/// Secrets by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    secrets: BTreeMap<String, Secret>,
}

impl Secrets {
    /// The most bytes of such a document: that of eight receivers is far smaller.
    pub const MAX_BYTES: usize = 64 << 10;

    /// Reads a document.
    ///
    /// # Errors
    /// Where it is wrong. Nothing of it is quoted.
    pub fn parse(text: &str) -> Result<Self, String> {
        place::read(text).map_err(|error| {
            let at = error.location().map(|at| format!(" at line {}, column {}", at.line(), at.column()));
            format!("it is no list of the form `secrets: {{name: text}}`{}", at.unwrap_or_default())
        })
    }

    /// A receiver with its secrets in place of their names.
    ///
    /// # Errors
    /// Which secret is not there, or cannot be what it is used for.
    pub fn resolve(&self, receiver: &Receiver) -> Result<Receiver, String> {
        let value = |secret: &Secret| match secret.reference() {
            None => Ok(secret.clone()),
            Some(name) => match self.secrets.get(name) {
                Some(value) if value.reference().is_none() => Ok(value.clone()),
                Some(_) => Err(format!("the secret {name} refers to another one")),
                None => Err(format!("there is no secret {name}")),
            },
        };
        let whole = Receiver {
            url: value(&receiver.url)?,
            secret: receiver.secret.as_ref().map(value).transpose()?,
            ..receiver.clone()
        };
        match check::values(&whole) {
            None => Ok(whole),
            Some((field, why)) => Err(format!("the {field} that is kept apart {}", why.trim_end_matches('.'))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receiver::ReceiverKind;

    const CANARY: &str = "cAnArYtOkEn0123456789";

    fn receiver(url: &str, secret: Option<&str>) -> Receiver {
        let (name, secret) = ("ops".to_owned(), secret.map(Into::into));
        Receiver { name, kind: ReceiverKind::DingTalk, url: url.into(), secret, bindings: Vec::new() }
    }

    #[test]
    fn names_are_replaced_by_what_is_kept_under_them() {
        let text = format!("secrets:\n  ops-url: https://host/{CANARY}\n  sign: SEC{CANARY}\n");
        let secrets = Secrets::parse(&text).unwrap();
        let whole = secrets.resolve(&receiver("secret:ops-url", Some("secret:sign"))).unwrap();
        assert_eq!(whole, receiver(&format!("https://host/{CANARY}"), Some(&format!("SEC{CANARY}"))));
        let own = receiver("https://host/", None);
        assert_eq!(secrets.resolve(&own), Ok(own));
        assert!(!format!("{secrets:?}").contains(CANARY));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_and_not_quoted() {
        let text = format!("secrets:\n  far: http://host/{CANARY}\n  empty: ''\n  chain: secret:far\n");
        let secrets = Secrets::parse(&text).unwrap();
        for (url, secret, said) in [
            ("secret:none", None, "there is no secret none"),
            ("secret:chain", None, "the secret chain refers to another one"),
            ("secret:far", None, "the url that is kept apart is plain http to another machine"),
            ("https://host/", Some("secret:empty"), "the secret that is kept apart is empty"),
        ] {
            let wrong = secrets.resolve(&receiver(url, secret)).unwrap_err();
            assert!(wrong.starts_with(said) && !wrong.contains(CANARY), "{wrong}");
        }
        for text in
            [format!("secrets: {CANARY}"), format!("{CANARY}: x"), format!("secrets:\n - {CANARY}"), "\t".to_owned()]
        {
            let wrong = Secrets::parse(&text).unwrap_err();
            assert!(wrong.starts_with("it is no list") && !wrong.contains(CANARY), "{wrong}");
        }
    }
}
