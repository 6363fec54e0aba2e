//! The tool as a process: exit codes, what goes to stdout and what does not, and the way from a plan to a built deployment.

mod browser;
mod canaries;
mod demo;
mod emulated;
mod explained;
mod hands;
mod interrupted;
mod leaving;
mod package;
mod page;
mod shells;
mod speed;
mod support;
mod usage;
mod validate;
mod whole_way;
