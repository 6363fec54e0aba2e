//! `--target`: a part of a plan, by stage or by instance.

use onboarding::ids::InstanceId;
use onboarding::{Change, Plan, StageName, Write};

/// The part of a plan that is shown or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Focus {
    /// The changes of one stage.
    Stage(StageName),
    /// The member changes of one instance.
    Instance(InstanceId),
}

impl Focus {
    /// Reads the name of a stage, or else the id of an instance.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(stage) = StageName::ALL.into_iter().find(|stage| stage.as_str() == text) {
            return Ok(Self::Stage(stage));
        }
        if text.starts_with("i-") {
            return Ok(Self::Instance(text.into()));
        }
        let stages: Vec<&str> = StageName::ALL.iter().map(|stage| stage.as_str()).collect();
        Err(format!("a stage or an instance's id is expected; the stages are {}", stages.join(", ")))
    }

    /// Whether a change is in it.
    pub(crate) fn holds(&self, change: &Change) -> bool {
        match self {
            Self::Stage(stage) => change.stage == *stage,
            Self::Instance(id) => is_about(&change.write, id),
        }
    }

    /// The plan with nothing else in it, so that nothing else is made.
    pub(crate) fn restrict(&self, plan: &Plan) -> Plan {
        let mut part = plan.clone();
        part.changes.retain(|change| self.holds(change));
        part.follow_ups.retain(|then| match self {
            Self::Stage(stage) => then.stage == *stage,
            Self::Instance(id) => is_about(&then.write, id),
        });
        part
    }
}

fn is_about(write: &Write, id: &InstanceId) -> bool {
    match write {
        Write::AddServer { instance, .. }
        | Write::UpdateServer { instance, .. }
        | Write::RemoveServer { instance, .. } => instance == id,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_stage_or_an_instance() {
        assert_eq!(Focus::parse("vpc-routes"), Ok(Focus::Stage(StageName::VpcRoutes)));
        assert_eq!(Focus::parse("i-1"), Ok(Focus::Instance("i-1".into())));
        assert!(Focus::parse("routes").unwrap_err().contains("vpc-routes"));
    }

    #[test]
    fn nothing_else_is_left_of_a_plan() {
        let add = |id: &str| {
            let write = Write::AddServer { instance: id.into(), address: [10, 0, 0, 1].into(), port: 80, weight: 100 };
            Change::new(StageName::BackendServers, write)
        };
        let listener = Write::CreateListener { protocol: "HTTP".to_owned(), port: 80 };
        let changes = vec![Change::new(StageName::Listener, listener), add("i-1"), add("i-2")];
        let plan = Plan { changes, ..Plan::default() };
        let left = |target: &str| Focus::parse(target).unwrap().restrict(&plan).changes;
        assert_eq!(left("i-2"), [add("i-2")]);
        assert_eq!(left("backend-servers").len(), 2);
        assert_eq!(left("prune"), []);
    }
}
