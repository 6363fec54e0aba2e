//! The resources that creates with a ClientToken produce, as a person sees and deletes them.

use std::time::Duration;

use emulator::World;
use emulator::call::{Call, Caller, Params, Service};
use jiff::Timestamp;
use local::Local;
use onboarding::StageName;
use onboarding::ids::BindingName;
use serde_json::Value;
use stage::{Invocation, Report, Request, StageError};

use crate::Console;

/// One of these resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// The binding's server group.
    ServerGroup,
    /// The listener on port 80.
    Listener,
    /// The attachment of the backend VPC.
    VpcAttachment,
    /// The connection of the two regions.
    Connection,
}

impl Thing {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ServerGroup, Self::Listener, Self::VpcAttachment, Self::Connection];

    /// The action that creates it.
    #[must_use]
    pub const fn create(self) -> &'static str {
        match self {
            Self::ServerGroup => "CreateServerGroup",
            Self::Listener => "CreateListener",
            Self::VpcAttachment => "CreateTransitRouterVpcAttachment",
            Self::Connection => "CreateTransitRouterPeerAttachment",
        }
    }

    /// Whether its creation takes longer than one invocation.
    #[must_use]
    pub const fn is_slow(self) -> bool {
        matches!(self, Self::VpcAttachment | Self::Connection)
    }

    const fn listing(self) -> (Service, &'static str, &'static str, &'static str) {
        match self {
            Self::ServerGroup => (Service::Alb, "ListServerGroups", "/ServerGroups", "ServerGroupId"),
            Self::Listener => (Service::Alb, "ListListeners", "/Listeners", "ListenerId"),
            Self::VpcAttachment => (
                Service::Cbn,
                "ListTransitRouterVpcAttachments",
                "/TransitRouterAttachments",
                "TransitRouterAttachmentId",
            ),
            Self::Connection => (
                Service::Cbn,
                "ListTransitRouterPeerAttachments",
                "/TransitRouterAttachments",
                "TransitRouterAttachmentId",
            ),
        }
    }

    /// The ids of all existing ones, in any state: the cloud's real state, not what listings show.
    ///
    /// # Panics
    /// If they cannot be listed.
    #[must_use]
    #[expect(clippy::panic, reason = "a world that cannot be read ends the test")]
    pub fn ids(self, world: &World, now: Timestamp) -> Vec<String> {
        let (service, action, rows, id) = self.listing();
        let filter = if self == Self::VpcAttachment { vec![("VpcId".to_owned(), "vpc-2".to_owned())] } else { vec![] };
        let call = Call {
            service,
            action: action.to_owned(),
            region: "cn-chengdu".to_owned(),
            params: Params::new(filter),
            caller: Caller::Root,
            request_id: "R".to_owned(),
        };
        let answer = world.clone().handle(now, &call).unwrap_or_else(|error| panic!("{action}: {error:?}"));
        let rows = answer.pointer(rows).and_then(Value::as_array).cloned().unwrap_or_default();
        rows.iter().filter_map(|row| row.get(id)?.as_str().map(str::to_owned)).collect()
    }

    /// The same for a running deployment.
    #[must_use]
    pub fn of(self, local: &Local) -> Vec<String> {
        let now = local.cloud().now();
        local.cloud().with(|world| self.ids(world, now))
    }

    /// Deletes it by hand, with everything that depends on it, and waits until it is gone. Returns whether the cloud
    /// allowed the deletion, which it refuses for resources that are being changed.
    pub async fn delete(self, local: &Local) -> bool {
        let console = Console(local);
        let mut deleted = true;
        if self == Self::ServerGroup {
            // A group that a listener forwards to cannot be deleted.
            for id in Self::Listener.of(local) {
                deleted &= console.tries(Service::Alb, "DeleteListener", &[("ListenerId", &id)]);
            }
            console.wait(Duration::from_secs(4)).await;
        }
        for id in self.of(local) {
            let force = [("TransitRouterAttachmentId", id.as_str()), ("Force", "true")];
            deleted &= match self {
                Self::ServerGroup => console.tries(Service::Alb, "DeleteServerGroup", &[("ServerGroupId", &id)]),
                Self::Listener => console.tries(Service::Alb, "DeleteListener", &[("ListenerId", &id)]),
                Self::VpcAttachment => console.tries(Service::Cbn, "DeleteTransitRouterVpcAttachment", &force),
                Self::Connection => console.tries(Service::Cbn, "DeleteTransitRouterPeerAttachment", &force),
            };
        }
        let time = if self.is_slow() { 61 } else { 4 };
        console.wait(Duration::from_secs(time)).await;
        deleted
    }

    /// The stage that creates it.
    const fn stage(self) -> StageName {
        match self {
            Self::ServerGroup => StageName::ServerGroup,
            Self::Listener => StageName::Listener,
            Self::VpcAttachment => StageName::VpcAttachments,
            Self::Connection => StageName::PeerAttachment,
        }
    }

    /// One invocation of the stage that creates it, with a function's time limit.
    ///
    /// # Errors
    /// The [`StageError`] of the stage.
    pub async fn ensure(self, local: &Local) -> Result<Report, StageError> {
        let host = local.operator_host();
        let deadline = host.clock().now() + Duration::from_secs(60);
        let invocation = Invocation::until(&host, deadline);
        let request = Request { binding: BindingName::from("web"), run: String::new(), accepted: false };
        local::with_stage!(self.stage(), stage => Box::pin(stage::run(&stage, &invocation, &request)).await,
            StageName::Dispatch | StageName::Verify => unreachable!("they make nothing"),
        )
    }
}
