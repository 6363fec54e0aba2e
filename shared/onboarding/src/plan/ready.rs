//! Whether a change can be written now.

use crate::change::Write;
use crate::inputs::Inputs;
use crate::mark::Role;
use crate::plan::model::Awaited;
use crate::plan::onward::Route;
use crate::plan::readiness::Readiness;
use crate::topology::{AttachmentRef, ServerGroupStatus};

/// Whether `write` can be made now, given the observed state.
#[must_use]
pub fn ready(inputs: &Inputs<'_>, write: &Write) -> Readiness {
    let topology = inputs.topology;
    for attachment in write.uses() {
        let found = match &attachment {
            AttachmentRef::Vpc { vpc } => topology
                .vpc_attachment(vpc)
                .map(|found| (found.status.as_str(), Awaited::VpcAttachment { region: found.region.clone() })),
            AttachmentRef::Peer { from, to } => {
                topology.peer_attachment(from, to).map(|found| (found.status.as_str(), Awaited::Connection))
            }
        };
        match found {
            Some(("Attached", _)) => {}
            Some((status, awaited)) => {
                return Readiness::Later { what: format!("{attachment} is {status}"), awaited };
            }
            None => return Readiness::Missing(attachment.to_string()),
        }
    }
    if let Some(route) = Route::added_by(write) {
        return route.ready(inputs);
    }
    let needs_group = matches!(
        write,
        Write::CreateListener { .. }
            | Write::ForwardListener { .. }
            | Write::AddServer { .. }
            | Write::UpdateServer { .. }
            | Write::RemoveServer { .. }
    );
    if !needs_group {
        return Readiness::Now;
    }
    let binding = inputs.binding;
    let mark = inputs.deployment.tag(&binding.name, Role::ServerGroup);
    match topology.server_group(&mark, &binding.server_group.name) {
        None => Readiness::Missing(format!("the server group {}", binding.server_group.name)),
        Some(group) if group.status != ServerGroupStatus::Available => {
            let what = format!("server group {} is {}", group.id, group.status);
            Readiness::Later { what, awaited: Awaited::ServerGroup }
        }
        Some(_) => Readiness::Now,
    }
}
