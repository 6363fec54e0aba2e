//! `albridge package`, on binaries that lie there already and with tools that are not what they should be. What a real build
//! gives is looked at by `.ci/run package`.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![expect(clippy::unwrap_used, reason = "a place that cannot be prepared ends the test")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::Ran;

/// The smallest program: an ELF header and one segment, no library.
fn tiny(content: u64) -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend([2, 0, 62, 0, 1, 0, 0, 0]);
    for number in [0x40_0000_u64, 64, 0] {
        file.extend(number.to_le_bytes());
    }
    for number in [0_u16, 0, 64, 56, 1, 64, 0, 0] {
        file.extend(number.to_le_bytes());
    }
    file.extend([1, 0, 0, 0, 5, 0, 0, 0]);
    for number in [0_u64, 0x40_0000, 0x40_0000, 128, 128, 0x1000, content] {
        file.extend(number.to_le_bytes());
    }
    file
}

/// A folder of the test's own: cargo's target folder, and the packages.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("albridge-package-{name}-{}", std::process::id()));
        let _none = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("tools")).unwrap();
        Self(path)
    }

    /// Puts a binary where cargo would.
    fn built(&self, name: &str, binary: &[u8]) {
        let profile = if name == "albridge" { "dist" } else { "function" };
        let folder = self.0.join("target/x86_64-unknown-linux-musl").join(profile);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), binary).unwrap();
    }

    /// A command in front of all others.
    fn command(&self, name: &str, script: &str) {
        let path = self.0.join("tools").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn out(&self) -> PathBuf {
        self.0.join("out")
    }

    /// What lies in the folder of packages, by name.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.out()).into_iter().flatten().map(|entry| entry.unwrap());
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
    }

    /// Runs the tool with these commands alone, or before those of the machine.
    fn package(&self, arguments: &[&str], alone: bool) -> Ran {
        let mut path = self.0.join("tools").into_os_string();
        if !alone {
            path.push(":");
            path.push(machine("PATH"));
        }
        let output = Command::new(env!("CARGO_BIN_EXE_albridge"))
            .arg("package")
            .args(arguments)
            .arg("--out")
            .arg(self.out())
            .env("PATH", path)
            .env("CARGO_TARGET_DIR", self.0.join("target"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Ran {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _left_behind = fs::remove_dir_all(&self.0);
    }
}

#[expect(clippy::disallowed_methods, reason = "where the machine's commands are, is in its environment")]
fn machine(variable: &str) -> std::ffi::OsString {
    std::env::var_os(variable).unwrap_or_default()
}

/// What `sha256sum` says.
fn sha256(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

#[test]
fn all_functions_are_packaged_and_listed_and_twice_the_same() {
    let place = Place::new("all");
    let policies = crate::support::tool(&["policy", "--json"], &[]).json();
    let names: Vec<&str> = policies.iter().map(|line| line["stage"].as_str().unwrap()).collect();
    names.iter().zip(1..).for_each(|(name, number)| place.built(name, &tiny(number)));
    let ran = place.package(&["--no-build", "--json"], false);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let lines = ran.json();
    let packaged = lines.iter().filter(|line| line["event"] == "packaged").count();
    assert_eq!((packaged, lines.last().unwrap()["packages"].as_u64()), (12, Some(12)));

    let files = place.files();
    let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    assert_eq!((&manifest["format"], &manifest["target"]), (&1.into(), &"x86_64-unknown-linux-musl".into()));
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    let packages = manifest["packages"].as_array().unwrap();
    assert_eq!(packages.iter().map(|package| package["name"].as_str().unwrap()).collect::<Vec<_>>(), names);
    for package in packages {
        let (name, file) = (package["name"].as_str().unwrap(), package["file"].as_str().unwrap());
        let digest = sha256(&place.out().join(file));
        assert_eq!(
            (file, package["sha256"].as_str()),
            (format!("{name}-{digest}.zip").as_str(), Some(digest.as_str()))
        );
        assert_eq!(package["size"].as_u64().unwrap() as usize, files[file].len());
        assert_eq!((package["unpacked"].as_u64(), package.get("glibc")), (Some(128), Some(&Value::Null)));
        assert!(files[file].windows(9).any(|bytes| bytes == b"bootstrap"), "{name}");
    }
    let bill: Value = serde_json::from_slice(&files[manifest["sbom"].as_str().unwrap()]).unwrap();
    let components = bill["components"].as_array().unwrap();
    assert!(names.iter().all(|name| components.iter().any(|component| component["name"] == **name)));
    assert!(!components.iter().any(|component| component["name"] == "clap"), "it is in no function");

    assert_eq!(place.package(&["--no-build"], false).code, 0);
    assert_eq!(place.files(), files);
}

#[test]
fn the_tool_is_packaged_under_its_own_name() {
    let place = Place::new("cli");
    place.built("albridge", &tiny(1));
    let ran = place.package(&["--cli", "--no-build"], false);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let files = place.files();
    let (_, archive) = files.iter().find(|(name, _)| name.ends_with(".zip")).unwrap();
    assert_eq!(&archive[30..38], b"albridge");
    assert!(ran.stdout.contains("1 package for x86_64-unknown-linux-musl in "), "{}", ran.stdout);
}

#[test]
fn one_that_is_missing_or_dynamic_leaves_nothing_written() {
    let place = Place::new("dynamic");
    place.built("listener", &tiny(1));
    let two = ["--function", "listener", "--function", "prune", "--no-build"];
    let ran = place.package(&two, false);
    assert_eq!((ran.code, place.files().len()), (1, 0), "{}", ran.stderr);
    assert!(ran.stderr.contains("prune is not built") && ran.stderr.contains("without --no-build"), "{}", ran.stderr);
    // This tool, as the tests build it, needs the libraries of its image.
    place.built("prune", &fs::read(env!("CARGO_BIN_EXE_albridge")).unwrap());
    let ran = place.package(&two, false);
    assert_eq!((ran.code, place.files().len()), (1, 0), "{}", ran.stderr);
    assert!(ran.stderr.contains("it is not static: it names "), "{}", ran.stderr);
    place.built("prune", b"#!/bin/sh\n");
    let ran = place.package(&two, false);
    assert_eq!((ran.code, place.files().len()), (1, 0), "{}", ran.stderr);
    assert!(ran.stderr.contains("it is no ELF file"), "{}", ran.stderr);
}

#[test]
fn a_missing_tool_is_named_with_what_brings_it() {
    let place = Place::new("tools");
    place.built("listener", &tiny(1));
    let one = ["--function", "listener"];
    let cargo = machine("CARGO").into_string().unwrap();
    let said = |alone, words: &str| {
        let ran = place.package(&one, alone);
        assert_eq!((ran.code, place.files().len()), (64, 0), "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    };
    said(true, "cargo cannot be run");
    place.command("cargo", &format!("[ $1 = metadata ] && exec {cargo} \"$@\"; exit 101"));
    let rustc = Path::new(&cargo).with_file_name("rustc");
    let answering = |folder: &str| {
        let otherwise = format!("exec {} \"$@\"", rustc.display());
        place.command("rustc", &format!("case \"$*\" in *target-libdir*) echo {folder};; *) {otherwise};; esac"));
    };
    answering("/no/such/folder");
    said(false, "rustup target add x86_64-unknown-linux-musl");
    answering("/");
    said(true, "cc cannot be run");
    let ran = place.package(&one, false);
    assert_eq!((ran.code, place.files().len()), (1, 0), "{}", ran.stderr);
    assert!(ran.stderr.contains("the build failed"), "{}", ran.stderr);
}
