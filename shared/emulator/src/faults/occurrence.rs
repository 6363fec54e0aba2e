//! What a rule may concern, and what comes of it.

use super::effect::{Domain, Effect};
use crate::call::{Caller, Params, Service};

/// Something that a rule may concern.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occurrence<'a> {
    pub(crate) domain: Domain,
    pub(crate) service: Service,
    pub(crate) action: &'a str,
    pub(crate) region: &'a str,
    pub(crate) caller: Option<&'a Caller>,
    pub(crate) params: &'a Params,
}

/// A rule that struck: what is to happen, and the rule's number.
pub(crate) type Struck = (Effect, u64);
