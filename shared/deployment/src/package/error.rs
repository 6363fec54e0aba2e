//! Why packages cannot be made.

use std::path::PathBuf;

use super::folder::FolderError;
use super::linkage::LinkageError;
use super::sbom::SbomError;
use super::workspace::WorkspaceError;

/// Why there are no packages. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The sources, or the tools that build them.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The build failed; cargo has said why.
    #[error("the build failed: {0}")]
    Build(String),
    /// A binary is not there.
    #[error("{name} is not built ({}): run it without --no-build", path.display())]
    NotBuilt {
        /// The package.
        name: String,
        /// Where its binary should be.
        path: PathBuf,
    },
    /// A binary is not what Function Compute can start everywhere.
    #[error("{name} ({}): {why}", path.display())]
    Binary {
        /// The package.
        name: String,
        /// Its binary.
        path: PathBuf,
        /// What is wrong with it.
        why: LinkageError,
    },
    /// A program cannot be compressed.
    #[error("a program cannot be compressed: {0}")]
    Pack(std::io::Error),
    /// The bill of materials cannot be made.
    #[error("the bill of materials: {0}")]
    Sbom(#[from] SbomError),
    /// A file cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The packages cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
}
