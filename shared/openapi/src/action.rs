//! What an action is: a typed request that knows its service, name, permission, retry codes and answer.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::service::Service;
use crate::whole::Whole;

/// One action of an RPC-style API. Implemented by the request; the fields of the request are the parameters.
pub trait Action: Serialize + Send + Sync {
    /// The service that offers the action.
    const SERVICE: Service;
    /// The action's name.
    const NAME: &'static str;
    /// Whether it changes the cloud. Read-only clients refuse those.
    const WRITES: bool;
    /// The permission in RAM policies, such as `alb:CreateServerGroup`. CEN's prefix there is `cen`.
    const RAM_ACTION: &'static str;
    /// Error codes of this action that mean "temporarily busy". They are retried a few times only (see `Client`).
    const RETRY: &'static [&'static str] = &[];
    /// Whether it takes a ClientToken. If a call sets none, the client generates one and repeats it on every retry of the call.
    const TOKEN: bool = false;
    /// Whether the client fills in the RegionId parameter.
    const REGION: bool = Self::SERVICE.takes_region();
    /// The parameters that the ACS3 style sends in the form body, by first name (cloud-apis.md, section 3).
    const BODY: &'static [&'static str] = &[];
    /// The timeout of one attempt, in real time. Even CEN's slowest creates answer within seconds: they finish asynchronously.
    const LIMIT: Duration = Duration::from_secs(20);
    /// The fields that a complete answer must contain.
    const WHOLE: &'static Whole = &Whole::DONE;
    /// The type of a successful answer.
    type Answer: DeserializeOwned + Send;
}

/// The static properties of an action, for policies and documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActionInfo {
    /// The service that offers the action.
    pub service: Service,
    /// The action's name.
    pub name: &'static str,
    /// The permission in RAM policies.
    pub ram_action: &'static str,
    /// Whether it changes the cloud.
    pub writes: bool,
}

impl ActionInfo {
    /// The static properties of an action type.
    #[must_use]
    pub const fn of<A: Action>() -> Self {
        Self { service: A::SERVICE, name: A::NAME, ram_action: A::RAM_ACTION, writes: A::WRITES }
    }
}

/// The answer of an action that returns nothing but the id of the request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Acknowledged {
    /// The id of the request, for a support case.
    pub request_id: String,
}

/// Declares the actions of a service as a table: `reads` or `writes`, the request, its answer, the fields that a complete
/// answer must contain (for a write only if the answer names what was created), and options.
macro_rules! actions {
    ($service:ident $prefix:literal {
        $($kind:ident $name:ident => $answer:ty $(, $whole:path)? $({ $($option:ident: $value:expr),+ $(,)? })?;)+
    }) => {
        $(
            impl $crate::action::Action for $name {
                const SERVICE: $crate::Service = $crate::Service::$service;
                const NAME: &'static str = stringify!($name);
                const WRITES: bool = $crate::action::actions!(@writes $kind);
                const RAM_ACTION: &'static str = concat!($prefix, ":", stringify!($name));
                const WHOLE: &'static $crate::whole::Whole = $crate::action::actions!(@whole $kind $($whole)?);
                $($($crate::action::actions!(@option $option $value);)+)?
                type Answer = $answer;
            }
        )+

        /// The actions of this module, in the order of its table.
        pub(crate) const ACTIONS: &[$crate::ActionInfo] = &[$($crate::ActionInfo::of::<$name>()),+];

        /// What whole answers of them hold.
        #[cfg(test)]
        pub(crate) const WHOLES: &[(&str, &$crate::whole::Whole)] =
            &[$((stringify!($name), <$name as $crate::Action>::WHOLE)),+];
    };
    (@writes reads) => { false };
    (@writes writes) => { true };
    (@whole $kind:ident $whole:path) => { &$whole };
    (@whole writes) => { &$crate::whole::Whole::DONE };
    (@option token $value:expr) => { const TOKEN: bool = $value; };
    (@option retry $value:expr) => { const RETRY: &'static [&'static str] = $value; };
    (@option region $value:expr) => { const REGION: bool = $value; };
    (@option body $value:expr) => { const BODY: &'static [&'static str] = $value; };
    (@option limit $value:expr) => { const LIMIT: std::time::Duration = $value; };
}

pub(crate) use actions;
