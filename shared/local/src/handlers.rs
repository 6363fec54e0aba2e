//! The twelve handlers by their names, and the stage that a person alone runs: the one place that lists them beside [`StageName`].
//!
//! A stage's type decides what its calls return, so they cannot stand in a table; these two macros are the table. Both are
//! exhaustive: a name without a handler does not compile.
//!
//! [`StageName`]: onboarding::StageName

#[doc(hidden)]
pub mod __ {
    pub use back_to_origin::BackToOrigin;
    pub use backend_servers::BackendServers;
    pub use dispatch::Dispatch;
    pub use listener::Listener;
    pub use onboarding::StageName;
    pub use peer_attachment::PeerAttachment;
    pub use preflight::Preflight;
    pub use prune::Prune;
    pub use security_rules::SecurityRules;
    pub use server_group::ServerGroup;
    pub use teardown::Teardown;
    pub use verify::Verify;
    pub use vpc_attachments::VpcAttachments;
    pub use vpc_routes::VpcRoutes;
}

/// `with_stage!(name, stage => body, other => otherwise, ...)`: the body with `stage` as the `stage::Stage` of that name.
/// `dispatch` and `verify` are no stages, so they are named beside them.
#[macro_export]
macro_rules! with_stage {
    ($name:expr, $stage:ident => $body:expr, $($other:pat => $otherwise:expr),+ $(,)?) => {
        $crate::with_stage!(@ $name, $stage => $body, [
            Preflight, ServerGroup, Listener, VpcAttachments, PeerAttachment, VpcRoutes, BackToOrigin, SecurityRules,
            BackendServers, Prune, Teardown
        ], $($other => $otherwise),+)
    };
    (@ $name:expr, $stage:ident => $body:expr, [$($handler:ident),+], $($other:pat => $otherwise:expr),+) => {
        match $name {
            $($other => $otherwise,)+
            $($crate::handlers::__::StageName::$handler => {
                let $stage = $crate::handlers::__::$handler;
                $body
            })+
        }
    };
}

/// `with_handler!(name, handler => body)`: the body with `handler` as the `handler::Handler` of that name.
#[macro_export]
macro_rules! with_handler {
    ($name:expr, $handler:ident => $body:expr) => {
        $crate::with_stage!($name, $handler => $body,
            $crate::handlers::__::StageName::Dispatch => {
                let $handler = $crate::handlers::__::Dispatch;
                $body
            },
            $crate::handlers::__::StageName::Verify => {
                let $handler = $crate::handlers::__::Verify;
                $body
            },
        )
    };
}
