//! The value of a node: literals as they are, intrinsics evaluated (ROS's long forms only).

use serde_json::{Map, Value};

use super::scope::Scope;
use super::{calculate, work};
use crate::error::{TemplateError, TemplateFault as Fault};
use crate::node::{Kind, Node};
use crate::reference::{Part, parts};

impl Scope<'_> {
    /// The value of a node that must have one.
    pub(super) fn value(&self, node: &Node, path: &str) -> Result<Value, TemplateError> {
        Ok(self.optional(node, path)?.unwrap_or(Value::Null))
    }

    /// The value, or `None` where the template says `ALIYUN::NoValue`.
    fn optional(&self, node: &Node, path: &str) -> Result<Option<Value>, TemplateError> {
        let _level = self.work.enter(node, path)?;
        if let Some((function, argument)) = node.intrinsic() {
            return self.intrinsic(function, argument, path);
        }
        if let Kind::Text(text) = &node.kind {
            self.work.spend(text.len(), node, path)?;
        }
        Ok(Some(match &node.kind {
            Kind::List(items) => {
                let mut values = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}.{index}");
                    let reason =
                        "`ALIYUN::NoValue` as an element of a list is documented nowhere: let Fn::If choose the list";
                    values.push(self.optional(item, &path)?.ok_or_else(|| item.error(Fault::Value, &path, reason))?);
                }
                Value::Array(values)
            }
            Kind::Map(entries) => {
                let mut object = Map::new();
                for entry in entries {
                    if let Some(value) = self.optional(&entry.value, &format!("{path}.{}", entry.key))? {
                        object.insert(entry.key.clone(), value);
                    }
                }
                Value::Object(object)
            }
            _ => node.literal(),
        }))
    }

    fn intrinsic(&self, function: &str, argument: &Node, path: &str) -> Result<Option<Value>, TemplateError> {
        let arguments = match &argument.kind {
            Kind::List(items) => items.as_slice(),
            _ => &[],
        };
        let wrong = |expected: &str| Err(argument.error(Fault::Value, path, format!("{function} takes {expected}")));
        let value = match (function, arguments) {
            ("Ref", _) => {
                let name = argument.text(path)?;
                if name == "ALIYUN::NoValue" {
                    return Ok(None);
                }
                self.name(name, argument, path)?
            }
            ("Fn::GetAtt", [resource, attribute]) => {
                self.attribute(resource.text(path)?, attribute.text(path)?, argument, path)?
            }
            ("Fn::Sub", []) => self.substitute(argument.text(path)?, None, argument, path)?,
            ("Fn::Sub", [text, variables]) => self.substitute(text.text(path)?, Some(variables), argument, path)?,
            ("Fn::If", [condition, yes, no]) => {
                let chosen = if self.holds(Some(condition.text(path)?)) { yes } else { no };
                return self.optional(chosen, path);
            }
            ("Fn::Join", [separator, items]) => {
                let separator = separator.text(path)?;
                let Value::Array(items) = self.value(items, path)? else {
                    return wrong("a separator and a list");
                };
                let texts =
                    items.iter().map(|item| self.text_of(item, argument, path)).collect::<Result<Vec<_>, _>>()?;
                let separators = separator.len().saturating_mul(texts.len());
                self.work.spend(
                    texts.iter().map(String::len).fold(separators, usize::saturating_add),
                    argument,
                    path,
                )?;
                Value::String(texts.join(separator))
            }
            ("Fn::Str", _) => {
                let value = self.value(argument, path)?;
                Value::String(self.text_of(&value, argument, path)?)
            }
            ("Fn::Split", [separator, text]) => {
                let text = self.value(text, path)?;
                let text = self.text_of(&text, argument, path)?;
                // Every character may become a text of its own.
                self.work.spend(text.len().saturating_mul(8), argument, path)?;
                let parts = text.split(separator.text(path)?);
                Value::Array(parts.map(|part| Value::String(part.to_owned())).collect())
            }
            ("Fn::Select", [index, items]) => {
                let index = self.value(index, path)?;
                let index = crate::schema::whole(&index).and_then(|index| usize::try_from(index).ok());
                match (index, self.value(items, path)?) {
                    (Some(index), Value::Array(items)) => match items.into_iter().nth(index) {
                        Some(item) => item,
                        None => return wrong("an index within its list"),
                    },
                    _ => return wrong("an index and a list"),
                }
            }
            ("Fn::Replace", [replacements, text]) => {
                let text = self.value(text, path)?;
                let mut text = self.text_of(&text, argument, path)?;
                let Value::Object(replacements) = self.value(replacements, path)? else {
                    return wrong("a mapping and a text");
                };
                for (from, to) in &replacements {
                    let to = self.text_of(to, argument, path)?;
                    let grown = text.matches(from.as_str()).count().saturating_mul(to.len());
                    self.work.spend(text.len().saturating_add(grown), argument, path)?;
                    text = text.replace(from, &to);
                }
                Value::String(text)
            }
            ("Fn::Calculate", [expression, digits, rest @ ..]) => {
                if digits.literal() != 0 || rest.len() > 1 {
                    return wrong("an expression, 0 digits and a list of values");
                }
                let values = match rest.first().map(|values| self.value(values, path)).transpose()? {
                    None => Vec::new(),
                    Some(Value::Array(values)) => values,
                    Some(_) => return wrong("an expression, 0 digits and a list of values"),
                };
                let expression = expression.text(path)?;
                self.work.spend(expression.len().saturating_mul(values.len().saturating_add(1)), argument, path)?;
                let result = calculate::whole(expression, &values);
                result.map(Value::from).map_err(|reason| argument.error(Fault::Value, path, reason))?
            }
            ("Fn::GetAtt", _) => return wrong("a resource and an attribute"),
            ("Fn::Sub", _) => return wrong("a text, or a text and a mapping of variables"),
            ("Fn::If", _) => return wrong("a condition's name and two values"),
            ("Fn::Join", _) => return wrong("a separator and a list"),
            ("Fn::Split", _) => return wrong("a separator and a text"),
            ("Fn::Select", _) => return wrong("an index and a list"),
            _ => return Err(argument.error(Fault::Unknown, path, format!("{function} is not known here"))),
        };
        Ok(Some(value))
    }

    /// What `Ref` gives: a pseudo parameter, a parameter, or a resource's name.
    fn name(&self, name: &str, at: &Node, path: &str) -> Result<Value, TemplateError> {
        let pseudo = match name {
            "ALIYUN::Region" => Some(&self.pseudo.region),
            "ALIYUN::TenantId" | "ALIYUN::AccountId" => Some(&self.pseudo.account_id),
            "ALIYUN::StackName" => Some(&self.pseudo.stack_name),
            "ALIYUN::StackId" => Some(&self.pseudo.stack_id),
            _ => None,
        };
        match (pseudo, self.parameters.get(name)) {
            (Some(value), _) => Ok(Value::String(value.clone())),
            (None, Some(value)) => {
                self.work.spend(work::size(value), at, path)?;
                Ok(value.clone())
            }
            (None, None) => self.resource_name(name, at, path),
        }
    }

    fn substitute(&self, text: &str, variables: Option<&Node>, at: &Node, path: &str) -> Result<Value, TemplateError> {
        let mut result = String::with_capacity(text.len());
        for part in parts(text) {
            match part {
                Part::Text(text) => result.push_str(text),
                Part::Name(name) => {
                    let looked_at = variables.map_or(0, |variables| variables.map(path).map_or(0, <[_]>::len));
                    self.work.spend(looked_at, at, path)?;
                    let value = match (variables.and_then(|variables| variables.get(name)), name.split_once('.')) {
                        (Some(variable), _) => self.value(variable, path)?,
                        (None, Some((resource, attribute))) => self.attribute(resource, attribute, at, path)?,
                        (None, None) => self.name(name, at, path)?,
                    };
                    let text = self.text_of(&value, at, path)?;
                    self.work.spend(text.len(), at, path)?;
                    result.push_str(&text);
                }
            }
        }
        Ok(Value::String(result))
    }

    fn text_of(&self, value: &Value, at: &Node, path: &str) -> Result<String, TemplateError> {
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
            _ => Err(at.error(Fault::Value, path, format!("{value} cannot stand in a text"))),
        }
    }
}
