//! What a change of a stack would do to its resources, in the cloud's own words. Nothing is written.

use openapi::ros;

use super::cloud::{Cloud, doing};
use super::error::DeployError;
use super::plan::Step;
use super::text::TEMPLATE;

/// What would become of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previewed {
    /// Its name in the template.
    pub resource: String,
    /// Its type.
    pub kind: String,
    /// `Add`, `Modify` or `Remove`.
    pub action: String,
    /// Whether it is made anew for that.
    pub is_replaced: bool,
}

/// Asks the cloud what a step would do; nothing for one that is about no stack.
///
/// # Errors
/// [`DeployError::Call`]; with the code `StackValidationFailed` for what the cloud would refuse.
pub async fn preview(cloud: &Cloud, step: &Step) -> Result<Vec<Previewed>, DeployError> {
    let (region, parameters, stack_name, stack_id) = match step {
        Step::CreateStack { region, name, parameters, remains: None, .. } => {
            (region, parameters, Some(name.clone()), None)
        }
        Step::UpdateStack { region, parameters, existing, .. } => (region, parameters, None, Some(existing.id.clone())),
        _ => return Ok(Vec::new()),
    };
    let ask =
        ros::PreviewStack { stack_name, stack_id, template_body: TEMPLATE.to_owned(), parameters: given(parameters) };
    let answer = cloud.client().call(region.as_str(), &ask).await;
    let resources = answer.map_err(doing(format!("asking what would change in {region}"), region))?.stack.resources;
    let changed = resources.into_iter().filter(|resource| !resource.action.eq_ignore_ascii_case("none"));
    Ok(changed
        .map(|resource| Previewed {
            is_replaced: resource.replacement.eq_ignore_ascii_case("true"),
            resource: resource.logical_resource_id,
            kind: resource.resource_type,
            action: resource.action,
        })
        .collect())
}

/// Parameters as the service takes them. An empty value counts as none there; the template's default of each that may be empty is.
pub(crate) fn given(parameters: &std::collections::BTreeMap<String, String>) -> Vec<ros::Parameter> {
    let one = |(name, value): (&String, &String)| ros::Parameter {
        parameter_key: name.clone(),
        parameter_value: value.clone(),
    };
    parameters.iter().filter(|(_, value)| !value.is_empty()).map(one).collect()
}
