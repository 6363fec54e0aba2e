//! Step 7 of the procedure: the backends' security groups accept the ALB's source prefixes on the service and health check
//! ports, at a low priority. A drop rule that takes precedence is reported, not overridden.

use onboarding::change::{Change, StageName, Write};
use onboarding::topology::Topology;
use openapi::{Action, ecs};
use stage::{Needs, Session, Stage, WriteError, side_of};

/// The stage.
#[derive(Debug, Clone, Copy)]
pub struct SecurityRules;

/// The most rules in one call (cloud-apis.md, section 11).
const RULES_PER_CALL: usize = 100;

impl Stage for SecurityRules {
    const NAME: StageName = StageName::SecurityRules;
    const NEEDS: Needs = Needs::SURROUNDINGS.and(Needs::SECURITY).and(Needs::CEN);
    const WRITES: &'static [&'static str] = &["ecs:AuthorizeSecurityGroup"];
    const SHOWS: &'static [&'static str] = &[ecs::DescribeSecurityGroupAttribute::NAME];

    async fn write(&self, session: &Session<'_>, topology: &Topology, changes: &[Change]) -> Result<usize, WriteError> {
        let Some(Write::AllowIngress { region, group, rules }) = changes.first().map(|change| &change.write) else {
            return Ok(0);
        };
        let Some(known) = topology.security_group(group) else {
            return Err(WriteError::missing(group, format!("Security group {group} is not there.")));
        };
        for rules in rules.chunks(RULES_PER_CALL) {
            let permissions = rules.iter().map(|rule| ecs::NewPermission {
                ip_protocol: "TCP".to_owned(),
                port_range: format!("{0}/{0}", rule.port),
                source_cidr_ip: Some(rule.source.to_string()),
                policy: Some("accept".to_owned()),
                priority: Some(rule.priority.into()),
                nic_type: Some("intranet".to_owned()),
                description: Some(session.deployment().description(&session.binding().name)),
                ..Default::default()
            });
            let authorize = ecs::AuthorizeSecurityGroup {
                security_group_id: group.to_string(),
                permissions: permissions.collect(),
                client_token: Some(session.fresh_token()),
            };
            session.call(side_of(session.binding(), &known.vpc), region.as_str(), &authorize).await?;
        }
        Ok(1)
    }
}
