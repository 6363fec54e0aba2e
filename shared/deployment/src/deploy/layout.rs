//! Which part of the deployment lives where: from the bindings alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use onboarding::Store;
use onboarding::ids::{AlbId, Region};

use super::error::DeployError;

/// The part of the template that a stack has: its parameter `Role`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All functions, the workflow and the timer.
    Home,
    /// The events of a region with backends.
    Outpost,
    /// The real request inside an ALB's VPC.
    Probe,
    /// The last two.
    OutpostAndProbe,
}

impl Part {
    /// The value of `Role`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Outpost => "outpost",
            Self::Probe => "probe",
            Self::OutpostAndProbe => "outpost+probe",
        }
    }

    /// Whether it has a function.
    pub(crate) fn has(self, function: &str) -> bool {
        match self {
            Self::Home => true,
            Self::Outpost => function == "dispatch",
            Self::Probe => function == "verify",
            Self::OutpostAndProbe => matches!(function, "dispatch" | "verify"),
        }
    }
}

/// Something that the bindings ask for and a deployment cannot have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// An instance's events arise in its own account.
    ForeignBackends(Region),
    /// A function reaches VPCs of its own account alone.
    ForeignAlb(AlbId),
    /// A region's probe is in one VPC.
    SecondVpc(AlbId),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForeignBackends(region) => write!(
                f,
                "The backends in {region} are another account's, and so are their events: the timer at home looks for changes there."
            ),
            Self::ForeignAlb(alb) => {
                write!(f, "{alb} is another account's: no function can send a real request from its VPC.")
            }
            Self::SecondVpc(alb) => {
                write!(f, "{alb} is in another VPC than its region's probe: no real request is sent through it.")
            }
        }
    }
}

/// Which stack is where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The region of the home stack.
    pub home: Region,
    /// Every region with a stack, home among them.
    pub parts: BTreeMap<Region, Part>,
    /// The ALBs of the account by region, in the bindings' order: the first one's VPC is where the region's probe is.
    pub albs: BTreeMap<Region, Vec<AlbId>>,
    /// What cannot be had.
    pub notes: Vec<Note>,
}

impl Layout {
    /// Lays out what `store` asks for. `home` is the region that was asked for, now or before; else it is the first region with
    /// backends that offers CloudFlow, else the first such with an ALB.
    ///
    /// # Errors
    /// [`DeployError::NoBindings`], [`DeployError::NoHome`], [`DeployError::NoFlows`].
    pub(crate) fn new(
        store: &Store,
        home: Option<&Region>,
        with_flows: &BTreeSet<Region>,
    ) -> Result<Self, DeployError> {
        let backends = || store.bindings.iter().flat_map(|binding| &binding.backends);
        let home = match home {
            Some(home) if with_flows.contains(home) => home.clone(),
            Some(home) => return Err(DeployError::NoFlows { region: home.clone(), offered: with_flows.clone() }),
            None if store.bindings.is_empty() => return Err(DeployError::NoBindings { offered: with_flows.clone() }),
            None => backends()
                .map(|backend| &backend.region)
                .chain(store.bindings.iter().map(|binding| &binding.alb.region))
                .find(|region| with_flows.contains(*region))
                .cloned()
                .ok_or_else(|| DeployError::NoHome { offered: with_flows.clone() })?,
        };
        let mut notes = Vec::new();
        let mut outposts = BTreeSet::new();
        let mut albs: BTreeMap<Region, Vec<AlbId>> = BTreeMap::new();
        for backend in backends() {
            if backend.assume_role.is_none() {
                outposts.insert(backend.region.clone());
            } else {
                note(&mut notes, Note::ForeignBackends(backend.region.clone()));
            }
        }
        for alb in store.bindings.iter().map(|binding| &binding.alb) {
            if alb.assume_role.is_some() {
                note(&mut notes, Note::ForeignAlb(alb.id.clone()));
                continue;
            }
            let here = albs.entry(alb.region.clone()).or_default();
            if !here.contains(&alb.id) {
                here.push(alb.id.clone());
            }
        }
        let mut parts = BTreeMap::from([(home.clone(), Part::Home)]);
        for region in outposts.iter().chain(albs.keys()).filter(|region| **region != home) {
            let part = match (outposts.contains(region), albs.contains_key(region)) {
                (true, true) => Part::OutpostAndProbe,
                (true, false) => Part::Outpost,
                _ => Part::Probe,
            };
            parts.insert(region.clone(), part);
        }
        Ok(Self { home, parts, albs, notes })
    }

    /// The regions in the order in which their stacks are made: home first.
    pub(crate) fn order(&self) -> impl Iterator<Item = (&Region, Part)> {
        let others = self.parts.iter().filter(|(region, _)| **region != self.home);
        [(&self.home, Part::Home)].into_iter().chain(others.map(|(region, part)| (region, *part)))
    }
}

fn note(notes: &mut Vec<Note>, new: Note) {
    if !notes.contains(&new) {
        notes.push(new);
    }
}
