//! Quotas of the cloud that a plan respects.

/// The most servers of a server group (cloud-apis.md, section 4; design.md, "Limits of the world").
pub(crate) const SERVERS_PER_GROUP: usize = 1000;
/// The most custom routes of a VPC's route table (cloud-apis.md, section 9).
pub(crate) const ROUTES_PER_TABLE: usize = 200;
