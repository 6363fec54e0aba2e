//! Whole answers: the fields that an answer must contain before it is trusted.
//!
//! An answer with status 200 can be empty, short or false: a gateway's page, a listing without its list, a row without its
//! id, and, until 2025-12-20, the empty list that ECS gave to callers without permission (corrections.md, section 3). Read
//! leniently, each of them would say "there is nothing". So a table names the required fields of each action, and an answer is
//! checked against it as raw JSON, before defaults replace missing fields. An incomplete answer is an error that names the action.
//!
//! The tables, one file per service, name their source for each action: the response models of the official SDKs
//! (api-parameters.json and their texts), cloud-apis.md, or recorded answers. A field is asked for when it identifies the
//! row or decides what is done about it, and only when the service is known to give it always: what it may leave out is
//! optional in the type instead, and means "not known" there.

pub(crate) mod alb;
pub(crate) mod cbn;
pub(crate) mod central;
pub(crate) mod ecs;
pub(crate) mod fnf;
pub(crate) mod ros;
#[cfg(test)]
mod tests;
pub(crate) mod vpc;

use serde_json::{Map, Value};

/// What a complete answer of an action contains.
#[derive(Debug, Clone, Copy)]
pub struct Whole {
    /// How it is known that a listing is complete.
    pub(crate) end: End,
    /// The rows of a listing.
    pub(crate) rows: Option<Rows>,
    /// What the answer itself holds.
    pub(crate) fields: &'static [Field],
}

/// How it is known that a listing is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// One answer is all there is: the action has no pages.
    Once,
    /// Pages go on while there is a `NextToken`. The action's answers have no count.
    Token,
    /// Pages go on while there is a `NextToken`. There may be a `TotalCount`: it may be missing, zero or of the page alone
    /// (the documentation says "entries returned", "total" or "meaningless", depending on the action). Only a count that is
    /// larger than the rows of all pages means that rows are missing.
    TokenAndCount,
    /// Pages are numbered and go on until `TotalCount` rows were seen. It must be there, and be exactly right.
    Count,
}

/// The rows of a listing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows {
    /// The field that holds the list.
    pub(crate) at: &'static str,
    /// The fields that together identify a row. A row that lacks one of them is identified by all its fields.
    pub(crate) key: &'static [&'static str],
    /// What each row holds.
    pub(crate) fields: &'static [Field],
}

/// A required field. Names of inner fields follow a dot: `VpcAttributes.VpcId`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Field {
    /// A text, number or boolean, not empty.
    Filled(&'static str),
    /// A text, number or boolean, which may be an empty text.
    Given(&'static str),
    /// A list, plain or wrapped in an object with one field, which may be empty; with what each of its rows holds.
    List(&'static str, &'static [Field]),
    /// The same, and not empty.
    Some(&'static str, &'static [Field]),
    /// A list where it is there at all.
    Maybe(&'static str, &'static [Field]),
    /// At least one of these lists.
    AnyList(&'static [&'static str]),
    /// What has to be there when a field has a value.
    When(&'static str, &'static str, &'static [Field]),
}

impl Whole {
    /// An action whose answer contains nothing but the id of the request.
    pub(crate) const DONE: Self = Self::one(&[]);

    /// One object.
    pub(crate) const fn one(fields: &'static [Field]) -> Self {
        Self { end: End::Once, rows: None, fields }
    }

    /// A listing.
    pub(crate) const fn listing(
        end: End,
        at: &'static str,
        key: &'static [&'static str],
        fields: &'static [Field],
    ) -> Self {
        Self { end, rows: Some(Rows { at, key, fields }), fields: &[] }
    }

    /// The same listing, whose answers hold something beside the rows.
    pub(crate) const fn with(self, fields: &'static [Field]) -> Self {
        Self { fields, ..self }
    }

    /// Checks an answer against the table. Returns the keys that identify its rows.
    ///
    /// # Errors
    /// A sentence without a full stop: what the answer lacks.
    pub(crate) fn check(&self, answer: &Value) -> Result<Vec<String>, String> {
        let Value::Object(answer) = answer else { return Err(format!("the answer is {}, no object", kind(answer))) };
        holds(answer, self.fields).map_err(|what| format!("the answer has {what}"))?;
        let Some(rows) = self.rows else { return Ok(Vec::new()) };
        let list = list(answer.get(rows.at)).ok_or_else(|| format!("the answer has no list {}", rows.at))?;
        let mut keys = Vec::new();
        for (number, row) in (1_usize..).zip(list) {
            let Value::Object(fields) = row else {
                return Err(format!("row {number} of {} is {}, no object", rows.at, kind(row)));
            };
            holds(fields, rows.fields).map_err(|what| format!("row {number} of {} has {what}", rows.at))?;
            keys.push(key(fields, rows.key).unwrap_or_else(|| row.to_string()));
        }
        Ok(keys)
    }
}

/// The first field that is not there, as `no InstanceId`.
fn holds(object: &Map<String, Value>, fields: &[Field]) -> Result<(), String> {
    fields.iter().try_for_each(|field| match field {
        Field::Filled(name) => match scalar(find(object, name)) {
            Some(text) if !text.trim().is_empty() => Ok(()),
            _ => Err(format!("no {name}")),
        },
        Field::Given(name) => scalar(find(object, name)).map(drop).ok_or_else(|| format!("no {name}")),
        Field::List(name, inner) => {
            list(find(object, name)).ok_or_else(|| format!("no list {name}")).and_then(|rows| each(name, rows, inner))
        }
        Field::Some(name, inner) => match list(find(object, name)) {
            None | Some([]) => Err(format!("nothing in its list {name}")),
            Some(rows) => each(name, rows, inner),
        },
        Field::Maybe(name, inner) => match find(object, name) {
            None => Ok(()),
            value => list(value).ok_or_else(|| format!("no list in {name}")).and_then(|rows| each(name, rows, inner)),
        },
        Field::AnyList(names) => match names.iter().any(|name| list(find(object, name)).is_some()) {
            true => Ok(()),
            false => Err(format!("none of the lists {}", names.join(", "))),
        },
        Field::When(name, value, then) => match scalar(find(object, name)) {
            Some(text) if text.eq_ignore_ascii_case(value) => holds(object, then),
            _ => Ok(()),
        },
    })
}

fn each(name: &str, rows: &[Value], fields: &[Field]) -> Result<(), String> {
    if fields.is_empty() {
        return Ok(());
    }
    rows.iter().try_for_each(|row| match row {
        Value::Object(row) => holds(row, fields).map_err(|what| format!("{what} in {name}")),
        other => Err(format!("{} in {name}", kind(other))),
    })
}

/// A field by its dotted name.
fn find<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    match name.split_once('.') {
        None => object.get(name),
        Some((outer, inner)) => object.get(outer).and_then(Value::as_object).and_then(|object| find(object, inner)),
    }
}

/// A text, number or boolean as text.
fn scalar(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A list: plain, or wrapped as VPC and ECS do (`Instances.Instance[]`). An empty object wraps none.
fn list(value: Option<&Value>) -> Option<&[Value]> {
    match value? {
        Value::Array(rows) => Some(rows),
        Value::Object(wrapper) if wrapper.len() == 1 => {
            wrapper.values().next().and_then(Value::as_array).map(Vec::as_slice)
        }
        _ => None,
    }
}

/// The key that identifies a row, if the row has all fields of the key.
fn key(row: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let parts: Option<Vec<String>> =
        names.iter().map(|name| scalar(find(row, name)).filter(|part| !part.is_empty())).collect();
    parts.filter(|parts| !parts.is_empty()).map(|parts| parts.join(" "))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
