//! What a deployment is made of, and how it comes to be. So far the packages: the functions as static binaries, zipped, the
//! same bytes each time.
//!
//! ```text
//!   cargo build ─► binaries ─► linkage (ELF) ─► archive (zip) ─┐
//!   cargo metadata ─► workspace ─► sbom ───────────────────────┴─► manifest ─► folder
//! ```

pub mod package;
