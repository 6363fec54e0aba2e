//! The template's text.

/// The deployment, as it is in the cloud. It is in the tool, so a released tool deploys its own version.
pub(crate) const TEMPLATE: &str = include_str!("../../../../template.yml");
