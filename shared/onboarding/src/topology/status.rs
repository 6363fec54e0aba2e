//! API words that the code decides on, as enums. An unlisted word is kept unchanged ([`Other`](AttachmentStatus::Other)),
//! because the cloud may add states. An unknown state counts as in progress.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An enum of API words. It serializes as the word itself.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// Any other word, unchanged.
            Other(String),
        }

        impl $name {
            /// The word in the API's spelling.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $(stringify!($variant) => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match word.as_str() {
                    $(stringify!($variant) => Self::$variant,)+
                    _ => Self::Other(word),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }
    )+};
}

words! {
    /// `LoadBalancerStatus` of an ALB.
    LoadBalancerStatus {
        /// It serves requests.
        Active,
        /// It is being created.
        Provisioning,
        /// Something of it is being changed, a listener for example.
        Configuring,
    }
    /// `ServerGroupType`.
    ServerGroupType {
        /// Members are addresses.
        Ip,
    }
    /// `ServerGroupStatus`.
    ServerGroupStatus {
        /// It can be changed.
        Available,
    }
    /// `Status` of a server group's member.
    ServerStatus {
        /// It is registered.
        Available,
        /// It is being registered.
        Adding,
    }
    /// `ListenerStatus`.
    ListenerStatus {
        /// It serves requests.
        Running,
        /// A user stopped it.
        Stopped,
    }
    /// `Status` of a member as a listener sees it.
    HealthStatus {
        /// Its first health checks are running.
        Initial,
        /// Its server group has no health check.
        Unavailable,
    }
    /// `Status` of a VPC's route entry.
    VpcRouteStatus {
        /// It is in effect.
        Available,
        /// It is being created.
        Pending,
        /// It is being changed.
        Modifying,
    }
    /// `Type` of a VPC's route entry.
    VpcRouteType {
        /// The cloud created it.
        System,
        /// A user created it.
        Custom,
    }
    /// `Type` of a transit router.
    TransitRouterType {
        /// The edition with its own route tables and inter-region connections.
        Enterprise,
        /// The older edition.
        Basic,
    }
    /// `Status` of a transit router.
    TransitRouterStatus {
        /// It can be changed.
        Active,
        /// It is being created.
        Creating,
        /// It forwards packets, but cannot be changed at the moment.
        Modifying,
    }
    /// `Status` of an association of an attachment with a route table, or of a propagation into one.
    LinkStatus {
        /// It is in effect.
        Active,
        /// An association in progress.
        Associating,
        /// A propagation in progress.
        Enabling,
    }
    /// `TransitRouterRouteEntryStatus`.
    TransitRouteStatus {
        /// It is in effect.
        Active,
        /// It is being created.
        Creating,
    }
    /// `Status` of an attachment.
    AttachmentStatus {
        /// It forwards packets.
        Attached,
        /// It is being created.
        Attaching,
        /// It is being changed.
        Modifying,
    }
    /// `Status` of a CEN instance.
    CenStatus {
        /// It can be used.
        Active,
    }
    /// `BusinessStatus` of a bandwidth plan.
    BusinessStatus {
        /// It is paid for and not locked.
        Normal,
    }
    /// `Status` of an ECS instance.
    InstanceStatus {
        /// It is running.
        Running,
        /// It is stopped.
        Stopped,
    }
}

#[cfg(test)]
mod tests {
    use super::{AttachmentStatus, InstanceStatus};

    #[test]
    fn a_word_that_is_not_listed_is_kept_as_it_came() {
        let read: AttachmentStatus = serde_json::from_str("\"Detaching\"").unwrap();
        assert_eq!(read, AttachmentStatus::Other("Detaching".to_owned()));
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"Detaching\"");
        assert_eq!(InstanceStatus::from("Running"), InstanceStatus::from("Running".to_owned()));
        assert_eq!(format!("{:>9}", InstanceStatus::Stopped), "  Stopped");
    }
}
