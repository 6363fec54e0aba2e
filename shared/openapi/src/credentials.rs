//! Access keys.

/// An access key, permanent or temporary. `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Names the key.
    pub access_key_id: String,
    /// Signs requests; never sent.
    pub access_key_secret: String,
    /// Sent with temporary keys.
    pub security_token: Option<String>,
}

impl Credentials {
    /// A permanent key.
    #[must_use]
    pub fn new(access_key_id: impl Into<String>, access_key_secret: impl Into<String>) -> Self {
        Self { access_key_id: access_key_id.into(), access_key_secret: access_key_secret.into(), security_token: None }
    }

    /// A temporary key: of an assumed role, or of a function's instance.
    #[must_use]
    pub fn temporary(
        access_key_id: impl Into<String>,
        access_key_secret: impl Into<String>,
        security_token: impl Into<String>,
    ) -> Self {
        Self { security_token: Some(security_token.into()), ..Self::new(access_key_id, access_key_secret) }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .field("access_key_secret", &"[redacted]")
            .field("security_token", &self.security_token.as_ref().map(|_| "[redacted]"))
            .finish()
    }
}

/// The key for the next call, or why there is none: a sentence that holds no secret.
#[cfg(feature = "renewal")]
pub type Current<'a> = std::pin::Pin<Box<dyn Future<Output = Result<Credentials, String>> + Send + 'a>>;

/// Where keys come from.
#[cfg(feature = "renewal")]
pub trait KeySource: Send + Sync {
    /// The present key. It is asked for before each call, so it has to be kept as long as it lasts.
    fn current(&self) -> Current<'_>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_holds_no_secret() {
        let shown = format!("{:?}", Credentials::temporary("LTAI1", "s3cret", "t0ken"));
        assert!(shown.contains("LTAI1"), "{shown}");
        assert!(!shown.contains("s3cret") && !shown.contains("t0ken"), "{shown}");
    }
}
