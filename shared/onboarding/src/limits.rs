//! Limits of the cloud that a plan has to respect.

/// Servers that a server group holds (cloud-apis.md, section 4; design.md, "Limits of the world").
pub(crate) const SERVERS_PER_GROUP: usize = 1000;
/// Custom routes that a VPC's route table holds (cloud-apis.md, section 9).
pub(crate) const ROUTES_PER_TABLE: usize = 200;
