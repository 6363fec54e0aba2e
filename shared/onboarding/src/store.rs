//! The store: the one trusted document with all bindings. It is accepted only if the whole document is valid.
//!
//! The format is YAML, which includes JSON. An error gives the place (line and column), the problem, and the remedy.

mod bindings;
mod check;
mod error;
mod parse;
mod place;
mod schema;
mod secrets;
mod shape;
mod wrong;

pub use bindings::Store;
pub use error::StoreError;
pub use schema::schema;
pub use secrets::Secrets;

#[cfg(test)]
pub(crate) mod tests;
