//! The sources: what cargo says about them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::target::{TARGET, profile};

/// Why nothing can be built here.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// A tool is not there.
    #[error("{tool} cannot be run ({error}): {remedy}")]
    Tool {
        /// Its command.
        tool: &'static str,
        /// Why.
        error: std::io::Error,
        /// What mends it.
        remedy: &'static str,
    },
    /// The folder is not in a workspace that cargo can read.
    #[error("cargo cannot read the sources in {}: {why}; run this in a clone of the repository, or name one with --sources", folder.display())]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// Cargo's words.
        why: String,
    },
    /// It is another workspace.
    #[error("the workspace {} has no package {name}: run this in a clone of albridge's repository, or name one with --sources", root.display())]
    Foreign {
        /// The workspace.
        root: PathBuf,
        /// What it lacks.
        name: String,
    },
    /// The target's standard library is missing.
    #[error("the target {TARGET} is not installed: rustup target add {TARGET}")]
    Target,
}

/// How to get cargo and rustc.
pub(crate) const RUSTUP: &str = "install Rust with rustup (Debian: apt-get install rustup)";

/// The sources.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    /// The version of what is packaged.
    pub(crate) version: String,
    pub(crate) names: Vec<String>,
    features: Vec<String>,
    /// What `cargo metadata` says, for [`TARGET`].
    pub(crate) metadata: Value,
}

impl Workspace {
    /// Reads the workspace that `folder` is in, which has to have these packages.
    pub(crate) fn read(folder: &Path, names: &[String], features: &[String]) -> Result<Self, WorkspaceError> {
        let output = Command::new("cargo")
            .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", TARGET])
            // The bill and the number of packages are those of what is built.
            .args(arguments(features))
            .current_dir(folder)
            .output()
            .map_err(|error| WorkspaceError::Tool { tool: "cargo", error, remedy: RUSTUP })?;
        let unreadable = |why: String| WorkspaceError::Unreadable { folder: folder.to_owned(), why };
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(unreadable(said.trim().trim_start_matches("error: ").replace('\n', " ")));
        }
        let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|error| unreadable(error.to_string()))?;
        let path = |field: &str| metadata[field].as_str().map(PathBuf::from);
        let (Some(root), Some(target)) = (path("workspace_root"), path("target_directory")) else {
            return Err(unreadable("its metadata name no folders".to_owned()));
        };
        let own = metadata["packages"].as_array().into_iter().flatten().filter(|package| package["source"].is_null());
        let own: Vec<&Value> = own.collect();
        if let Some(name) = names.iter().find(|name| !own.iter().any(|package| package["name"] == name.as_str())) {
            return Err(WorkspaceError::Foreign { root, name: name.clone() });
        }
        let first = own.iter().find(|package| names.iter().any(|name| package["name"] == name.as_str()));
        let version = first.and_then(|package| package["version"].as_str()).unwrap_or_default().to_owned();
        Ok(Self { root, target, version, names: names.to_vec(), features: features.to_vec(), metadata })
    }

    /// The arguments with which cargo builds these features.
    pub(crate) fn features(&self) -> Vec<String> {
        arguments(&self.features)
    }

    /// Where a package's binary is.
    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.target.join(TARGET).join(profile(&self.names)).join(name)
    }

    /// How many packages the build takes.
    pub(crate) fn packages(&self) -> usize {
        let nodes: Vec<&Value> = self.metadata["resolve"]["nodes"].as_array().into_iter().flatten().collect();
        let own = self.metadata["packages"].as_array().into_iter().flatten().filter(|package| {
            package["source"].is_null() && self.names.iter().any(|name| package["name"] == name.as_str())
        });
        let mut todo: Vec<&str> = own.filter_map(|package| package["id"].as_str()).collect();
        let mut reached: BTreeSet<&str> = todo.iter().copied().collect();
        while let Some(id) = todo.pop() {
            let node = nodes.iter().find(|node| node["id"] == id);
            for dependency in node.and_then(|node| node["deps"].as_array()).into_iter().flatten() {
                let kinds = dependency["dep_kinds"].as_array();
                let is_built = kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind["kind"] != "dev"));
                if let Some(id) = dependency["pkg"].as_str().filter(|id| is_built && reached.insert(id)) {
                    todo.push(id);
                }
            }
        }
        reached.len()
    }

    /// The folders that packages' sources lie in, which are not to be named in a binary: the workspace, and those of
    /// registries.
    pub(crate) fn sources(&self) -> BTreeSet<PathBuf> {
        let packages = self.metadata["packages"].as_array().into_iter().flatten();
        let foreign = packages.filter(|package| !package["source"].is_null());
        let manifests = foreign.filter_map(|package| package["manifest_path"].as_str());
        manifests.filter_map(|manifest| Path::new(manifest).parent()?.parent().map(Path::to_owned)).collect()
    }
}

fn arguments(features: &[String]) -> Vec<String> {
    features.iter().flat_map(|feature| ["--features".to_owned(), feature.clone()]).collect()
}
