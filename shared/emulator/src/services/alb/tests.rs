//! ALB's behaviours, through the calls that show them.

mod health;
mod listeners;
mod load_balancers;
mod requests;
mod server_groups;
mod servers;
