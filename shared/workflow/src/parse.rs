//! From text to a checked [`Definition`].
//!
//! A scope is read in two passes: first the names of its states, then the states themselves, so that every Next is
//! resolved, inside its own scope only, as it is read.

mod fields;
pub(crate) mod reach;
mod rules;
mod values;

use std::collections::BTreeSet;

use document::Limits;
use serde_json::Value;

use crate::constructor::Constructor;
use crate::definition::{Definition, Kind, Scope, ScopeId, Seconds, State, StateId, Task, TaskMode, Then};
use crate::error::{DefinitionError, DefinitionFault as Fault};
use crate::limits;
use fields::Fields;
use values::{Names, constructor, expression, target};

impl Definition {
    /// Reads a definition from YAML or JSON and checks everything that can be known before it runs.
    ///
    /// # Errors
    /// The first fault, with the state that has it.
    ///
    /// ```
    /// let text = "{Type: StateMachine, Name: hello, SpecVersion: v1, StartAt: Done, States: [{Type: Succeed, Name: Done}]}";
    /// assert_eq!(workflow::Definition::parse(text).map(|flow| flow.name().to_owned()), Ok("hello".to_owned()));
    /// ```
    pub fn parse(text: &str) -> Result<Self, DefinitionError> {
        definition(text)
    }
}

fn definition(text: &str) -> Result<Definition, DefinitionError> {
    // Only true and false are booleans there, so an error may be called Y.
    let value: Value = document::read(text, Limits::DEFINITION).map_err(|error| {
        let fault = if error.beyond_limit { Fault::Limit } else { Fault::Syntax };
        DefinitionError::new(fault, "", error.reason)
    })?;
    let top = Fields::new("", &value)?;
    top.only(&["Type", "Name", "SpecVersion", "Description", "StartAt", "States"])?;
    top.exactly("Type", "StateMachine")?;
    top.exactly("SpecVersion", "v1")?;
    let name = top.text("Name")?.to_owned();
    if !is_name(&name) {
        return Err(top.error(
            Fault::Value,
            format!("Name `{name}` must start with a letter or _ and hold at most 128 letters, digits, - and _"),
        ));
    }
    let mut reader = Reader { scopes: Vec::new(), states: Vec::new(), names: BTreeSet::new() };
    let root = reader.scope(&top, 0)?;
    let states: Option<Vec<State>> = reader.states.into_iter().collect();
    let scopes: Option<Vec<Scope>> = reader.scopes.into_iter().collect();
    match (states, scopes) {
        (Some(states), Some(scopes)) => Ok(Definition { name, root, scopes, states }),
        _ => Err(top.error(Fault::Value, "a state was left unread".to_owned())),
    }
}

