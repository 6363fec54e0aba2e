//! Whether a change can be written now.

use crate::change::Write;
use crate::inputs::Inputs;
use crate::mark::Role;
use crate::plan::onward::Route;
use crate::plan::readiness::Readiness;
use crate::topology::ServerGroupStatus;

/// Whether `write` can be made now, given the observed state.
#[must_use]
pub fn ready(inputs: &Inputs<'_>, write: &Write) -> Readiness {
    let topology = inputs.topology;
    for attachment in write.uses() {
        let status = match &attachment {
            crate::topology::AttachmentRef::Vpc { vpc } => {
                topology.vpc_attachment(vpc).map(|found| found.status.as_str())
            }
            crate::topology::AttachmentRef::Peer { from, to } => {
                topology.peer_attachment(from, to).map(|found| found.status.as_str())
            }
        };
        match status {
            Some("Attached") => {}
            Some(status) => return Readiness::Later(format!("{attachment} is {status}")),
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
            Readiness::Later(format!("server group {} is {}", group.id, group.status))
        }
        Some(_) => Readiness::Now,
    }
}
