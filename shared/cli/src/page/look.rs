//! One look at the cloud, for everybody who views the page: the store, every binding as it was seen, and its last runs.

use jiff::Timestamp;
use onboarding::causes::Cause;
use onboarding::ids::Region;
use onboarding::{Binding, Deployment, Severity};
use stage::Host;

use crate::output::{CliError, Exit};
use crate::plan::Seen;
use crate::status::{self, Looks, Member, RunSummary, Runs};
use crate::target;
use crate::unread::PlanState;

/// Runs that are shown of one binding.
const RUNS: usize = 8;

/// What was seen at one time.
#[derive(Debug)]
pub(super) struct Sights {
    /// The cloud's time.
    pub(super) at: Timestamp,
    /// The deployment's name.
    pub(super) deployment: Deployment,
    /// Where the bindings are.
    pub(super) store: String,
    /// Where the workflow is, if that is known.
    pub(super) home: Option<Region>,
    /// The bindings asked for, in the store's order.
    pub(super) sights: Vec<Sight>,
}

/// One binding.
#[derive(Debug, Clone)]
pub(super) struct Sight {
    /// What is wanted.
    pub(super) binding: Binding,
    /// What was found, or why nothing was.
    pub(super) found: Result<status::Look, String>,
    /// Of something that was found before: when. The reading that failed since is the error.
    pub(super) stale: Option<(Timestamp, String)>,
}

/// How a binding stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Everything is as it should be.
    Well,
    /// Something is on its way.
    Changing,
    /// A run or a person's yes makes up for what differs.
    Differs,
    /// Something could not be read.
    NotKnown,
    /// Something does not work.
    Faulty,
}

impl Standing {
    /// A sign and a word: neither needs colours.
    pub(super) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Well => ("✓", "well"),
            Self::Changing => ("…", "in progress"),
            Self::Differs => ("~", "differs"),
            Self::NotKnown => ("?", "not known"),
            Self::Faulty => ("✕", "faulty"),
        }
    }

    /// What it looks like.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Well => "mark good",
            Self::Changing => "mark busy",
            Self::Differs => "mark warn",
            Self::NotKnown => "mark warn",
            Self::Faulty => "mark bad",
        }
    }
}

impl Sight {
    /// How it stands.
    pub(super) fn standing(&self) -> Standing {
        let Ok(found) = &self.found else { return Standing::NotKnown };
        let Seen { plan, causes, .. } = &found.seen;
        let is_wrong = |cause: &Cause| !cause.by_run && cause.reason.code.severity() == Severity::Error;
        let is_faulty = |member: &Member| member.is_faulty();
        match PlanState::of(plan, causes) {
            _ if causes.causes.iter().any(is_wrong) => Standing::Faulty,
            PlanState::Missing => Standing::Faulty,
            PlanState::NotKnown => Standing::NotKnown,
            _ if found.members.listed.iter().flatten().any(is_faulty) => Standing::Faulty,
            PlanState::Wrong => Standing::Differs,
            PlanState::Differs if plan.changes.is_empty() && causes.is_empty() => Standing::Changing,
            PlanState::Differs => Standing::Differs,
            PlanState::InPlace => Standing::Well,
        }
    }

    /// One of its last runs.
    pub(super) fn run(&self, name: &str) -> Option<&RunSummary> {
        let Ok(status::Look { runs: Runs::Read { latest, .. }, .. }) = &self.found else { return None };
        latest.iter().find(|run| run.name == name)
    }

    fn exit(&self) -> Exit {
        self.found.as_ref().map_or(Exit::Failed, status::Look::exit)
    }

    /// With what was found before, where this reading failed.
    fn or(mut self, before: Option<&Sights>) -> Self {
        let Some(look) = before else { return self };
        let Some(old) = look.sight(self.binding.name.as_str()) else { return self };
        if let (Err(error), Ok(found)) = (&self.found, &old.found) {
            let since = old.stale.as_ref().map_or(look.at, |(since, _)| *since);
            self.stale = Some((since, error.clone()));
            self.found = Ok(found.clone());
        }
        self
    }
}

impl Sights {
    /// A binding of it.
    pub(super) fn sight(&self, binding: &str) -> Option<&Sight> {
        self.sights.iter().find(|sight| sight.binding.name.as_str() == binding)
    }

    /// How the worst of its bindings stands.
    pub(super) fn standing(&self) -> Standing {
        self.sights.iter().map(Sight::standing).max().unwrap_or(Standing::Well)
    }

    /// The exit of a command that shows it.
    pub(super) fn exit(&self) -> Exit {
        self.sights.iter().map(Sight::exit).max().unwrap_or_default()
    }
}

/// Looks at one deployment.
pub(super) struct Looker {
    host: Host,
    /// The only binding that is looked at, if one was asked for.
    only: Option<String>,
}

impl Looker {
    /// Of this deployment.
    pub(super) const fn new(host: Host, only: Option<String>) -> Self {
        Self { host, only }
    }

    /// Looks once. What fails for one binding is said there; what was found of it in the look `before` is kept.
    pub(super) async fn look(&self, before: Option<&Sights>) -> Result<Sights, CliError> {
        let host = &self.host;
        let store = target::store(host).await?;
        let names = target::bindings(host, &store, self.only.as_deref())?;
        let looks = Looks::begin(host, &store).await;
        let mut sights = Vec::new();
        for name in &names {
            let Some(binding) = store.binding(name.as_str()) else { continue };
            let found = looks.at(name, RUNS).await.map_err(|error| error.to_string());
            sights.push(Sight { binding: binding.clone(), found, stale: None }.or(before));
        }
        let settings = host.settings();
        Ok(Sights {
            at: host.clock().now(),
            deployment: settings.deployment.clone(),
            store: settings.store.to_string(),
            home: settings.home_region.clone(),
            sights,
        })
    }
}
