//! Every state of a scope can be reached from its start.

use std::collections::BTreeSet;

use crate::definition::{Kind, Scope, State, StateId, Then};
use crate::error::{DefinitionError, DefinitionFault as Fault};
use crate::parse::fields::Fields;

/// Refuses a scope with a state that nothing leads to. A scope that cannot end is caught by its end states: with
/// every state reachable and no End, Succeed or Fail among them, it would run until a limit stops it.
pub(super) fn check(scope: &Scope, states: &[Option<State>], fields: &Fields<'_>) -> Result<(), DefinitionError> {
    let mut reached = BTreeSet::new();
    let mut pending = vec![scope.start];
    let mut ends = false;
    while let Some(id) = pending.pop() {
        if !reached.insert(id) {
            continue;
        }
        let Some(Some(state)) = states.get(id.0) else { continue };
        pending.extend(successors(state));
        ends |= state.then == Then::End;
    }
    for id in &scope.states {
        if let Some(Some(state)) = states.get(id.0)
            && !reached.contains(id)
        {
            let path = fields.nested(&state.name);
            return Err(DefinitionError::new(Fault::Unreachable, &path, "nothing leads to this state"));
        }
    }
    if ends {
        return Ok(());
    }
    Err(fields.error(Fault::Unreachable, "no state ends this scope".to_owned()))
}

/// Where a state may lead, in its own scope.
pub(crate) fn successors(state: &State) -> Vec<StateId> {
    let mut next = Vec::new();
    if let Kind::Choice { branches, .. } = &state.kind {
        next.extend(branches.iter().map(|(_, target)| *target));
    }
    if let Then::Next(target) = state.then {
        next.push(target);
    }
    next.extend(state.catch.iter().map(|rule| rule.next));
    next
}
