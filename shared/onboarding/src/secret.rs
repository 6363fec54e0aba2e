//! A text that is never shown: whatever prints or serializes it gets `***`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

/// What stands for a secret.
const MASK: &str = "***";
/// How a text begins that only names a secret, which is kept elsewhere.
pub(crate) const REFERENCE: &str = "secret:";

/// A secret of a store.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for whoever sends it to where it belongs.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The name of the secret, if it is not written here but kept elsewhere: `secret:NAME`.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.0.strip_prefix(REFERENCE)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_and_never_written() {
        let secret: Secret = serde_json::from_str("\"SECcanary\"").unwrap();
        assert_eq!(secret.reveal(), "SECcanary");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"***\"");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "*** Some(***)");
        assert_eq!((secret.reference(), Secret::from("secret:ops").reference()), (None, Some("ops")));
    }
}
