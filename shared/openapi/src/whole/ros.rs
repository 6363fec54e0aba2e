//! Resource Orchestration Service: what whole answers hold (api-parameters.json).

use super::End::Count;
use super::Field::{Filled, List};
use super::{Field, Whole};

/// The stack that is made or changed.
pub(crate) const CREATED: Whole = Whole::one(&[Filled("StackId")]);

const ROW: &[Field] = &[Filled("StackId"), Filled("StackName"), Filled("Status")];

/// One stack. Without its parameters it cannot be told from another one's.
pub(crate) const STACK: Whole = Whole::one(&[
    Filled("StackId"),
    Filled("StackName"),
    Filled("Status"),
    List("Parameters", &[Filled("ParameterKey")]),
]);

/// The template as it was given.
pub(crate) const TEMPLATE: Whole = Whole::one(&[Filled("TemplateBody")]);

/// Numbered pages.
pub(crate) const STACKS: Whole = Whole::listing(Count, "Stacks", &["StackId"], ROW);

/// Numbered pages.
pub(crate) const EVENTS: Whole =
    Whole::listing(Count, "Events", &["EventId"], &[Filled("EventId"), Filled("LogicalResourceId"), Filled("Status")]);

/// The resources of the stack that would be.
pub(crate) const PREVIEW: Whole = Whole::one(&[List("Stack.Resources", &[Filled("LogicalResourceId")])]);

/// Whether services are open. A service without a status says nothing.
pub(crate) const PROVISIONS: Whole =
    Whole::one(&[List("ServiceProvisions", &[Filled("ServiceName"), Filled("Status")])]);

/// The regions: never none (SDK 3.7.0, `DescribeRegionsResponseBody`).
pub(crate) const REGIONS: Whole = Whole::one(&[Field::Some("Regions", &[Filled("RegionId")])]);
