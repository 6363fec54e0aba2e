//! Packages of functions: zip archives in memory, opened as outside data.
//!
//! Read is what tools write: stored and deflated files, found by the central directory at the end. Whatever would leave the
//! folder that it is unpacked into, or is no plain file, is refused; so are encrypted, split and Zip64 archives. The reader
//! is the emulator's own, so that it shares no mistake with what makes the packages.

use std::collections::BTreeSet;
use std::ops::Range;

use bytes::Bytes;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use crate::digest::{crc32, crc64};

/// Most files and folders. The emulator's own limit.
const ENTRIES: usize = 10_000;

/// Most bytes of all files together, unpacked. The emulator's own limit.
const UNPACKED: u64 = 512 << 20;

/// Longest path of a file.
const PATH: usize = 1_024;

const END: u32 = 0x0605_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const LOCAL: u32 = 0x0403_4b50;

/// The permissions of a file whose archive does not tell them: such a file cannot be executed.
const PLAIN: u32 = 0o644;

/// Why an archive is no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PackageError {
    /// It is no zip archive, or a damaged one.
    #[error("not a valid zip file: {0}")]
    Malformed(&'static str),
    /// A file in it is refused.
    #[error("the zip file's entry {name:?} {reason}")]
    Entry {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// It is too large.
    #[error("the zip file has more than {0}")]
    TooLarge(String),
}

/// An opened archive. The bytes of its files are unpacked when they are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    archive: Bytes,
    entries: Vec<Entry>,
    checksum: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    name: String,
    mode: u32,
    folder: bool,
    deflated: bool,
    packed: Range<usize>,
    size: usize,
    crc: u32,
}

/// A file or folder, unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unpacked<'p> {
    /// Its path, with `/` between the parts, below the folder that it belongs into.
    pub(crate) path: &'p str,
    /// Permission bits.
    pub(crate) mode: u32,
    /// What is in a file; [`None`] for a folder.
    pub(crate) body: Option<Vec<u8>>,
}

impl Package {
    /// Opens an archive.
    ///
    /// # Errors
    /// [`PackageError`]: what is wrong with it.
    pub(crate) fn open(archive: Bytes) -> Result<Self, PackageError> {
        let entries = entries(&archive)?;
        let checksum = crc64(&archive);
        Ok(Self { archive, entries, checksum })
    }

    /// The size of the archive.
    pub(crate) fn size(&self) -> usize {
        self.archive.len()
    }

    /// The CRC-64 of the archive, as OSS and Function Compute have it.
    pub(crate) const fn checksum(&self) -> u64 {
        self.checksum
    }

    /// Whether it has a file of this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == path && !entry.folder)
    }

    /// Every file and folder, in the archive's order.
    ///
    /// # Errors
    /// [`PackageError`]: a file cannot be unpacked, or is not what the archive says of it.
    pub(crate) fn files(&self) -> impl Iterator<Item = Result<Unpacked<'_>, PackageError>> {
        self.entries.iter().map(|entry| {
            let body = if entry.folder { None } else { Some(unpack(&self.archive, entry)?) };
            Ok(Unpacked { path: entry.name.trim_end_matches('/'), mode: entry.mode, body })
        })
    }
}

fn unpack(archive: &[u8], entry: &Entry) -> Result<Vec<u8>, PackageError> {
    let damaged = || refused(&entry.name, "is damaged");
    let packed = archive.get(entry.packed.clone()).ok_or_else(damaged)?;
    let body = if entry.deflated {
        decompress_to_vec_with_limit(packed, entry.size).map_err(|_| damaged())?
    } else {
        packed.to_vec()
    };
    if body.len() == entry.size && crc32(&body) == entry.crc { Ok(body) } else { Err(damaged()) }
}

fn entries(archive: &[u8]) -> Result<Vec<Entry>, PackageError> {
    let end = end_of_directory(archive).ok_or(PackageError::Malformed("it has no central directory"))?;
    let broken = || PackageError::Malformed("its central directory is broken");
    let field = |at: usize| end.get(at..).and_then(|from| half(from, 0)).ok_or_else(broken);
    let (disk, first, here, all) = (field(4)?, field(6)?, field(8)?, field(10)?);
    let size = word(end, 12).ok_or_else(broken)?;
    let offset = word(end, 16).ok_or_else(broken)?;
    if all == u16::MAX || offset == u32::MAX || size == u32::MAX {
        return Err(PackageError::Malformed("Zip64 archives are not read"));
    }
    if disk != 0 || first != 0 || here != all {
        return Err(PackageError::Malformed("it is one part of several"));
    }
    if usize::from(all) > ENTRIES {
        return Err(PackageError::TooLarge(format!("{ENTRIES} entries")));
    }
    let start = offset as usize;
    let directory = archive.get(start..start.saturating_add(size as usize)).ok_or_else(broken)?;
    if start + directory.len() + end.len() != archive.len() {
        return Err(PackageError::Malformed("something stands before it, or between its parts"));
    }
    let (mut rest, mut found, mut unpacked) = (directory, Vec::new(), 0_u64);
    for _ in 0..all {
        let (entry, after) = central(rest, archive)?;
        unpacked = unpacked.saturating_add(entry.size as u64);
        found.push(entry);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(broken());
    }
    if unpacked > UNPACKED {
        return Err(PackageError::TooLarge(format!("{UNPACKED} bytes when it is unpacked")));
    }
    distinct(&found)?;
    Ok(found)
}

