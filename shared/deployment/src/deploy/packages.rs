//! The packages of the functions, as `albridge package` leaves them in a folder.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::package::{MANIFEST, Manifest, Package};

/// How many digits of the content's digest an object's name has.
const DIGITS: usize = 16;

/// A folder of packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packages {
    folder: PathBuf,
    manifest: Manifest,
}

/// Why packages cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackagesError {
    /// There is no manifest.
    #[error("there are no packages in {}: run `albridge package`, or name a folder with --packages", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// A file cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The manifest is none.
    #[error("{} is no manifest of packages ({reason}): run `albridge package` again", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A function has no package.
    #[error("{} has no package of {name}: run `albridge package` without --function", folder.display())]
    Lacks {
        /// The folder.
        folder: PathBuf,
        /// The function.
        name: String,
    },
    /// A file is not the one that the manifest names.
    #[error("{} is not the file that the manifest describes: run `albridge package` again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

impl Package {
    /// What the object's name is after the prefix: the function, and the beginning of the content's digest. So a changed function is
    /// another object, and a stack sees that it changed.
    pub(crate) fn object(&self) -> String {
        format!("{}-{}.zip", self.name, self.sha256.get(..DIGITS).unwrap_or(&self.sha256))
    }

    /// The template's parameter that takes this name: `ServerGroupPackage`.
    pub(crate) fn parameter(&self) -> String {
        let words = self.name.split('-').map(|word| {
            let mut letters = word.chars();
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
        });
        words.chain(["Package".to_owned()]).collect()
    }
}

impl Packages {
    /// Packages as a manifest lists them.
    #[cfg(test)]
    pub(crate) fn new(folder: PathBuf, manifest: Manifest) -> Self {
        Self { folder, manifest }
    }

    /// Reads the manifest of a folder, which has to list a package of every one of `functions`.
    ///
    /// # Errors
    /// [`PackagesError`].
    pub fn read<'a>(folder: &Path, functions: impl IntoIterator<Item = &'a str>) -> Result<Self, PackagesError> {
        let path = folder.join(MANIFEST);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(PackagesError::Missing { folder: folder.to_owned() });
            }
            Err(error) => return Err(PackagesError::Read { path, error }),
        };
        let wrong = |reason: String| PackagesError::Manifest { path: path.clone(), reason };
        let manifest: Manifest = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        for package in &manifest.packages {
            let is_digest = package.sha256.len() == 64 && package.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
            let is_plain = Path::new(&package.file).file_name().is_some_and(|file| file == package.file.as_str());
            if !is_digest || !is_plain {
                return Err(wrong(format!("{:?} has no plain file name or no SHA-256", package.name)));
            }
        }
        for name in functions {
            if !manifest.packages.iter().any(|package| package.name == name) {
                return Err(PackagesError::Lacks { folder: folder.to_owned(), name: name.to_owned() });
            }
        }
        Ok(Self { folder: folder.to_owned(), manifest })
    }

    /// The packages, in the manifest's order.
    pub(crate) fn list(&self) -> &[Package] {
        &self.manifest.packages
    }

    /// The content of a package, if it is the one that the manifest describes.
    pub(crate) fn content(&self, package: &Package) -> Result<Vec<u8>, PackagesError> {
        let path = self.folder.join(&package.file);
        let content = std::fs::read(&path).map_err(|error| PackagesError::Read { path: path.clone(), error })?;
        if hex::encode(Sha256::digest(&content)) != package.sha256.to_ascii_lowercase() {
            return Err(PackagesError::Changed { path });
        }
        Ok(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_named_by_content_and_parameters_by_function() {
        let package = Package {
            name: "server-group".into(),
            file: String::new(),
            sha256: "0123456789abcdef".repeat(4),
            size: 0,
            unpacked: 0,
            glibc: None,
        };
        assert_eq!(package.object(), "server-group-0123456789abcdef.zip");
        assert_eq!(package.parameter(), "ServerGroupPackage");
    }

    #[test]
    fn what_is_no_set_of_packages_is_refused_with_the_way_out() {
        let folder = std::env::temp_dir().join(format!("albridge-packages-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let read = || Packages::read(&folder, ["listener"]);
        let refused = |words: &str| {
            let error = read().unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("albridge package"), "{error}");
        };
        refused("there are no packages");
        let digest = hex::encode(Sha256::digest(b"zip"));
        let entry = |name: &str, file: &str, digest: &str| {
            let package = Package {
                name: name.to_owned(),
                file: file.to_owned(),
                sha256: digest.to_owned(),
                size: 3,
                unpacked: 3,
                glibc: None,
            };
            let text = serde_json::to_string(&Manifest::new("0.1.0", String::new(), vec![package])).unwrap();
            std::fs::write(folder.join(MANIFEST), text).unwrap();
        };
        std::fs::write(folder.join(MANIFEST), "[]").unwrap();
        refused("no manifest of packages");
        entry("listener", "../listener.zip", &digest);
        refused("no plain file name");
        entry("dispatch", "a.zip", &digest);
        refused("no package of listener");
        entry("listener", "a.zip", &digest);
        std::fs::write(folder.join("a.zip"), "zip").unwrap();
        let packages = read().unwrap();
        assert_eq!(packages.content(&packages.list()[0]).unwrap(), b"zip");
        std::fs::write(folder.join("a.zip"), "other").unwrap();
        let error = packages.content(&packages.list()[0]).unwrap_err();
        assert!(error.to_string().contains("not the file"), "{error}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
