//! Who is told of faults: the list `notify` of a store.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{BindingName, is_name};
use crate::secret::Secret;

/// Somebody who is told when something does not work, and when it does again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receiver {
    /// What logs and `status` call it, and what `albridge notify` takes: `[a-z][a-z0-9-]{0,39}`. Another name is another receiver, which is told everything
    /// once.
    pub name: String,
    /// What is there, and so the form of the messages.
    pub kind: ReceiverKind,
    /// Where to: an https URL, as the receiver shows it for its webhook. Whoever knows it can send there, so everything behind the host counts as secret.
    /// Or `secret:NAME`: the URL is kept apart, under this name.
    pub url: Secret,
    /// What messages are signed with: of a DingTalk robot its `SEC...`, of a webhook any text. Or `secret:NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// Only these bindings; all if the list is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bindings: Vec<BindingName>,
}

/// A kind of receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ReceiverKind {
    /// A robot of a DingTalk group.
    DingTalk,
    /// An incoming webhook of Slack.
    Slack,
    /// Anything that takes JSON, with a signature if `secret` is set.
    Webhook,
    /// A custom bus of EventBridge, by the webhook of an event source of the type HTTP/HTTPS.
    EventBridge,
}

impl ReceiverKind {
    /// As the store calls it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DingTalk => "dingTalk",
            Self::Slack => "slack",
            Self::Webhook => "webhook",
            Self::EventBridge => "eventBridge",
        }
    }

    /// Whether its messages can be signed.
    #[must_use]
    pub(crate) const fn signs(self) -> bool {
        matches!(self, Self::DingTalk | Self::Webhook)
    }
}

impl Receiver {
    /// Whether it is told about a binding.
    #[must_use]
    pub(crate) fn hears_of(&self, binding: &BindingName) -> bool {
        self.bindings.is_empty() || self.bindings.contains(binding)
    }

    /// The names of the secrets that are kept apart from it.
    pub fn references(&self) -> impl Iterator<Item = &str> {
        [Some(&self.url), self.secret.as_ref()].into_iter().flatten().filter_map(Secret::reference)
    }

    /// Its place without what is secret: scheme, host and port; the reference, if the URL is kept apart.
    #[must_use]
    pub fn host(&self) -> String {
        if self.url.reference().is_some_and(is_name) {
            return self.url.reveal().to_owned();
        }
        Address::of(self.url.reveal())
            .map_or_else(String::new, |Address { scheme, authority, .. }| format!("{scheme}://{authority}"))
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        Address::of(self.url.reveal()).is_some_and(|address| address.is_loopback())
    }
}

/// The parts of a URL in front of its path.
pub(crate) struct Address<'u> {
    pub(crate) scheme: &'u str,
    pub(crate) authority: &'u str,
}

impl<'u> Address<'u> {
    /// Of a URL of one of the two schemes with a host, perhaps a port, and no user.
    pub(crate) fn of(url: &'u str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let authority = rest.get(..end)?;
        let fits = |letter: char| letter.is_ascii_alphanumeric() || ".-:[]".contains(letter);
        let whole = url.chars().all(|letter| letter.is_ascii_graphic());
        let known = matches!(scheme, "https" | "http");
        (known && whole && !authority.is_empty() && authority.chars().all(fits)).then_some(Self { scheme, authority })
    }

    pub(crate) fn is_loopback(&self) -> bool {
        let bare = match self.authority.strip_prefix('[') {
            Some(six) => six.split(']').next().unwrap_or_default(),
            None => self.authority.split(':').next().unwrap_or_default(),
        };
        bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            || bare.eq_ignore_ascii_case("localhost")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receiver(url: &str) -> Receiver {
        Receiver {
            name: "ops".to_owned(),
            kind: ReceiverKind::Slack,
            url: url.into(),
            secret: None,
            bindings: Vec::new(),
        }
    }

    #[test]
    fn a_place_is_shown_without_what_is_secret() {
        let slack = receiver("https://hooks.slack.com/services/T0/B0/canary");
        assert_eq!(slack.host(), "https://hooks.slack.com");
        let robot = receiver("https://oapi.dingtalk.com?access_token=canary");
        assert_eq!(robot.host(), "https://oapi.dingtalk.com");
        assert!(!format!("{slack:?} {robot:?}").contains("canary"));
        assert!(!serde_json::to_string(&slack).unwrap().contains("canary"));
        assert_eq!(receiver("secret:ops-url").host(), "secret:ops-url");
        for odd in [
            "secret:A canary",
            "https://user:canary@host/",
            "ftp://host/",
            "https://",
            "hooks.slack.com/x",
            "https://ho st/",
        ] {
            assert_eq!(receiver(odd).host(), "", "{odd}");
        }
    }

    #[test]
    fn this_machine_is_known() {
        for local in ["http://127.0.0.1:8000/x", "http://[::1]:1/x", "https://localhost/x", "http://127.9.9.9"] {
            assert!(receiver(local).is_local(), "{local}");
        }
        for far in ["http://127.0.0.1.example.com/", "https://hooks.slack.com/", "http://2130706433/"] {
            assert!(!receiver(far).is_local(), "{far}");
        }
    }
}