/// The record at the very end, its comment included.
fn end_of_directory(archive: &[u8]) -> Option<&[u8]> {
    let last = archive.len().checked_sub(22)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    (first..=last).rev().find_map(|at| {
        let record = archive.get(at..)?;
        let whole = word(record, 0)? == END && record.len() == 22 + usize::from(half(record, 20)?);
        whole.then_some(record)
    })
}

/// The first entry of a directory, and what follows it.
fn central<'d>(directory: &'d [u8], archive: &[u8]) -> Result<(Entry, &'d [u8]), PackageError> {
    let broken = || PackageError::Malformed("its central directory is broken");
    let half = |at| half(directory, at).ok_or_else(broken);
    let word = |at| word(directory, at).ok_or_else(broken);
    if word(0)? != CENTRAL {
        return Err(broken());
    }
    let (system, flags, method) = (half(4)? >> 8, half(8)?, half(10)?);
    let (crc, packed, size) = (word(16)?, word(20)?, word(24)?);
    let (name, extra, comment) = (usize::from(half(28)?), usize::from(half(30)?), usize::from(half(32)?));
    let (attributes, offset) = (word(38)?, word(42)?);
    let text = directory.get(46..46 + name).ok_or_else(broken)?;
    let after = directory.get(46 + name + extra + comment..).ok_or_else(broken)?;
    let name = std::str::from_utf8(text).map_err(|_| PackageError::Malformed("a name is not UTF-8"))?.to_owned();
    if packed == u32::MAX || size == u32::MAX || offset == u32::MAX {
        return Err(PackageError::Malformed("Zip64 archives are not read"));
    }
    if flags & 1 != 0 {
        return Err(refused(&name, "is encrypted"));
    }
    if !matches!(method, 0 | 8) {
        return Err(refused(&name, "is neither stored nor deflated"));
    }
    // 3: made on a Unix, which keeps the file's mode in the upper half.
    let mode = if system == 3 && attributes >> 16 != 0 { attributes >> 16 } else { PLAIN };
    let folder = name.ends_with('/');
    match (mode & 0o170_000, folder) {
        (0 | 0o100_000, _) | (0o040_000, true) => {}
        (0o120_000, _) => return Err(refused(&name, "is a symbolic link")),
        _ => return Err(refused(&name, "is no plain file")),
    }
    safe(&name)?;
    let packed = body(archive, offset as usize, packed as usize).ok_or_else(|| refused(&name, "is damaged"))?;
    let size = size as usize;
    if method == 0 && packed.len() != size {
        return Err(refused(&name, "is damaged"));
    }
    Ok((Entry { name, mode: mode & 0o777, folder, deflated: method == 8, packed, size, crc }, after))
}

/// Where the bytes of a file are: behind its local header, which repeats the directory with lengths of its own.
fn body(archive: &[u8], offset: usize, length: usize) -> Option<Range<usize>> {
    let header = archive.get(offset..)?;
    if word(header, 0)? != LOCAL {
        return None;
    }
    let start = offset + 30 + usize::from(half(header, 26)?) + usize::from(half(header, 28)?);
    let end = start.checked_add(length)?;
    (end <= archive.len()).then_some(start..end)
}

/// A path stays below its folder.
fn safe(name: &str) -> Result<(), PackageError> {
    let parts = name.strip_suffix('/').unwrap_or(name);
    let leaves = parts.split('/').any(|part| matches!(part, "" | "." | "..") || part.len() > 255);
    if leaves || name.len() > PATH || name.contains(['\\', '\0', ':']) {
        return Err(refused(name, "has a path that does not stay in the function's folder, or is too long"));
    }
    Ok(())
}

/// No path is there twice, and no file is another one's folder.
fn distinct(entries: &[Entry]) -> Result<(), PackageError> {
    let mut files = BTreeSet::new();
    let mut paths = BTreeSet::new();
    for entry in entries {
        let path = entry.name.trim_end_matches('/');
        if !paths.insert(path) {
            return Err(refused(&entry.name, "is there twice"));
        }
        if !entry.folder {
            files.insert(path);
        }
    }
    for entry in entries {
        let path = entry.name.trim_end_matches('/');
        if path.match_indices('/').any(|(at, _)| path.get(..at).is_some_and(|parent| files.contains(parent))) {
            return Err(refused(&entry.name, "is inside of a file"));
        }
    }
    Ok(())
}

