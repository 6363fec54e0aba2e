//! The whole emulated account as one value: no I/O, no clock, cheap enough to clone.
//!
//! This is the data only; what it does is in `engine`.

mod contents;

use crate::faults::Faults;
use crate::idempotence::Tokens;
use crate::ids::Ids;
use crate::settings::Settings;
use crate::state::{account, alb, cen, ecs, events, fc, fnf, oss, ram, ros, sts, vpc};

/// Everything that exists in the emulated account.
#[derive(Debug, Clone)]
pub struct World {
    /// Its settings.
    pub settings: Settings,
    pub(crate) ids: Ids,
    pub(crate) alb: alb::Alb,
    pub(crate) cen: cen::Cen,
    pub(crate) vpc: vpc::Network,
    pub(crate) ecs: ecs::Ecs,
    pub(crate) fnf: fnf::Fnf,
    pub(crate) events: events::Events,
    pub(crate) fc: fc::Functions,
    pub(crate) ram: ram::Ram,
    pub(crate) sts: sts::Sts,
    pub(crate) oss: oss::Oss,
    pub(crate) ros: ros::Ros,
    pub(crate) account: account::Account,
    pub(crate) faults: Faults,
    pub(crate) tokens: Tokens,
}

impl World {
    /// An empty account.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            ids: Ids::seeded(settings.seed),
            settings,
            alb: alb::Alb::default(),
            cen: cen::Cen::default(),
            vpc: vpc::Network::default(),
            ecs: ecs::Ecs::default(),
            fnf: fnf::Fnf::default(),
            events: events::Events::default(),
            fc: fc::Functions::default(),
            ram: ram::Ram::default(),
            sts: sts::Sts::default(),
            oss: oss::Oss::default(),
            ros: ros::Ros::default(),
            account: account::Account::default(),
            faults: Faults::default(),
            tokens: Tokens::default(),
        }
    }
}
