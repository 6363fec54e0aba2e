//! The data that expressions can read, and the size limit of the data that states pass on.

use serde_json::{Value, json};

use super::thread::Thread;
use super::{Execution, Failure};
use crate::definition::Definition;
use crate::expression::Environment;
use crate::limits;

/// Error names. The service's own for these cases are not documented; those of albridge's interpreter say so.
pub(super) mod code {
    /// An expression could not be evaluated, or the state cannot use a constructor's result.
    pub(crate) const EXPRESSION: &str = "FnF.InvalidExpression";
    /// A task answered something other than a JSON object.
    pub(crate) const OUTPUT: &str = "FnF.InvalidOutput";
    /// A task took longer than its Timeout. Named so in material on the old dialect (section 1.3).
    pub(crate) const TASK_TIMEOUT: &str = "FnF.TaskTimeout";
    /// A state's input or output is over 64 KiB: the execution fails, nothing catches it (section 1.2).
    pub(crate) const STATE_DATA: &str = "FnF.StateDataLimitExceeded";
    /// The history is full.
    pub(crate) const EVENTS: &str = "FnF.EventLimitExceeded";
    /// The execution ran for longer than a Standard execution may.
    pub(crate) const EXECUTION_TIMEOUT: &str = "FnF.ExecutionTimeout";
    /// The input of the execution is not a JSON object.
    pub(crate) const INPUT: &str = "FnF.InvalidInput";
}

impl Execution {
    /// `$Context`, `$Input` and `$Output` for the thread's state (section 1.2).
    pub(super) fn environment(&self, thread: &Thread, output: Option<&Value>) -> Environment {
        let error = thread.error.as_ref().map(|error| json!({"Code": error.code, "Detail": error.detail}));
        let context = json!({
            "Execution": {"Name": self.name, "Input": self.input, "RoleArn": self.role_arn},
            "Current": {
                "Name": state_name(&self.definition, thread),
                "Input": thread.input,
                "Output": output,
                "Error": error,
                "RetryCount": thread.attempt(),
                "TaskToken": thread.token,
            },
        });
        Environment::new(context, thread.input.clone(), output.cloned())
    }
}

pub(super) fn state_name<'a>(definition: &'a Definition, thread: &Thread) -> &'a str {
    definition.state(thread.state).map(|state| state.name.as_str()).unwrap_or_default()
}

/// Refuses data over the limit. What is not yet data of a state (a Parallel's joined result) is measured the same way.
pub(super) fn within_limit(value: &Value, what: &str) -> Result<(), Failure> {
    let size = value.to_string().len();
    if size <= limits::STATE_DATA {
        return Ok(());
    }
    let detail = format!("{what} has {size} bytes, over the limit of {}", limits::STATE_DATA);
    Err(Failure { code: code::STATE_DATA.to_owned(), detail })
}
