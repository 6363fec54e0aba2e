//! The manifest: what is in a folder of packages, for a person, for `deploy` and for a release.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::target::TARGET;

/// The name of the manifest in the folder.
pub const MANIFEST: &str = "manifest.json";

/// What is in a folder of packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The version of this format: 1.
    pub format: u32,
    /// The version of albridge.
    pub version: String,
    /// What the binaries are built for, as rustc names it.
    pub target: String,
    /// The file with the bill of materials, CycloneDX 1.5.
    pub sbom: String,
    /// The packages, in the order of the flow.
    pub packages: Vec<Package>,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// The function, or `albridge`.
    pub name: String,
    /// The file in the folder: the name, and the digest of the content. So a changed function is another object in OSS, and
    /// a stack sees that it changed.
    pub file: String,
    /// SHA-256 of the archive, in hex.
    pub sha256: String,
    /// The archive's bytes.
    pub size: usize,
    /// The binary's bytes.
    pub unpacked: usize,
    /// The highest version of a symbol of glibc that the binary asks for. It asks for none, or it is no package.
    pub glibc: Option<String>,
}

impl Manifest {
    pub(crate) fn new(version: &str, sbom: String, packages: Vec<Package>) -> Self {
        Self { format: 1, version: version.to_owned(), target: TARGET.to_owned(), sbom, packages }
    }

    /// The files that it names.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.packages.iter().map(|package| package.file.as_str()).chain([self.sbom.as_str()])
    }
}

impl Package {
    pub(crate) fn new(name: &str, binary: &[u8], archive: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            file: named(name, archive, "zip"),
            sha256: digest(archive),
            size: archive.len(),
            unpacked: binary.len(),
            glibc: None,
        }
    }
}

/// A file's name, with the digest of its content.
pub(crate) fn named(name: &str, content: &[u8], extension: &str) -> String {
    format!("{name}-{}.{extension}", digest(content))
}

fn digest(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

/// JSON as files hold it: indented, and a line end at its end.
pub(crate) fn pretty(value: &impl Serialize) -> Vec<u8> {
    // Neither a Value nor a manifest has anything that JSON has no form for.
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}
