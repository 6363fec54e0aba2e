//! Files that hold what only their owner should read: saved plans and recordings.
//!
//! A file is written under a temporary name, readable by its owner alone, and then renamed: so no reader sees a part of it, and
//! the permissions of an old file are not kept. Only a regular file is replaced: a symbolic link could point anywhere.

use std::fs::{self, File, OpenOptions};
use std::io::{Error, ErrorKind, Result, Write};
use std::path::{Path, PathBuf};

/// How many unused names are tried.
const NAMES: u32 = 100;

/// Creates an empty file of this name, to be written in parts.
pub(crate) fn create(path: &Path) -> Result<File> {
    let (beside, file) = beside(path)?;
    take_name(&beside, path)?;
    Ok(file)
}

/// A file of this name with this content.
pub(crate) fn write(path: &Path, content: &str) -> Result<()> {
    let (beside, mut file) = beside(path)?;
    let written = file.write_all(content.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        let _left_behind = fs::remove_file(&beside);
        return Err(error);
    }
    take_name(&beside, path)
}

/// A folder that only its owner may enter; an error if anything has the name.
pub(crate) fn folder(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A new file in the same folder.
fn beside(path: &Path) -> Result<(PathBuf, File)> {
    check(path)?;
    let name = path.file_name().ok_or_else(|| Error::new(ErrorKind::InvalidInput, "it names no file"))?;
    for number in 0..NAMES {
        let mut other = std::ffi::OsString::from(".");
        other.push(name);
        other.push(format!(".{}-{number}.part", std::process::id()));
        let other = path.with_file_name(other);
        let mut options = OpenOptions::new();
        // Never follows a link: there must be nothing of this name.
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&other) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            opened => return Ok((other, opened?)),
        }
    }
    Err(Error::new(ErrorKind::AlreadyExists, "too many unfinished files lie beside it"))
}

fn take_name(beside: &Path, path: &Path) -> Result<()> {
    // Somebody may have put something there meanwhile; renaming replaces a link and does not follow it.
    let taken = check(path).and_then(|()| fs::rename(beside, path));
    if taken.is_err() {
        let _left_behind = fs::remove_file(beside);
    }
    taken
}

/// Only a regular file may be replaced.
fn check(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_file() => Ok(()),
        Ok(found) => {
            let kind = if found.file_type().is_symlink() { "a symbolic link" } else { "no regular file" };
            Err(Error::new(ErrorKind::InvalidInput, format!("it is {kind}, and is left as it is; name another file")))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// A folder of the test's own.
    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("albridge-files-{name}-{}", std::process::id()));
            folder(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _left_behind = fs::remove_dir_all(&self.0);
        }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn only_the_owner_may_read_it_whatever_was_there() {
        let place = Place::new("mode");
        assert_eq!(mode(&place.0), 0o700);
        let file = place.0.join("plan.json");
        fs::write(&file, "old and longer than what comes").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        write(&file, "new").unwrap();
        assert_eq!((fs::read_to_string(&file).unwrap().as_str(), mode(&file)), ("new", 0o600));
        let mut recording = create(&file).unwrap();
        recording.write_all(b"bit by bit").unwrap();
        assert_eq!((fs::read_to_string(&file).unwrap().as_str(), mode(&file)), ("bit by bit", 0o600));
        assert_eq!(place.names(), ["plan.json"]);
    }

    #[test]
    fn who_reads_the_old_file_goes_on_reading_the_old_file() {
        let place = Place::new("atomic");
        let file = place.0.join("plan.json");
        write(&file, "old").unwrap();
        let mut old = File::open(&file).unwrap();
        write(&file, "new").unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut old, &mut text).unwrap();
        assert_eq!(text, "old");
    }

    #[test]
    fn what_is_no_regular_file_stays_as_it_is() {
        let place = Place::new("links");
        let precious = place.0.join("precious");
        fs::write(&precious, "precious").unwrap();
        let link = place.0.join("link.json");
        symlink(&precious, &link).unwrap();
        let dangling = place.0.join("dangling.json");
        symlink(place.0.join("nowhere"), &dangling).unwrap();
        let inside = place.0.join("folder");
        folder(&inside).unwrap();
        for path in [&link, &dangling, &inside] {
            for outcome in [write(path, "x"), create(path).map(drop)] {
                let error = outcome.unwrap_err();
                assert!(error.to_string().contains("left as it is"), "{error}");
            }
        }
        assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
        assert_eq!(place.names(), ["dangling.json", "folder", "link.json", "precious"]);
        assert!(folder(&inside).is_err(), "a folder of somebody else's is not used");
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let place = Place::new("nowhere");
        assert!(write(&place.0.join("no/such.json"), "x").is_err());
        assert!(write(Path::new("/"), "x").is_err());
    }
}