fn refused(name: &str, reason: &'static str) -> PackageError {
    PackageError::Entry { name: name.chars().take(200).collect(), reason }
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Zipped, zip};

    fn open(files: &[Zipped<'_>]) -> Result<Package, PackageError> {
        Package::open(zip(files).into())
    }

    const BOOTSTRAP: Zipped<'_> = Zipped { name: "bootstrap", mode: 0o100_755, body: b"#!/bin/sh\n", deflate: true };

    #[test]
    fn files_come_out_as_they_went_in() {
        let data = vec![7_u8; 100_000];
        let files = [
            BOOTSTRAP,
            Zipped { name: "lib/", mode: 0o040_755, body: b"", deflate: false },
            Zipped { name: "lib/data.bin", mode: 0o100_600, body: &data, deflate: true },
            Zipped { name: "lib/plain", mode: 0, body: b"text", deflate: false },
        ];
        let package = open(&files).unwrap();
        assert!(package.has("bootstrap") && package.has("lib/plain") && !package.has("lib") && !package.has("other"));
        assert!(package.size() < 2_000, "{}", package.size());
        let unpacked: Vec<_> = package.files().map(Result::unwrap).collect();
        let expected = [
            ("bootstrap", 0o755, Some(BOOTSTRAP.body.to_vec())),
            ("lib", 0o755, None),
            ("lib/data.bin", 0o600, Some(data.clone())),
            ("lib/plain", 0o644, Some(b"text".to_vec())),
        ];
        let expected = expected.map(|(path, mode, body)| Unpacked { path, mode, body });
        assert_eq!(unpacked, expected);
    }

    #[test]
    fn what_leaves_its_folder_or_is_no_file_is_refused() {
        let named = |name| Zipped { name, mode: 0o100_644, body: b"x", deflate: false };
        for name in ["../x", "a/../../x", "/etc/x", "a//b", "./x", "a\\b", "C:x", ".."] {
            assert!(matches!(open(&[BOOTSTRAP, named(name)]), Err(PackageError::Entry { .. })), "{name}");
        }
        let linked = Zipped { mode: 0o120_777, body: b"/etc/passwd", ..named("passwd") };
        assert_eq!(open(&[linked]).unwrap_err(), refused("passwd", "is a symbolic link"));
        let device = Zipped { mode: 0o020_666, ..named("null") };
        assert_eq!(open(&[device]).unwrap_err(), refused("null", "is no plain file"));
        assert_eq!(open(&[named("a"), named("a")]).unwrap_err(), refused("a", "is there twice"));
        assert_eq!(open(&[named("a"), named("a/b")]).unwrap_err(), refused("a/b", "is inside of a file"));
    }

    #[test]
    fn too_many_files_and_too_many_bytes_are_refused_before_they_are_unpacked() {
        let names: Vec<String> = (0..=ENTRIES).map(|number| number.to_string()).collect();
        let many: Vec<Zipped<'_>> =
            names.iter().map(|name| Zipped { name, mode: 0, body: b"", deflate: false }).collect();
        assert_eq!(open(&many).unwrap_err(), PackageError::TooLarge(format!("{ENTRIES} entries")));
        let mut archive = zip(&[Zipped { name: "big", mode: 0, body: &[0; 4_096], deflate: true }]);
        // The directory says a size that is far beyond what the archive holds.
        let at = archive.windows(4).rposition(|four| four == CENTRAL.to_le_bytes()).unwrap();
        archive[at + 24..at + 28].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
        assert!(matches!(Package::open(archive.into()), Err(PackageError::TooLarge(_))));
    }

    #[test]
    fn a_file_that_is_not_what_the_directory_says_is_damaged() {
        let archive = zip(&[Zipped { name: "big", mode: 0, body: &[0; 4_096], deflate: true }]);
        let central = archive.windows(4).rposition(|four| four == CENTRAL.to_le_bytes()).unwrap();
        for (at, value) in [(24, 4_095_u32), (24, 5_000), (16, 1)] {
            let mut changed = archive.clone();
            changed[central + at..central + at + 4].copy_from_slice(&value.to_le_bytes());
            let package = Package::open(changed.into()).unwrap();
            assert_eq!(package.files().next().unwrap(), Err(refused("big", "is damaged")));
        }
    }

    proptest! {
        #[test]
        fn whatever_arrives_is_opened_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(Package::open(bytes.into()).is_err(), "noise is no archive");
        }

        #[test]
        fn a_damaged_archive_never_unpacks_to_something_else(at in 0..300_usize, to in any::<u8>()) {
            let files = [BOOTSTRAP, Zipped { name: "lib/data", mode: 0o100_644, body: b"some data, some data", deflate: true }];
            let mut archive = zip(&files);
            let at = at % archive.len();
            archive[at] = to;
            let Ok(package) = Package::open(archive.into()) else { return Ok(()) };
            for (file, unpacked) in files.iter().zip(package.files()) {
                if let Ok(Unpacked { body: Some(body), .. }) = unpacked {
                    prop_assert_eq!(body, file.body);
                }
            }
        }
    }
}
