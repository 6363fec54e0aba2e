//! An occurrence that rules may match, and the result of a match.

use super::effect::{Domain, Effect};
use crate::call::{Caller, Params, Service};

/// An occurrence that a rule may match.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occurrence<'a> {
    pub(crate) domain: Domain,
    pub(crate) service: Service,
    pub(crate) action: &'a str,
    pub(crate) region: &'a str,
    pub(crate) caller: Option<&'a Caller>,
    pub(crate) params: &'a Params,
}

/// The effect of a rule that applies, and the rule's number.
pub(crate) type Struck = (Effect, u64);
