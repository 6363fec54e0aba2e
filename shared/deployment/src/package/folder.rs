//! A folder of packages. The manifest says what is in it, and changes last: whoever reads it finds all that it names.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::manifest::{MANIFEST, Manifest, pretty};

/// The folder cannot be written. What was in it is still there.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be written: {error}", path.display())]
pub struct FolderError {
    /// The file, or the folder.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

/// Writes the files and then the manifest; then removes the files of the manifest that was there before.
pub(crate) fn write(folder: &Path, files: &[(String, Vec<u8>)], manifest: &Manifest) -> Result<(), FolderError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| FolderError { path, error }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let before = fs::read(folder.join(MANIFEST)).ok().and_then(|text| serde_json::from_slice::<Manifest>(&text).ok());
    let mut made = Vec::new();
    let written =
        files.iter().map(|(name, content)| (name.as_str(), content.as_slice())).try_for_each(|(name, content)| {
            let path = folder.join(name);
            let is_new = !path.exists();
            replace(&path, content).map_err(failed(&path))?;
            made.extend(is_new.then_some(path));
            Ok(())
        });
    let listed = written.and_then(|()| {
        let path = folder.join(MANIFEST);
        replace(&path, &pretty(manifest)).map_err(failed(&path))
    });
    if let Err(error) = listed {
        for path in made {
            let _left_behind = fs::remove_file(path);
        }
        return Err(error);
    }
    let now: BTreeSet<&str> = manifest.files().collect();
    for old in before.iter().flat_map(Manifest::files).filter(|old| !now.contains(old) && is_plain(old)) {
        let _gone_already = fs::remove_file(folder.join(old));
    }
    Ok(())
}

/// Whether a name of a manifest leads nowhere but into its own folder.
fn is_plain(name: &str) -> bool {
    Path::new(name).file_name().is_some_and(|file| file == name)
}

/// Writes beside it, then takes the name: nobody reads half of a file.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = fs::File::create(&beside)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _left_behind = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::manifest::Package;

    /// A folder of the test's own.
    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("albridge-folder-{name}-{}", std::process::id()));
            let _none = fs::remove_dir_all(&path);
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

    fn set(content: &str) -> (Vec<(String, Vec<u8>)>, Manifest) {
        let package = Package::new("listener", b"", content.as_bytes());
        let files = vec![(package.file.clone(), content.as_bytes().to_vec()), ("bill".to_owned(), b"{}".to_vec())];
        (files, Manifest::new("0.1.0", "bill".to_owned(), vec![package]))
    }

    #[test]
    fn a_new_set_replaces_the_old_one_and_nothing_else() {
        let place = Place::new("replaces");
        let (files, manifest) = set("old");
        write(&place.0, &files, &manifest).unwrap();
        fs::write(place.0.join("notes.txt"), "mine").unwrap();
        let (files, manifest) = set("new");
        write(&place.0, &files, &manifest).unwrap();
        let mut expected = vec!["bill".to_owned(), files[0].0.clone(), MANIFEST.to_owned(), "notes.txt".to_owned()];
        expected.sort();
        assert_eq!(place.names(), expected);
        let read: Manifest = serde_json::from_slice(&fs::read(place.0.join(MANIFEST)).unwrap()).unwrap();
        assert_eq!(read, manifest);
    }

    #[test]
    fn a_set_that_cannot_be_written_whole_leaves_the_folder_as_it_was() {
        let place = Place::new("whole");
        let (files, manifest) = set("old");
        write(&place.0, &files, &manifest).unwrap();
        let before = (place.names(), fs::read(place.0.join(MANIFEST)).unwrap());
        // Something has the name of the second file.
        let (mut files, manifest) = set("new");
        files[1].0 = "taken".to_owned();
        fs::create_dir(place.0.join("taken")).unwrap();
        let refused = write(&place.0, &files, &manifest).unwrap_err().to_string();
        assert!(refused.contains("taken cannot be written"), "{refused}");
        fs::remove_dir(place.0.join("taken")).unwrap();
        assert_eq!((place.names(), fs::read(place.0.join(MANIFEST)).unwrap()), before);
    }

    #[test]
    fn a_manifest_cannot_lead_out_of_its_folder() {
        let place = Place::new("inside");
        let outside = place.0.with_extension("outside");
        let (files, mut manifest) = set("old");
        fs::create_dir_all(&place.0).unwrap();
        fs::write(&outside, "precious").unwrap();
        let foreign = format!("../{}", outside.file_name().unwrap().to_str().unwrap());
        manifest.packages[0].file = foreign;
        fs::write(place.0.join(MANIFEST), pretty(&manifest)).unwrap();
        write(&place.0, &files, &set("old").1).unwrap();
        assert_eq!(fs::read_to_string(&outside).unwrap(), "precious");
        fs::remove_file(&outside).unwrap();
    }
}