/// The rule for names of flows and executions (section 1.5).
fn is_name(text: &str) -> bool {
    text.len() <= 128
        && text.chars().next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// The arenas while they are filled: an index is reserved before its scope or state is read, because others refer to it.
struct Reader {
    scopes: Vec<Option<Scope>>,
    states: Vec<Option<State>>,
    /// Names in the whole definition. The help pages ask for unique names without saying where; the history names a
    /// state by nothing else, so they are unique everywhere here.
    names: BTreeSet<String>,
}

impl Reader {
    fn scope(&mut self, fields: &Fields<'_>, depth: usize) -> Result<ScopeId, DefinitionError> {
        if depth > limits::SCOPE_NESTING {
            return Err(fields.error(Fault::Value, "states are nested too deeply".to_owned()));
        }
        let id = ScopeId(self.scopes.len());
        self.scopes.push(None);
        let items = fields.list("States")?;
        if items.is_empty() {
            return Err(fields.error(Fault::Missing, "States is empty".to_owned()));
        }
        let mut names = Names::new();
        let mut parts = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let unnamed = Fields::new(&fields.nested(&format!("States[{index}]")), item)?;
            let name = unnamed.text("Name")?.to_owned();
            if name.len() > limits::STATE_NAME {
                let reason = format!("Name has more than {} bytes", limits::STATE_NAME);
                return Err(unnamed.error(Fault::Value, reason));
            }
            if !self.names.insert(name.clone()) {
                return Err(unnamed.error(Fault::Duplicate, format!("the name `{name}` is used by another state")));
            }
            let state = StateId(self.states.len());
            self.states.push(None);
            names.insert(name.clone(), state);
            parts.push((state, Fields::new(&fields.nested(&name), item)?));
        }
        let start = target(fields, "StartAt", &names)?;
        for (state, part) in &parts {
            let read = self.state(part, &names, depth)?;
            if let Some(place) = self.states.get_mut(state.0) {
                *place = Some(read);
            }
        }
        let scope = Scope { start, states: parts.iter().map(|(state, _)| *state).collect() };
        reach::check(&scope, &self.states, fields)?;
        if let Some(place) = self.scopes.get_mut(id.0) {
            *place = Some(scope);
        }
        Ok(id)
    }

    fn state(&mut self, fields: &Fields<'_>, names: &Names, depth: usize) -> Result<State, DefinitionError> {
        let form = fields.text("Type")?;
        let own: &[&str] = match form {
            "Task" => &["Action", "TaskMode", "Parameters", "Timeout", "Retry", "Catch"],
            "Pass" | "Succeed" => &[],
            "Wait" => &["Seconds", "Seconds.$"],
            "Choice" => &["Branches", "Default"],
            "Parallel" => &["Branches", "Retry", "Catch"],
            "Map" => &["ItemsPath", "Processor", "MaxConcurrency", "MaxConcuccency", "Retry", "Catch"],
            "Fail" => &["Code", "Detail"],
            other => return Err(fields.error(Fault::Value, format!("Type `{other}` is no kind of state"))),
        };
        let mut known = vec!["Type", "Name", "Description"];
        known.extend_from_slice(own);
        match form {
            "Choice" => known.extend(["InputConstructor", "OutputConstructor"]),
            // The docs' own sample of a Fail state carries End (section 1.2).
            "Fail" => known.push("End"),
            "Succeed" => known.extend(["InputConstructor", "OutputConstructor", "End"]),
            _ => known.extend(["InputConstructor", "OutputConstructor", "Next", "End"]),
        }
        fields.only(&known)?;
        let kind = match form {
            "Task" => Kind::Task(task(fields)?),
            "Pass" => Kind::Pass,
            "Wait" => Kind::Wait(seconds(fields)?),
            "Choice" => choice(fields, names)?,
            "Parallel" => self.parallel(fields, depth)?,
            "Map" => self.map(fields, depth)?,
            "Succeed" => Kind::Succeed,
            _ => Kind::Fail {
                code: fields.optional_text("Code")?.unwrap_or_default().to_owned(),
                detail: fields.text("Detail")?.to_owned(),
            },
        };
        let then = match kind {
            Kind::Choice { otherwise, .. } => Then::Next(otherwise),
            Kind::Succeed | Kind::Fail { .. } => {
                fields.flag("End")?;
                Then::End
            }
            _ => match (fields.has("Next"), fields.flag("End")?) {
                (true, None) => Then::Next(target(fields, "Next", names)?),
                (false, Some(true)) => Then::End,
                (true, Some(_)) => {
                    return Err(fields.error(Fault::Value, "Next and End exclude one another".to_owned()));
                }
                (false, _) => return Err(fields.error(Fault::Missing, "Next or End: true is missing".to_owned())),
            },
        };
        Ok(State {
            name: fields.text("Name")?.to_owned(),
            kind,
            then,
            input: constructor(fields, "InputConstructor")?,
            output: constructor(fields, "OutputConstructor")?,
            retry: rules::retry(fields)?,
            catch: rules::catch(fields, names)?,
        })
    }

    fn parallel(&mut self, fields: &Fields<'_>, depth: usize) -> Result<Kind, DefinitionError> {
        let items = fields.list("Branches")?;
        if items.is_empty() || items.len() > limits::BRANCHES {
            return Err(fields.error(Fault::Value, format!("Branches must hold 1 to {} branches", limits::BRANCHES)));
        }
        let mut branches = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let branch = Fields::new(&fields.nested(&format!("Branch{index}")), item)?;
            branch.only(&["StartAt", "States"])?;
            branches.push(self.scope(&branch, depth + 1)?);
        }
        Ok(Kind::Parallel { branches })
    }

    fn map(&mut self, fields: &Fields<'_>, depth: usize) -> Result<Kind, DefinitionError> {
        let items = expression(fields, "ItemsPath")?;
        let processor = Fields::new(&fields.nested("Processor"), fields.value("Processor")?)?;
        processor.only(&["StartAt", "States"])?;
        let processor = self.scope(&processor, depth + 1)?;
        // The help page spells the key MaxConcuccency; both spellings are read (section 1.2).
        let most = u64::from(u32::MAX);
        let concurrency = match fields.optional_number("MaxConcurrency", 1, most)? {
            None => fields.optional_number("MaxConcuccency", 1, most)?,
            given => given,
        };
        let concurrency = concurrency.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        Ok(Kind::Map { items, concurrency, processor })
    }
}

