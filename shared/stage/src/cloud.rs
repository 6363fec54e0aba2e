//! The cloud as one binding sees it: one client for each side, because a side can belong to another account.

use onboarding::Binding;
use onboarding::binding::AssumeRole;
use onboarding::ids::VpcId;
use openapi::{Client, Error};

use crate::readings::{Readings, Reads};

/// The side whose resources a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side<'a> {
    /// The load balancer, its groups and listeners, and its VPC.
    Alb,
    /// CEN and transit routers: always the deployment's own account.
    Cen,
    /// The backend VPC with this id: its routes, instances and security groups.
    Backend(&'a VpcId),
}

/// Clients for the sides of a binding. Cheap to clone.
#[derive(Clone)]
pub struct Cloud {
    client: Client,
    alb_role: Option<AssumeRole>,
    backend_roles: Vec<(VpcId, AssumeRole)>,
    session: String,
    readings: Readings,
}

impl Cloud {
    /// The cloud of `binding`, called with the deployment's own `client`. `run` becomes part of the session names of
    /// assumed roles.
    #[must_use]
    pub fn new(client: Client, binding: &Binding, run: &str) -> Self {
        Self::sharing(Readings::default(), client, binding, run)
    }

    /// The same, sharing the readings of an invocation.
    pub(crate) fn sharing(readings: Readings, client: Client, binding: &Binding, run: &str) -> Self {
        let backend_roles = binding
            .backends
            .iter()
            .filter_map(|backend| Some((backend.vpc.clone(), backend.assume_role.clone()?)))
            .collect();
        Self {
            client,
            alb_role: binding.alb.assume_role.clone(),
            backend_roles,
            session: session_name(binding, run),
            readings,
        }
    }

    /// The cloud of another binding. It shares the readings of this invocation, so common parts are read once.
    pub(crate) fn of(&self, other: &Binding, run: &str) -> Self {
        Self::sharing(self.readings.clone(), self.client.clone(), other, run)
    }

    /// The readings so far.
    pub(crate) const fn readings(&self) -> &Readings {
        &self.readings
    }

    /// The deployment's own client.
    #[must_use]
    pub const fn own(&self) -> &Client {
        &self.client
    }

    fn role(&self, side: Side<'_>) -> Option<&AssumeRole> {
        match side {
            Side::Cen => None,
            Side::Alb => self.alb_role.as_ref(),
            Side::Backend(vpc) => self.backend_roles.iter().find(|(id, _)| id == vpc).map(|(_, role)| role),
        }
    }

    /// The client of a side. A role is assumed at its first use; its session is kept until shortly before it expires.
    ///
    /// # Errors
    /// The failure to assume the side's role.
    pub async fn client_for(&self, side: Side<'_>) -> Result<Client, Error> {
        match self.role(side) {
            None => Ok(self.client.clone()),
            Some(role) => self.client.assume_role(&role.arn, role.external_id.as_deref(), &self.session).await,
        }
    }

    /// The reading client of a side.
    ///
    /// # Errors
    /// The failure to assume the side's role.
    pub(crate) async fn reads_for(&self, side: Side<'_>) -> Result<Reads, Error> {
        let account = self.role(side).map_or("", |role| role.arn.as_str());
        Ok(Reads::new(self.client_for(side).await?, account, &self.readings))
    }

    /// The reading client of the deployment's own account.
    pub(crate) fn own_reads(&self) -> Reads {
        Reads::new(self.client.clone(), "", &self.readings)
    }

    /// The account that owns a side, if it is another account: `VpcOwnerId` of attachments.
    #[must_use]
    pub fn owner(&self, side: Side<'_>) -> Option<u64> {
        // acs:ram::<account>:role/<name>
        self.role(side)?.arn.split(':').nth(3)?.parse().ok()
    }
}

/// The side of a VPC of the binding. No binding names the ALB's VPC, so a VPC that is not a backend's is taken to be the
/// ALB's.
#[must_use]
pub fn side_of<'a>(binding: &'a Binding, vpc: &VpcId) -> Side<'a> {
    binding.backends.iter().find(|backend| &backend.vpc == vpc).map_or(Side::Alb, |backend| Side::Backend(&backend.vpc))
}

/// STS accepts 2 to 64 letters, digits and `.@-_`. The binding comes first, because an auditor searches for it.
fn session_name(binding: &Binding, run: &str) -> String {
    let run = run.strip_prefix(binding.name.as_str()).unwrap_or(run).trim_start_matches('-');
    let text = format!("albridge-{}-{run}", binding.name);
    let allowed = |c: &char| c.is_ascii_alphanumeric() || ".@-_".contains(*c);
    text.chars().filter(allowed).take(64).collect::<String>().trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding() -> Binding {
        serde_json::from_value(onboarding::fixtures::binding(&["vsw-a"], "vpc-b", &["vsw-b"])).unwrap()
    }

    #[test]
    fn a_vpc_that_is_no_backends_is_the_load_balancers() {
        let binding = binding();
        assert_eq!(side_of(&binding, &"vpc-b".into()), Side::Backend(&"vpc-b".into()));
        assert_eq!(side_of(&binding, &"vpc-a".into()), Side::Alb);
    }

    #[test]
    fn a_session_name_is_one_that_sts_takes() {
        let binding = binding();
        assert_eq!(session_name(&binding, "web-17"), "albridge-web-17");
        assert_eq!(session_name(&binding, ""), "albridge-web");
        let odd = session_name(&binding, &"ü/ x".repeat(40));
        assert!(odd.len() <= 64 && odd.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{odd}");
    }
}
