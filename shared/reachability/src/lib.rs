//! Follows packets through a topology, in both directions, hop by hop. It does no I/O.
//!
//! ```text
//!   listener ─▶ server group ─▶ entry (Remote IP, weight, health)                              the front
//!
//!        ACL   VPC table      transit table       transit table            ACL, security groups
//!   ALB ─────▶ ALB VPC ─────▶ TR1 ─────────▶ peer ─────────▶ TR2 ─────▶ VPC ─────▶ instance    forward
//!   ALB ◀───── ALB VPC ◀───── TR1 ◀───────── peer ◀───────── TR2 ◀───── VPC ◀───── instance    back
//! ```
//!
//! The model, with its sources in `cloud-apis.md`:
//!
//! - Longest prefix at every table; only settled entries count (`Available`, `Active`), and a static entry of a transit
//!   router beats a learned one (sections 10 and 14). The load balancer follows its VPC's system table, an instance the
//!   table of the vSwitch of the interface that owns the address. A vSwitch's own prefix is the longest (section 9).
//! - 100.64.0.0/10 is built into every VPC, listed or not: it takes packets to a shorter route's destination, except
//!   to the load balancer in its own VPC (sections 7b and 10).
//! - At a transit router, the table that the incoming attachment is associated with decides. If a learned entry is missing,
//!   the places that it should come from are checked: propagation, route publishing of the connection, the far side's table
//!   (section 7b). A connection without bandwidth carries nothing (section 8).
//! - Network ACLs are stateless and apply to all interfaces of their vSwitch. Security groups are stateful: all rules of
//!   the interface's groups by priority, a drop before an accept of equal priority (section 11).
//! - The front is what the listener sees (sections 4, 5 and 12). It does not decide the path's verdict.
//!
//! Every hop names the table, entry or rule that decided. A fault has a code, the hop where packets end, and a remedy: a
//! [`Change`](onboarding::Change) of albridge's, or a task for a person. What could not be read makes an answer
//! undetermined, never good and never bad; what holds for some addresses or ports only makes it ambiguous.
//! `tests/dataplane` compares all this with the emulator's forwarder and with the Linux kernel.

mod acls;
mod also;
mod analysis;
mod answers;
mod behind;
mod explanation;
mod fault;
mod faults;
mod filter;
mod front;
mod gaps;
mod hop;
mod lookup;
mod members;
mod path;
mod question;
mod remedies;
mod source_acls;
mod space;
mod trip;
mod unowned;
mod verdict;
mod walk;

pub use answers::{explain, verdicts};
pub use explanation::{Explanation, SourceVerdict};
pub use fault::{Denied, Fault, Remedy, Task};
pub use faults::faults;
pub use hop::{DecidingRule, Direction, Hop, ServerEntry, TransitEntry, VpcEntry};
pub use path::Path;
pub use question::{Question, Wish};
