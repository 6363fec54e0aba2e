//! The boxes of a picture with their lines: what is there, and what is wanted and missing.

mod balancer;
mod transit;
mod vpc;
