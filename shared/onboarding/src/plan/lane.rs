//! Lanes: writes of one lane are made one at a time, because the cloud refuses the second one (cloud-apis.md, sections 5, 8
//! and 9). It accepts one route change per VPC, one change per CEN instance, one change per load balancer or server group.

use crate::change::Write;
use crate::ids::VpcId;

/// The binding's server group and its settings.
pub(super) const SERVER_GROUP: &str = "server-group";
/// The load balancer and its listeners.
pub(super) const LOAD_BALANCER: &str = "load-balancer";
/// The CEN instance with its transit routers.
pub(super) const CEN: &str = "cen";

/// The route tables of a VPC.
pub(super) fn vpc(id: &VpcId) -> String {
    format!("vpc {id}")
}

impl Write {
    /// The lane of this write: writes of the same lane are made one at a time.
    #[must_use]
    pub fn lane(&self) -> String {
        match self {
            Self::CreateServerGroup { .. }
            | Self::UpdateServerGroup { .. }
            | Self::DeleteServerGroup { .. }
            | Self::RemoveServerGroup { .. } => SERVER_GROUP.to_owned(),
            Self::CreateListener { .. } | Self::ForwardListener { .. } | Self::DeleteListener { .. } => {
                LOAD_BALANCER.to_owned()
            }
            Self::AttachVpc { .. }
            | Self::DetachVpc { .. }
            | Self::Connect { .. }
            | Self::Disconnect { .. }
            | Self::SetBandwidth { .. }
            | Self::PublishRoutes { .. }
            | Self::Associate { .. }
            | Self::Propagate { .. }
            | Self::Dissociate { .. }
            | Self::StopPropagation { .. }
            | Self::AddTransitRoute { .. }
            | Self::RemoveTransitRoute { .. } => CEN.to_owned(),
            Self::AddVpcRoute { vpc: id, .. } | Self::RemoveVpcRoute { vpc: id, .. } => vpc(id),
            Self::AllowIngress { group, .. } | Self::RevokeIngress { group, .. } => format!("group {group}"),
            Self::AddServer { .. } | Self::UpdateServer { .. } | Self::RemoveServer { .. } => "members".to_owned(),
        }
    }
}
