//! Fields that hold an expression, a constructor, or the name of a state.

use std::collections::BTreeMap;

use super::fields::Fields;
use crate::constructor::Constructor;
use crate::definition::StateId;
use crate::error::{DefinitionError, DefinitionFault as Fault};
use crate::expression::Expression;

/// The states of one scope by name.
pub(super) type Names = BTreeMap<String, StateId>;

/// A field that holds an expression about the input; `$Output` has no value there.
pub(super) fn expression(fields: &Fields<'_>, name: &str) -> Result<Expression, DefinitionError> {
    let expression = Expression::parse(fields.text(name)?)
        .map_err(|reason| fields.error(Fault::Expression, format!("{name}: {reason}")))?;
    if expression.reads_output() {
        return Err(fields.error(Fault::Expression, format!("{name} reads $Output, which has no value there")));
    }
    Ok(expression)
}

pub(super) fn constructor(fields: &Fields<'_>, name: &str) -> Result<Option<Constructor>, DefinitionError> {
    let Some(value) = fields.optional(name) else { return Ok(None) };
    if !value.is_object() {
        return Err(fields.error(Fault::Value, format!("{name} must be an object")));
    }
    let compiled =
        Constructor::compile(value).map_err(|reason| fields.error(Fault::Expression, format!("{name}: {reason}")))?;
    if name == "InputConstructor" && compiled.reads_output() {
        return Err(fields.error(Fault::Expression, format!("{name} reads $Output, which has no value yet")));
    }
    Ok(Some(compiled))
}

/// A field that names a state of the same scope.
pub(super) fn target(fields: &Fields<'_>, field: &str, names: &Names) -> Result<StateId, DefinitionError> {
    let name = fields.text(field)?;
    names
        .get(name)
        .copied()
        .ok_or_else(|| fields.error(Fault::Target, format!("{field} names `{name}`, which is no state of its scope")))
}