fn task(fields: &Fields<'_>) -> Result<Task, DefinitionError> {
    let action = fields.text("Action")?;
    let well_formed = action.split_once(':').is_some_and(|(service, api)| !service.is_empty() && !api.is_empty());
    if !well_formed {
        return Err(fields.error(Fault::Value, format!("Action `{action}` must have the form Service:Api")));
    }
    let mode = match fields.optional_text("TaskMode")? {
        None | Some("RequestComplete") => TaskMode::RequestComplete,
        Some("WaitForSystemCallback") => TaskMode::WaitForSystemCallback,
        Some("WaitForCustomCallback") => TaskMode::WaitForCustomCallback,
        Some(other) => return Err(fields.error(Fault::Value, format!("TaskMode `{other}` is none"))),
    };
    let written = fields.optional("Parameters").cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    if !written.is_object() {
        return Err(fields.error(Fault::Value, "Parameters must be an object".to_owned()));
    }
    if action == "FC:InvokeFunction" {
        let parameters = Fields::new(fields.path(), &written)?;
        for required in ["resourceArn", "invocationType"] {
            if !parameters.has(required) && !parameters.has(&format!("{required}.$")) {
                return Err(fields.error(Fault::Missing, format!("Parameters.{required} is missing")));
            }
        }
        if let Some(form) = parameters.optional_text("invocationType")? {
            // The allowed combinations: section 1.2.
            let fits: &[&str] = match mode {
                TaskMode::RequestComplete => &["Sync"],
                TaskMode::WaitForSystemCallback => &["Async"],
                TaskMode::WaitForCustomCallback => &["Sync", "Async"],
            };
            if !fits.contains(&form) {
                return Err(fields.error(Fault::Value, format!("invocationType `{form}` is not {}", fits.join(" or "))));
            }
        }
    }
    let parameters = Constructor::compile(&written)
        .map_err(|reason| fields.error(Fault::Expression, format!("Parameters: {reason}")))?;
    if parameters.reads_output() {
        return Err(fields.error(Fault::Expression, "Parameters reads $Output, which has no value yet".to_owned()));
    }
    let timeout = match fields.optional_number("Timeout", 0, limits::TASK_TIMEOUT_SECONDS)? {
        None | Some(0) => None,
        Some(seconds) => Some(std::time::Duration::from_secs(seconds)),
    };
    Ok(Task { action: action.to_owned(), mode, parameters, written, timeout })
}

fn seconds(fields: &Fields<'_>) -> Result<Seconds, DefinitionError> {
    match (fields.has("Seconds"), fields.has("Seconds.$")) {
        (true, false) => Ok(Seconds::Fixed(fields.number("Seconds", 1, limits::WAIT_SECONDS)?)),
        (false, true) => Ok(Seconds::Computed(expression(fields, "Seconds.$")?)),
        (false, false) => Err(fields.error(Fault::Missing, "Seconds is missing".to_owned())),
        (true, true) => Err(fields.error(Fault::Value, "Seconds and Seconds.$ exclude one another".to_owned())),
    }
}

fn choice(fields: &Fields<'_>, names: &Names) -> Result<Kind, DefinitionError> {
    let items = fields.list("Branches")?;
    if items.is_empty() {
        return Err(fields.error(Fault::Missing, "Branches is empty".to_owned()));
    }
    let mut branches = Vec::new();
    for item in items {
        let branch = Fields::new(fields.path(), item)?;
        branch.only(&["Condition", "Next"])?;
        branches.push((expression(&branch, "Condition")?, target(&branch, "Next", names)?));
    }
    Ok(Kind::Choice { branches, otherwise: target(fields, "Default", names)? })
}
