//! Roles and their policies.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A role of the account.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// Its name; unique in the account, whatever the region.
    pub name: String,
    /// `acs:ram::<account>:role/<name>`.
    pub arn: String,
    /// The trust policy: who may assume it.
    pub trust: Value,
    /// Inline and attached policies: name and document.
    pub policies: Vec<(String, Value)>,
}

/// The role that CEN makes network interfaces with. An account that ever attached a VPC has it.
pub(crate) const CEN_SERVICE_ROLE: &str = "AliyunServiceRoleForCEN";

#[derive(Debug, Clone)]
pub(crate) struct Ram {
    pub(crate) roles: BTreeMap<String, Role>,
    /// Custom policies by name.
    pub(crate) policies: BTreeMap<String, Value>,
}

impl Default for Ram {
    fn default() -> Self {
        let role = Role {
            name: CEN_SERVICE_ROLE.to_owned(),
            arn: format!("acs:ram::*:role/{}", CEN_SERVICE_ROLE.to_lowercase()),
            trust: trust_services(["cen.aliyuncs.com"]),
            policies: Vec::new(),
        };
        Self { roles: BTreeMap::from([(role.name.clone(), role)]), policies: BTreeMap::new() }
    }
}

impl Ram {
    pub(crate) fn role(&self, name: &str) -> Option<&Role> {
        self.roles.get(name)
    }

    pub(crate) fn role_by_arn(&self, arn: &str) -> Option<&Role> {
        self.roles.values().find(|role| role.arn == arn)
    }

    pub(crate) fn remove_role(&mut self, name: &str) {
        self.roles.remove(name);
    }
}

/// The role that events reach functions by.
pub(crate) const EVENT_ROLE: &str = "AliyunServiceRoleForEventBridgeSendToFC";

/// The name of the role that a service, such as `sendevent-fc.eventbridge.aliyuncs.com`, makes for itself.
pub(crate) fn service_role(service: &str) -> Option<&'static str> {
    match service {
        "sendevent-fc.eventbridge.aliyuncs.com" => Some(EVENT_ROLE),
        "cen.aliyuncs.com" => Some(CEN_SERVICE_ROLE),
        "fc.aliyuncs.com" => Some("AliyunServiceRoleForFC"),
        _ => None,
    }
}

/// A trust policy for services such as `fc.aliyuncs.com`.
pub(crate) fn trust_services<'a>(services: impl IntoIterator<Item = &'a str>) -> Value {
    let services: Vec<&str> = services.into_iter().collect();
    json!({"Version": "1", "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": services}}]})
}

/// Policies that the cloud itself defines, as far as deployments here attach them.
pub(crate) fn system_policy(name: &str) -> Option<Value> {
    let actions = match name {
        "AliyunFCInvocationAccess" => "fc:InvokeFunction",
        "AliyunFnFFullAccess" => "fnf:*",
        "AliyunOSSReadOnlyAccess" => "oss:Get*",
        _ => return None,
    };
    Some(json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": [actions], "Resource": ["*"]}]}))
}

impl Ram {
    /// Custom policies: those of the account, and those that were made with a role.
    pub(crate) fn custom_policies(&self) -> usize {
        let all = self.policies.keys();
        let own = self.roles.values().flat_map(|role| role.policies.iter().map(|(name, _)| name));
        all.chain(own).collect::<std::collections::BTreeSet<_>>().len()
    }

    /// Roles and policies.
    pub(crate) fn population(&self) -> usize {
        self.roles.len() + self.policies.len()
    }
}
