//! What a deployment is made of, and how it comes to be: the packages of its functions, the same bytes each time; and stacks of one
//! template in the regions that the bindings name, with what they need in OSS.
//!
//! ```text
//!   cargo build ─► binaries ─► linkage (ELF) ─► archive (zip) ─┐
//!   cargo metadata ─► workspace ─► sbom ───────────────────────┴─► manifest ─► folder ─► deploy
//! ```

pub mod deploy;
pub mod package;
