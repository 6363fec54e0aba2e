//! What `Fn::GetAtt` and `Ref` give for a resource.
//!
//! Source: `reference/workflow-events-template.md` section 3.2, "GetAtt". Attributes that only the cloud can know
//! (creation times, generated ids) are not offered.

use serde_json::Value;

use super::scope::Scope;
use crate::error::{TemplateError, TemplateFault as Fault};
use crate::node::Node;
use crate::reference::attribute_names;

/// The ARN of a role, as RAM spells it.
pub(super) fn role_arn(account: &str, name: &str) -> String {
    format!("acs:ram::{account}:role/{name}")
}

impl Scope<'_> {
    pub(super) fn resource_name(&self, name: &str, at: &Node, path: &str) -> Result<Value, TemplateError> {
        let first = self.template.resources.get(name).and_then(|declared| attribute_names(&declared.kind).first());
        match first {
            Some(attribute) => self.attribute(name, attribute, at, path),
            None => Err(at.error(Fault::Reference, path, format!("`{name}` has no value to refer to"))),
        }
    }

    pub(super) fn attribute(
        &self,
        resource: &str,
        attribute: &str,
        at: &Node,
        path: &str,
    ) -> Result<Value, TemplateError> {
        let Some(declared) = self.template.resources.get(resource) else {
            return Err(at.error(Fault::Reference, path, format!("the resource `{resource}` does not exist")));
        };
        if !self.holds(declared.condition.as_deref()) {
            let reason = format!("the resource `{resource}` is not part of this deployment");
            return Err(at.error(Fault::Reference, path, reason));
        }
        let key = format!("{resource}.{attribute}");
        if self.visiting.borrow().contains(&key) {
            return Err(at.error(Fault::Reference, path, format!("`{key}` leads back to itself")));
        }
        self.visiting.borrow_mut().push(key);
        let value = self.computed(resource, &declared.kind, attribute, at, path);
        self.visiting.borrow_mut().pop();
        value
    }

    fn computed(
        &self,
        resource: &str,
        kind: &str,
        attribute: &str,
        at: &Node,
        path: &str,
    ) -> Result<Value, TemplateError> {
        let (region, account) = (&self.pseudo.region, &self.pseudo.account_id);
        match (kind, attribute) {
            ("ALIYUN::FC3::Function", "ARN") => {
                let name = self.property(resource, "FunctionName", at, path)?;
                Ok(Value::String(format!("acs:fc:{region}:{account}:functions/{name}")))
            }
            ("ALIYUN::RAM::Role", "Arn") => {
                let name = self.property(resource, "RoleName", at, path)?;
                Ok(Value::String(role_arn(account, &name)))
            }
            ("ALIYUN::EventBridge::Rule", "RuleARN") => {
                let bus = self.property(resource, "EventBusName", at, path)?;
                let name = self.property(resource, "RuleName", at, path)?;
                Ok(Value::String(format!("acs:eventbridge:{region}:{account}:eventbus/{bus}/rule/{name}")))
            }
            _ if attribute_names(kind).contains(&attribute) => {
                self.property(resource, attribute, at, path).map(Value::String)
            }
            _ => {
                let reason = format!("`{resource}` is a {kind} and has no attribute `{attribute}`");
                Err(at.error(Fault::Reference, path, reason))
            }
        }
    }

    /// A property of a resource that is a text.
    fn property(&self, resource: &str, name: &str, at: &Node, path: &str) -> Result<String, TemplateError> {
        let node = self.template.resources.get(resource).and_then(|declared| declared.properties.get(name));
        let value =
            node.map(|node| self.value(node, &format!("Resources.{resource}.Properties.{name}"))).transpose()?;
        match value {
            Some(Value::String(text)) => Ok(text),
            _ => Err(at.error(Fault::Reference, path, format!("`{resource}` has no {name} to refer to"))),
        }
    }
}
