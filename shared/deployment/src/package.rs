//! The packages of the functions, and of the operator's tool: built, proven to be static, zipped, listed.
//!
//! Everything is made before anything is written, and the manifest is written last, so a folder never holds half of a set.
//! The same sources give the same bytes: no time, no owner and no path of the machine gets into a binary or an archive
//! (docs/decisions/0036-packages.md).

mod archive;
mod cargo;
mod error;
mod folder;
mod linkage;
mod manifest;
mod sbom;
mod target;
mod workspace;

use std::path::PathBuf;

pub use error::PackageError;
pub use folder::FolderError;
pub use linkage::{GlibcVersion, LinkageError};
pub use manifest::{MANIFEST, Manifest, Package};
pub use sbom::{SbomError, bill, faults};
pub use target::{CLI, TARGET, profile};
pub use workspace::WorkspaceError;

use linkage::Linkage;
use workspace::Workspace;

/// The name that Function Compute starts.
const BOOTSTRAP: &str = "bootstrap";

/// What is to be packaged, and how.
#[derive(Debug, Clone)]
pub struct Order {
    /// A folder of the sources.
    pub sources: PathBuf,
    /// The packages of the workspace, by name.
    pub names: Vec<String>,
    /// Features of the workspace's packages that they are built with, as `handler/otel`.
    pub features: Vec<String>,
    /// Where the packages go; `None`: `package` in cargo's target folder.
    pub out: Option<PathBuf>,
    /// Whether to build first; otherwise what is built is packaged.
    pub build: bool,
    /// Whether the environment names the C compiler for [`TARGET`].
    pub names_c_compiler: bool,
}

/// How far it is.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// So many of so many packages are compiled, this one last.
    Compiled {
        /// The package's name.
        name: &'a str,
        /// How many there are so far.
        done: usize,
        /// How many there will be.
        of: usize,
    },
    /// So many programs are being compressed.
    Packing {
        /// How many.
        of: usize,
    },
    /// A package is made, and not yet written.
    Packaged(&'a Package),
}

/// What was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// Where it is.
    pub folder: PathBuf,
    /// What it is.
    pub manifest: Manifest,
}

/// Builds and packages what `order` says, and reports on it as it goes.
///
/// # Errors
/// [`PackageError`]. Then the folder is as it was.
pub fn package(order: &Order, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Made, PackageError> {
    let workspace = Workspace::read(&order.sources, &order.names, &order.features)?;
    if order.build {
        cargo::build(&workspace, order.names_c_compiler, &mut |name, done, of| {
            progress(Progress::Compiled { name, done, of });
        })?;
    }
    let binaries: Vec<Vec<u8>> = order.names.iter().map(|name| read(&workspace, name)).collect::<Result<_, _>>()?;
    let programs: Vec<(&String, &[u8])> = order.names.iter().zip(binaries.iter().map(Vec::as_slice)).collect();
    let entry = |name: &String| if name == CLI { CLI } else { BOOTSTRAP };
    let contents: Vec<(&str, &[u8])> = programs.iter().map(|(name, binary)| (entry(name), *binary)).collect();
    let mut files = Vec::new();
    let mut packages = Vec::new();
    progress(Progress::Packing { of: programs.len() });
    archive::each(&contents, |at, archive| {
        let Some((name, binary)) = programs.get(at) else { return };
        let package = Package::new(name, binary, &archive);
        progress(Progress::Packaged(&package));
        files.push((package.file.clone(), archive));
        packages.push(package);
    })
    .map_err(PackageError::Pack)?;
    let bill = bill(&workspace.metadata, CLI, &workspace.version, &order.names)?;
    let bill = manifest::pretty(&bill);
    let sbom = manifest::named(CLI, &bill, "cdx.json");
    files.push((sbom.clone(), bill));
    let manifest = Manifest::new(&workspace.version, sbom, packages);
    let folder = order.out.clone().unwrap_or_else(|| workspace.target.join("package"));
    folder::write(&folder, &files, &manifest)?;
    Ok(Made { folder, manifest })
}

/// The binary of a package, if it is static.
fn read(workspace: &Workspace, name: &str) -> Result<Vec<u8>, PackageError> {
    let path = workspace.binary(name);
    let binary = match std::fs::read(&path) {
        Ok(binary) => binary,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(PackageError::NotBuilt { name: name.to_owned(), path });
        }
        Err(error) => return Err(PackageError::Read { path, error }),
    };
    match Linkage::of(&binary).and_then(Linkage::proven_static) {
        Ok(()) => Ok(binary),
        Err(why) => Err(PackageError::Binary { name: name.to_owned(), path, why }),
    }
}
